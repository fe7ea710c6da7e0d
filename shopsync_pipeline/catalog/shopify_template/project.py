"""The rows of one handle become one canonical document: values in, values out.

The first row speaks for the product; each row with an option value is a variant; every row may bring an image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import orjson

from shopsync_pipeline.catalog.content.project import Projected
from shopsync_pipeline.catalog.content.selling import in_one_place
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.markup import sanitised_page
from shopsync_pipeline.catalog.pricing import Priced, price, rule_for
from shopsync_pipeline.catalog.rules import LIST, CatalogRules
from shopsync_pipeline.catalog.shopify_template.origins import origins_of
from shopsync_pipeline.catalog.shopify_template.rows import TemplateRow
from shopsync_pipeline.catalog.values import (
    decimal_number,
    flag,
    gtin_problem,
    weight_from_grams,
    weight_unit,
    whole_number,
)
from shopsync_pipeline.core.product import (
    DEFAULT_OPTION,
    DEFAULT_OPTION_VALUE,
    Image,
    Metafield,
    Product,
    ProductKey,
    Stock,
    Variant,
    VariantKey,
    Weight,
    variant_keys,
)

RefuseValue = Callable[[str, int, str, str, str], None]
"""Takes (file, line, column, value, reason) of a value that was set aside."""

_STATUSES = frozenset({"ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED"})
_POLICIES = {"deny": "DENY", "continue": "CONTINUE", "false": "DENY", "true": "CONTINUE"}


def is_variant(row: TemplateRow, first: bool) -> bool:
    """Whether a row describes a variant: the first one always does, a further one if it has an option value."""
    return first or any(row.get(f"option{number}_value") for number in (1, 2, 3))


def project(handle: str, rows: Sequence[TemplateRow], rules: CatalogRules, refuse: RefuseValue) -> Projected:
    """The canonical document of one handle's rows (at least one, in file order), with the origin of every field."""
    head = rows[0]
    reader = _Cells(refuse)
    images = _images(rows, reader, rules)
    names = tuple(name for number in (1, 2, 3) if (name := head.get(f"option{number}_name")))
    variant_rows = [row for place, row in enumerate(rows) if is_variant(row, place == 0)]
    for row in rows[1:]:
        if row.get("sku") and not is_variant(row, False):
            reader.refuse(row, "sku", "the row has no option value that would tell its variant from the others")
    if not names:
        names = (DEFAULT_OPTION,)
    found, images = _variants(variant_rows, names, reader, images, rules)
    variants = tuple(variant for _, variant, _ in found)
    status = _status(head, reader)
    if status == "ACTIVE" and any(variant.price is None for variant in variants):
        status = "DRAFT"
    product = Product(
        key=ProductKey(f"handle:{handle}"), handle=handle, title=head.get("title") or handle,
        body_html=sanitised_page(head.get("body")) or None, vendor=head.get("vendor") or None,
        product_type=head.get("type") or None,
        tags=tuple(dict.fromkeys(tag for part in head.get("tags").split(",") if (tag := part.strip()))),
        status=status, seo_title=head.get("seo_title") or None, seo_description=head.get("seo_description") or None,
        options=names, variants=variants, metafields=_metafields(head), images=images,
    )
    return Projected(product, origins_of(product, rows, found))


class _Cells:
    """Reads cells as numbers and flags; what cannot be read is refused and counts as not said."""

    def __init__(self, refuse: RefuseValue) -> None:
        self._refuse = refuse

    def refuse(self, row: TemplateRow, name: str, reason: str) -> None:
        column = row.names.get(name, name)
        sku = row.get("sku") or row.get("handle")
        file = row.file.rsplit("/", 1)[-1]
        self._refuse(row.file, row.line, column, row.get(name),
                     f'{column} for {sku} is "{row.get(name)}": {reason} (row {row.line} of {file})')

    def money(self, row: TemplateRow, name: str, *, positive: bool = False) -> Decimal | None:
        if not row.get(name):
            return None
        try:
            amount = decimal_number(row.get(name))
        except ValueError as error:
            self.refuse(row, name, str(error))
            return None
        if amount < 0 or (positive and amount == 0):
            self.refuse(row, name, "an amount below zero" if amount < 0 else "a price of zero would give it away")
            return None
        return amount

    def whole(self, row: TemplateRow, name: str) -> int | None:
        if not row.get(name):
            return None
        try:
            return whole_number(row.get(name))
        except ValueError as error:
            self.refuse(row, name, str(error))
            return None

    def flag(self, row: TemplateRow, name: str, default: bool) -> bool:
        if not row.get(name):
            return default
        try:
            return flag(row.get(name))
        except ValueError as error:
            self.refuse(row, name, str(error))
            return default

    def weight(self, row: TemplateRow) -> Weight | None:
        grams = self.money(row, "grams")
        if grams is None:
            return None
        unit = "GRAMS"
        if row.get("weight_unit"):
            try:
                unit = weight_unit(row.get("weight_unit"))
            except ValueError as error:
                self.refuse(row, "weight_unit", str(error))
        return weight_from_grams(grams, unit)

    def barcode(self, row: TemplateRow) -> str | None:
        # A merchant's own barcode need not be a GTIN; one that is all digits of a GTIN's length must be a right one.
        code = row.get("barcode").lstrip("'")
        problem = gtin_problem(code) if code.isdigit() and len(code) in (12, 13, 14) else None
        if problem is not None:
            self.refuse(row, "barcode", problem)
            return None
        return code or None


def _status(head: TemplateRow, reader: _Cells) -> str:
    if not reader.flag(head, "published", True):
        return "DRAFT"
    status = head.get("status").upper()
    if status and status not in _STATUSES:
        reader.refuse(head, "status", "not one of active, draft, archived and unlisted; the product becomes a draft")
        return "DRAFT"
    return status or "ACTIVE"


def _images(rows: Sequence[TemplateRow], reader: _Cells, rules: CatalogRules) -> tuple[Image, ...]:
    found: list[tuple[int, int, TemplateRow]] = []
    for place, row in enumerate(rows):
        if row.get("image"):
            position = reader.whole(row, "image_position")
            found.append((position if position is not None else 1_000_000, place, row))
    images: dict[str, Image] = {}
    for _, _, row in sorted(found, key=lambda item: item[:2]):
        images.setdefault(row.get("image"), Image(source=row.get("image"), alt=row.get("image_alt")))
    return tuple(images.values())[:rules.images.limit]


def _variants(
    rows: Sequence[TemplateRow], names: Sequence[str], reader: _Cells, images: tuple[Image, ...], rules: CatalogRules,
) -> tuple[list[tuple[TemplateRow, Variant, Priced | None]], tuple[Image, ...]]:
    """The variants with their rows, and the images with those that only a variant names added at the end."""
    kept: list[tuple[TemplateRow, tuple[str, ...]]] = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        options = tuple(row.get(f"option{number}_value") or DEFAULT_OPTION_VALUE for number in range(1, len(names) + 1))
        folded = tuple(option.casefold() for option in options)
        if folded in seen and row.get("image") and not (row.get("sku") or row.get("price")):
            # A row for one more picture that repeats the options of the first.
            continue
        if folded in seen:
            reader.refuse(row, "option1_value", f"a second variant {' / '.join(options)} of the same product")
            continue
        seen.add(folded)
        kept.append((row, options))
    keys = variant_keys([(row.get("sku") or None, options) for row, options in kept])
    sources = {image.source for image in images}
    variants = []
    for (row, options), key in zip(kept, keys, strict=True):
        picture = row.get("variant_image") or None
        if picture is not None and picture not in sources:
            sources.add(picture)
            images = (*images, Image(source=picture))
        priced = _priced(row, rows[0], reader, rules)
        variants.append((row, _variant(row, options, key, picture, reader, priced, rules), priced))
    return variants, images


def _priced(row: TemplateRow, head: TemplateRow, reader: _Cells, rules: CatalogRules) -> Priced | None:
    """What the feeds' amounts come to by the pricing rules; `None` where no feed or no rule knows the variant."""
    if row.offer is None:
        return None
    rule = rule_for(rules.pricing, vendor=head.get("vendor"), feed=row.offer.feed, category=(head.get("type"),))
    if rule is None:
        return None
    priced = price(row.offer, rule)
    if priced.refusal is not None:
        reader.refuse(row, "price", f"the feed's price cannot be made ({priced.reason}): {priced.refusal}")
    return priced


def _variant(row: TemplateRow, options: tuple[str, ...], key: VariantKey, picture: str | None, reader: _Cells,
             priced: Priced | None, rules: CatalogRules) -> Variant:
    offered = row.offer.stock if row.offer is not None else ()
    if not rules.stock_by_location:
        offered = in_one_place(offered)
    offer, made = row.offer or Offer(), priced or Priced(reason="no feed offers it")
    tracked = row.get("tracker").lower() == "shopify"
    stock: tuple[Stock, ...] = ()
    if tracked and (available := reader.whole(row, "quantity")) is not None:
        stock = (Stock(available=available),)
    policy = _POLICIES.get(row.get("policy").lower() or "deny")
    if policy is None:
        reader.refuse(row, "policy", "neither deny nor continue; deny is used")
        policy = "DENY"
    amount = made.price if made.price is not None else reader.money(row, "price", positive=True)
    compare = reader.money(row, "compare_at_price") or None
    cost = reader.money(row, "cost")
    return Variant(
        key=key, sku=row.get("sku") or None, options=options,
        barcode=offer.barcode or reader.barcode(row), price=amount,
        compare_at_price=made.compare_at_price if made.price is not None else compare,
        cost=made.cost if made.cost is not None else cost, weight=offer.weight or reader.weight(row),
        taxable=reader.flag(row, "taxable", True), requires_shipping=reader.flag(row, "requires_shipping", True),
        tracked=tracked or offer.counted, inventory_policy=policy, image=picture, stock=offered or stock,
    )


def _metafields(head: TemplateRow) -> tuple[Metafield, ...]:
    found = []
    for cell in head.metafields:
        text = cell.text.strip()
        if cell.type == LIST:
            text = _list_text(text)
        if text:
            found.append(Metafield(namespace=cell.namespace, key=cell.key, type=cell.type, value=text))
    return tuple(found)


def _list_text(text: str) -> str:
    """A list cell as JSON: JSON stays, lines and semicolons separate items, anything else is one item."""
    if text.startswith("["):
        try:
            items = orjson.loads(text)
        except orjson.JSONDecodeError:
            items = None
        if isinstance(items, list):
            return orjson.dumps([str(item) for item in items]).decode() if items else ""
    items = [item.strip() for line in text.splitlines() for item in line.split(";") if item.strip()]
    return orjson.dumps(items).decode() if items else ""
