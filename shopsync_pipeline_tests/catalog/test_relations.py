"""Relations: of the kinds that a rule asks for, to products that are sold, the best first."""

from __future__ import annotations

from pathlib import Path

from shopsync_pipeline.catalog.rules import CatalogRules, RelationRules
from shopsync_pipeline_tests.catalog.exports import Cell, product, sku, tables, write
from shopsync_pipeline_tests.catalog.shapes import Recorded

KINDS = {kind: f"custom.{kind}" for kind in ("required", "accessory", "also_bought", "similar", "upsell")}
RULES = CatalogRules(relations=RelationRules(metafields=KINDS))


def export(folder: Path, **relations: list[tuple[Cell, ...]]) -> Path:
    rows = tables()
    rows["EN_US_B_product"] = [
        product(11), product(12), product(13), product(14), product(15, stub=1), product(16, active=0)]
    rows["EN_US_SKU_SPR_productskus"].append(sku(12, "SP Richards", "ACM12"))
    return write(folder, rows | relations)


def related(recorded: Recorded) -> list[tuple[str, int]]:
    (source,) = [record for record in recorded.records if record.productid == 11]
    return [(relation.kind.value, relation.productid) for relation in source.relations]


def test_the_kinds_of_accessories(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, EN_US_A_productaccessories=[
        (11, 12, 1, 0, 1, ""), (11, 12, 1, 0, 0, ""), (11, 13, 1, 0, 0, "Also Bought"), (11, 14, 0, 0, 0, "")]), RULES)
    assert related(recorded) == [("required", 12), ("accessory", 12), ("also_bought", 13)]


def test_similar_products_and_upsells(tmp_path: Path) -> None:
    recorded = Recorded(export(
        tmp_path, EN_US_SIM_productsimilar=[(11, 12, 1), (11, 13, 4)], EN_US_U_productupsell=[(11, 14, 1)]), RULES)
    assert related(recorded) == [("similar", 12), ("upsell", 14)]


def test_targets_that_are_not_sold_are_counted_and_left_out(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, EN_US_SIM_productsimilar=[
        (11, 15, 1), (11, 16, 1), (11, 99, 1), (11, 11, 1), (11, 13, 1), (98, 11, 1)]), RULES)
    assert related(recorded) == [("similar", 13)]
    assert recorded.counts["relations.target_not_sold"] == 3
    assert recorded.counts["productsimilar.orphans"] == 1


def test_preferred_ones_first_then_the_lower_weight(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, EN_US_A_productaccessories=[
        (11, 12, 1, 0, 0, "", "0.5"), (11, 13, 1, 0, 0, "", "0.1"), (11, 14, 1, 1, 0, "", "0.9"),
        (11, 12, 1, 0, 0, "", "0.05")]), RULES)
    assert related(recorded) == [("accessory", 14), ("accessory", 12), ("accessory", 13)]


def test_a_weight_that_is_none_is_set_aside_and_comes_last(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, EN_US_A_productaccessories=[
        (11, 12, 1, 0, 0, "", "heavy"), (11, 13, 1, 0, 0, "", "7"), (11, 14, 1, 0, 0, "", "nan")]), RULES)
    assert related(recorded) == [("accessory", 13), ("accessory", 12), ("accessory", 14)]
    assert [(row.line, row.column, row.value) for row in recorded.quarantine] == [
        (1, "recommendation_weight", "heavy"), (3, "recommendation_weight", "nan")]


def test_the_limit_is_for_each_kind(tmp_path: Path) -> None:
    rules = CatalogRules(relations=RelationRules(metafields=KINDS, limit=1))
    recorded = Recorded(export(tmp_path, EN_US_SIM_productsimilar=[(11, 14, 1), (11, 13, 1)],
                               EN_US_U_productupsell=[(11, 12, 1)]), rules)
    assert related(recorded) == [("similar", 14), ("upsell", 12)]
    assert recorded.counts["relations.repeated_or_over_limit"] == 1


def test_the_sku_of_the_target_and_the_row_are_known(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, EN_US_SIM_productsimilar=[(11, 13, 1), (11, 12, 1)]), RULES)
    relations = recorded.records[0].relations
    assert [relation.sku for relation in relations] == ["MPN-11", "ACM12"]
    assert recorded.where(relations[1].row) == ("EN_US_SIM_productsimilar.csv", 2)


def test_what_no_rule_asks_for_is_not_read(tmp_path: Path) -> None:
    export(tmp_path, EN_US_SIM_productsimilar=[(11, 12, 1)], EN_US_A_productaccessories=[(11, 12, 1, 0, 0, "")])
    recorded = Recorded(tmp_path, CatalogRules(relations=RelationRules(metafields={"similar": "custom.similar"})))
    assert related(recorded) == [("similar", 12)]
    assert recorded.counts["productaccessories.lines"] == 1
    assert "productaccessories.read" not in recorded.counts
