"""Canonical texts of amounts and measures, and the names of variants."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.product import money, plain, variant_keys
from shopsync_pipeline_tests.core.samples import LAW

amounts = st.decimals(min_value=-10**9, max_value=10**9, places=None, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("given_", "text"), [
    ("12.5", "12.50"), ("12", "12.00"), ("0", "0.00"), ("-0", "0.00"), ("-0.004", "0.00"), ("1E+3", "1000.00"),
    ("0.005", "0.01"), ("0.0049", "0.00"), ("2.675", "2.68"), ("-2.675", "-2.68"), ("99999999.999", "100000000.00"),
])
def test_money_has_two_decimals_rounded_half_up(given_: str, text: str) -> None:
    assert money(Decimal(given_)) == text


@pytest.mark.parametrize(("given_", "text"), [
    ("1.50", "1.5"), ("1E+2", "100"), ("0", "0"), ("0.000", "0"), ("-0.0", "0"), ("0E+5", "0"), ("-1.20", "-1.2"),
    ("0.0001", "0.0001"), ("1E-7", "0.0000001"), ("1200", "1200"),
])
def test_a_measure_has_no_exponent_and_no_trailing_zeros(given_: str, text: str) -> None:
    assert plain(Decimal(given_)) == text


@LAW
@given(amounts)
def test_canonical_texts_are_their_own_canonical_text(value: Decimal) -> None:
    assert money(Decimal(money(value))) == money(value)
    assert plain(Decimal(plain(value))) == plain(value)


@LAW
@given(st.integers(-10**6, 10**6), st.integers(0, 6))
def test_equal_amounts_have_one_text_however_they_are_written(cents: int, zeros: int) -> None:
    value = Decimal(cents).scaleb(-2)
    longer = Decimal(f"{value}{'0' * zeros}")
    assert money(longer) == money(value)
    assert plain(longer) == plain(value)
    assert Decimal(money(value)) == Decimal(plain(value)) == value


@LAW
@given(amounts)
def test_money_moves_an_amount_by_half_a_cent_at_most(value: Decimal) -> None:
    assert abs(Decimal(money(value)) - value) <= Decimal("0.005")


@pytest.mark.parametrize(("rows", "names"), [
    ([], []),
    ([("S1", ("Red",)), ("S2", ("Blue",))], ["S1", "S2"]),
    ([(None, ("Red", "L")), ("", ("Red", "M"))], ["Red / L", "Red / M"]),
    ([("S1", ("Red",)), ("S1", ("Blue",)), ("S2", ("Green",))], ["Red", "Blue", "S2"]),
    ([("Red", ("Blue",)), (None, ("Red",))], ["Blue", "Red"]),
    ([("Default Title", ("Default Title",))], ["Default Title"]),
], ids=["none", "own SKUs", "no SKUs", "a SKU used twice", "a SKU that reads like options", "both the same"])
def test_a_variant_is_named_by_its_sku_where_that_is_unique(
        rows: list[tuple[str | None, tuple[str, ...]]], names: list[str]) -> None:
    assert variant_keys(rows) == names


@LAW
@given(st.lists(st.tuples(st.none() | st.sampled_from(["", "a", "b", "c"]), st.tuples(st.sampled_from("abcdef"))),
                max_size=6, unique_by=lambda row: row[1]))
def test_no_two_variants_of_a_product_share_a_name(rows: list[tuple[str | None, tuple[str, ...]]]) -> None:
    names = variant_keys(rows)
    assert len(set(names)) == len(names) == len(rows)
