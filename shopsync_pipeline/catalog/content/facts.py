"""One product's record, laid out so that a template finds what it asks for without searching.

Only attributes that some rule asks for are indexed: a record has about sixty and a mapping reads a dozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from shopsync_pipeline.catalog.content.record import NOWHERE, ContentRecord, Row

SHEETS = (34, 32)
"""Attribute prefixes of the basic and the detailed sheet, by preference."""


def attribute_ids(number: int) -> tuple[int, ...]:
    """The ids that a fact has, best first: its tail on the basic and the detailed sheet.

    A whole id (with its prefix) is understood as well, and means the same fact.
    """
    text = str(number)
    tails = [text]
    if len(text) > 4 and text[:2] in ("34", "32", "33"):
        tails.append(text[2:])
    return tuple(int(f"{sheet}{tail}") for tail in tails for sheet in SHEETS)


Values: TypeAlias = Sequence[tuple[str, Row]]
"""What a placeholder finds: (value as delivered, row) pairs, in order."""


class Facts:
    """A record by what it says. `sku`, `vendor` and `title` are filled in as soon as they are decided; each is its
    text and the row that it was made of."""

    __slots__ = ("attributes", "codes", "record", "sku", "texts", "title", "vendor")

    def __init__(self, record: ContentRecord, wanted: frozenset[int]) -> None:
        """`wanted`: ids of the attributes to index."""
        self.record = record
        self.texts: dict[int, Values] = {kind: ((text, row),) for kind, text, row in record.texts}
        self.codes: dict[str, list[tuple[str, Row]]] = {}
        for system, value, row in record.codes:
            if system in self.codes:
                self.codes[system].append((value, row))
            else:
                self.codes[system] = [(value, row)]
        self.attributes: dict[int, list[tuple[str, Row]]] = {}
        attributes = self.attributes
        for spec in record.specs:
            id_ = spec[2]
            if id_ in wanted:
                if id_ in attributes:
                    attributes[id_].append((spec.value, spec.row))
                else:
                    attributes[id_] = [(spec.value, spec.row)]
        self.sku: tuple[str, Row] = (record.sku or "", record.sku_row)
        self.vendor: tuple[str, Row] = ("", NOWHERE)
        self.title: tuple[str, Row] = ("", NOWHERE)
