"""Canonical forms: what "equal" means for each kind of field. Two values are equal when their canonical forms are.

For comparing only. Documents, bases and plans keep the values as each side writes them, and so do the digests of
`core.digests`: equal bytes are equal values, so a digest over raw values misses nothing and costs no parsing. A change
of spelling alone costs one look of the merge, which then finds the field in sync.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.fields import Field, Value
from shopsync_pipeline.core.markup import canonical_html


class Form(StrEnum):
    """The kinds of canonical form. `exact`: equal to the byte or different."""

    TEXT = "text"
    HTML = "html"
    DECIMAL = "decimal"
    WEIGHT = "weight"
    TAGS = "tags"
    HANDLE = "handle"
    GTIN = "gtin"
    JSON = "json"
    LIST = "list"
    FLAG = "flag"
    EXACT = "exact"


def form_of(field: Field) -> Form:
    """The canonical form of a field."""
    return Form(field.canonical)


def same(field: Field, one: Value | None, other: Value | None) -> bool:
    """Whether two values of a field are equal. Absent (`None`) equals absent only.

    Raw values are compared first, which decides nearly all cases without parsing anything.
    """
    if one == other:
        return True
    if one is None or other is None:
        return False
    return canonical(field, one) == canonical(field, other)


def canonical(field: Field, value: Value) -> Value:
    """The canonical form of a field's value. Idempotent; never raises, whatever the value: what cannot be read as the
    field's kind is compared as it stands."""
    return _FORMS[field.canonical](value)


def text(value: Value) -> Value:
    """Text in Unicode's composed form, with `\\n` as line end and no white space at the ends of lines."""
    if not isinstance(value, str):
        return value
    if value.isascii() and value.strip() == value and "\r" not in value and "\n" not in value:
        return value
    whole = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.rstrip() for line in whole.split("\n")).strip()


def html(value: Value) -> Value:
    """HTML by what a browser shows."""
    return canonical_html(unicodedata.normalize("NFC", value)) if isinstance(value, str) else value


def decimal(value: Value) -> Value:
    """A decimal number without exponent and trailing zeros (`12.50`, `12.5` and `1.25E1` are equal)."""
    found = _number(value) if isinstance(value, str) else None
    return text(value) if found is None else _plain(found)


_GRAMS = {"GRAMS": Decimal(1), "KILOGRAMS": Decimal(1000), "POUNDS": Decimal("453.59237"),
          "OUNCES": Decimal("28.349523125")}
"""Grams in one unit of Shopify's; exact by international definition."""

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_MOST_DIGITS = 400
"""Digits or zeros beyond which a number is not written out: its text would be of no use and could be endless."""


def weight(value: Value) -> Value:
    """A weight in grams, exactly: 1 pound equals 453.59237 grams."""
    if not isinstance(value, dict) or set(value) != {"value", "unit"}:
        return value
    amount, unit = value["value"], value["unit"]
    number = _number(amount) if isinstance(amount, str) else None
    if number is None or not isinstance(unit, str) or unit not in _GRAMS:
        return value
    return {"value": _plain(_EXACT.multiply(number, _GRAMS[unit])), "unit": "GRAMS"}


def tags(value: Value) -> Value:
    """Tags as a set without regard to case, in order."""
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        return value
    return list[Value](sorted({fold(str(tag)) for tag in value} - {""}))


def fold(word: str) -> str:
    """A word without regard to case, composition of characters and white space around it."""
    if word.isascii():
        return word.lower().strip()
    before = None
    while word != before:  # Folding can undo composing; the second round changes nothing for all but a few characters.
        before, word = word, unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).casefold()).strip()
    return word


_NOT_IN_HANDLES = re.compile(r"[\W_]+")


def handle(value: Value) -> Value:
    """A handle as Shopify makes it: small letters and digits, one hyphen between words."""
    return _NOT_IN_HANDLES.sub("-", fold(value)).strip("-") if isinstance(value, str) else value


_DIGITS = re.compile(r"[0-9]{12,14}")


def gtin(value: Value) -> Value:
    """A barcode; one of 12, 13 or 14 digits with its leading zeros, since UPC, EAN and GTIN differ in these alone."""
    if not isinstance(value, str):
        return value
    bare = value.replace(" ", "").replace("-", "")
    return bare.zfill(14) if _DIGITS.fullmatch(bare) else text(value)


_JSON_TYPES = frozenset({"json", "rich_text_field", "dimension", "weight", "volume", "money", "rating", "link"})
_NUMBER_TYPES = frozenset({"number_integer", "number_decimal"})


def metafield(value: Value) -> Value:
    """A metafield by its type: JSON without regard to the order of keys and the spelling of numbers, numbers as
    decimals, anything else as text."""
    if not isinstance(value, dict) or set(value) != {"type", "value"}:
        return json_value(value)
    kind, written = value["type"], value["value"]
    if not isinstance(kind, str) or not isinstance(written, str):
        return json_value(value)
    if kind in _JSON_TYPES or kind.startswith("list."):
        return {"type": kind, "value": canonical_json_text(written)}
    if kind in _NUMBER_TYPES:
        return {"type": kind, "value": decimal(written)}
    if kind == "boolean":
        return {"type": kind, "value": written.strip().lower()}
    return {"type": kind, "value": text(written)}


def json_value(value: Value) -> Value:
    """A value of lists and maps with every text in it canonical."""
    if isinstance(value, dict):
        return {key: json_value(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [json_value(part) for part in value]
    return text(value)


def canonical_json_text(written: str) -> str:
    """The one text of a JSON document; text that is no JSON comes back as canonical text."""
    try:
        found = json.loads(written, parse_float=_JsonNumber, parse_int=_JsonNumber, parse_constant=_refuse)
        return _written(found)
    except (ValueError, RecursionError):
        return str(text(written))


class _JsonNumber(str):
    """A number of a JSON document in canonical spelling."""

    __slots__ = ()

    def __new__(cls, spelled: str) -> _JsonNumber:
        number = _number(spelled)
        return super().__new__(cls, spelled if number is None else _plain(number))


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _written(value: Any) -> str:
    if isinstance(value, _JsonNumber):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical_json(key)}:{_written(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(part) for part in value) + "]"
    return canonical_json(value)


def _number(spelled: str) -> Decimal | None:
    """The finite decimal that a text is, if it is one of a size that can be written out."""
    try:
        number = Decimal(spelled)
    except InvalidOperation:
        return None
    if not number.is_finite() or (number != 0 and abs(number.adjusted()) > _MOST_DIGITS):
        return None
    return number if len(number.as_tuple().digits) <= _MOST_DIGITS else None


def _plain(number: Decimal) -> str:
    written = format(_EXACT.plus(number), "f") if number else "0"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _as_it_is(value: Value) -> Value:
    return value


_FORMS: dict[str, Callable[[Value], Value]] = {
    Form.TEXT: text, Form.HTML: html, Form.DECIMAL: decimal, Form.WEIGHT: weight, Form.TAGS: tags, Form.HANDLE: handle,
    Form.GTIN: gtin, Form.JSON: metafield, Form.LIST: json_value, Form.FLAG: _as_it_is, Form.EXACT: _as_it_is,
}
