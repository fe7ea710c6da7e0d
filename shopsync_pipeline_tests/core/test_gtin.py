"""Trade item numbers: the check digit by its definition, and why a number cannot be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.gtin import gtin_check_digit, gtin_problem
from shopsync_pipeline_tests.core.samples import LAW


@pytest.mark.parametrize("code", ["036000291452", "4006381333931", "96385074", "00012345600012", "0036000291452"])
def test_numbers_that_are_right(code: str) -> None:
    assert gtin_problem(code) is None


@pytest.mark.parametrize(("code", "problem"), [
    ("036000291453", "its check digit is 3 and should be 2"), ("12345", "5 digits where a GTIN has 8, 12, 13 or 14"),
    ("03600029145X", "not made of digits"), ("٠٣٦٠٠٠٢٩١٤٥٢", "not made of digits"), ("", "not made of digits"),
    ("000000000000", "all digits are zero"),
])
def test_numbers_that_cannot_be_right_and_why(code: str, problem: str) -> None:
    assert gtin_problem(code) == problem


@LAW
@given(st.text(alphabet="0123456789", min_size=1, max_size=20))
def test_digits_weighted_three_and_one_from_the_right_sum_to_a_multiple_of_ten(body: str) -> None:
    code = body + gtin_check_digit(body)
    weights = [1, 3] * len(code)
    assert sum(int(digit) * weight for digit, weight in zip(reversed(code), weights, strict=False)) % 10 == 0
