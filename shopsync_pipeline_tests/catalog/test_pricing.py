"""Prices by rule, as laws and by example."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.pricing import Priced, price, rule_for
from shopsync_pipeline.catalog.rules import PriceRule

D = Decimal


def offer(uom: str | None = None, units: Decimal | None = None, **amounts: str) -> Offer:
    return Offer(feed="spr", amounts={name: D(value) for name, value in amounts.items()}, uom=uom, units=units)


def priced(rule: PriceRule, given_offer: Offer) -> Decimal:
    found = price(given_offer, rule)
    assert found.price is not None, found
    return found.price


def test_markup_and_rounding_and_how_it_is_told() -> None:
    rule = PriceRule(sources=("cost_ccp3", "cost"), markup={"cost_ccp3": D("0.35")}, endings=(D("0.99"),),
                     rounding="up",
                     cost=("cost_ccp3",))
    assert price(offer(cost_ccp3="12.40", cost="13", list_price="20"), rule) == Priced(
        price=D("16.99"), compare_at_price=D("20.00"), cost=D("12.40"), source="cost_ccp3",
        reason="cost_ccp3 12.40 + 35 % = 16.74, rounded up to .99")


@pytest.mark.parametrize(("rounding", "endings", "step", "raw", "result"), [
    ("up", ("0.99",), None, "16.99", "16.99"), ("up", ("0.99",), None, "16.991", "17.99"),
    ("down", ("0.99", "0.49"), None, "16.74", "16.49"), ("down", ("0.95",), None, "16.90", "15.95"),
    ("nearest", ("0.99", "0.49"), None, "16.75", "16.99"), ("nearest", ("0.99",), None, "16.48", "15.99"),
    ("down", ("0.99",), None, "0.505", "0.50"), ("nearest", ("0.99",), None, "0.10", "0.99"),
    ("up", ("0.00",), None, "0.30", "1.00"), ("nearest", (), "0.05", "1.32", "1.30"), ("up", (), "5", "11", "15.00"),
    ("down", (), "5", "14.99", "10.00"), ("down", (), "5", "3", "3.00"), ("nearest", (), None, "1.005", "1.01"),
    ("up", (), None, "1.001", "1.01"), ("down", (), None, "1.009", "1.00"),
])
def test_rounding(rounding: str, endings: tuple[str, ...], step: str | None, raw: str, result: str) -> None:
    rule = PriceRule(rounding=rounding, endings=tuple(map(D, endings)), step=D(step) if step else None)
    assert str(priced(rule, offer(price=raw))) == result


def test_sources_come_in_order_of_preference_and_zero_is_no_price() -> None:
    assert priced(PriceRule(), offer(price="0", list_price="4")) == D("4.00")
    found = price(offer(price="0"), PriceRule())
    assert (found.price, found.reason) == (None, "price is 0")
    assert "give the product away" in (found.refusal or "")
    absent = price(offer(cost="3"), PriceRule())
    assert (absent.price, absent.refusal) == (None, None)
    assert absent.reason == "the feed has none of price, list_price (it has cost)"


def test_a_price_that_rounds_to_nothing_is_refused() -> None:
    assert price(offer(price="0.004"), PriceRule(rounding="down")).refusal == (
        "it comes to 0.00, which would give the product away; correct the feed or the rule")


def test_a_margin_raises_the_price_and_needs_a_cost() -> None:
    rule = PriceRule(minimum_margin=D("0.2"))
    found = price(offer(price="10", cost="9"), rule)
    assert (found.price, found.reason) == (
        D("11.25"), "price 10.00, raised to 11.25 for a margin of 20 %")
    assert "has none of cost" in (price(offer(price="10"), rule).refusal or "")


def test_rounding_down_never_goes_below_the_margin() -> None:
    rule = PriceRule(minimum_margin=D("0.2"), rounding="down", endings=(D("0.99"),))
    assert priced(rule, offer(price="11.30", cost="9")) == D("11.99")


def test_compare_at_is_only_given_when_it_is_higher() -> None:
    assert price(offer(price="10", list_price="10"), PriceRule()).compare_at_price is None
    assert price(offer(price="10", compare_at_price="9", list_price="12"), PriceRule()).compare_at_price == D("12.00")


def test_a_list_price_can_be_discounted_and_any_source_be_marked_up() -> None:
    assert priced(PriceRule(sources=("list_price",), markup={"*": D("-0.1")}), offer(list_price="20")) == D("18.00")


@pytest.mark.parametrize(("rule", "given_offer", "result"), [
    (PriceRule(uom="EA"), offer("DZ", price="24"), "2.00"), (PriceRule(uom="EA"), offer("EA", price="24"), "24.00"),
    (PriceRule(uom="DZ"), offer("EA", price="2"), "24.00"),
    (PriceRule(uom="EA"), offer("BX", D(10), price="24"), "2.40"),
    (PriceRule(uom="EA", units={"BX": D(8)}), offer("bx", price="24"), "3.00"),
    (PriceRule(uom="BX", units={"BX": D(8)}), offer("EA", price="2"), "16.00"),
    (PriceRule(), offer("CT", price="24"), "24.00"),
])
def test_prices_of_one_unit_become_prices_of_another(rule: PriceRule, given_offer: Offer, result: str) -> None:
    assert str(priced(rule, given_offer)) == result


def test_cost_and_compare_at_are_of_the_selling_unit_too() -> None:
    found = price(offer("DZ", price="24", cost="12", list_price="36"), PriceRule(uom="EA"))
    assert (found.cost, found.compare_at_price, found.units) == (D("1.00"), D("3.00"), D(12))
    assert found.reason == "price 24.00 / 12 = 2.00"


@pytest.mark.parametrize(("given_offer", "words"), [
    (offer("BX", price="24"), "nothing says how many pieces are in BX"),
    (offer(None, price="24"), "does not say which unit"),
])
def test_an_unknown_unit_is_refused_with_the_way_out(given_offer: Offer, words: str) -> None:
    found = price(given_offer, PriceRule(uom="EA"))
    assert found.price is None
    assert words in (found.refusal or "")


def test_the_first_rule_that_fits_counts() -> None:
    rules = (PriceRule(name="a", vendors=("Acme",), categories=("Pens",)), PriceRule(name="b", feeds=("spr*",)),
             PriceRule(name="c", categories=("Office > Ink",)), PriceRule(name="d"))

    def name(vendor: str, category: tuple[str, ...], feed: str) -> str | None:
        found = rule_for(rules, vendor=vendor, category=category, feed=feed)
        return found and found.name

    assert name("ACME", ("Office", "pens"), "x") == "a"
    assert name("ACME", ("Office", "Paper"), "SPR_stock") == "b"
    assert name("B", ("Office", "Ink"), "x") == "c"
    assert name("B", ("Ink",), "x") == "d"
    assert rule_for(rules[:3], vendor="B", category=(), feed="x") is None


MONEY = st.decimals(min_value=D("0.01"), max_value=100_000, places=2)
RULES = st.builds(
    PriceRule, sources=st.just(("price",)), markup=st.fixed_dictionaries({}, optional={
        "price": st.decimals(min_value=D("-0.9"), max_value=5, places=3)}),
    minimum_margin=st.none() | st.decimals(min_value=0, max_value=D("0.95"), places=3),
    endings=st.lists(st.integers(0, 99).map(lambda cents: D(cents) / 100), max_size=3, unique=True).map(tuple),
    rounding=st.sampled_from(["up", "down", "nearest"]), uom=st.sampled_from(["as_priced", "EA"]),
    units=st.just({"BX": D(7)}),
).flatmap(lambda rule: st.just(rule) if rule.endings else st.builds(
    lambda step: PriceRule(sources=rule.sources, markup=rule.markup, minimum_margin=rule.minimum_margin, step=step,
                           rounding=rule.rounding, uom=rule.uom, units=rule.units),
    st.none() | st.integers(1, 2000).map(lambda cents: D(cents) / 100)))
OFFERS = st.builds(lambda amount, cost, listed, uom: Offer(
    amounts={"price": amount, "list_price": listed} | ({"cost": cost} if cost else {}), uom=uom),
    MONEY, st.none() | MONEY, MONEY, st.sampled_from(["EA", "BX", "DZ"]))


@given(OFFERS, RULES)
def test_a_price_is_above_zero_has_two_decimals_and_is_always_the_same(given_offer: Offer, rule: PriceRule) -> None:
    found = price(given_offer, rule)
    assert found == price(given_offer, rule)
    if found.price is None:
        assert found.refusal
    else:
        assert found.price > 0
        assert found.price.as_tuple().exponent == -2
    assert found.compare_at_price is None or (found.price is not None and found.compare_at_price > found.price)


@given(OFFERS, RULES)
def test_the_margin_is_never_below_the_minimum(given_offer: Offer, rule: PriceRule) -> None:
    found = price(given_offer, rule)
    assume(rule.minimum_margin is not None and found.price is not None)
    assert found.cost is not None
    assert found.price is not None
    assert (Fraction(found.price) - Fraction(found.cost)) / Fraction(found.price) >= Fraction(rule.minimum_margin or 0)


@given(OFFERS, RULES)
def test_the_direction_of_rounding_is_respected(given_offer: Offer, rule: PriceRule) -> None:
    assume(rule.minimum_margin is None)
    found = price(given_offer, rule)
    assume(found.price is not None)
    pieces = {"EA": 1, "BX": 7, "DZ": 12}[given_offer.uom or ""] if rule.uom == "EA" else 1
    raw = Fraction(given_offer.amounts["price"]) / pieces * (1 + Fraction(rule.markup.get("price", D(0))))
    result = Fraction(found.price or 0)
    grid = {Fraction(ending) for ending in rule.endings}
    step = Fraction(rule.step or D("0.01"))
    on_grid = (result % 1 in grid) if grid else result % step == 0
    # A hair's breadth: a division has no end, and a Decimal has 28 digits.
    hair = Fraction(1, 10**18)
    if rule.rounding == "up":
        assert result >= raw - hair
    if rule.rounding == "down":
        assert result <= raw + hair
    if not on_grid:
        # Nothing permitted lies below, so the price stays at whole cents.
        assert rule.rounding == "down"
        assert all(candidate > raw - hair or candidate <= 0 for candidate in (grid or {step}))
    else:
        assert abs(result - raw) <= (1 if grid else step) + hair
