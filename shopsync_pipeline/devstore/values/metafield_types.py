"""Values of metafields: is a value good for its type, how is it kept, and what is its digest.

A check answers with the platform's sentence or None; it never raises.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

_INTEGER: Final = re.compile(r"[+-]?\d+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_URL: Final = re.compile(r"(https?|mailto|sms|tel):", re.IGNORECASE)
_MAXIMUM_LIST: Final = 128
_MAXIMUM_INTEGER: Final = 9_007_199_254_740_991
_MAXIMUM_DECIMAL: Final = Decimal("9999999999999")

Check = Callable[[str], str | None]


def _single_line(value: str) -> str | None:
    if not value.strip():
        return "Value can't be blank."
    return "Value must be a single line text string." if "\n" in value else None


def _multi_line(value: str) -> str | None:
    return None if value.strip() else "Value can't be blank."


def _integer(value: str) -> str | None:
    if not _INTEGER.fullmatch(value.strip()):
        return "Value must be an integer."
    if int(value) > _MAXIMUM_INTEGER:
        return f"Value can't exceed {_MAXIMUM_INTEGER:,}."
    return f"Value can't be less than -{_MAXIMUM_INTEGER:,}." if int(value) < -_MAXIMUM_INTEGER else None


def _decimal(value: str) -> str | None:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return "Value must be a decimal."
    if not number.is_finite():
        return "Value must be a decimal."
    return f"Value can't exceed {_MAXIMUM_DECIMAL}." if abs(number) > _MAXIMUM_DECIMAL else None


def _boolean(value: str) -> str | None:
    return None if value in ("true", "false") else "Value must be true or false."


def _json(value: str) -> str | None:
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return f"Value is invalid JSON: {error}."
    return None


def _pattern(pattern: re.Pattern[str], sentence: str) -> Check:
    return lambda value: None if pattern.fullmatch(value.strip()) else sentence


def _url(value: str) -> str | None:
    if _URL.match(value):
        return None
    return (
        "Value cannot have an empty scheme (protocol), must include one of the following URL schemes: "
        '["http", "https", "mailto", "sms", "tel"].\''
    )


def _measure(value: str) -> str | None:
    try:
        found = orjson.loads(value)
        number = found["value"]
        unit = found["unit"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "Value must be a stringified JSON object with a value and supported unit."
    if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
        return "Value must be a non-negative number."
    return None if isinstance(unit, str) and unit.lower() in _UNITS else "Value must be a supported unit."


_UNITS: Final = {
    *("mm", "cm", "m", "in", "ft", "yd", "millimeters", "centimeters", "meters", "inches", "feet", "yards"),
    *("kg", "g", "lb", "oz", "kilograms", "grams", "pounds", "ounces"),
    *("ml", "cl", "l", "m3", "milliliters", "centiliters", "liters", "cubic_meters"),
    *("us_fl_oz", "us_pt", "us_qt", "us_gal", "imp_fl_oz", "imp_pt", "imp_qt", "imp_gal"),
}


def _object_of(value: str) -> dict[str, Any]:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _money(value: str) -> str | None:
    found = _object_of(value)
    if isinstance(found.get("currency_code"), str) and _decimal(str(found.get("amount"))) is None:
        return None
    return (
        "Value must be a stringified JSON object with amount (numeric) and currency_code "
        "(string matching the shop's currency) fields."
    )


def _rating(value: str) -> str | None:
    found = _object_of(value)
    try:
        rating, low, high = (Decimal(str(found[name])) for name in ("value", "scale_min", "scale_max"))
    except (KeyError, InvalidOperation):
        return "Value must be a stringified JSON object with value, scale_min and scale_max fields."
    if rating > high:
        return f"Value has a maximum of {high}."
    return f"Value has a minimum of {low}." if rating < low else None


def _link(value: str) -> str | None:
    url = _object_of(value).get("url")
    return None if isinstance(url, str) and _URL.match(url) else "Value must be a valid link."


def _anything(_value: str) -> str | None:
    return None


CHECKS: Final[dict[str, Check]] = {
    "single_line_text_field": _single_line,
    "multi_line_text_field": _multi_line,
    "rich_text_field": _json,
    "number_integer": _integer,
    "number_decimal": _decimal,
    "boolean": _boolean,
    "json": _json,
    "id": _single_line,
    "date": _pattern(_DATE, "Value must be in YYYY-MM-DD format."),
    "date_time": _pattern(
        _DATE_TIME, "Value must be in “YYYY-MM-DDTHH:MM:SS” format. For example: 2022-06-01T15:30:00"
    ),
    "color": _pattern(_COLOR, "Value must be a hex color code."),
    "url": _url,
    "dimension": _measure,
    "weight": _measure,
    "volume": _measure,
    "money": _money,
    "rating": _rating,
    "link": _link,
    "string": _anything,
    "integer": _integer,
    "json_string": _json,
    **{
        f"{kind}_reference": _anything
        for kind in ("product", "variant", "collection", "file", "page", "metaobject", "mixed", "article")
    },
}


def is_type(name: str) -> bool:
    """Whether the shop knows this metafield type, alone or as a list."""
    return name.removeprefix("list.") in CHECKS


def references(kind: str, value: str) -> list[str]:
    """The gids a reference value names; empty for a type that refers to nothing."""
    if not kind.endswith("_reference"):
        return []
    return [str(one) for one in orjson.loads(value)] if kind.startswith("list.") else [value]


def problem(kind: str, value: str) -> tuple[str, int | None] | None:
    """What is wrong with a value: the sentence and, for a list, which element; None when it is good."""
    if not kind.startswith("list."):
        sentence = CHECKS[kind](value)
        return (sentence, None) if sentence else None
    try:
        elements: Any = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return f"Value is invalid JSON: {error}.", None
    if not isinstance(elements, list):
        return "Value must be an array.", None
    if len(elements) > _MAXIMUM_LIST:
        return f"Value has more than {_MAXIMUM_LIST} elements.", None
    for index, element in enumerate(elements):
        text = element if isinstance(element, str) else orjson.dumps(element).decode()
        sentence = CHECKS[kind.removeprefix("list.")](text)
        if sentence:
            return sentence, index
    return None


def kept_value(kind: str, value: str) -> str:
    """The value as the shop keeps it: JSON of lists and measures is written compactly, numbers without spaces."""
    if kind.startswith("list.") or kind in ("dimension", "weight", "volume", "money", "rating", "link"):
        return orjson.dumps(orjson.loads(value)).decode()
    if kind in ("number_integer", "integer"):
        return str(int(value))
    return value.strip() if kind in ("boolean", "date", "id", "number_decimal") else value


def json_value(kind: str, value: str) -> Any:
    """`jsonValue`: the value as JSON of its own kind."""
    if kind in ("number_integer", "integer"):
        return int(value)
    if kind == "boolean":
        return value == "true"
    if kind.startswith("list.") or kind in (
        "json", "json_string", "dimension", "weight", "volume", "money", "rating", "link", "rich_text_field",
    ):  # fmt: skip
        return orjson.loads(value)
    return value


def digest(kind: str, value: str) -> str:
    """The opaque `compareDigest` of a stored value: 64 hex signs that change with type or value."""
    return hashlib.sha256(orjson.dumps(["devstore-metafield", kind, value])).hexdigest()
