"""An inQuire export from its bytes to products: the traps of real deliveries, one at a time."""

from __future__ import annotations

import copy
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopsync_pipeline.catalog import CatalogRules, find_delivery, read
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import Imported, attribute, mysql, product, sku, tables, write


def test_one_product(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("sku,price,qty\nACM11,9.99,4\n")
    imported = Imported(write(tmp_path, tables()))
    found = imported.only
    assert found.key == "etilize:11"
    assert found.title == "Acme Binder"
    assert found.handle == "acme-binder-acm11"
    assert found.vendor == "Acme"
    assert found.product_type == "Binders"
    assert found.tags == ("Office", "Binders")
    assert found.status == "ACTIVE"
    (variant,) = found.variants
    assert (variant.key, variant.sku, variant.price) == ("ACM11", "ACM11", Decimal("9.99"))
    assert (variant.tracked, variant.inventory_policy, variant.stock[0].available) == (True, "DENY", 4)
    assert found.images[0].source == "https://content.etilize.com/500/11.jpg"
    assert imported.metafields() == {
        "etilize_id": "11", "manufacturer": "Acme, Inc", "mpn": "MPN-11", "color": '["Red"]'}
    assert "<td>Color</td><td>Red</td>" in (found.body_html or "")


def test_without_a_price_nothing_is_for_sale(tmp_path: Path) -> None:
    imported = Imported(write(tmp_path, tables()))
    assert imported.only.status == "DRAFT"
    assert imported.only.variants[0].price is None
    assert imported.counts["products.without_price"] == 1


def test_stubs_and_inactive_products_are_skipped_and_counted(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] += [product(12, stub=1), product(13, active=0)]
    imported = Imported(write(tmp_path, rows))
    assert [found.key for found in imported.products] == ["etilize:11"]
    assert imported.counts["products.stubs_skipped"] == 1
    assert imported.counts["products.inactive_skipped"] == 1


def test_a_product_file_without_isactive(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] = [row[:2] + row[3:] for row in rows["EN_US_B_product"]]
    assert Imported(write(tmp_path, rows)).only.key == "etilize:11"


def test_a_header_row_is_no_row(tmp_path: Path) -> None:
    rows = tables()
    raw = {"EN_US_B_productimages": b"productid,type,status\r\n" + mysql(rows["EN_US_B_productimages"]).encode()}
    imported = Imported(write(tmp_path, rows, raw=raw))
    assert imported.counts["productimages.headers"] == 1
    assert imported.counts["productimages.read"] == 1
    assert imported.quarantine == []


@pytest.mark.parametrize(("encoding", "recorded"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252")])
def test_both_encodings_and_which_one_it_was(tmp_path: Path, encoding: str, recorded: str) -> None:
    rows = tables()
    rows["EN_US_B_productdescriptions"] = [(11, "Crème brûlée – 2½", 1, 2, 1)]
    raw = {"EN_US_B_productdescriptions": mysql(rows["EN_US_B_productdescriptions"]).encode(encoding)}
    imported = Imported(write(tmp_path, rows, raw=raw))
    assert imported.only.title == "Crème brûlée – 2½"
    (name,) = [name for name in imported.encodings if name.endswith("productdescriptions.csv")]
    assert imported.encodings[name] == recorded


def test_every_spelling_of_null_is_absence(tmp_path: Path) -> None:
    rows = tables()
    raw = {"EN_US_B_productattributes": (
        b'11,34113319,3,NULL,0,1,0,1,1\r\n11,3411122,3,\\N,0,1,0,1,1\r\n11,3411122,3,,0,1,0,\\N,1\r\n')}
    imported = Imported(write(tmp_path, rows, raw=raw))
    assert imported.only.vendor == "Acme, Inc"
    assert "color" not in imported.metafields()
    assert imported.quarantine == []


def test_inch_marks_newlines_and_entities_arrive_whole(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productattributes"].append(attribute(11, 3411122, '15.9" \\ wide, "red"\nand blue'))
    rows["EN_US_B_productdescriptions"] = [(11, "Binder, 2&quot; &amp; up", 1, 2, 1)]
    imported = Imported(write(tmp_path, rows))
    assert imported.only.title == 'Binder, 2" & up'
    assert imported.metafields()["color"] == '["Red","15.9\\" \\\\ wide, \\"red\\" and blue"]'


def test_repeatable_attributes_make_a_list_and_share_a_row_of_the_table(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productattributes"] += [attribute(11, 3411122, "Blue"), attribute(11, 3411122, "Red")]
    imported = Imported(write(tmp_path, rows))
    assert imported.metafields()["color"] == '["Red","Blue"]'
    assert "<td>Red<br>Blue</td>" in (imported.only.body_html or "")


def test_the_detailed_sheet_is_shown_where_it_was_delivered(tmp_path: Path) -> None:
    rows = tables()
    rows["G_categoryheader"].append((35, 3, 1, 1, 10, 0, "x"))
    rows["G_categorydisplayattributes"].append((35, 3, 3211122, 1, 1, 1, 0, "x"))
    rows["EN_US_D_productattributes"] = [attribute(11, 3211122, "Crimson")]
    body = Imported(write(tmp_path / "with", rows)).only.body_html or ""
    assert "Crimson" in body
    assert "Red" not in body
    del rows["EN_US_D_productattributes"]
    assert "Red" in (Imported(write(tmp_path / "without", rows)).only.body_html or "")


def test_feature_bullets_come_in_their_order(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_F_productfeaturebullets"] = [(11, 1, 2, "Second & last"), (11, 1, 1, "First"), (11, 4, 1, "Premier")]
    assert "<ul><li>First</li><li>Second &amp; last</li></ul>" in (Imported(write(tmp_path, rows)).only.body_html or "")


def test_the_locale_is_read_from_the_export(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_locales"] = [(9, 1, "FR", "CA", "French"), (5, 1, "EN", "US", "English")]
    rows["EN_US_B_productdescriptions"] = [(11, "Classeur", 1, 2, 9), (11, "Binder", 1, 2, 5)]
    write(tmp_path, rows)
    assert Imported(tmp_path).only.title == "Binder"
    assert Imported(tmp_path, CatalogRules(locale="fr_ca")).only.title == "Classeur"
    with pytest.raises(CatalogError, match="no locale DE_DE; it has FR_CA, EN_US"):
        Imported(tmp_path, CatalogRules(locale="DE_DE"))


def test_code_systems_by_preference_then_the_part_number(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] += [product(12, mpn="MPN-12")]
    rows["EN_US_SKU_D&H Canada_productskus"] = [sku(11, "D&H Canada", "DH-1"), sku(11, "SP Richards Catalog", "ACM 11")]
    write(tmp_path, rows)
    assert [found.variants[0].sku for found in Imported(tmp_path).products] == ["ACM11", "MPN-12"]
    assert Imported(tmp_path, CatalogRules(code_systems=("D&H Canada",))).products[0].variants[0].sku == "DH-1"


def test_a_feed_joins_by_any_code_system_and_then_by_part_number(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] += [product(12, mpn="MPN-12"), product(13, mpn="TWIN"), product(14, mpn="TWIN")]
    rows["EN_US_SKU_D&H Canada_productskus"] = [sku(11, "D&H Canada", "DH-1")]
    (tmp_path / "feed.csv").write_text("sku,mpn,price\ndh-1,,5\nX9,MPN-12,6\nTWIN,,7\nNOBODY,,8\n")
    imported = Imported(write(tmp_path, rows))
    assert [found.variants[0].price for found in imported.products] == [Decimal(5), Decimal(6), None, None]
    assert imported.counts["feed.matched"] == 2
    assert imported.counts["feed.unmatched"] == 2


def test_a_sku_of_two_products_is_priced_once_and_keeps_their_handles_apart(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"].append(product(12))
    rows["EN_US_SKU_SPR_productskus"].append(sku(12, "SP Richards", "ACM11"))
    rows["EN_US_B_productdescriptions"].append((12, "Acme Binder", 1, 2, 1))
    (tmp_path / "feed.csv").write_text("sku,price\nACM11,5\n")
    imported = Imported(write(tmp_path, rows))
    assert [found.variants[0].price for found in imported.products] == [Decimal(5), None]
    assert [found.handle for found in imported.products] == ["acme-binder-acm11-11", "acme-binder-acm11-12"]


def test_barcodes_keep_their_zeros_and_wrong_ones_are_quarantined(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_SKU_SPR_productskus"] += [sku(11, "GTIN", "0036000291452"), sku(11, "UPC", "036000291453")]
    imported = Imported(write(tmp_path, rows))
    assert imported.only.variants[0].barcode == "036000291452"
    (row,) = imported.quarantine
    assert "its check digit is 3 and should be 2" in row.reason
    assert row.line == 3
    (tmp_path / "feed.csv").write_text("sku,price,upc\nACM11,5,012345678905\n")
    assert Imported(tmp_path).only.variants[0].barcode == "012345678905"


def test_duplicate_rows_the_last_counts(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"].append(product(11, mpn="NEWER"))
    rows["EN_US_B_productdescriptions"].append((11, "Newer title", 1, 2, 1))
    imported = Imported(write(tmp_path, rows))
    assert imported.only.title == "Newer title"
    assert imported.metafields()["mpn"] == "NEWER"
    assert imported.counts["product.superseded"] == 1


def test_orphans_are_counted_and_harmless(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productattributes"].append(attribute(99, 3411122, "Red"))
    rows["EN_US_B_productimages"].append((99, "500", "Published"))
    imported = Imported(write(tmp_path, rows))
    assert len(imported.products) == 1
    assert imported.counts["productattribute.orphans"] == imported.counts["productimages.orphans"] == 1


def test_a_loop_in_the_category_tree_ends(tmp_path: Path) -> None:
    rows = tables()
    rows["G_category"] = [(1, None, 1, 0, 0, 0, "x"), (2, 3, 1, 0, 1, 0, "x"), (3, 2, 1, 0, 2, 0, "x")]
    assert Imported(write(tmp_path, rows)).only.tags == ("Office", "Binders")


def test_bad_casts_cost_a_row_or_only_a_value(tmp_path: Path) -> None:
    rows = tables()
    raw = {
        "EN_US_B_productdescriptions": mysql(rows["EN_US_B_productdescriptions"]).encode() + b'11,"x",1,abc,1\r\n',
        "G_categoryheader": b"35,3,1,0,oops,0,x\r\n",
    }
    imported = Imported(write(tmp_path, rows, raw=raw))
    found = {(row.column, row.value, row.kind) for row in imported.quarantine}
    assert found == {("type", "abc", "row"), ("defaultdisplayorder", "oops", "value")}
    assert imported.counts["productdescriptions.quarantined"] == 1
    assert "<table>" in (imported.only.body_html or "")


def test_a_table_that_is_mostly_unusable_is_refused_as_a_whole(tmp_path: Path) -> None:
    rows = tables()
    raw = {"EN_US_B_productimages": mysql(rows["EN_US_B_productimages"]).encode() + b'11,"500"\r\n' * 1500}
    with pytest.raises(CatalogError, match="1,500 of its rows are unusable, the first in line 2"):
        Imported(write(tmp_path, rows, raw=raw))


def test_files_of_the_extras_folder_are_not_taken_for_tables(tmp_path: Path) -> None:
    write(tmp_path, tables())
    (tmp_path / "Extras").mkdir()
    (tmp_path / "Extras" / "mapped_category.txt").write_bytes(b"11|5\r\n")
    assert Imported(tmp_path).only.tags == ("Office", "Binders")


def test_a_comma_would_split_a_tag(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_categorynames"][2] = (3, "Pens, Pencils &amp; Markers", 1)
    found = Imported(write(tmp_path, rows)).only
    assert found.product_type == "Pens, Pencils & Markers"
    assert found.tags == ("Office", "Pens Pencils & Markers")


def test_products_come_in_the_order_of_their_keys_once_each(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"] = [product(id_) for id_ in (9, 100, 11, 20)]
    keys = [found.key for found in Imported(write(tmp_path, rows)).products]
    assert keys == sorted(keys) == ["etilize:100", "etilize:11", "etilize:20", "etilize:9"]


def test_temporary_files_go_with_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    rows = tables()
    rows["EN_US_B_product"].append(product(12))
    delivery = find_delivery(write(tmp_path / "export", rows))
    with read(delivery) as reading:
        next(reading.products)
        assert list(scratch.iterdir())
    assert list(scratch.iterdir()) == []
    assert len(list(read(delivery).products)) == 2
    assert list(scratch.iterdir()) == []


MUTATED = ["EN_US_B_product", "EN_US_B_productattributes", "EN_US_SKU_SPR_productskus"]
MARKS = [b'"', b"\\", b",", b"x", b"\r\n", b"\xff", b"\x00", b"\xc3"]
BASE = tables()
BASE["EN_US_B_product"] += [product(id_) for id_ in range(20, 24)]
BASE["EN_US_B_productattributes"] += [attribute(id_, 3411122, 'Size 15.9"\nwide') for id_ in range(20, 24)]


@settings(max_examples=25, deadline=None)
@given(st.lists(
    st.tuples(st.sampled_from(MUTATED), st.integers(0, 400), st.sampled_from(MARKS)), min_size=1, max_size=5))
def test_no_mutated_byte_raises_and_rows_in_are_used_or_quarantined(mutations: list[tuple[str, int, bytes]]) -> None:
    raw = {name: mysql(BASE[name]).encode() for name, _, _ in mutations}
    for name, place, inserted in mutations:
        place %= len(raw[name])
        raw[name] = raw[name][:place] + inserted + raw[name][place:]
    with tempfile.TemporaryDirectory() as folder:
        # Good rows ahead of the mutated ones, as in any export that is an export at all.
        for name in raw:
            raw[name] = mysql(BASE[name][:1]).encode() + raw[name]
        imported = Imported(write(Path(folder), copy.deepcopy(BASE), raw=raw))
    for table in ("product", "productattribute", "productskus"):
        counts = imported.counts
        assert counts[f"{table}.read"] == counts.get(f"{table}.used", 0) + counts.get(f"{table}.quarantined", 0)
    refused = sum(row.kind == "row" for row in imported.quarantine)
    assert imported.counts["rows.read"] == imported.counts["rows.used"] + refused
