"""Ingram Micro, TD Synnex and D&H, built from their column lists."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.archive import members_of
from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.feeds.samples import Read, dandh, file, ingram, synnex


def test_an_ingram_row_of_27_padded_fields(tmp_path: Path) -> None:
    found = Read(file(tmp_path, ingram({}), "PRICE.TXT"))
    assert found.format.name == "ingram"
    row = found.only
    assert (row.sku, row.mfgpartno, row.manufacturer, row.action) == ("BA9001", "99266", "OSTRAVA HILL MFG", "set")
    assert row.facts == {
        "amounts": {"list_price": "19.00", "cost": "10.26"}, "weight": "0.95", "weight_unit": "POUNDS",
        "barcode": "036000291452", "title": "25PK INDEX CARDS RULED WHITE", "discontinued": False,
        "counted": True, "stock": {"ingram": 35}}
    assert found.account.quarantine == []


def test_ingrams_older_rows_only_say_whether_there_is_any(tmp_path: Path) -> None:
    found = Read(file(tmp_path, ingram({}, {17: "N"}, {18: "D"}, width=24)))
    assert [row.facts["discontinued"] for row in found.rows] == [False, True, True]
    assert not any("counted" in row.facts or "replacement" in row.facts for row in found.rows)


def test_ingrams_zeros_and_fillers_say_nothing(tmp_path: Path) -> None:
    found = Read(file(tmp_path, ingram({7: "0000000000000000.00", 10: "", 9: "000000.00"}, {10: "9999999999999"},
                                       {15: "0000000000000000.00"})))
    assert found.rows[0].facts["amounts"] == {"cost": "10.26"}
    assert "weight" not in found.rows[0].facts
    assert not any("barcode" in row.facts for row in found.rows[:2])
    assert found.rows[2].facts["amounts"] == {"list_price": "19.00"}
    assert found.account.quarantine == []


def test_ingrams_special_price_may_be_a_flag_or_an_amount(tmp_path: Path) -> None:
    text = ingram({}).decode().replace(",A,Y,", ",9.50,Y,")
    assert Read(file(tmp_path, text.encode())).only.facts["amounts"]["special_cost"] == "9.50"


def test_ingrams_actions(tmp_path: Path) -> None:
    found = Read(file(tmp_path, ingram({1: "A"}, {1: "C", 24: "BA9999"}, {1: "D"}, {1: "X"})))
    assert [row.action for row in found.rows] == ["set", "set", "delete"]
    assert found.rows[1].facts["replacement"] == "BA9999"
    assert 'has the action "X" where A, C or D is expected' in found.reasons[0]
    assert not found.format.complete


def test_ingram_rows_with_commas_in_quotes_or_of_another_width(tmp_path: Path) -> None:
    text = ingram({}).decode()
    quoted = text.replace(f"{'25PK INDEX CARDS':<31}", '"25PK, CARDS"')
    found = Read(file(tmp_path, (text + quoted + text.replace("25PK ", "25PK, ")).encode()))
    assert [row.line for row in found.rows] == [1, 2]
    assert found.rows[1].facts["title"].startswith("25PK, CARDS")
    assert "has 28 fields where 24 to 27 are expected" in found.reasons[0]


HEADER = "110486~HDR~260114~260114~C~~~~~"


def test_a_synnex_line_of_71_fields(tmp_path: Path) -> None:
    found = Read(file(tmp_path, synnex({}), "560894.ap"))
    assert found.format.name == "synnex"
    row = found.only
    assert (row.sku, row.mfgpartno, row.manufacturer) == ("1168875", "KX943UT", "TAMBERLY BRANDS")
    assert row.facts == {
        "amounts": {"cost": "455.69", "list_price": "479.00", "unit_cost": "463.83"}, "discontinued": False,
        "counted": True, "stock": {"synnex": 5}, "weight": "2.45", "weight_unit": "POUNDS", "barcode": "882780713451",
        "title": "Promo 500GB SATA HDD"}


def test_synnexs_header_line_dates_the_stock(tmp_path: Path) -> None:
    found = Read(file(tmp_path, synnex({}, header=HEADER)))
    assert [row.action for row in found.rows] == ["restart", "set"]
    assert found.rows[1].facts["stock_at"] == "2026-01-14"
    assert found.account.counts["feed.headers"] == 1


def test_a_synnex_file_of_changes_needs_a_rule_that_expects_them(tmp_path: Path) -> None:
    content = synnex({}, header=HEADER.replace("~C~", "~U~"))
    with pytest.raises(CatalogError, match=r"feed\.txt says that it holds changes only"):
        Read(file(tmp_path, content))
    rules = CatalogRules(feeds=(FeedRule(name="synnex", files=("*",), complete=False),))
    assert [row.action for row in Read(file(tmp_path, content), rules=rules).rows] == ["set"]


@pytest.mark.parametrize(("status", "discontinued"), [("A", False), ("C", False), ("S", False), ("D", True)])
def test_synnexs_status(tmp_path: Path, status: str, discontinued: bool) -> None:
    found = Read(file(tmp_path, synnex({6: status, 65: "999"})))
    assert found.only.facts["discontinued"] is discontinued
    assert found.only.facts["replacement"] == "999"


@pytest.mark.parametrize(("ends", "cost"), [
    ("260115", "455.69"), ("20260115", "455.69"), ("260114", "463.83"), ("", "455.69"), ("soon", "455.69")])
def test_synnexs_promotion_lasts_until_its_end(tmp_path: Path, ends: str, cost: str) -> None:
    found = Read(file(tmp_path, synnex({47: "Y", 49: ends})))
    assert found.only.facts["amounts"]["cost"] == cost


def test_synnex_lines_of_another_width_or_kind(tmp_path: Path) -> None:
    found = Read(file(tmp_path, synnex({}, {2: "XXX"}, {5: ""}) + b"a~DTL~b\r\n\r\n"))
    assert len(found.rows) == 1
    assert [row.line for row in found.account.quarantine] == [2, 3, 4]
    assert "has 3 fields where 71 are expected" in found.reasons[2]


def test_quotes_and_inch_marks_are_text_where_nothing_is_quoted(tmp_path: Path) -> None:
    found = Read(file(tmp_path, synnex({7: '"HP" 15.9" MONITOR'}, {7: '15.9"'})))
    assert [row.facts["title"] for row in found.rows] == ['"HP" 15.9" MONITOR', '15.9"']


def test_a_dandh_line_of_17_fields(tmp_path: Path) -> None:
    found = Read(file(tmp_path, dandh({}), "ITEMLIST"))
    assert found.format.name == "dandh"
    row = found.only
    assert (row.sku, row.mfgpartno, row.manufacturer) == ("DH100", "MX-7", "CORVANE")
    assert row.facts == {
        "counted": True, "stock": {"dandh": 12}, "amounts": {"cost": "31.40"}, "discontinued": False,
        "barcode": "036000291452", "weight": "1.5", "weight_unit": "POUNDS", "title": "Wireless Mouse"}


@pytest.mark.parametrize(("flag", "ends", "rebate"), [
    ("Y", "?", "4.00"), ("Y", "01/15/26", "4.00"), ("Y", "01/14/2026", None), ("N", "?", None), ("Y", "later", None)])
def test_dandhs_rebate_counts_while_it_lasts(tmp_path: Path, flag: str, ends: str, rebate: str | None) -> None:
    found = Read(file(tmp_path, dandh({3: flag, 4: ends, 11: "4.00"})))
    assert found.only.facts["amounts"].get("rebate") == rebate
    assert len(found.account.quarantine) == (ends == "later")


def test_dandhs_faults(tmp_path: Path) -> None:
    found = Read(file(tmp_path, dandh({}, {2: "many"}, {5: ""}, {10: "call"}) + b"|||\r\n"))
    assert ["stock" in row.facts for row in found.rows] == [True, False, True]
    assert found.rows[1].facts["counted"]
    assert found.rows[2].facts["amounts"] == {}
    assert [(row.line, row.kind) for row in found.account.quarantine] == [
        (2, "value"), (3, "row"), (4, "value"), (5, "row")]


def test_the_day_of_a_file_in_a_zip_is_that_of_its_entry(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("dh.txt", (2026, 1, 20, 0, 0, 0)), dandh({3: "Y", 4: "01/19/26", 11: "4.00"}))
        archive.writestr(zipfile.ZipInfo("dh2.txt", (2026, 1, 19, 0, 0, 0)), dandh({3: "Y", 4: "01/19/26", 11: "4.00"}))
    before, on = members_of(tmp_path / "p.zip")
    assert "rebate" not in Read(before).only.facts["amounts"]
    assert "rebate" in Read(on).only.facts["amounts"]
