"""Looks at every product of an import once, as its flat map, and answers with what is wrong with them.

It runs inside the import of a hundred thousand products, so one product takes microseconds; nothing here judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

from shopsync_pipeline.core.fields import Fields, Path, Value
from shopsync_pipeline.core.gtin import gtin_problem
from shopsync_pipeline.core.mojibake import mojibake, repaired
from shopsync_pipeline.core.product import DEFAULT_OPTION_VALUE
from shopsync_pipeline.core.quality import (
    CHECKS,
    MOST_EXAMPLES,
    STALE_STOCK,
    TAG_LIMIT,
    TITLE_LIMIT,
    Example,
    Finding,
)

_VALUE_SHOWN = 200
_TITLE, _TAGS, _IMAGES, _CATEGORY = Path("title"), Path("tags"), Path("images"), Path("product_type")

PUT_RIGHT = {"title_too_long": "products.title_cut", "too_many_tags": "products.with_tags_left_out"}
"""What a reader already put right is no longer in the document, but it was wrong: check → the reader's count of it."""

_NO_OPTIONS: Value = [DEFAULT_OPTION_VALUE]
_Fault = tuple[str, str, Value, str]


class _Tally:
    """One check's cases while they are found."""

    __slots__ = ("count", "examples")

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[Example] = []

    def add(self, product: str, field: str, value: Value, sentence: str) -> None:
        """One more case; it becomes an example while there are few."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(Example(product, field, str(value)[:_VALUE_SHOWN], sentence))


class Observer:
    """Sees every product of an import once and answers with the findings. A product counts once for each check."""

    def __init__(self) -> None:
        """Nothing was seen yet. Memory holds one entry a SKU, and the examples."""
        self._tallies = {check.name: _Tally() for check in CHECKS}
        self._totals: dict[str, int] = {}
        self._skus: dict[str, tuple[str, str]] = {}
        self._products = self._stocked = 0
        self._stock_at: datetime | None = None

    def observe(self, key: str, fields: Fields) -> None:
        """Looks at one product of the import, as its flat map. Takes a few microseconds."""
        self._products += 1
        variants: list[str] = []
        suspects: list[Path] = []
        # The paths of a variant follow one another; `prefix` is that of the one at hand, once there is one.
        prefix, stocked = "variants[", False
        for path, value in fields.items():
            if path.startswith(prefix):
                if not variants:
                    prefix = path[:path.rindex("].") + 2]
                    variants.append(prefix)
                if not stocked:
                    stocked = path.startswith("stock[", len(prefix))
            elif variants and path.startswith("variants["):
                prefix = path[:path.rindex("].") + 2]
                variants.append(prefix)
                stocked = stocked or path.startswith("stock[", len(prefix))
            # Most text is ASCII and most values are text or metafields: they are told here, without a call.
            elif type(value) is str:
                if not value.isascii():
                    suspects.append(path)
            elif type(value) is dict:
                text = value.get("value")
                if type(text) is str and not text.isascii():
                    suspects.append(path)
            elif type(value) is list and not _is_ascii(value):
                suspects.append(path)
        broken = False
        for path in suspects:
            if (found := _broken_text(fields[path])) is not None:
                self._tallies["mojibake"].add(key, path, found, _about(found))
                broken = True
                break
        self._stocked += stocked
        self._look_at_product(key, fields)
        self._look_at_variants(key, fields, variants, {"mojibake"} if broken else set())

    def _look_at_product(self, key: str, fields: Fields) -> None:
        title, tags = fields.get(_TITLE), fields.get(_TAGS)
        if isinstance(title, str) and len(title) > TITLE_LIMIT:
            self._tallies["title_too_long"].add(
                key, _TITLE, title, f"its title has {len(title)} characters; Shopify takes {TITLE_LIMIT}")
        if isinstance(tags, list) and len(tags) > TAG_LIMIT:
            self._tallies["too_many_tags"].add(
                key, _TAGS, len(tags), f"it has {len(tags)} tags; Shopify takes {TAG_LIMIT}")
        if _IMAGES not in fields:
            self._tallies["missing_image"].add(
                key, _IMAGES, "", "no picture of it was delivered with a published status")
        if _CATEGORY not in fields:
            self._tallies["unmapped_category"].add(
                key, _CATEGORY, "", "its category has no name, or the distributor's tree does not hold it")

    def _look_at_variants(self, key: str, fields: Fields, prefixes: list[str], at_fault: set[str]) -> None:
        """A product counts once for a check, by the first of its variants at fault; every SKU is remembered."""
        for prefix in prefixes:
            for check, field, value, sentence in self._faults(key, fields, prefix):
                if check not in at_fault:
                    at_fault.add(check)
                    self._tallies[check].add(key, prefix + field, value, sentence)
        if not prefixes:
            self._tallies["missing_price"].add(key, "variants", "", "it has no variant, so nothing of it can be sold")

    def _faults(self, key: str, fields: Fields, prefix: str) -> list[_Fault]:
        found: list[_Fault] = []
        get = cast(Mapping[str, Value], fields).get
        sku, price, cost = get(prefix + "sku"), get(prefix + "price"), get(prefix + "cost")
        if sku is not None:
            mine = (key, prefix)
            holder = self._skus.setdefault(str(sku), mine)
            if holder is not mine:
                whose = "another variant of it" if holder[0] == key else holder[0]
                found.append(("duplicate_sku", "sku", sku, f"its SKU is also that of {whose}"))
        if price is None or price == "0.00":
            what = "no price" if price is None else "a price of zero"
            found.append(("missing_price", "price", price or "", f"it has {what}, so it cannot be sold"))
        elif cost is not None and Decimal(str(price)) < Decimal(str(cost)):
            found.append(("price_under_cost", "price", price, f"its price {price} is less than its cost {cost}"))
        barcode, options = get(prefix + "barcode"), get(prefix + "options")
        if barcode is not None and (problem := gtin_problem(str(barcode))) is not None:
            found.append(("invalid_gtin", "barcode", barcode, f"a barcode that cannot be right: {problem}"))
        if options is not None and options != _NO_OPTIONS and (text := _broken_text(options)) is not None:
            found.append(("mojibake", "options", text, _about(text)))
        return found

    def account(self, counts: Mapping[str, int], *, stock_at: datetime | None = None, rows: Iterable[Example] = (),
                values: Iterable[Example] = (), unmatched: Iterable[Example] = ()) -> None:
        """Takes what the readers counted (`rows.read`, `rows.quarantined`, `<table>.orphans`, `feed.read`,
        `feed.unmatched`, `PUT_RIGHT`) and the time of the stock figures where it is known.

        `rows`, `values`, `unmatched`: rows that could not be used, values that were left out of rows that could, and
        rows of feeds that belong to no product, each with the reader's reason. Call it once, after the last product.
        Raises `ValueError` for a time without a zone.
        """
        orphans = {name: count for name, count in counts.items() if name.endswith(".orphans") and count}
        self._rows("orphan_rows", sum(orphans.values()), counts.get("rows.read", 0), [
            Example(name.removesuffix(".orphans"), "productid", str(count),
                    f"{count:,} of its rows belong to products that the delivery does not hold")
            for name, count in sorted(orphans.items(), key=lambda item: (-item[1], item[0]))])
        self._rows("quarantined_rows", counts.get("rows.quarantined", 0), counts.get("rows.read", 0), rows)
        self._rows("unmatched_feed_rows", counts.get("feed.unmatched", 0), counts.get("feed.read", 0), unmatched)
        for check, name in PUT_RIGHT.items():
            self._tallies[check].count += counts.get(name, 0)
        for example in values:
            problem = gtin_problem(example.value.replace(" ", "").replace("-", ""))
            # The reader's reason holds what `core.gtin` said of the number, so this value was left out as a barcode.
            if problem is not None and problem in example.sentence:
                self._tallies["invalid_gtin"].add(example.product, example.field, example.value, example.sentence)
        if stock_at is not None:
            if stock_at.tzinfo is None:
                raise ValueError(f"the time of the stock figures, {stock_at}, has no time zone")
            self._stock_at = stock_at

    def _rows(self, check: str, count: int, total: int, examples: Iterable[Example]) -> None:
        self._totals[check] = total
        self._tallies[check].count = count
        self._tallies[check].examples = [example for example, _ in zip(examples, range(MOST_EXAMPLES), strict=False)]

    def findings(self) -> list[Finding]:
        """What was found, in the order of `CHECKS`. The one on stock is to be read through `quality.aged`."""
        found = []
        for check in CHECKS:
            tally, total = self._tallies[check.name], self._products
            count, examples = tally.count, tuple(tally.examples)
            if check.of != "products":
                total = self._totals.get(check.name, 0)
            elif check.name == STALE_STOCK and self._stock_at is not None:
                count = self._stocked
                examples = (Example("", "stock_at", self._stock_at.isoformat(), "the time of the stock figures"),)
            found.append(Finding(check.name, count, total, examples))
        return found


def _is_ascii(values: list[Value]) -> bool:
    """Whether a list of texts, or the alternative texts of pictures, is ASCII throughout, and so needs no look."""
    for item in values:
        text = item.get("alt", "") if type(item) is dict else item
        if type(text) is not str or not text.isascii():
            return False
    return True


def _broken_text(value: Value) -> str | None:
    """The first text in the wrong encoding in a field's value: text, a metafield, a list of texts or of pictures."""
    if isinstance(value, str):
        return mojibake(value)
    if isinstance(value, dict):
        texts = [value.get("value", value.get("alt"))]
    else:
        texts = [item.get("alt") if isinstance(item, dict) else item for item in value] if isinstance(
            value, list) else []
    return next((found for text in texts if isinstance(text, str) and (found := mojibake(text)) is not None), None)


def _about(found: str) -> str:
    meant = repaired(found)
    guess = f" (perhaps “{meant}”)" if meant is not None else ""
    return f"text that was read in the wrong encoding{guess}; look at the encoding of its file"
