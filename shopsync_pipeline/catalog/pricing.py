"""The price of one product, by a declared rule: values in, values out, in `Decimal` throughout.

A price is right by the rule or absent with a reason; it is never zero, and never below the margin that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.rules import PriceRule
from shopsync_pipeline.core.product import plain

AS_PRICED = "as_priced"
PIECES: Mapping[str, Decimal] = {
    **dict.fromkeys(("EA", "EACH", "PC", "PCE", "PCS", "UN"), Decimal(1)), **dict.fromkeys(("PR", "PAIR"), Decimal(2)),
    **dict.fromkeys(("DZ", "DOZ"), Decimal(12)), **dict.fromkeys(("GS", "GRO"), Decimal(144)),
    "C": Decimal(100), "M": Decimal(1000),
}
"""Pieces in the units that mean the same everywhere. A box, a carton or a pack is what its feed says it is."""

_CENT = Decimal("0.01")
_ONE = Decimal(1)
_WAYS = {"up": ROUND_CEILING, "down": ROUND_FLOOR, "nearest": ROUND_HALF_UP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a rule makes of an offer. Money in the shop's currency, two decimals.

    `reason`: how the price came about, or why there is none, as part of a sentence. `refusal`: set where the feed has
    amounts that cannot be used, a sentence's end with the way out. `source`: the name of the amount that was taken.
    `units`: selling units in one unit of the feed (12 where dozens are sold as pieces), by which stock is to be
    multiplied and weight divided.
    """

    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None
    reason: str
    refusal: str | None = None
    source: str = "price"
    units: Decimal = _ONE


def rule_for(
    rules: Sequence[PriceRule], *, vendor: str, category: Sequence[str], feed: str,
) -> PriceRule | None:
    """The first rule that fits. Names are compared without case, and may be globs; a category fits by any name of its
    path, or by the path itself (`Office > Binders`)."""
    for rule in rules:
        if not (rule.vendors or rule.categories or rule.feeds):
            return rule
        if (_fits(rule.vendors, (vendor,)) and _fits(rule.feeds, (feed,))
                and _fits(rule.categories, (*category, " > ".join(category)))):
            return rule
    return None


def _fits(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return not patterns or any(
        fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns for name in names)


def price(offer: Offer, rule: PriceRule) -> Priced:
    """Prices one offer by one rule. The same arguments give the same answer."""
    amounts = offer.amounts
    source = next((name for name in rule.sources if amounts.get(name, 0) > 0), None)
    if source is None:
        given = [name for name in rule.sources if name in amounts]
        if given:
            return Priced(reason=f"{given[0]} is {amounts[given[0]]}",
                          refusal="an amount of zero or less would give the product away; correct the feed")
        has = ", ".join(amounts) or "no amounts"
        return Priced(reason=f"the feed has none of {', '.join(rule.sources)} (it has {has})")
    units, refusal = _conversion(offer, rule)
    if refusal is not None:
        return Priced(reason=f"{source} is {amounts[source]}", refusal=refusal, source=source)
    cost = next((amounts[name] / units for name in rule.cost if amounts.get(name, 0) > 0), None)
    shown_cost = None if cost is None else cost.quantize(_CENT, ROUND_HALF_UP)
    words = [f"{source} {_text(amounts[source])}"]
    raw = amounts[source] / units
    if units != 1:
        words.append(f"/ {plain(units)} = {_text(raw)}")
    markup = rule.markup.get(source, rule.markup.get("*"))
    if markup:
        raw *= _ONE + markup
        words.append(f"{'+' if markup > 0 else '-'} {plain(abs(markup) * 100)} % = {_text(raw)}")
    floor = Decimal(0)
    if rule.minimum_margin is not None:
        if cost is None or shown_cost is None:
            return Priced(reason=" ".join(words), source=source, units=units, refusal=(
                f"the rule {rule.name} asks for a margin and the feed has none of {', '.join(rule.cost)}; name its "
                "cost in cost, or take minimum_margin out of the rule"))
        floor = max(cost, shown_cost) / (_ONE - rule.minimum_margin)
        if raw < floor:
            words.append(f", raised to {_text(floor)} for a margin of {plain(rule.minimum_margin * 100)} %")
            raw = floor
    rounded = _rounded(raw, floor, rule).quantize(_CENT) if raw > 0 else Decimal(0)
    if rounded <= 0:
        return Priced(cost=shown_cost, reason=" ".join(words), source=source, units=units,
                      refusal="it comes to 0.00, which would give the product away; correct the feed or the rule")
    if rounded != raw or rule.endings or rule.step:
        words.append(f", rounded {_direction(raw, rounded, rule)}")
    compare = next((shown for name in rule.compare_at if name in amounts
                    and (shown := (amounts[name] / units).quantize(_CENT, ROUND_HALF_UP)) > rounded), None)
    return Priced(price=rounded, compare_at_price=compare, cost=shown_cost, reason=" ".join(words).replace(" ,", ","),
                  source=source, units=units)


def _conversion(offer: Offer, rule: PriceRule) -> tuple[Decimal, str | None]:
    """Selling units in one unit of the feed, or a refusal."""
    if rule.uom == AS_PRICED:
        return _ONE, None
    wanted, priced = rule.uom.upper(), (offer.uom or "").upper()
    if wanted == priced:
        return _ONE, None
    if not priced:
        return _ONE, (f"the rule {rule.name} sells by {wanted} and the feed does not say which unit its amounts are "
                      'for; map its column to uom, or set uom = "as_priced"')
    pieces, whole = offer.units or _pieces(priced, rule), _pieces(wanted, rule)
    if not pieces or not whole or pieces < 0:
        unknown = wanted if not whole else priced
        return _ONE, (f"the rule {rule.name} sells by {wanted}, the feed prices by {priced}, and nothing says how many "
                      f"pieces are in {unknown}; give it in units = {{ {unknown} = … }} of the rule")
    return pieces / whole, None


def _pieces(unit: str, rule: PriceRule) -> Decimal | None:
    return rule.units.get(unit, PIECES.get(unit))


def _rounded(raw: Decimal, floor: Decimal, rule: PriceRule) -> Decimal:
    """The permitted price nearest to `raw` in the rule's direction, or the next higher one if that is under `floor`."""
    if not rule.endings and rule.step is None:
        cents = raw.quantize(_CENT, _WAYS[rule.rounding])
        if cents > 0 and cents >= floor:
            return cents
    chosen = _down(raw, rule)
    if rule.rounding != "down" or chosen is None:
        higher = _up(raw, rule)
        if chosen is None:
            # Below the lowest ending there is nothing to round down to; then whole cents are all there is.
            chosen = raw.quantize(_CENT, ROUND_FLOOR) if rule.rounding == "down" else higher
        elif rule.rounding == "up" or (rule.rounding == "nearest" and higher - raw <= raw - chosen):
            chosen = higher
    return _up(floor, rule) if chosen < floor else chosen


def _up(raw: Decimal, rule: PriceRule) -> Decimal:
    if rule.endings:
        whole = raw.to_integral_value(ROUND_FLOOR)
        candidates = (whole + more + ending for more in (0, 1) for ending in rule.endings)
        return min(one for one in candidates if one >= raw and one > 0)
    step = rule.step or _CENT
    return (raw / step).to_integral_value(ROUND_CEILING) * step


def _down(raw: Decimal, rule: PriceRule) -> Decimal | None:
    if rule.endings:
        whole = raw.to_integral_value(ROUND_FLOOR)
        candidates = [whole - less + ending for less in (0, 1) for ending in rule.endings]
        return max((one for one in candidates if 0 < one <= raw), default=None)
    step = rule.step or _CENT
    lower = (raw / step).to_integral_value(ROUND_FLOOR) * step
    return lower if lower > 0 else None


def _direction(raw: Decimal, rounded: Decimal, rule: PriceRule) -> str:
    way = rule.rounding if rule.rounding == "nearest" else "up" if rounded > raw else rule.rounding
    if rule.endings:
        return f"{way} to {' or '.join(f'.{plain(ending * 100).zfill(2)}' for ending in rule.endings)}"
    return f"{way} to {'steps of ' + plain(rule.step) if rule.step else 'the cent'}"


def _text(value: Decimal) -> str:
    """An amount in words: two decimals, more only where it has them."""
    text = str(value)
    if text[-3:-2] == ".":
        return text
    text = plain(value.quantize(Decimal("0.0001")))
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"
