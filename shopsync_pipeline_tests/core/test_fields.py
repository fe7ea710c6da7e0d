"""The registry, and the paths of its fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import (
    REGISTRY,
    Drift,
    Operation,
    Owner,
    Path,
    Strategy,
    metafield_path,
    place,
    stock_path,
    variant_path,
)
from shopsync_pipeline_tests.core.samples import FIELD, LAW, keys


def test_the_registry_names_each_field_once() -> None:
    assert len(FIELD) == len(REGISTRY)


def test_each_field_says_what_it_is_and_in_which_form_it_is_compared() -> None:
    forms = {"text", "html", "decimal", "weight", "tags", "handle", "gtin", "json", "list", "flag", "exact"}
    assert {field.canonical for field in REGISTRY} == forms
    assert all(field.says for field in REGISTRY)
    form = {field.name: field.canonical for field in REGISTRY}
    names = ("body_html", "variants[].barcode", "variants[].cost", "variants[].weight", "tags")
    assert [form[name] for name in names] == ["html", "gtin", "decimal", "weight", "tags"]
    assert [name for name, found in form.items() if found == "flag"] == [
        "collections[]", "publications[]", "variants[].taxable", "variants[].requires_shipping", "variants[].tracked"]


def test_each_field_has_a_writer_but_the_options_of_a_product() -> None:
    assert [field.name for field in REGISTRY if field.writer is None] == ["options"]


def test_stock_alone_departs_from_the_shop_wide_rules() -> None:
    assert [field.name for field in REGISTRY if field.strategy or field.drift] == ["variants[].stock[]"]
    stock = FIELD["variants[].stock[]"]
    assert (stock.owner, stock.strategy, stock.drift, stock.writer) == (
        Owner.ETILIZE, Strategy.ETILIZE_PRIORITY, Drift.ACCEPT, Operation.INVENTORY_SET)


@pytest.mark.parametrize(("path", "name", "variant", "item"), [
    ("title", "title", None, None),
    ("seo.title", "seo.title", None, None),
    ("metafields[custom.brand]", "metafields[]", None, "custom.brand"),
    ("collections[lamps]", "collections[]", None, "lamps"),
    ("publications[Buy [now]].]", "publications[]", None, "Buy [now]]."),
    ("variants[SKU-1].price", "variants[].price", "SKU-1", None),
    ("variants[a].b].price", "variants[].price", "a].b", None),
    ("variants[a[0]].sku", "variants[].sku", "a[0]", None),
    ("variants[].sku", "variants[].sku", "", None),
    ("variants[SKU-1].stock[default]", "variants[].stock[]", "SKU-1", "default"),
    ("variants[S[1]].stock[[x]]", "variants[].stock[]", "S[1]", "[x]"),
])
def test_a_path_comes_apart(path: str, name: str, variant: str | None, item: str | None) -> None:
    where = place(Path(path))
    assert (where.field.name, where.variant, where.item) == (name, variant, item)


@pytest.mark.parametrize("path", ["", "nothing", "variants[a].nothing", "title[a]", "variants[a].price[b]"])
def test_a_path_of_no_field_raises(path: str) -> None:
    with pytest.raises(KeyError):
        place(Path(path))


@LAW
@given(keys, keys, st.sampled_from([field for field in REGISTRY if field.is_variant and not field.name.endswith("[]")]))
def test_any_key_survives_being_put_into_a_path(one: str, other: str, field: Any) -> None:
    at = place(variant_path(one, field.attribute))
    assert (at.field, at.variant, at.item) == (field, one, None)
    at = place(stock_path(one, other))
    assert (at.field.name, at.variant, at.item) == ("variants[].stock[]", one, other)
    at = place(metafield_path(one, other))
    assert (at.field.name, at.variant, at.item) == ("metafields[]", None, f"{one}.{other}")
