"""The page of the fields says what the registry says, and the copy in `docs/` is the one of this code."""

from __future__ import annotations

from pathlib import Path

import shopsync_pipeline
from shopsync_pipeline.core.fields import REGISTRY
from shopsync_pipeline.core.fields_page import fields_page

DOCS = Path(shopsync_pipeline.__file__).parent.parent / "docs"
EDITED = {"etilize": ("restored", "shop-wide"), "shared": ("kept", "shop-wide"), "merchant": ("accepted", "accepted")}


def rows() -> list[list[str]]:
    table = [line for line in fields_page().splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_page_in_docs_is_current() -> None:
    written = (DOCS / "fields.md").read_text(encoding="utf-8")
    assert written == fields_page(), "run `make docs`"


def test_each_field_has_its_row() -> None:
    assert [row[0].strip("`") for row in rows()] == [field.name for field in REGISTRY]
    assert {len(row) for row in rows()} == {10}
    stock = next(row for row in rows() if row[0] == "`variants[].stock[]`")
    assert stock == ["`variants[].stock[]`", "Units that can be sold at one location", "etilize", "accepted",
                     "`etilize_priority`", "medium", "inventory", "scalar", "exact", "`inventory_set`"]
    channels = next(row for row in rows() if row[0] == "`publications[]`")
    assert channels[2:] == ["shared", "kept", "shop-wide", "high", "publication", "set", "flag", "`publish`"]


def test_what_becomes_of_edits_follows_from_the_owner_but_for_stock() -> None:
    for name, _, owner, *edited in (row[:5] for row in rows()):
        expected = ("accepted", "`etilize_priority`") if name == "`variants[].stock[]`" else EDITED[owner]
        assert tuple(edited) == expected, name
