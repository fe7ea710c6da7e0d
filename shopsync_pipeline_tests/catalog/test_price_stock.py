"""The generic price and stock feed: what its columns may be called, and which sentences its faults get."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.offer import Offer, offer_of
from shopsync_pipeline.catalog.feeds.price_stock import parse_header, read_feed, recognise
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.core.product import Stock, Weight


def offers(tmp_path: Path, text: str, encoding: str = "utf-8") -> tuple[dict[str, Offer], Account]:
    path = tmp_path / "feed.csv"
    path.write_bytes(text.encode(encoding))
    account = Account()
    rows: dict[str, list[str]] = {}
    for row in read_feed(Member("feed.csv", path), encoding, "POUNDS", account):
        rows.setdefault(row.sku, []).append(row.facts)
    return {sku: offer_of(facts) for sku, facts in rows.items()}, account


@pytest.mark.parametrize("head", [
    "sku,price\n", "SKU;Qty\n", "Item Number\tUnit Cost\n", "stock_number|MSRP|on hand\n",
    '"Variant SKU","Variant Price"\n'])
def test_feeds_are_recognised_by_their_header(head: str) -> None:
    assert recognise(head)


@pytest.mark.parametrize("head", ["", "a,b\n", "price,qty\n", "sku,title\n", '11,7,1,"MPN"\n'])
def test_other_files_are_not(head: str) -> None:
    assert not recognise(head)


def test_unknown_columns_are_listed() -> None:
    header = parse_header("sku,price,Colour,Weight (kg)\n")
    assert header is not None
    assert header.unknown == ("Colour",)
    assert header.unit == "KILOGRAMS"


def test_a_full_row(tmp_path: Path) -> None:
    found, account = offers(
        tmp_path, 'sku,list price,price,cost,qty,upc,weight,weight unit\n'
        'A1,"1,499.00","1,299.00",800,12,036000291452,2.50,kg\n')
    assert found["A1"] == Offer(
        price=Decimal("1299.00"), compare_at_price=Decimal("1499.00"), cost=Decimal(800), counted=True,
        weight=Weight(value=Decimal("2.5"), unit="KILOGRAMS"), barcode="036000291452", stock=(Stock(available=12),))
    assert account.counts["feed.used"] == 1


def test_a_bad_price_is_quarantined_with_its_row_and_the_way_out(tmp_path: Path) -> None:
    rows = "".join(f"A{number},1.00,1\n" for number in range(86))
    found, account = offers(tmp_path, f"sku,price,qty\n{rows}1234,\"12,5x\",3\n")
    (row,) = account.quarantine
    assert row.reason == ('price for SKU 1234 is "12,5x": not a decimal number (row 88 of feed.csv); '
                          "fix the feed or map the column")
    assert (row.file, row.line, row.column, row.value, row.row_used) == ("feed.csv", 88, "price", "12,5x", True)
    assert found["1234"].price is None
    assert found["1234"].stock == (Stock(available=3),)


def test_an_unreadable_price_never_becomes_the_list_price(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,list price,price\nA,20,call\n")
    assert found["A"].price is None
    found, _ = offers(tmp_path, "sku,list price\nA,20\n")
    assert found["A"].price == Decimal(20)


def test_a_list_price_below_the_price_is_no_price_to_compare_with(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,price,msrp\nA,20,19\nB,20,25\n")
    assert found["A"].compare_at_price is None
    assert found["B"].compare_at_price == Decimal(25)


def test_zero_and_negative_prices_are_refused(tmp_path: Path) -> None:
    found, account = offers(tmp_path, "sku,price,qty\nA,0.00,1\nB,-3,1\n")
    assert found["A"].price is None
    assert found["B"].price is None
    assert len(account.quarantine) == 2


def test_decimal_commas_in_a_semicolon_file(tmp_path: Path) -> None:
    found, account = offers(tmp_path, "sku;price;stock\nA;12,50;5\nB;1.299,00;5\nC;1,299;5\n")
    assert found["A"].price == Decimal("12.50")
    assert found["B"].price == Decimal("1299.00")
    assert found["C"].price is None
    assert "two numbers" in account.quarantine[0].reason


def test_an_unreadable_quantity_stays_counted(tmp_path: Path) -> None:
    found, account = offers(tmp_path, "sku,price,qty\nA,1,many\nB,1,\n")
    assert found["A"].counted
    assert found["A"].stock == ()
    assert found["B"].counted
    assert [row.value for row in account.quarantine] == ["many"]


def test_rows_of_one_sku_are_warehouses(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,price,qty,warehouse\nA,5,1,West\nA,6,2,East\nA,6,9,West\n")
    assert found["A"].stock == (Stock(location="East", available=2), Stock(location="West", available=9))
    assert found["A"].price == Decimal(6)


def test_a_discontinued_product_sells_while_stock_lasts(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,price,qty,status\nA,5,1,Discontinued\nB,5,0,D\nC,5,0,A\n")
    assert [found[sku].sellable for sku in "ABC"] == [True, False, True]


def test_rows_without_sku_or_with_another_width_are_quarantined(tmp_path: Path) -> None:
    found, account = offers(tmp_path, "sku,price\n,5\nA,5,6\nB,7\n")
    assert list(found) == ["B"]
    assert account.counts["feed.read"] == account.counts["feed.used"] + account.counts["feed.quarantined"] == 3


def test_a_latin_1_feed(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,price,warehouse,qty\nÉ1,5,Québec,1\n", "cp1252")
    assert found["É1"].stock == (Stock(location="Québec", available=1),)
