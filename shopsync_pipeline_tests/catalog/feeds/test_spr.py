"""S.P. Richards' price and stock files, built from its column lists."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule
from shopsync_pipeline_tests.catalog.feeds.samples import BESTPRICE_ITEM, Read, bestprice, file, legacy, stock


def test_a_bestprice_row_of_104_columns(tmp_path: Path) -> None:
    found = Read(file(tmp_path, bestprice({})))
    assert found.format.name == "spr_bestprice"
    assert (found.only.line, found.only.sku, found.only.mfgpartno) == (2, "ACM 11-A", "")
    assert found.only.facts == {
        "title": 'Binder, 1", Red', "discontinued": False, "uom": "EA", "weight": "1.25", "weight_unit": "POUNDS",
        "units": "1", "barcode": "036000291452", "min_qty": 1, "amount_uoms": {"catalog_price": "EA"},
        "amounts": {"list_price": "23.96", "cost": "10.50", "cost_ccp3": "10.25", "cost_ccp4": "10.00",
                    "consumer_price": "21.99", "catalog_price": "22.49"}}
    assert found.account.counts["feed.headers"] == 1
    assert found.account.quarantine == []


def test_bestprice_is_known_by_its_columns_with_and_without_header_and_by_a_header_alone(tmp_path: Path) -> None:
    assert Read(file(tmp_path, bestprice({}, header=False), "JPR.x12_832_0115.csv")).only.line == 1
    assert Read(file(tmp_path, bestprice())).format.name == "spr_bestprice"


@pytest.mark.parametrize(("status", "discontinued"), [("A", False), ("C", False), ("U", False), ("D", True)])
def test_status(tmp_path: Path, status: str, discontinued: bool) -> None:
    found = Read(file(tmp_path, bestprice({5: status, 6: "ACM 12"})))
    assert found.only.facts["discontinued"] is discontinued
    assert found.only.facts["replacement"] == "ACM 12"


def test_an_unknown_status_says_nothing(tmp_path: Path) -> None:
    found = Read(file(tmp_path, bestprice({5: "Q"})))
    assert "discontinued" not in found.only.facts
    assert "Status for SKU ACM 11-A is \"Q\": not one of A, C, D and U" in found.reasons[0]


def test_list_prices_by_the_retail_unit_are_for_the_selling_unit(tmp_path: Path) -> None:
    found = Read(file(tmp_path, bestprice(
        {7: "DZ", 32: "00002.50", 33: "EA", 34: "00012", 38: "00003.00", 39: "EA", 43: "00012"},
        {7: "CT", 32: "00002.50", 33: "PK", 34: "", 43: ""})))
    dozen, carton = found.rows
    assert dozen.facts["uom"] == "DZ"
    assert dozen.facts["units"] == "12"
    assert dozen.facts["amounts"]["list_price"] == "30.00"
    assert dozen.facts["amounts"]["catalog_list_price"] == "36.00"
    assert "list_price" not in carton.facts["amounts"]
    assert "priced by PK, and the row does not say how many of them one CT is" in found.reasons[0]


def test_prices_hold_between_their_dates_on_the_day_of_the_file(tmp_path: Path) -> None:
    content = bestprice({74: "01012026", 75: "01152026"}, {74: "01162026"}, {75: "01142026"}, {74: "", 75: "00000000"},
                        {74: "1012026"})
    found = Read(file(tmp_path, content))
    assert ["cost" in row.facts["amounts"] for row in found.rows] == [True, False, False, True, True]
    assert all(row.facts["amounts"]["list_price"] == "23.96" for row in found.rows)
    assert found.account.counts["feed.prices_out_of_date"] == 2
    later = Read(file(tmp_path, content, made=datetime(2026, 2, 1, tzinfo=UTC)))
    assert ["cost" in row.facts["amounts"] for row in later.rows] == [False, True, False, True, True]


def test_a_level_that_needs_a_larger_order_is_no_price(tmp_path: Path) -> None:
    found = Read(file(tmp_path, bestprice({86: "00012", 87: "00008.00", 93: "00006"}, {77: "00012", 86: "00012",
                                                                                    87: "00008.00"})))
    one, twelve = found.rows
    assert "promo_cost" not in one.facts["amounts"]
    assert "consumer_price" not in one.facts["amounts"]
    assert twelve.facts["amounts"]["promo_cost"] == "8.00"
    assert twelve.facts["min_qty"] == 12


def test_rows_out_of_step_are_quarantined(tmp_path: Path) -> None:
    shifted = {place + 1: text for place, text in BESTPRICE_ITEM.items() if place > 4}
    content = bestprice({}, {2: "", 52: "", 69: ""}, shifted | {5: ""}) + b"I,too,short\r\n"
    content += bestprice({1: "Z"}, header=False)
    found = Read(file(tmp_path, content))
    assert len(found.rows) == 1
    refused = {row.line: row for row in found.account.quarantine}
    assert {line: row.column for line, row in refused.items()} == {3: "sku", 4: "", 5: "", 6: ""}
    assert "is not marked I, X and P for one stock number" in refused[4].reason
    assert "has 3 fields where 104 are expected" in refused[5].reason
    assert found.account.counts["feed.read"] == 5


def test_a_first_line_that_is_broken_is_no_header(tmp_path: Path) -> None:
    found = Read(file(tmp_path, bestprice({51: "?"}, {}, header=False)))
    assert found.account.counts["feed.headers"] == 0
    assert [row.line for row in found.account.quarantine] == [1]


# The older three files.

@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_the_older_files_have_implied_cents(tmp_path: Path, delimiter: str) -> None:
    item = Read(file(tmp_path, legacy("I", {4: "Binder", 5: "D", 7: "DZ", 22: "000125", 32: "0000199", 33: "EA",
                                            34: "00012", 43: "00012"}, delimiter=delimiter), "JPR-I.txt"))
    assert item.format.name == "spr_legacy"
    assert item.only.facts == {"title": "Binder", "discontinued": True, "uom": "DZ", "units": "12",
                               "amounts": {"list_price": "23.88"}}
    cross = Read(file(tmp_path, legacy("X", {4: "036000291452"}, delimiter=delimiter), "JPR-X.txt"))
    assert cross.only.facts == {"barcode": "036000291452"}
    price = Read(file(tmp_path, legacy("P", {7: "01012026", 8: "06302026", 10: "00001", 11: "0001050", 12: "0001025",
                                             13: "0001000", 33: "0002249", 34: "EA"}, delimiter=delimiter)))
    assert price.only.facts == {
        "min_qty": 1, "amount_uoms": {"catalog_price": "EA"},
        "amounts": {"cost": "10.50", "cost_ccp3": "10.25", "cost_ccp4": "10.00", "catalog_price": "22.49"}}


def test_money_with_a_decimal_point_is_taken_at_its_word(tmp_path: Path) -> None:
    found = Read(file(tmp_path, legacy("P", {11: "00010.50"}, {11: "7"})))
    assert [row.facts["amounts"]["cost"] for row in found.rows] == ["10.50", "0.07"]


def test_an_older_weight_counts_only_with_a_decimal_point(tmp_path: Path) -> None:
    found = Read(file(tmp_path, legacy("I", {22: "0125"}, {22: "1.25"})))
    assert [row.facts.get("weight") for row in found.rows] == [None, "1.25"]


def test_a_file_of_items_has_no_prices_in_between(tmp_path: Path) -> None:
    found = Read(file(tmp_path, legacy("I", {}) + b"P,ACM 11-A,ACM11A" + b"," * 44 + b"\r\nI,x\r\n"))
    assert len(found.rows) == 1
    assert {row.line: "does not begin with I" in row.reason for row in found.account.quarantine} == {2: True, 3: False}


# Stock.

def test_stock_by_distribution_center(tmp_path: Path) -> None:
    found = Read(file(tmp_path, stock(("ACM11A", "A", "EA", (5, 0, 12)), ("ACM12", "D", "DZ", (7,)),
                                      ("ACM13", "X", "EA", ())), "sprfull.ezoh"))
    assert found.format.name == "spr_stock"
    assert [(row.line, row.sku, row.facts) for row in found.rows] == [
        (3, "ACM11A", {"counted": True, "discontinued": False, "uom": "EA",
                       "stock": {"spr-008": 5, "spr-012": 0, "spr-045": 12}}),
        (4, "ACM12", {"counted": True, "discontinued": True, "uom": "DZ",
                      "stock": {"spr-008": 7, "spr-012": 0, "spr-045": 0}}),
        (5, "ACM13", {"counted": True, "discontinued": True, "uom": "EA",
                      "stock": {"spr-008": 0, "spr-012": 0, "spr-045": 0}}),
    ]
    assert found.account.counts["feed.headers"] == 2


def test_a_rule_without_columns_adjusts_a_known_format(tmp_path: Path) -> None:
    rules = CatalogRules(feeds=(FeedRule(name="spr_stock", files=("*.ezoh",), location="default"),))
    found = Read(file(tmp_path, stock(("ACM11A", "A", "EA", (5, 0, 12))), "sprfull.ezoh"), rules=rules)
    assert found.only.facts["stock"] == {"default": 17}
    assert found.format.rule is not None
    assert found.format.rule.systems == ("SP Richards", "SPR Special Order")


def test_broken_stock_lines_cost_a_row_or_a_quantity(tmp_path: Path) -> None:
    good = stock(("ACM11A", "A", "EA", (5, 6, 7))).decode()
    content = good + good.splitlines()[2][:-3] + "\r\n" + (
        "Q1ACM12          AEA00000x000001\r\nQ1               AEA000001\r\nQ1ACM14          ?EA000001\r\nZZ\r\n")
    found = Read(file(tmp_path, content.encode()))
    assert [row.facts["stock"] for row in found.rows] == [
        {"spr-008": 5, "spr-012": 6, "spr-045": 7}, {"spr-008": 5, "spr-012": 6}, {"spr-012": 1, "spr-045": 0},
        {"spr-008": 1, "spr-012": 0, "spr-045": 0}]
    assert [(row.line, row.column, row.kind) for row in found.account.quarantine] == [
        (4, "spr-045", "value"), (5, "spr-008", "value"), (6, "sku", "row"), (7, "status", "value"), (8, "", "row")]


def test_stock_before_any_center_is_named_belongs_nowhere(tmp_path: Path) -> None:
    lines = stock(("ACM11A", "A", "EA", (5,))).decode().splitlines()
    found = Read(file(tmp_path, "\r\n".join([lines[0], lines[2], lines[1], lines[2]]).encode()))
    assert [row.line for row in found.rows] == [4]
    assert "has no I1 line before it" in found.reasons[0]


def test_a_center_whose_number_is_none_loses_its_column_only(tmp_path: Path) -> None:
    found = Read(file(tmp_path, stock(("A", "A", "EA", (5, 6, 7)), centers=("008", "0x2", "045"))))
    assert found.only.facts["stock"] == {"spr-008": 5, "spr-045": 7}
