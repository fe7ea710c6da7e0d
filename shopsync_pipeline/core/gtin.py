"""The check digit of trade item numbers: UPC, EAN and GTIN are one family of 8, 12, 13 or 14 digits."""

from __future__ import annotations


def gtin_problem(code: str) -> str | None:
    """Why a UPC, EAN or GTIN cannot be one, or `None` if length (8, 12, 13, 14) and check digit are right."""
    if not code.isascii() or not code.isdigit():
        return "not made of digits"
    if len(code) not in (8, 12, 13, 14):
        return f"{len(code)} digits where a GTIN has 8, 12, 13 or 14"
    if not code.strip("0"):
        return "all digits are zero"
    expected = gtin_check_digit(code[:-1])
    if code[-1] != expected:
        return f"its check digit is {code[-1]} and should be {expected}"
    return None


def gtin_check_digit(body: str) -> str:
    """The last digit that makes `body` (all digits before it) a valid GTIN."""
    # "0" is 48 in ASCII, so each sum is too large by 48 for every digit in it.
    digits = body.encode()
    tripled, single = digits[::-2], digits[-2::-2]
    return str(-(3 * (sum(tripled) - 48 * len(tripled)) + sum(single) - 48 * len(single)) % 10)
