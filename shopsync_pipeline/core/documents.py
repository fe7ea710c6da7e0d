"""Documents: a product as a flat map of path → canonical value, as which it is compared, stored and planned."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from shopsync_pipeline.core.fields import Fields, Path, Value, element_path, metafield_path, stock_path, variant_path
from shopsync_pipeline.core.product import Product, Variant, money, plain

_KEY_AT = len("variants[")


def flatten(product: Product) -> dict[Path, Value]:
    """The flat map of a document, in the document's own order of variants and metafields.

    Empty text and empty lists count as absent, on both sides alike, because Shopify answers `""` for what was never
    set; `0` and `False` are values. Tags are compared as a set without regard to case, so they are sorted here.
    """
    fields: dict[Path, Value] = {}

    def put(path: Path, value: Value | None) -> None:
        if value is not None and value != "" and value != [] and value != {}:
            fields[path] = value

    for name in ("title", "handle", "body_html", "vendor", "product_type", "status", "template_suffix"):
        put(Path(name), getattr(product, name))
    put(Path("category"), category_id(product.category))
    put(Path("seo.title"), product.seo_title)
    put(Path("seo.description"), product.seo_description)
    put(Path("tags"), canonical_tags(product.tags))
    put(Path("options"), list(product.options))
    put(Path("images"), [{"source": image.source, "alt": image.alt} for image in product.images])
    for name, elements in (("collections", product.collections), ("publications", product.publications)):
        for element in sorted(set(elements)):
            put(element_path(name, element), True)
    for metafield in sorted(product.metafields, key=lambda m: (m.namespace, m.key)):
        put(metafield_path(metafield.namespace, metafield.key), {"type": metafield.type, "value": metafield.value})
    for variant in product.variants:
        for attribute, value in _variant_values(variant):
            put(variant_path(variant.key, attribute), value)
        for stock in variant.stock:
            put(stock_path(variant.key, stock.location), stock.available)
    return fields


def _variant_values(variant: Variant) -> Iterator[tuple[str, Value | None]]:
    yield "options", list(variant.options)
    for name in ("sku", "barcode", "taxable", "requires_shipping", "tracked", "inventory_policy", "image"):
        yield name, getattr(variant, name)
    if variant.country_of_origin:
        yield "country_of_origin", variant.country_of_origin.strip().upper()
    if variant.hs_code:
        # People write 8471.30 and Shopify keeps 847130.
        yield "hs_code", "".join(sign for sign in variant.hs_code if sign.isalnum())
    for name in ("price", "compare_at_price", "cost"):
        amount = getattr(variant, name)
        yield name, None if amount is None else money(amount)
    # Zero weight is how both sides say "no weight given".
    if variant.weight is not None and variant.weight.value != 0:
        yield "weight", {"value": plain(variant.weight.value), "unit": variant.weight.unit}


UNCATEGORIZED = "na"
"""The taxonomy's entry for a product without a category."""


def category_id(category: str | None) -> str | None:
    """A taxonomy category by its bare id: of `gid://shopify/TaxonomyCategory/el-2-2` it is `el-2-2`; Shopify's
    "Uncategorized" counts as none."""
    bare = (category or "").strip().rpartition("/")[2]
    return None if bare in ("", UNCATEGORIZED) else bare


Kept = TypeVar("Kept")


def without(fields: Mapping[Path, Kept], names: Collection[str]) -> Mapping[Path, Kept]:
    """What is kept by path, without the elements of some fields (`collections[]`, …): those that this shop does not
    sync."""
    starts = tuple(name.removesuffix("]") for name in names)
    if not starts:
        return fields
    return {path: value for path, value in fields.items() if not path.startswith(starts)}


def canonical_tags(tags: tuple[str, ...] | list[str]) -> list[Value]:
    """Tags trimmed, without empties, once each without regard to case (the first spelling stays), sorted."""
    seen: dict[str, str] = {}
    for tag in tags:
        text = tag.strip()
        if text:
            seen.setdefault(text.casefold(), text)
    return [seen[folded] for folded in sorted(seen)]


def variants_of(fields: Fields) -> dict[str, dict[str, Value]]:
    """The variants of a flat map: variant key → attribute → value, stock as `stock[<location>]`, in document order."""
    found: dict[str, dict[str, Value]] = {}
    for path, value in fields.items():
        if path.startswith("variants["):
            end = path.rindex("].")
            found.setdefault(path[_KEY_AT:end], {})[path[end + 2:]] = value
    return found


def variant_keys(fields: Fields) -> dict[str, None]:
    """The keys of the variants of a flat map, each once, in document order."""
    return dict.fromkeys([path[_KEY_AT:path.rindex("].")] for path in fields if path.startswith("variants[")])
