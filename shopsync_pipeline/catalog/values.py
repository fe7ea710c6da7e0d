"""Text that people and programs write for numbers, flags and units, read strictly or refused with a reason.

A reader here returns a value or raises `ValueError` whose text completes the sentence "price for SKU 1 is "12,5x": …".
"""

from __future__ import annotations

import re
from decimal import Decimal

from shopsync_pipeline.core.gtin import gtin_check_digit as gtin_check_digit
from shopsync_pipeline.core.gtin import gtin_problem as gtin_problem
from shopsync_pipeline.core.product import Weight

_SPACES = re.compile(r"[\s\u00a0\u202f']+")
_CURRENCY = re.compile(r"^(?:[$€£]|[A-Z]{3}(?=[\d\s.,-]))|(?:[$€£]|(?<=[\d\s])[A-Z]{3})$")
_PLAIN = re.compile(r"-?(?:\d{1,15}(?:\.\d{0,6})?|\.\d{1,6})")
_COMMA_GROUPS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d{1,6})?")
_DOT_GROUPS = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d{1,6}|-?\d{1,3}(?:\.\d{3}){2,}")
_DECIMAL_COMMA = re.compile(r"-?\d{1,15},\d{1,6}")

_UNITS = {
    "g": "GRAMS", "gr": "GRAMS", "gram": "GRAMS", "grams": "GRAMS",
    "kg": "KILOGRAMS", "kgs": "KILOGRAMS", "kilogram": "KILOGRAMS", "kilograms": "KILOGRAMS",
    "oz": "OUNCES", "ounce": "OUNCES", "ounces": "OUNCES",
    "lb": "POUNDS", "lbs": "POUNDS", "pound": "POUNDS", "pounds": "POUNDS",
}
_GRAMS = {
    "GRAMS": Decimal(1), "KILOGRAMS": Decimal(1000), "OUNCES": Decimal("28.349523125"), "POUNDS": Decimal("453.59237"),
}

_TRUE = frozenset({"1", "true", "t", "yes", "y"})
_FALSE = frozenset({"0", "false", "f", "no", "n"})


def decimal_number(text: str, *, decimal_comma: bool = False) -> Decimal:
    """Reads `12.5`, `1,299.00`, `1.299,00`, `12,50`, `$ 12.50` and `1 299.00`.

    `decimal_comma` says that the file writes `12,50`; then `1,299` could mean two things and is refused. Without it
    a comma before exactly three digits separates thousands. Raises `ValueError` for anything else.
    """
    digits = _SPACES.sub("", _CURRENCY.sub("", text.strip()))
    if _PLAIN.fullmatch(digits):
        return Decimal(digits.rstrip(".") or "0")
    if _COMMA_GROUPS.fullmatch(digits):
        if decimal_comma and "." not in digits and digits.count(",") == 1:
            raise ValueError("a comma before three digits, in a file that writes decimal commas, can mean two numbers")
        return Decimal(digits.replace(",", ""))
    if _DOT_GROUPS.fullmatch(digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    if _DECIMAL_COMMA.fullmatch(digits):
        return Decimal(digits.replace(",", "."))
    raise ValueError("not a decimal number")


def whole_number(text: str, *, decimal_comma: bool = False) -> int:
    """Reads a count of units: `12`, `12.0`, `1,200`, `-3`. Raises `ValueError` for a fraction or for no number."""
    try:
        value = decimal_number(text, decimal_comma=decimal_comma)
    except ValueError as error:
        raise ValueError(str(error).replace("decimal", "whole")) from error
    if value != value.to_integral_value():
        raise ValueError("not a whole number")
    if abs(value) > 1_000_000_000:
        raise ValueError("more units than Shopify can count (1,000,000,000)")
    return int(value)


def flag(text: str) -> bool:
    """Reads `true`/`false`, `1`/`0`, `yes`/`no` in any case. Raises `ValueError` for anything else."""
    folded = text.strip().lower()
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise ValueError("neither true nor false")


def weight_unit(text: str) -> str:
    """Shopify's WeightUnit for `g`, `kg`, `oz`, `lb` and their long forms. Raises `ValueError` for anything else."""
    unit = _UNITS.get(text.strip().rstrip(".").lower())
    if unit is None:
        raise ValueError("not a weight unit (g, kg, oz or lb)")
    return unit


def weight_from_grams(grams: Decimal, unit: str) -> Weight | None:
    """A weight of so many grams expressed in `unit` (four decimals at most); `None` for no weight."""
    if grams <= 0:
        return None
    value = (grams / _GRAMS[unit]).quantize(Decimal("0.0001")).normalize()
    return Weight(value=Decimal(format(value, "f")), unit=unit)


def gtin(text: str) -> str:
    """A UPC, EAN or GTIN as it stands under the bars. Raises `ValueError` with the reason if it cannot be one.

    Spaces and hyphens go. A UPC that was padded with zeros to 13 or 14 digits becomes its 12 digits again, so that one
    product has one code whoever delivers it; the zeros of a UPC itself stay.
    """
    code = text.strip().replace(" ", "").replace("-", "")
    problem = gtin_problem(code)
    if problem is not None:
        raise ValueError(problem)
    while len(code) > 12 and code[0] == "0":
        code = code[1:]
    return code
