"""Relations to products that are sold too: each once within a kind, the best first.

Accessories of one table are of three kinds; products that are not in the catalog, or only stubs in it, relate to none.
"""

from __future__ import annotations

from shopsync_pipeline.catalog.content.record import RelationKind
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.wanted import Wanted

TABLES_OF: dict[RelationKind, tuple[str, ...]] = {
    RelationKind.REQUIRED: ("productaccessories",),
    RelationKind.ACCESSORY: ("productaccessories",),
    RelationKind.ALSO_BOUGHT: ("productaccessories", "productalsobought"),
    RelationKind.SIMILAR: ("productsimilar",),
    RelationKind.UPSELL: ("productupsell",),
}
"""Kind → the tables that may say it."""

ORDER = tuple(RelationKind)
_NOTE = "also bought"
_WEIGHED = ("productaccessories", "productalsobought")


def tables_for(wanted: Wanted) -> frozenset[str]:
    """The tables of relations that have to be read."""
    return frozenset(table for kind in wanted.relations for table in TABLES_OF[kind])


def arrange_relations(stage: Stage, wanted: Wanted, limit: int, account: Account) -> None:
    """`relation` (ord, kind, place, productid, sku, file, line): at most `limit` of a kind.

    Preferred ones come first, then those with the lower weight, which are the more relevant, then in file order.
    """
    _refuse_weights(stage, account)
    kinds = ", ".join(f"('{kind.value}', {place})" for place, kind in enumerate(ORDER) if kind in wanted.relations)
    if not kinds:
        stage.execute("CREATE TABLE relation (ord BIGINT, kind INTEGER, place BIGINT, productid BIGINT, sku VARCHAR, "
                      "file INTEGER, line INTEGER)")
        return
    stage.execute(f"""
        CREATE TEMP TABLE related AS
        WITH said AS (
            SELECT productid, accessoryproductid AS target, CASE WHEN isoption THEN '{RelationKind.REQUIRED.value}'
                    WHEN lower(trim(note)) = '{_NOTE}' THEN '{RelationKind.ALSO_BOUGHT.value}'
                    ELSE '{RelationKind.ACCESSORY.value}' END AS name,
                ispreferred AS preferred, weight(recommendation_weight) AS weight, file, line
            FROM productaccessories WHERE isactive AND here(localeid)
            UNION ALL
            SELECT productid, accessoryproductid, '{RelationKind.ALSO_BOUGHT.value}', ispreferred,
                weight(recommendation_weight), file, line
            FROM productalsobought WHERE isactive
            UNION ALL
            SELECT productid, similarproductid, '{RelationKind.SIMILAR.value}', false, NULL, file, line
            FROM productsimilar WHERE isactive AND here(localeid)
            UNION ALL
            SELECT productid, upsellproductid, '{RelationKind.UPSELL.value}', false, NULL, file, line
            FROM productupsell WHERE isactive AND here(localeid)
        )
        SELECT source.ord, kinds.kind, target.ord AS target, target.productid, preferred, weight, said.file, said.line
        FROM said JOIN (VALUES {kinds}) AS kinds (name, kind) USING (name)
        JOIN published AS source ON source.productid = said.productid
        LEFT JOIN published AS target ON target.productid = said.target""")
    not_sold, rows = stage.execute("SELECT count(*) FILTER (target IS NULL), count(*) FROM related").fetchall()[0]
    account.counts["relations.target_not_sold"] += not_sold
    stage.execute(f"""
        CREATE TABLE relation AS
        WITH once AS (
            SELECT * FROM related WHERE target IS NOT NULL AND target <> ord
            QUALIFY row_number() OVER (PARTITION BY ord, kind, target ORDER BY {_BEST}) = 1
        ),
        ranked AS (SELECT *, row_number() OVER (PARTITION BY ord, kind ORDER BY {_BEST}) AS place FROM once)
        SELECT ranked.ord, kind, place, productid, selling.sku, ranked.file, ranked.line
        FROM ranked LEFT JOIN selling ON selling.ord = ranked.target
        WHERE place <= {int(limit)} ORDER BY ranked.ord, kind, place""")
    kept = stage.execute("SELECT count(*) FROM relation").fetchall()[0][0]
    account.counts["relations.kept"] += kept
    account.counts["relations.repeated_or_over_limit"] += rows - not_sold - kept


_BEST = "preferred DESC, weight NULLS LAST, file, line"


def _refuse_weights(stage: Stage, account: Account) -> None:
    stage.execute("CREATE MACRO weight(x) AS CASE WHEN isfinite(try_cast(trim(x) AS DOUBLE)) "
                  "THEN try_cast(trim(x) AS DOUBLE) END")
    for table in _WEIGHED:
        for file, line, value in stage.execute(
            f"SELECT file, line, recommendation_weight FROM {table} WHERE recommendation_weight IS NOT NULL "
            "AND weight(recommendation_weight) IS NULL ORDER BY file, line").fetchall():
            account.refuse_value(stage.file_name(file), line, "recommendation_weight", value,
                                 f'recommendation_weight is "{value}": not a number; the relation comes last')
