"""Price and stock files of any origin: what their columns may be called, and which sentences their faults get."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds import generic
from shopsync_pipeline.catalog.feeds.columns import usual_header
from shopsync_pipeline.catalog.feeds.offer import Offer, encode, offer_of
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.product import Stock, Weight
from shopsync_pipeline_tests.catalog.feeds.samples import NOVEXCO_HEADER, Read, file, workbook


def offers(tmp_path: Path, text: str, encoding: str = "utf-8") -> tuple[dict[str, Offer], Account]:
    found = Read(file(tmp_path, text.encode(encoding), "feed.csv"), encoding=encoding)
    rows: dict[str, list[str]] = {}
    for row in found.rows:
        rows.setdefault(row.sku, []).append(f"[0,0,{row.line},{encode(found.format.name, row.facts)}]")
    return {sku: offer_of(said) for sku, said in rows.items()}, found.account


def recognised(head: str) -> bool:
    return generic.FORMAT.recognise(Member("any.csv", Path()), head)


@pytest.mark.parametrize("head", [
    "sku,price\n", "SKU;Qty\n", "Item Number\tUnit Cost\n", "stock_number|MSRP|on hand\n",
    '"Variant SKU","Variant Price"\n', "\r\n\r\nsku,price\r\n"])
def test_feeds_are_recognised_by_their_header(head: str) -> None:
    assert recognised(head)


@pytest.mark.parametrize("head", ["", "a,b\n", "price,qty\n", "sku,title\n", '11,7,1,"MPN"\n'])
def test_other_files_are_not(head: str) -> None:
    assert not recognised(head)


def test_unknown_columns_are_listed() -> None:
    header = usual_header(["sku", "price", "Colour", "Weight (kg)"])
    assert header is not None
    assert header.unknown == ("Colour",)
    assert header.weight_unit == "KILOGRAMS"


def test_a_full_row(tmp_path: Path) -> None:
    found, account = offers(
        tmp_path, 'sku,list price,price,cost,qty,upc,weight,weight unit,uom,units per pack,title,stock date,'
        'replacement sku\nA1,"1,499.00","1,299.00",800,12,036000291452,2.50,kg,dz,12.0,A  dozen,2026-01-14,A2\n')
    assert found["A1"] == Offer(
        feed="generic",
        amounts={"price": Decimal(1299), "list_price": Decimal(1499), "cost": Decimal(800)}, counted=True,
        weight=Weight(value=Decimal("2.5"), unit="KILOGRAMS"), barcode="036000291452", stock=(Stock(available=12),),
        uom="DZ", units=Decimal(12), title="A dozen", stock_at="2026-01-14", replacement="A2",
        rows=dict.fromkeys((
            "price", "list_price", "cost", "counted", "weight", "weight_unit", "barcode", "stock", "uom", "units",
            "title", "stock_at", "replacement"), (0, 2)))
    assert found["A1"].compare_at_price == Decimal(1499)
    assert account.counts["feed.used"] == 1


def test_a_bad_price_is_quarantined_with_its_row_and_the_way_out(tmp_path: Path) -> None:
    rows = "".join(f"A{number},1.00,1\n" for number in range(86))
    found, account = offers(tmp_path, f"sku,price,qty\n{rows}1234,\"12,5x\",3\n")
    (row,) = account.quarantine
    assert row.reason == ('price for SKU 1234 is "12,5x": not a decimal number (row 88 of feed.csv); '
                          "fix the feed or map the column")
    assert (row.file, row.line, row.column, row.value, row.kind) == ("feed.csv", 88, "price", "12,5x", "value")
    assert found["1234"].price is None
    assert found["1234"].stock == (Stock(available=3),)


def test_an_unreadable_price_never_becomes_the_list_price(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,list price,compare at price,price\nA,20,25,call\n")
    assert found["A"].price is None
    assert found["A"].amounts == {}
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


def test_an_endless_sku_is_refused(tmp_path: Path) -> None:
    found, account = offers(tmp_path, f"sku,price\n{'A' * 256},5\n{'B' * 255},5\n")
    assert list(found) == ["B" * 255]
    assert "256 characters where 255 are the most" in account.quarantine[0].reason


def test_a_header_with_an_open_quote_costs_no_row(tmp_path: Path) -> None:
    found, account = offers(tmp_path, 'sku,"price\nA,5\nB,6\n')
    assert list(found) == ["A", "B"]
    assert account.quarantine == []


def test_a_latin_1_feed(tmp_path: Path) -> None:
    found, _ = offers(tmp_path, "sku,price,warehouse,qty\nÉ1,5,Québec,1\n", "cp1252")
    assert found["É1"].stock == (Stock(location="Québec", available=1),)


@pytest.mark.parametrize(("written", "barcode"), [
    ("036000291452", "036000291452"), ("0036000291452", "036000291452"), ("00036000291452", "036000291452"),
    ("36000291452", "036000291452"), ("4006381333931", "4006381333931"), ("0 36000-29145 2", "036000291452"),
    ("0000000000000", None), ("9999999999999", None)])
def test_barcodes_are_unpadded_and_get_lost_zeros_back(tmp_path: Path, written: str, barcode: str | None) -> None:
    found, account = offers(tmp_path, f"sku,price,upc\nA,5,{written}\n")
    assert found["A"].barcode == barcode
    assert account.quarantine == []


def test_a_barcode_with_a_wrong_check_digit_is_refused_as_it_was_written(tmp_path: Path) -> None:
    found, account = offers(tmp_path, "sku,price,upc\nA,5,0036000291453\nB,5,36000291\n")
    assert [found[sku].barcode for sku in "AB"] == [None, None]
    assert [row.value for row in account.quarantine] == ["0036000291453", "36000291"]
    assert "its check digit is 3 and should be 2" in account.quarantine[0].reason


@pytest.mark.parametrize(("written", "stock_at"), [
    ("2026-01-14", "2026-01-14"), ("20260114", "2026-01-14"),
    ("2026-01-14T06:30:00-05:00", "2026-01-14T11:30:00+00:00"),
    ("2026-01-14 06:30", "2026-01-14T06:30:00"), ("14.1.26", None), ("0001-01-01T00:00:00+23:59", None)])
def test_the_time_of_stock(tmp_path: Path, written: str, stock_at: str | None) -> None:
    found, account = offers(tmp_path, f"sku,qty,stock date\nA,5,{written}\n")
    assert found["A"].stock_at == stock_at
    assert len(account.quarantine) == (stock_at is None)


# A rule of the shop's own.

RULE = FeedRule(
    name="acme", files=("acme*.csv",), systems=("Acme",),
    columns={"sku": ("Code", "Old Code"), "cost": ("*Dealer Net Price",), "available": ("* Inventory",),
             "status": ("State",), "action": ("Do",)},
    amounts={"web_price": ("Web*",), "map_price": ("MAP",)}, discontinued=("Z9",))


def declared(tmp_path: Path, text: str, rule: FeedRule = RULE, name: str = "acme-07.csv") -> Read:
    return Read(file(tmp_path, text.encode(), name), rules=CatalogRules(feeds=(rule,)))


def test_a_rule_maps_columns_by_globs_whatever_their_case_and_punctuation(tmp_path: Path) -> None:
    found = declared(
        tmp_path, "code,2026 SPR  dealer_net-price,WEB,Map,Laval Inventory , St. John's Inventory,State,x\n"
        " A1 , 5.00 ,9, 8 , 3 ,4,z9,\n")
    assert found.format.name == "acme"
    assert found.only.facts == {
        "amounts": {"web_price": "9", "map_price": "8", "cost": "5.00"}, "counted": True,
        "stock": {"Laval": 3, "St. John's": 4}, "discontinued": True}
    assert found.account.counts["feed.unknown_column.x"] == 1


def test_of_several_columns_of_one_meaning_the_first_that_is_filled_counts(tmp_path: Path) -> None:
    found = declared(tmp_path, "Old Code,Code,MAP\nold,new,1\nold,,1\n")
    assert [row.sku for row in found.rows] == ["new", "old"]


def test_a_rule_counts_only_for_files_of_its_name_that_have_its_columns(tmp_path: Path) -> None:
    assert declared(tmp_path, "sku,price\nA,5\n").format.name == "generic"
    assert declared(tmp_path, "sku,price,code,map\nA,5,B,6\n", name="other.csv").format.name == "generic"


def test_a_rule_may_say_how_money_is_written(tmp_path: Path) -> None:
    rule = FeedRule(name="cents", files=("*",), columns={"sku": ("A",), "price": ("B",), "weight": ("C",)},
                    delimiter="^", cents=True, weight_unit="kg")
    found = declared(tmp_path, "A^B^C\nx^1999^2\ny^19.99^\n", rule)
    assert [row.facts["amounts"]["price"] for row in found.rows] == ["19.99", "19.99"]
    assert found.rows[0].facts["weight_unit"] == "KILOGRAMS"


def test_a_rule_may_name_one_location_for_all_quantities(tmp_path: Path) -> None:
    rule = FeedRule(name="sum", files=("*",), columns={"sku": ("A",), "available": ("* Inventory",)}, location="main")
    found = declared(tmp_path, "A,Laval Inventory,Surrey Inventory\nx,3,4\n", rule)
    assert found.only.facts["stock"] == {"main": 7}


def test_rows_may_take_a_sku_away(tmp_path: Path) -> None:
    found = declared(tmp_path, "Code,MAP,Do\nx,3,A\ny,4,D\nz,5,delete\n")
    assert [row.action for row in found.rows] == ["set", "delete", "delete"]


@pytest.mark.parametrize(("columns", "problem"), [
    ({"sku": ("A",), "colour": ("B",)}, 'maps "colour", which no column can mean'),
    ({"price": ("B",)}, "does not say which column has the SKU")])
def test_a_rule_that_makes_no_sense_is_refused(columns: dict[str, tuple[str, ...]], problem: str) -> None:
    with pytest.raises(CatalogError, match=problem):
        generic.declared(FeedRule(name="bad", files=("*",), columns=columns))
    with pytest.raises(CatalogError, match='weighs in "stone": not a weight unit'):
        generic.declared(FeedRule(name="bad", files=("*",), columns={"sku": ("A",)}, weight_unit="stone"))


# Excel.

def test_novexcos_workbook_with_its_padding_and_its_cities(tmp_path: Path) -> None:
    padded = ("NX100     ", "Binders ", 12, "   ", "Classeur", "Binder, 1 in", "Acme  ", "AB-1  ", "PAK  ", 4.75, 9.99,
              "  5.25 ", "DS  ", "AC", 36000291452, 5.1, " 12 ", 0, 3.0, "C1")
    found = Read(file(tmp_path, workbook({"Notes": [["Hello"]], "Prices": [["January"], [], NOVEXCO_HEADER, padded]}),
                      "prices.xlsx"), encoding="cp1252")
    assert found.format.name == "novexco"
    row = found.only
    assert (row.line, row.sku, row.mfgpartno, row.manufacturer) == (4, "NX100", "AB-1", "Acme")
    assert row.facts == {
        "amounts": {"net_price": "5.1", "direct_cost": "4.75", "list_price": "9.99", "cost": "5.25"},
        "uom": "PAK", "units": "12", "discontinued": True, "barcode": "036000291452", "title": "Binder, 1 in",
        "counted": True, "stock": {"Laval": 12, "Calgary": 0, "Halifax": 3}}
    assert found.account.quarantine == []


def test_novexcos_older_workbook_whose_price_header_drifts(tmp_path: Path) -> None:
    header = ["SPRC SKU", "ProductID", "Product Status", "Description", "UoM", "UPC", "Cat. Page",
              "Spring 2026 Dealer Net Price", "Net Price", "List Price"]
    found = Read(file(tmp_path, workbook({"A": [header, ["S1", "=", "Discontinued", "Pen", "EA", "", 3, 1.1, 1.2, 2]]}),
                      "x.xlsx"), encoding="cp1252")
    assert found.only.facts["amounts"] == {"cost": "1.1", "net_price": "1.2", "list_price": "2"}
    assert found.only.facts["discontinued"]


def test_numbers_of_a_workbook_are_those_that_were_typed(tmp_path: Path) -> None:
    found = Read(file(tmp_path, workbook({"A": [["sku", "price", "qty"], [1001, 12.340000000000002, 7.0]]}), "x.xlsx"),
                 encoding="cp1252")
    assert found.only.sku == "1001"
    assert found.only.facts["amounts"] == {"price": "12.34"}
    assert found.only.facts["stock"] == {"default": 7}


def test_a_rule_names_the_sheet(tmp_path: Path) -> None:
    rule = FeedRule(name="two", files=("*.xlsx",), columns={"sku": ("sku",), "price": ("price",)}, sheet="second")
    content = workbook({"First": [["sku", "price"], ["A", 1]], "Second": [["sku", "price"], ["B", 2]]})
    found = Read(file(tmp_path, content, "x.xlsx"), encoding="cp1252", rules=CatalogRules(feeds=(rule,)))
    assert found.only.sku == "B"


def test_a_damaged_workbook_is_told_from_another_zip(tmp_path: Path) -> None:
    content = workbook({"A": [["sku", "price"], ["A", 1]]})
    with pytest.raises(CatalogError, match=r"x\.xlsx is an Excel workbook that cannot be read"):
        Read(file(tmp_path, content[:len(content) // 2], "x.xlsx"), encoding="cp1252")
    assert not recognised("PK\x03\x04 but no workbook")
