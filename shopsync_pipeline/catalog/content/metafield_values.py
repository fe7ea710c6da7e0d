"""Catalog text as the value of a Shopify metafield of a given type, or refused with the reason.

A reader here returns Shopify's text for a value or raises `ValueError` whose text ends the sentence
"custom.weight of product 5 is "heavy": …".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from urllib.parse import quote, urlsplit

import orjson

from shopsync_pipeline.catalog.markup import plain_lines, plain_text
from shopsync_pipeline.catalog.values import decimal_number, flag
from shopsync_pipeline.core.product import plain

LIST_PREFIX = "list."
LIST_LIMIT = 128
"""Items that Shopify takes in one list."""

_LARGEST_INTEGER = 9_007_199_254_740_991
_LARGEST_DECIMAL = Decimal("9999999999999")
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?")
_NUMBER = re.compile(r"(?P<number>[-+]?[\d.,]*\d)\s*(?P<unit>[^\d\s].*)?", re.DOTALL)
_MEASURE = re.compile(
    r"(?:(?P<number>\d[\d.,]*|\.\d+)(?:\s*-?\s*(?=\d+\s*/))?)?"
    r"(?:(?<!\d)(?P<over>\d{1,3})\s*/\s*(?P<under>\d{1,3}))?\s*(?P<unit>[^\d\s/].*)", re.DOTALL)
_SAFE = "/?#[]@!$&()*+,;=:%~-._"

_UNITS: dict[str, dict[str, tuple[str, ...]]] = {
    "weight": {
        "g": ("g", "gr", "gram", "grams"), "kg": ("kg", "kgs", "kilogram", "kilograms"),
        "oz": ("oz", "ounce", "ounces"), "lb": ("lb", "lbs", "pound", "pounds"),
    },
    "dimension": {
        "mm": ("mm", "millimeter", "millimeters", "millimetre", "millimetres"),
        "cm": ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
        "m": ("m", "meter", "meters", "metre", "metres"), "in": ("in", "inch", "inches", '"', "″", "”", "''"),
        "ft": ("ft", "foot", "feet", "'", "′", "’"), "yd": ("yd", "yds", "yard", "yards"),
    },
    "volume": {
        "ml": ("ml", "milliliter", "milliliters", "millilitre", "millilitres"),
        "cl": ("cl", "centiliter", "centiliters"), "l": ("l", "liter", "liters", "litre", "litres"),
        "m3": ("m3", "m³"), "us_fl_oz": ("fl oz", "floz", "fl. oz", "fluid ounce", "fluid ounces"),
        "us_pt": ("pt", "pint", "pints"), "us_qt": ("qt", "quart", "quarts"), "us_gal": ("gal", "gallon", "gallons"),
    },
}
_UNIT_OF = {kind: {word: unit for unit, words in units.items() for word in words} for kind, units in _UNITS.items()}


def _single_line(text: str) -> str:
    return plain_text(text)


def _number(text: str) -> Decimal:
    match = _NUMBER.fullmatch(plain_text(text))
    # "600 Sheets" is the number 600; "2 x 4" and "10 - 12" are no one number.
    if match is None or any(sign.isdigit() for sign in match["unit"] or ""):
        raise ValueError("not one number")
    return decimal_number(match["number"].lstrip("+"))


def _integer(text: str) -> str:
    value = _number(text)
    if value != value.to_integral_value():
        raise ValueError("not a whole number")
    if abs(value) > _LARGEST_INTEGER:
        raise ValueError(f"beyond {_LARGEST_INTEGER:,}, the largest whole number that Shopify keeps")
    return str(int(value))


def _decimal(text: str) -> str:
    value = _number(text)
    if abs(value) > _LARGEST_DECIMAL:
        raise ValueError(f"beyond {_LARGEST_DECIMAL:,}, the largest number that Shopify keeps")
    return plain(value)


def _boolean(text: str) -> str:
    return "true" if flag(plain_text(text)) else "false"


def _date(text: str) -> str:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a date written as 2026-12-31")
    try:
        return date(*(int(part) for part in match.groups())).isoformat()
    except ValueError:
        raise ValueError("not a day of the calendar") from None


def _url(text: str) -> str:
    address = quote(plain_text(text), safe=_SAFE)
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        raise ValueError("not an address that starts with http:// or https://")
    return address


def _json(text: str) -> str:
    try:
        return orjson.dumps(orjson.loads(text)).decode()
    except orjson.JSONDecodeError:
        raise ValueError("not JSON") from None


def _measure(kind: str) -> Callable[[str], str]:
    units = _UNIT_OF[kind]
    wanted = f"not a {kind} with its unit ({', '.join(_UNITS[kind])})"

    def read(text: str) -> str:
        match = _MEASURE.fullmatch(plain_text(text))
        unit = units.get(match["unit"].strip().rstrip(".").lower()) if match else None
        if match is None or unit is None or not (match["number"] or match["over"]):
            raise ValueError(wanted)
        value = decimal_number(match["number"]) if match["number"] else Decimal(0)
        if match["over"]:
            under = int(match["under"])
            if under == 0 or (match["number"] and not match["number"].isdigit()):
                raise ValueError(wanted)
            value = (value + Decimal(int(match["over"])) / under).quantize(Decimal("0.000001"))
        return f'{{"value":{plain(value)},"unit":"{unit}"}}'
    return read


_READERS: dict[str, Callable[[str], str]] = {
    "single_line_text_field": _single_line, "multi_line_text_field": plain_lines, "number_integer": _integer,
    "number_decimal": _decimal, "boolean": _boolean, "date": _date, "url": _url, "json": _json,
    "weight": _measure("weight"), "dimension": _measure("dimension"), "volume": _measure("volume"),
}
_LISTED = ("single_line_text_field", "number_integer", "number_decimal", "date", "url", "weight", "dimension", "volume")
_TEXTS = frozenset({"single_line_text_field", "multi_line_text_field", "url", "date"})

TYPES: tuple[str, ...] = (*_READERS, *(LIST_PREFIX + name for name in _LISTED))
"""The metafield types that a mapping may ask for."""


def value_reader(kind: str) -> Callable[[str], str]:
    """The reader of one value of a type, or of one item of a list type."""
    return _READERS[kind.removeprefix(LIST_PREFIX)]


def joins(kind: str) -> bool:
    """Whether several values of one product become one text, joined with commas."""
    return kind in ("single_line_text_field", "multi_line_text_field")


def list_text(kind: str, items: list[str]) -> str:
    """The value of a list metafield, of the texts of its items: at most `LIST_LIMIT` of them."""
    if kind.removeprefix(LIST_PREFIX) in _TEXTS:
        return orjson.dumps(items[:LIST_LIMIT]).decode()
    return f"[{','.join(items[:LIST_LIMIT])}]"
