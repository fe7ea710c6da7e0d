"""A variant with another SKU in the catalog is the same variant if it has the same option values."""

from __future__ import annotations

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.renames import rename, rename_links, renamed_variants


def variants(**options: list[Value]) -> dict[Path, Value]:
    return {Path(f"variants[{key}].options"): values for key, values in options.items()}


def test_another_sku_with_the_same_options_is_a_rename() -> None:
    agreed = variants(OLD=["S"], KEPT=["M"])
    assert renamed_variants(variants(NEW=["S"], KEPT=["M"]), agreed, agreed) == {"OLD": "NEW"}


def test_another_sku_with_other_options_is_another_variant() -> None:
    agreed = variants(OLD=["S"])
    assert renamed_variants(variants(NEW=["L"]), agreed, agreed) == {}


def test_a_variant_that_the_catalog_still_has_is_not_renamed() -> None:
    agreed = variants(OLD=["S"])
    assert renamed_variants(variants(OLD=["M"], NEW=["S"]), agreed, agreed) == {}


def test_a_variant_that_is_only_the_merchants_is_not_ours_to_rename() -> None:
    assert renamed_variants(variants(NEW=["S"]), variants(THEIRS=["S"]), {}) == {}


def test_fields_and_links_are_called_by_the_new_name() -> None:
    fields: dict[Path, Value] = {Path("title"): "Pot", Path("variants[OLD].price"): "1.00",
                                 Path("variants[OLD].stock[default]"): 3, Path("variants[OLDER].price"): "2.00"}
    assert rename(fields, {"OLD": "NEW"}) == {
        "title": "Pot", "variants[NEW].price": "1.00", "variants[NEW].stock[default]": 3,
        "variants[OLDER].price": "2.00"}
    links = Links(product="p", variants={"OLD": VariantLink("v", "i")})
    assert rename_links(links, {"OLD": "NEW"}) == Links(product="p", variants={"NEW": VariantLink("v", "i")})
