"""One inQuire product becomes one canonical document: values in, values out.

A product that has no price, or is discontinued and sold out, becomes a DRAFT: nothing may be sold for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

import orjson

from shopsync_pipeline.catalog.inquire.images import images_of
from shopsync_pipeline.catalog.inquire.record import InquireProduct, Spec
from shopsync_pipeline.catalog.markup import body, cut, plain_text, slug
from shopsync_pipeline.catalog.rules import LIST, SINGLE, ProjectionRules
from shopsync_pipeline.catalog.values import gtin_problem
from shopsync_pipeline.catalog.wanted import BRAND, MARKETING, attribute_ids
from shopsync_pipeline.core.product import Metafield, Product, ProductKey, Variant, variant_keys

RefuseValue = Callable[[str, int, str, str, str], None]
"""Takes (file, line, column, value, reason) of a value that was set aside."""

_TITLE_TYPES = (2, 0, 1)
_MARKETING_TYPE = 4
_FULL_TYPES = (1, 3)
_FEATURE_TYPES = range(20, 30)
_SKU_LIMIT = 255
_TAG_LIMIT = 255
_LIST_LIMIT = 128


def project(source: InquireProduct, rules: ProjectionRules, refuse: RefuseValue) -> Product:
    """The canonical document of one product. Barcodes that cannot be right go to `refuse` and are left out."""
    attributes: dict[int, list[str]] = {}
    for spec in source.specs:
        attributes.setdefault(spec.attribute, []).append(spec.value)
    brand = _fact(attributes, BRAND)
    manufacturer = plain_text(source.manufacturer or "")
    vendor = (plain_text(brand[0]) if brand else "") or manufacturer
    title = _title(source, vendor, rules)
    sku = source.sku[:_SKU_LIMIT] if source.sku else None
    category = tuple(name for name in map(plain_text, source.category) if name)
    (key,) = variant_keys([(sku, ("Default Title",))])
    offer = source.offer
    stock = offer.stock if offer else ()
    suffix = str(source.productid) if source.sku_shared or sku is None else ""
    return Product(
        key=ProductKey(f"etilize:{source.productid}"), title=title,
        handle=slug(title, f"{sku or ''} {suffix}".strip(), limit=rules.handle_limit),
        body_html=_body(source, attributes) or None, vendor=vendor or None,
        product_type=category[-1] if category else None, tags=tuple(dict.fromkeys(_tag(name) for name in category)),
        status="ACTIVE" if offer is not None and offer.sellable else "DRAFT",
        variants=(Variant(
            key=key, sku=sku, barcode=_barcode(source, rules, refuse), price=offer.price if offer else None,
            compare_at_price=offer.compare_at_price if offer else None, cost=offer.cost if offer else None,
            weight=offer.weight if offer else None, taxable=True, requires_shipping=True,
            tracked=offer is not None and offer.counted,
            inventory_policy="DENY", stock=stock,
        ),),
        metafields=tuple(_metafields(source, attributes, manufacturer, rules)),
        images=images_of(source.productid, title, source.pictures, rules),
    )


def _tag(name: str) -> str:
    """A category's name as a tag: Shopify takes a comma for the end of a tag."""
    return " ".join(name.replace(",", " ").split())[:_TAG_LIMIT]


def _fact(attributes: dict[int, list[str]], tail: int) -> list[str]:
    return next((attributes[id_] for id_ in attribute_ids(tail) if id_ in attributes), [])


def _title(source: InquireProduct, vendor: str, rules: ProjectionRules) -> str:
    texts = dict(source.texts)
    for kind in _TITLE_TYPES:
        if text := plain_text(texts.get(kind, "")):
            return cut(text, rules.title_limit)
    named = " ".join(word for word in (vendor, source.mfgpartno or "") if word)
    return cut(plain_text(named) or f"Product {source.productid}", rules.title_limit)


def _body(source: InquireProduct, attributes: dict[int, list[str]]) -> str:
    texts = dict(source.texts)
    marketing = _fact(attributes, MARKETING)
    if texts.get(_MARKETING_TYPE, "").strip():
        marketing = [texts[_MARKETING_TYPE]]
    elif not marketing:
        marketing = next(([texts[kind]] for kind in _FULL_TYPES if texts.get(kind, "").strip()), [])
    features = [text for kind, text in source.texts if kind in _FEATURE_TYPES]
    bullets = list(dict.fromkeys(text.strip() for text in (*source.bullets, *features) if text.strip()))
    return body(paragraphs=list(dict.fromkeys(marketing)), bullets=bullets, specs=_sheet(source.specs))


def _sheet(specs: Iterable[Spec]) -> Iterable[tuple[str, str, list[str]]]:
    hidden = attribute_ids(MARKETING)
    shown = (spec for spec in specs if spec.name and spec.value.strip() and spec.attribute not in hidden)
    for (header, name, _), rows in groupby(shown, key=lambda spec: (spec.header or "", spec.name or "",
        spec.attribute)):
        yield header, name, list(dict.fromkeys(row.value for row in rows))


def _barcode(source: InquireProduct, rules: ProjectionRules, refuse: RefuseValue) -> str | None:
    if source.offer is not None and source.offer.barcode:
        return source.offer.barcode
    for system in rules.barcode_systems:
        for code in source.codes:
            if code.system != system:
                continue
            digits = code.value.replace(" ", "").replace("-", "")
            problem = gtin_problem(digits)
            if problem is None:
                return digits
            refuse(code.file, code.line, "sku", code.value,
                   f'{system} of product {source.productid} is "{code.value}": {problem}; the barcode is left out')
    return None


def _metafields(
    source: InquireProduct, attributes: dict[int, list[str]], manufacturer: str, rules: ProjectionRules,
) -> Iterable[Metafield]:
    unspsc = next((code.value for code in source.codes if code.system == "UNSPSC"), "")
    single = {
        "etilize_id": str(source.productid), "manufacturer": manufacturer, "mpn": source.mfgpartno or "",
        "unspsc": unspsc,
    }
    found = {key: (SINGLE, plain_text(value)) for key, value in single.items()}
    for spec in rules.spec_metafields:
        values = list(dict.fromkeys(text for value in _fact(attributes, spec.tail) if (text := plain_text(value))))
        if values:
            text = orjson.dumps(values[:_LIST_LIMIT]).decode() if spec.type == LIST else ", ".join(values)
            found[spec.key] = (spec.type, text)
    return [Metafield(namespace=rules.metafield_namespace, key=key, type=kind, value=value)
            for key, (kind, value) in sorted(found.items()) if value]
