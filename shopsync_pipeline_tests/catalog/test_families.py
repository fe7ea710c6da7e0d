"""Families: products that agree in everything the variant rule names come together."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline.catalog.rules import CatalogRules, VariantRules
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import attribute, product, tables, write
from shopsync_pipeline_tests.catalog.shapes import Recorded

LINE, LINE_DETAILED = 3412389, 3212389
RULES = CatalogRules(variants=VariantRules(group_by=("{manufacturer}", "{attribute:12389}", "{category}")))


def export(folder: Path, lines: dict[int, str], **other: int) -> Path:
    rows = tables()
    rows["EN_US_B_product"] = [product(id_, category=other.get(f"p{id_}", 3)) for id_ in lines]
    rows["EN_US_B_productattributes"] = [attribute(id_, LINE, line) for id_, line in lines.items() if line]
    return write(folder, rows)


def families(recorded: Recorded) -> list[tuple[int, str | None]]:
    return [(record.productid, record.family) for record in recorded.records]


def test_single_products_come_first_then_families_with_their_members_together(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, {
        9: "Soft", 100: "Hard", 11: "Soft", 20: "", 12: "hard ", 30: "Alone", 5: "Bendy", 6: "Bendy"}), RULES)
    bendy, hard, soft = (f"acme, inc / {line} / binders" for line in ("bendy", "hard", "soft"))
    assert families(recorded) == [
        (20, None), (30, None), (5, bendy), (6, bendy), (12, hard), (100, hard), (9, soft), (11, soft)]
    assert recorded.counts["families"] == 3


def test_another_category_is_another_family(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, {1: "Soft", 2: "Soft", 3: "Soft"}, p3=2), RULES)
    assert [family is not None for _, family in families(recorded)] == [False, True, True]


def test_the_basic_sheet_tells_before_the_detailed_one(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] = [product(1), product(2)]
    rows["EN_US_B_productattributes"] = [
        attribute(1, LINE_DETAILED, "Other"), attribute(1, LINE, "Soft"), attribute(2, LINE_DETAILED, "soft")]
    rules = CatalogRules(variants=VariantRules(group_by=("Line {attribute:12389}'s",)))
    assert families(Recorded(write(tmp_path, rows), rules)) == [(1, "line soft's"), (2, "line soft's")]


def test_stubs_and_other_locales_make_no_family(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] = [product(1), product(2, stub=1), product(3)]
    rows["EN_US_B_productattributes"] = [
        attribute(1, LINE, "Soft"), attribute(2, LINE, "Soft"), attribute(3, LINE, "Soft", locale=4)]
    assert families(Recorded(write(tmp_path, rows), RULES)) == [(1, None), (3, None)]


def test_a_placeholder_that_no_family_can_be_told_by(tmp_path: Path) -> None:
    rules = CatalogRules(variants=VariantRules(group_by=("{description:2}",)))
    with pytest.raises(CatalogError, match=r"grouped by \"\{description:2\}\": .* is none of \{attribute:TAIL\}"):
        Recorded(export(tmp_path, {1: "Soft"}), rules)
