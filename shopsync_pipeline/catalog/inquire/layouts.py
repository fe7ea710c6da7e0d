"""Where the number of fields does not say which column is which, the values do.

conQuire's codes are documented as a table, not as a file, so their columns are found by what stands in them; six
fields of a feature bullet mean different things in the two generations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shopsync_pipeline.catalog.inquire.tables import CONQUIRE_FEATURES, columns
from shopsync_pipeline.catalog.tables import Table

_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?\s*")
_WHOLE = re.compile(r"\s*-?\d{1,18}\s*")
_FLAGS = frozenset({"0", "1", "true", "false"})
_ABSENT = frozenset({"", "NULL", "\\N"})
_CODES = 5
_BULLETS = 6


def fitted(table: Table, records: Sequence[Sequence[str]], *, conquire: bool) -> Table:
    """The table with the layout that a file's first records have. `conquire`: the rest of the delivery is of that
    generation, which decides where the records themselves do not."""
    if table.name == "productskus":
        rows = [record for record in records if len(record) == _CODES]
        if rows:
            return Table(table.name, (table.layouts[0], columns(_code_columns(rows))))
    if table.name == "productfeatures":
        rows = [record for record in records if len(record) == _BULLETS]
        if rows and _dated(rows, 5) != _dated(rows, 4):
            conquire = _dated(rows, 5)
        if conquire:
            return CONQUIRE_FEATURES
    return table


def _said(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place].strip() for row in rows if row[place].strip() not in _ABSENT]


def _dated(rows: Sequence[Sequence[str]], place: int) -> bool:
    values = _said(rows, place)
    return bool(values) and sum(_DATE.fullmatch(value) is not None for value in values) * 2 > len(values)


def _code_columns(rows: Sequence[Sequence[str]]) -> str:
    """The five columns in the order found; where values leave it open, in the documented order."""
    left = list(range(_CODES))

    def take(test: list[int], otherwise: int) -> int:
        chosen = next((place for place in test if place in left), otherwise if otherwise in left else left[0])
        left.remove(chosen)
        return chosen

    whole = [place for place in left if all(_WHOLE.fullmatch(value) for value in _said(rows, place))]
    flags = [place for place in left
             if _said(rows, place) and all(value.lower() in _FLAGS for value in _said(rows, place))]
    productid = take([place for place in whole if place not in flags and _said(rows, place)], 0)
    added = take([place for place in left if _dated(rows, place)], 3)
    active = take([place for place in flags if place in left], 4)
    first, second = left
    # A system has many codes, a code has one system.
    few = len({row[second] for row in rows}) < len({row[first] for row in rows})
    names = {productid: "productid#", added: "addeddate-", active: "isactive?1",
             first: "sku" if few else "name", second: "name" if few else "sku"}
    return " ".join(names[place] for place in range(_CODES))
