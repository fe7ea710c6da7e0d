"""Products that agree in all the things that the variant rule names are a family, if they are at least two.

A family is named by what its members agree in, folded, so that its name stays while members come and go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shopsync_pipeline.catalog.content.facts import attribute_ids
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.errors import CatalogError

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_SEPARATOR = " / "


def arrange_families(stage: Stage, group_by: Sequence[str]) -> None:
    """`family` (productid, family) of the products in `sold`. Raises `CatalogError` for a placeholder that no family
    can be told by."""
    if not group_by:
        stage.execute("CREATE TEMP TABLE family (productid BIGINT, family VARCHAR)")
        return
    tails: list[int] = []
    templates = [_expression(template, tails) for template in group_by]
    ids = {id_: (tail, rank) for tail in tails for rank, id_ in enumerate(attribute_ids(tail))}
    stage.execute("CREATE TEMP TABLE telling (attributeid BIGINT, tail BIGINT, rank INTEGER)")
    for id_, (tail, rank) in ids.items():
        stage.execute("INSERT INTO telling VALUES (?, ?, ?)", (id_, tail, rank))
    stage.execute("""
        CREATE TEMP TABLE fact AS
        SELECT productid, tail, arg_min(displayvalue, (rank, setnumber, file, line)) AS value
        FROM productattribute JOIN telling USING (attributeid)
        WHERE isactive AND here(localeid) AND displayvalue IS NOT NULL GROUP BY productid, tail""")
    joins = " ".join(
        f"LEFT JOIN fact AS fact{tail} ON fact{tail}.productid = sold.productid AND fact{tail}.tail = {tail}"
        for tail in dict.fromkeys(tails))
    named = f" || '{_SEPARATOR}' || ".join(templates)
    stage.execute(rf"""
        CREATE TEMP TABLE family AS
        WITH named AS (
            SELECT sold.productid, {named} AS family FROM sold {joins}
            LEFT JOIN manufacturer ON manufacturer.manufacturerid = sold.manufacturerid
            LEFT JOIN placed ON placed.productid = sold.productid
            LEFT JOIN node_name ON node_name.mapped = placed.mapped AND node_name.node = placed.node
        )
        SELECT productid, family FROM named WHERE family IS NOT NULL
        QUALIFY count(*) OVER (PARTITION BY family) > 1""")


def _expression(template: str, tails: list[int]) -> str:
    """A template as SQL text, NULL where a placeholder has no value; adds to `tails` what it needs."""
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(template):
        parts.append(_literal(template[end:match.start()]))
        parts.append(_folded(_source(match[1].strip(), template, tails)))
        end = match.end()
    parts.append(_literal(template[end:]))
    return "(" + " || ".join(parts) + ")"


def _literal(text: str) -> str:
    return "'" + text.lower().replace("'", "''") + "'"


def _folded(source: str) -> str:
    return rf"nullif(trim(regexp_replace(lower(lines({source})), '\s+', ' ', 'g')), '')"


def _source(name: str, template: str, tails: list[int]) -> str:
    if name == "manufacturer":
        return "manufacturer.name"
    if name == "category":
        return "node_name.name"
    tail = name.removeprefix("attribute:")
    if tail != name and tail.isdigit():
        tails.append(int(tail))
        return f"fact{int(tail)}.value"
    raise CatalogError(
        f"Products cannot be grouped by \"{template}\": {{{name}}} is none of {{attribute:TAIL}}, {{manufacturer}} and "
        "{category}; change group_by in the mapping file.")
