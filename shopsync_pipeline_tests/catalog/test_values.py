"""Numbers, units and codes as people write them."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.values import (
    decimal_number,
    flag,
    gtin,
    gtin_check_digit,
    gtin_problem,
    weight_from_grams,
    weight_unit,
    whole_number,
)
from shopsync_pipeline.core.product import Weight


@pytest.mark.parametrize(("text", "value"), [
    ("12.5", "12.5"), ("12,50", "12.50"), ("1,299.00", "1299.00"), ("1.299,00", "1299.00"), ("1,299", "1299"),
    ("$ 12.50", "12.50"), ("12,50 €", "12.50"), ("USD 7", "7"), ("1 299.00", "1299.00"), ("1'299.00", "1299.00"),
    (".5", "0.5"), ("7.", "7"), ("-3.10", "-3.10"), ("1,234,567.89", "1234567.89"),
])
def test_decimals_are_read_in_every_usual_spelling(text: str, value: str) -> None:
    assert decimal_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["12,5x", "", "call", "1.2.3", "1,2,3", "--1", "NaN", "Infinity", "1e3", "12 50 x"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal number"):
        decimal_number(text)


def test_a_comma_that_can_mean_two_numbers_is_refused_where_commas_are_decimal() -> None:
    with pytest.raises(ValueError, match="two numbers"):
        decimal_number("1,299", decimal_comma=True)
    assert decimal_number("1.299,00", decimal_comma=True) == Decimal("1299.00")


@given(st.text())
def test_no_text_raises_anything_but_a_reason(text: str) -> None:
    for read in (decimal_number, whole_number, flag, weight_unit):
        with suppress(ValueError):
            read(text)  # type: ignore[operator]


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_what_a_spreadsheet_prints_is_read_back(value: Decimal) -> None:
    assert decimal_number(f"{value:,.2f}") == value


def test_whole_numbers() -> None:
    assert [whole_number(text) for text in ("12", "12.0", "1,200", "-3", "0")] == [12, 12, 1200, -3, 0]
    with pytest.raises(ValueError, match="not a whole number"):
        whole_number("2.5")


def test_grams_are_expressed_in_the_unit_that_the_shop_shows() -> None:
    assert weight_from_grams(Decimal(500), "KILOGRAMS") == Weight(value=Decimal("0.5"), unit="KILOGRAMS")
    assert weight_from_grams(Decimal("453.59237"), "POUNDS") == Weight(value=Decimal(1), unit="POUNDS")
    assert weight_from_grams(Decimal(0), "GRAMS") is None


def test_a_gtin_needs_its_length_and_check_digit() -> None:
    assert gtin_problem("036000291452") is None
    assert gtin_problem("0036000291452") is None
    assert gtin_problem("036000291453") == "its check digit is 3 and should be 2"
    assert "11 digits" in (gtin_problem("36000291452") or "")
    assert gtin_problem("000000000000") == "all digits are zero"
    assert gtin_problem("03600029145X") == "not made of digits"


@given(st.text("0123456789", min_size=11, max_size=11).filter(lambda body: body.strip("0")))
def test_the_check_digit_is_the_only_right_one(body: str) -> None:
    right = [digit for digit in "0123456789" if gtin_problem(body + digit) is None]
    assert right == [gtin_check_digit(body)]


@pytest.mark.parametrize(("text", "code"), [
    ("0 36000 29145 2", "036000291452"), ("0036000291452", "036000291452"), ("00036000291452", "036000291452"),
    ("5012345678900", "5012345678900"), ("05012345678900", "5012345678900"), ("10036000291459", "10036000291459"),
    ("96385074", "96385074"),
])
def test_a_padded_upc_becomes_its_twelve_digits_again(text: str, code: str) -> None:
    assert gtin(text) == code


def test_a_gtin_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match="check digit is 3 and should be 2"):
        gtin("036000291453")


@given(st.text("0123456789", min_size=7, max_size=13))
def test_the_check_digit_makes_the_weighted_sum_a_multiple_of_ten(body: str) -> None:
    code = body + gtin_check_digit(body)
    weights = [1 if place % 2 == 0 else 3 for place in range(len(code))]
    assert sum(int(digit) * weight for digit, weight in zip(reversed(code), weights, strict=True)) % 10 == 0
