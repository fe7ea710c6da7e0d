"""The 33 columns of a flat file, found by their names, because senders leave some out and add others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shopsync_pipeline.catalog.tables import Column, Kind, Table

_WRITTEN: dict[str, str] = {
    "productid": "productid", "skutype": "skutype", "sku": "sku", "localeid": "localeid", "catalogsku": "catalogsku",
    "brandname": "brand", "producttype": "producttype", "productline": "productline", "productseries": "productseries",
    "desc1": "desc1", "desc2": "desc2", "desc3": "desc3",
    "marketingtextsalescopy": "marketing", "marketingtext": "marketing", "salescopy": "marketing",
    "subclassnumber": "", "subclassname": "subclass", "classnumber": "", "classname": "class",
    "departmentnumber": "", "departmentname": "department",
    "masterdepartmentnumber": "", "masterdepartmentname": "masterdepartment",
    "unspsc": "unspsc", "keywords": "keywords", "manufacturerid": "", "manufacturername": "manufacturer",
    "productspecifications": "specifications", "productspecificationshtml": "specifications",
    "countryoforigin": "country", "recycled": "recycled", "recycledpcw": "recycledpcw",
    "recycledtotal": "recycledtotal", "assemblyrequired": "assembly", "assemblyrequiredyesno": "assembly",
    "imagetype225": "image225", "imagetype75": "image75",
}
"""Written name, without case and punctuation, → our name; empty for a number whose name stands beside it."""

_KINDS = {"productid": Kind.ID, "localeid": Kind.INT}
_NEEDED = frozenset({"productid", "skutype", "sku"})
_TELLING = frozenset({"desc1", "desc2", "desc3", "subclass", "masterdepartment", "specifications", "image225"})

STORED: tuple[Column, ...] = tuple(
    Column(name, _KINDS.get(name, Kind.TEXT)) for name in dict.fromkeys(filter(None, _WRITTEN.values())))
"""Every column that is kept, whichever of them a file has."""


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def is_flat_header(names: Sequence[str]) -> bool:
    """Whether these are the columns of a flat file: a product id, an SKU with its type, and descriptions."""
    found = {_WRITTEN.get(_folded(name), "") for name in names}
    return found >= _NEEDED and bool(found & _TELLING)


def table_of(names: Sequence[str]) -> tuple[Table, list[str]]:
    """The table whose only layout is this header, and the names that nobody knows. Of two columns with the same
    meaning the first counts."""
    columns: list[Column] = []
    unknown: list[str] = []
    seen: set[str] = set()
    for place, name in enumerate(names):
        known = _WRITTEN.get(_folded(name))
        if known is None and name.strip():
            unknown.append(name.strip())
        if not known or known in seen:
            columns.append(Column(f"unread{place}", Kind.UNREAD))
            continue
        seen.add(known)
        columns.append(Column(known, _KINDS.get(known, Kind.TEXT)))
    return Table("flat_file", (tuple(columns),)), unknown
