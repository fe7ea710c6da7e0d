"""Named fields: which changes of an item a refusal is about, from the input fields that Shopify names in it.

Pure: the table below is the way back of `shopify.inputs`, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from shopsync_pipeline.core.documents import variants_of
from shopsync_pipeline.core.fields import Operation, Path, place
from shopsync_pipeline.core.plan import Change, PlanItem

Row = TypeVar("Row", bound=str)

_WRAPPERS = frozenset({"input", "product", "productSet", "productInput"})
"""Arguments of mutations that hold the fields; payloads name them or leave them out (recorded answers)."""

_PRODUCT = {
    "title": "title", "descriptionHtml": "body_html", "bodyHtml": "body_html", "vendor": "vendor",
    "productType": "product_type", "handle": "handle", "templateSuffix": "template_suffix", "tags": "tags",
    "category": "category", "status": "status", "files": "images", "media": "images", "productOptions": "options",
}
_VARIANT = {
    "price": "price", "compareAtPrice": "compare_at_price", "barcode": "barcode", "taxable": "taxable",
    "inventoryPolicy": "inventory_policy", "optionValues": "options", "sku": "sku", "mediaId": "image",
    "file": "image", "cost": "cost", "tracked": "tracked", "requiresShipping": "requires_shipping",
    "countryCodeOfOrigin": "country_of_origin", "harmonizedSystemCode": "hs_code", "measurement": "weight",
}
_BY_ROW = {Operation.INVENTORY_SET: "quantities", Operation.METAFIELDS_DELETE: "metafields",
           Operation.PUBLISH: "", Operation.UNPUBLISH: ""}
"""Operations whose input has a row for each change, and the name of those rows."""


def named_paths(item: PlanItem, fields: Iterable[str]) -> tuple[Path, ...]:
    """The paths of an item's changes that a refusal names, in the order of the changes.

    `fields` are the `field`s of its userErrors with dots (`variants.0.price`), as answered to a request that carried
    this item and nothing else. A row that is named without a field of its own stands for all its changes. What names
    none of the item's changes (`id`, the empty field of an error about the whole) adds nothing.
    """
    found = {path for field in fields for path in _paths(item, [part for part in field.split(".") if part])}
    return tuple(change.path for change in item.changes if change.path in found)


def _paths(item: PlanItem, parts: list[str]) -> Iterable[Path]:
    while parts and parts[0] in _WRAPPERS:
        parts = parts[1:]
    if item.operation in _BY_ROW:
        rows = _BY_ROW[item.operation]
        return _row([change.path for change in item.changes], parts[1:] if rows and parts[:1] == [rows] else parts)
    if not parts:
        return ()
    if parts[0] == "variants":
        return _of_variant(item, parts[1:])
    if item.operation in (Operation.VARIANTS_CREATE, Operation.VARIANTS_UPDATE):
        return ()
    return _of_product(item.changes, parts)


def _of_product(changes: Sequence[Change], parts: Sequence[str]) -> Iterable[Path]:
    name = parts[0]
    if name == "metafields":
        return _row([c.path for c in changes if c.path.startswith("metafields[") and c.after is not None], parts[1:])
    if name in ("collections", "collectionsToJoin", "collectionsToLeave"):
        leaving = name == "collectionsToLeave"
        return _row([c.path for c in changes if c.path.startswith("collections[") and (c.after is None) is leaving],
                    parts[1:])
    if name == "seo":
        wanted = {f"seo.{parts[1]}"} if len(parts) > 1 else {"seo.title", "seo.description"}
    else:
        wanted = {_PRODUCT.get(name, "")}
    return [change.path for change in changes if change.path in wanted]


def _of_variant(item: PlanItem, parts: Sequence[str]) -> Iterable[Path]:
    key = next(iter(_row(_variant_keys(item), parts[:1])), None)
    if key is None:
        return ()
    of_variant = [change for change in item.changes if place(change.path).variant == key]
    inner = [part for part in parts[1:] if part != "inventoryItem"]
    stock = inner[:1] == ["inventoryQuantities"]
    attribute = _VARIANT.get(inner[0], "") if inner else ""
    named = [change.path for change in of_variant
             if (place(change.path).field.name == "variants[].stock[]" if stock else
                 place(change.path).field.attribute == attribute)]
    return named or [change.path for change in of_variant]


def _variant_keys(item: PlanItem) -> list[str]:
    """The variants in the order in which the request lists them."""
    if item.operation is Operation.VARIANTS_UPDATE:
        return list(dict.fromkeys(place(change.path).variant or "" for change in item.changes))
    return list(variants_of(item.after()))


def _row(rows: Sequence[Row], parts: Sequence[str]) -> Iterable[Row]:
    """The row that an index names; without an index, all of them."""
    if not parts:
        return rows
    if not parts[0].isdecimal():
        return ()
    return rows[int(parts[0]):int(parts[0]) + 1]
