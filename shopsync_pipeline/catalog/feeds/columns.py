"""What the header of a feed says: which columns mean what, by their usual names or by a shop's own rule.

Header names are compared without case, spaces and punctuation, because feeds change those from month to month.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shopsync_pipeline.catalog.rules import FeedRule
from shopsync_pipeline.catalog.values import weight_unit
from shopsync_pipeline.core.errors import CatalogError

AMOUNTS = ("price", "list_price", "compare_at_price", "cost")
"""Meanings that are money; `FeedRule.amounts` adds further names."""

ALIASES: dict[str, tuple[str, ...]] = {
    "sku": ("sku", "stock number", "stocknumber", "item number", "item no", "item", "part number", "product code",
            "distributor sku", "variant sku", "item sku"),
    "price": ("price", "selling price", "sell price", "sale price", "retail price", "unit price", "variant price"),
    "list_price": ("list price", "msrp", "rrp", "retail list price", "srp", "catalog price"),
    "compare_at_price": ("compare at price", "compare price", "was price", "variant compare at price"),
    "cost": ("cost", "unit cost", "net cost", "dealer cost", "net price", "dealer net price", "cost per item",
             "cost price", "your cost"),
    "available": ("stock", "qty", "quantity", "available", "qty available", "quantity available", "on hand",
                  "qty on hand", "quantity on hand", "inventory", "available quantity", "stock quantity",
                  "variant inventory qty"),
    "barcode": ("upc", "gtin", "barcode", "ean", "upc code", "variant barcode"),
    "weight": ("weight", "ship weight", "shipping weight", "weight lb", "weight lbs", "weight kg", "weight oz",
               "weight g", "weight grams", "unit weight"),
    "weight_unit": ("weight unit", "weight uom", "variant weight unit"),
    "location": ("warehouse", "location", "dc", "branch", "warehouse code", "location code"),
    "status": ("status", "item status", "product status"),
    "mfgpartno": ("mpn", "mfg part no", "mfgpartno", "manufacturer part number", "mfr part number", "mfg part number"),
    "manufacturer": ("manufacturer", "manufacturer name", "mfg", "mfr", "mfg name", "mfr name"),
    "uom": ("uom", "unit of measure", "selling uom", "sell uom"),
    "units": ("units per uom", "units per pack", "pack size", "pack qty", "qty per uom"),
    "title": ("title", "description", "product description", "item description", "short description"),
    "stock_at": ("stock date", "inventory date", "quantity date", "as of", "stock as of"),
    "replacement": ("replacement sku", "replacement item", "new item number", "substitute"),
}
"""Meaning → the header names that are usual for it."""

MEANINGS = frozenset(ALIASES) | {"action", "min_qty"}
"""What `FeedRule.columns` may map. `action` (`A`, `C`, `D`) and `min_qty` have no usual names."""

_COLUMN_LIMIT = 2000
_NAME_LIMIT = 120
_FIELD_OF = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_UNIT_IN_HEADER = re.compile(r"\b(lbs?|kg|oz|g|grams)$")


@dataclass(frozen=True, slots=True)
class Header:
    """A feed's header: `places` of each meaning, of which the first cell that is filled counts; `amounts`: places of
    each amount, likewise; `stock`: (place, location key or nothing) of each column of quantities; `unknown`: names
    that mean nothing here."""

    names: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]
    amounts: Mapping[str, tuple[int, ...]]
    stock: tuple[tuple[int, str], ...]
    weight_unit: str | None
    unknown: tuple[str, ...]
    delimiter: str = ","

    def name(self, place: int) -> str:
        """The column as its header names it."""
        return self.names[place].strip()


def usual_header(names: Sequence[str], delimiter: str = ",") -> Header | None:
    """Reads a header by the usual names; `None` without a SKU column or without any price, cost or quantity."""
    places: dict[str, int] = {}
    unknown: list[str] = []
    unit = None
    for place, name in enumerate(names):
        folded = re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
        known = _FIELD_OF.get(folded)
        if known is None or known in places:
            unknown.append(name.strip())
            continue
        places[known] = place
        if known == "weight" and (match := _UNIT_IN_HEADER.search(folded)):
            unit = weight_unit(match[1])
    if "sku" not in places or not places.keys() & {*AMOUNTS, "available"}:
        return None
    return Header(
        tuple(names), {name: (place,) for name, place in places.items() if name not in (*AMOUNTS, "available")},
        {name: (places[name],) for name in AMOUNTS if name in places},
        ((places["available"], ""),) if "available" in places else (), unit, tuple(unknown), delimiter)


def declared_header(rule: FeedRule, names: Sequence[str], delimiter: str = ",") -> Header | None:
    """Reads a header by a rule; `None` if it lacks the rule's SKU column, or all of its amounts and quantities.

    A pattern's `*` stands for anything; in the pattern of a quantity it is the location: `* Inventory` makes one
    location of each city's column.
    """
    if len(names) > _COLUMN_LIMIT:
        return None
    # What is longer than any name is text, and would only take a pattern's time.
    texts = [" ".join(name.split()) if len(name) <= _NAME_LIMIT else "" for name in names]
    used: set[int] = set()

    def found(patterns: Sequence[str]) -> tuple[tuple[int, str], ...]:
        hits = [(place, match) for pattern in patterns for place, text in enumerate(texts)
                if (match := _glob(pattern).fullmatch(text)) is not None]
        used.update(place for place, _ in hits)
        distinct: dict[int, str] = {}
        for place, match in hits:
            distinct.setdefault(place, " ".join((match.groups() or ("",))[0].split()))
        return tuple(distinct.items())

    named = {meaning: found(patterns) for meaning, patterns in rule.columns.items()}
    amounts = {name: tuple(place for place, _ in found(patterns)) for name, patterns in rule.amounts.items()}
    amounts |= {name: tuple(place for place, _ in named[name]) for name in AMOUNTS if named.get(name)}
    amounts = {name: places for name, places in amounts.items() if places}
    stock = named.get("available", ())
    places = {meaning: tuple(place for place, _ in hits) for meaning, hits in named.items()
              if hits and meaning not in (*AMOUNTS, "available")}
    if "sku" not in places or not (amounts or stock):
        return None
    unknown = tuple(text for place, text in enumerate(texts) if place not in used)
    return Header(tuple(names), places, amounts, stock, _shopify_unit(rule), unknown, delimiter)


def check_rule(rule: FeedRule) -> None:
    """Raises `CatalogError` for a rule that maps a meaning nobody knows, or no SKU."""
    for meaning in rule.columns:
        if meaning not in MEANINGS:
            raise CatalogError(
                f'The feed rule "{rule.name}" maps "{meaning}", which no column can mean; map one of '
                f"{', '.join(sorted(MEANINGS))}, or put further prices under amounts.")
    if not rule.columns.get("sku"):
        raise CatalogError(f'The feed rule "{rule.name}" does not say which column has the SKU; map sku.')
    _shopify_unit(rule)


def _shopify_unit(rule: FeedRule) -> str | None:
    if rule.weight_unit is None or rule.weight_unit in ("GRAMS", "KILOGRAMS", "OUNCES", "POUNDS"):
        return rule.weight_unit
    try:
        return weight_unit(rule.weight_unit)
    except ValueError as error:
        raise CatalogError(f'The feed rule "{rule.name}" weighs in "{rule.weight_unit}": {error}.') from error


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern for one header name: letters and digits must agree but for case, anything else may be anything."""
    parts: list[str] = []
    for part in re.split(r"([*?])", pattern):
        if part == "*":
            parts.append("(.*?)")
        elif part == "?":
            parts.append(".")
        else:
            words = re.findall(r"[^\W_]+", part)
            parts.append(r"[\W_]*" + r"[\W_]+".join(map(re.escape, words)) + r"[\W_]*" if words else r"[\W_]*")
    return re.compile("".join(parts), re.IGNORECASE)
