"""What is wrong with the products of an import: each fault found where it is, counted once a product, with examples."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import Fields, Path, Value
from shopsync_pipeline.core.observer import Observer
from shopsync_pipeline.core.quality import CHECKS, MOST_EXAMPLES, Example, Finding
from shopsync_pipeline_tests.core.samples import LAW, keys

GOOD: dict[str, Value] = {
    "title": "Lamp", "product_type": "Lamps", "tags": ["lamp"], "options": ["Title"],
    "images": [{"source": "https://img.example/1.jpg", "alt": "Lamp"}],
    "metafields[custom.color]": {"type": "single_line_text_field", "value": "Red"},
    "variants[L1].options": ["Default Title"], "variants[L1].sku": "L1", "variants[L1].barcode": "036000291452",
    "variants[L1].price": "9.90", "variants[L1].cost": "9.90", "variants[L1].stock[default]": 3,
}


def product(*left_out: str, **said: Value) -> dict[Path, Value]:
    """A faultless product but for this: `price="1.00"` is said of its variant, `title=` of the product."""
    fields = {path: value for path, value in GOOD.items() if not path.endswith(left_out)} if left_out else dict(GOOD)
    for name, value in said.items():
        fields[f"variants[L1].{name}" if f"variants[L1].{name}" in GOOD else name] = value
    return {Path(path): value for path, value in fields.items()}


def found(*products: Fields, counts: dict[str, int] | None = None, **given: Any) -> dict[str, Finding]:
    """Every finding that has a count, of products with the keys p0, p1, …"""
    observer = Observer()
    for number, fields in enumerate(products):
        observer.observe(f"p{number}", fields)
    observer.account(counts or {}, **given)
    return {finding.check: finding for finding in observer.findings() if finding.count}


def test_a_faultless_product_gives_no_finding() -> None:
    assert found(product()) == {}


def test_every_check_answers_even_when_nothing_was_seen() -> None:
    assert [(one.check, one.count, one.total) for one in Observer().findings()] == [(c.name, 0, 0) for c in CHECKS]


@pytest.mark.parametrize(("fields", "check", "example"), [
    (product(".price", ".cost"), "missing_price",
     Example("p0", "variants[L1].price", "", "it has no price, so it cannot be sold")),
    (product(price="0.00", cost="0.00"), "missing_price",
     Example("p0", "variants[L1].price", "0.00", "it has a price of zero, so it cannot be sold")),
    (product(price="9.90", cost="10.00"), "price_under_cost",
     Example("p0", "variants[L1].price", "9.90", "its price 9.90 is less than its cost 10.00")),
    (product(price="10.00", cost="9.90"), None, None),
    (product(barcode="036000291453"), "invalid_gtin",
     Example("p0", "variants[L1].barcode", "036000291453",
             "a barcode that cannot be right: its check digit is 3 and should be 2")),
    (product(".barcode"), None, None),
    (product("images"), "missing_image",
     Example("p0", "images", "", "no picture of it was delivered with a published status")),
    (product(title="x" * 256), "title_too_long",
     Example("p0", "title", "x" * 200, "its title has 256 characters; Shopify takes 255")),
    (product(title="x" * 255), None, None),
    (product(tags=[f"t{n}" for n in range(251)]), "too_many_tags",
     Example("p0", "tags", "251", "it has 251 tags; Shopify takes 250")),
    (product(tags=[f"t{n}" for n in range(250)]), None, None),
    (product("product_type"), "unmapped_category",
     Example("p0", "product_type", "", "its category has no name, or the distributor's tree does not hold it")),
    (product(title="CafÃ©"), "mojibake",
     Example("p0", "title", "CafÃ©",
             "text that was read in the wrong encoding (perhaps “Café”); look at the encoding of its file")),
    (product(title="a\ufffdb"), "mojibake",
     Example("p0", "title", "a\ufffdb", "text that was read in the wrong encoding; look at the encoding of its file")),
    (product(title="NESCAFÉ®"), None, None),
])
def test_a_fault_is_found_and_said(fields: Fields, check: str | None, example: Example | None) -> None:
    assert {name: finding.examples for name, finding in found(fields).items()} == (
        {check: (example,)} if check else {})


@pytest.mark.parametrize(("path", "value"), [
    ("body_html", "<p>itâ€™s</p>"), ("vendor", "Ã‰galine"), ("product_type", "CafÃ©"), ("tags", ["fine", "Ã©"]),
    ("metafields[custom.color]", {"type": "t", "value": "crÃ¨me"}), ("seo.title", "Â®"), ("options", ["TaillÃ©"]),
    ("images", [{"source": "a"}, {"source": "b", "alt": "fine"}, {"source": "c", "alt": "Ã©"}]),
    ("variants[L1].options", ["crÃ¨me"]),
])
def test_wrong_encodings_are_found_in_every_text_that_shoppers_read(path: str, value: Value) -> None:
    fields = product() | {Path(path): value}
    assert [example.field for example in found(fields)["mojibake"].examples] == [path]


def test_a_product_counts_once_for_a_check_however_many_of_its_texts_and_variants_are_at_fault() -> None:
    fields: dict[Path, Value] = {Path("title"): "Ã©", Path("body_html"): "Ã©", Path("product_type"): "x",
                                 Path("images"): [{"source": "x", "alt": ""}]}
    for key in "ab":
        fields |= {Path(f"variants[{key}].options"): ["Ã©"], Path(f"variants[{key}].sku"): key}
    assert {name: (finding.count, len(finding.examples)) for name, finding in found(fields).items()} == {
        "mojibake": (1, 1), "missing_price": (1, 1)}


def test_a_product_without_variants_has_no_price() -> None:
    fields = {path: value for path, value in product().items() if not path.startswith("variants[")}
    assert found(fields)["missing_price"].examples[0].sentence == "it has no variant, so nothing of it can be sold"


def test_every_product_that_shares_a_sku_with_an_earlier_one_is_found_and_told_with_whom() -> None:
    twins = {path: value for path, value in product(sku="A").items() if path.startswith("variants[")}
    own = {Path(f"variants[{option}].{name}"): value for option in ("Red", "Blue")
           for name, value in (("sku", "B"), ("price", "1.00"))}
    rest = {path: value for path, value in product().items() if not path.startswith("variants[")}
    finding = found(product(sku="A"), product(sku="C"), rest | twins, rest | twins, rest | own)["duplicate_sku"]
    assert (finding.count, finding.total) == (3, 5)
    assert [(one.product, one.value, one.sentence) for one in finding.examples] == [
        ("p2", "A", "its SKU is also that of p0"), ("p3", "A", "its SKU is also that of p0"),
        ("p4", "B", "its SKU is also that of another variant of it")]


@LAW
@given(st.lists(st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=3), max_size=12))
def test_no_shared_sku_escapes(skus: list[list[str]]) -> None:
    products = [{Path(f"variants[v{place}].sku"): sku for place, sku in enumerate(own)} for own in skus]
    observer = Observer()
    for number, fields in enumerate(products):
        observer.observe(f"p{number}", fields)
    (finding,) = [one for one in observer.findings() if one.check == "duplicate_sku"]
    expected = sum(
        any(sku in [other for earlier in skus[:number] for other in earlier] or own.count(sku) > 1 for sku in own)
        for number, own in enumerate(skus))
    assert finding.count == expected


def test_examples_are_the_first_and_few_and_counts_are_all() -> None:
    finding = found(*[product("images")] * 60)["missing_image"]
    assert finding.count == 60
    assert [example.product for example in finding.examples] == [f"p{n}" for n in range(MOST_EXAMPLES)]


def test_rows_are_accounted_for_with_the_tables_at_fault_largest_first() -> None:
    counts = {"rows.read": 1000, "rows.quarantined": 7, "productattribute.orphans": 3, "productskus.orphans": 30,
              "productimages.orphans": 0, "feed.read": 50, "feed.unmatched": 5, "products": 1}
    refused = [Example("f.csv:3", "price", "x", "why")] * 30
    unmatched = [Example("feed.csv:9", "sku", "Z9", "no product has this SKU")]
    findings = found(product(), counts=counts, rows=refused, unmatched=unmatched)
    assert {name: (one.count, one.total) for name, one in findings.items()} == {
        "orphan_rows": (33, 1000), "quarantined_rows": (7, 1000), "unmatched_feed_rows": (5, 50)}
    assert [(one.product, one.value) for one in findings["orphan_rows"].examples] == [
        ("productskus", "30"), ("productattribute", "3")]
    assert findings["quarantined_rows"].examples == tuple(refused[:MOST_EXAMPLES])
    assert findings["unmatched_feed_rows"].examples == tuple(unmatched)


def test_what_a_reader_put_right_was_wrong() -> None:
    counts = {"products.title_cut": 2, "products.with_tags_left_out": 4}
    left_out = [Example("skus.csv:7", "sku", "0-36000-29145-3",
                        'UPC of product 7 is "0-36000-29145-3": its check digit is 3 and should be 2; it is left out'),
                Example("feed.csv:2", "price", "free", 'price for S is "free": not a decimal number')]
    findings = found(product(barcode="1"), *[product(sku=f"S{n}") for n in range(9)], counts=counts, values=left_out)
    assert {name: one.count for name, one in findings.items()} == {
        "title_too_long": 2, "invalid_gtin": 2, "too_many_tags": 4}
    assert findings["invalid_gtin"].examples[1] == left_out[0]


def test_the_time_of_the_stock_is_kept_with_the_number_of_products_that_have_stock() -> None:
    without = product("stock[default]", sku="L2")
    several = product(sku="L3") | {Path("variants[M].stock[east]"): 0, Path("variants[M].price"): "1.00"}
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    finding = found(product(), without, several, stock_at=noon)["stale_stock"]
    assert (finding.count, finding.total) == (2, 3)
    assert [one.value for one in finding.examples] == ["2026-03-01T12:00:00+00:00"]
    with pytest.raises(ValueError, match="no time zone"):
        found(product(), stock_at=noon.replace(tzinfo=None))


@LAW
@given(st.lists(st.dictionaries(st.one_of(
    st.sampled_from(["title", "body_html", "tags", "images", "product_type", "options", "seo.title"]),
    st.builds("metafields[{}]".format, keys),
    st.builds("variants[{}].{}".format, keys, st.sampled_from(["sku", "barcode", "options", "weight", "stock[x]"])),
), st.recursive(st.text() | st.integers() | st.booleans(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["type", "value", "alt", "source"]), inner), max_leaves=5)), max_size=5))
def test_whatever_the_document_nothing_raises_and_nothing_counts_twice(documents: list[dict[str, Any]]) -> None:
    observer = Observer()
    for number, document in enumerate(documents):
        # The paths of a variant follow one another, as `flatten` writes them.
        paths = sorted(document, key=lambda path: path[:path.rindex("].")] if path.startswith("variants[") else "")
        observer.observe(f"p{number}", {Path(path): document[path] for path in paths})
    findings = observer.findings()
    assert all(finding.count <= finding.total for finding in findings)
    assert all(max(Counter(one.product for one in finding.examples).values(), default=1) == 1 for finding in findings)
