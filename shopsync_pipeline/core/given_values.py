"""Given values: what a person types for a field, as the canonical value that a catalog document would hold.

What cannot be a value of the field is refused with a sentence, before it is kept and sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from shopsync_pipeline.core.canonical import Form, canonical, form_of
from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.documents import canonical_tags, category_id
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.overrides import overridable
from shopsync_pipeline.core.plan import Change, Reason
from shopsync_pipeline.core.product import money, plain
from shopsync_pipeline.core.walls import beyond

UNITS = ("GRAMS", "KILOGRAMS", "OUNCES", "POUNDS")

_CHOICES = {"status": ("ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED"), "variants[].inventory_policy": ("DENY", "CONTINUE")}
_NUMBERS = frozenset({"number_integer", "number_decimal"})
_JSON_TYPES = frozenset({"json", "rich_text_field", "dimension", "weight", "volume", "money", "rating", "link"})


class _NoValueError(ValueError):
    """What a field's value must be, as the rest of a sentence."""


def given_value(path: Path, given: Value | None, example: Value | None = None) -> Value | None:
    """The value of a field as the registry's canonical form has it; `None` (also for empty text) leaves it absent.

    Text is read as the field's kind: `12.5` as an amount, `2.5 KILOGRAMS` as a weight, `a, b` as tags, `true` as a
    flag, and for a metafield as its value, whose type is that of `example`. Raises `ShopsyncError` for a field that
    nobody can give another value for, for a text that is no value of the field, and for one that Shopify will not take.
    """
    field = place(path).field
    if not overridable(field):
        way_out = "correct the feed" if field.writer is Operation.INVENTORY_SET else "correct the catalog"
        raise ShopsyncError(f"{path} cannot be given another value here: {field.says.lower()}; {way_out}.")
    if given is None or given in ("", [], {}):
        return None
    told = canonical_json(given).encode(errors="backslashreplace").decode()
    try:
        _require_plain(given)
        value = _READERS[form_of(field)](path, given, example)
    except _NoValueError as error:
        raise ShopsyncError(f"{told[:200]} is no value for {path}: {error}.") from None
    if value is not None:
        canonical(field, value)  # never raises; a value that it cannot read would compare as it stands
        wall = beyond(Change(path, None, value, Reason.OVERRIDDEN))
        if wall is not None:
            raise ShopsyncError(f"{path} cannot have this value: {wall.why}.")
    return value


def _require_plain(given: Value) -> None:
    """Refuses text that databases and Shopify do not take: NUL, and halves of surrogate pairs."""
    text = canonical_json(given)
    if "\\u0000" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _NoValueError("it must be text without NUL and without halves of characters")


def _text(path: Path, given: Value, _example: Value | None) -> Value | None:
    if not isinstance(given, str):
        raise _NoValueError("it must be text")
    text = given.strip()
    name = place(path).field.name
    if name in _CHOICES:
        if text.upper() not in _CHOICES[name]:
            raise _NoValueError(f"it must be one of {', '.join(_CHOICES[name])}")
        return text.upper()
    if name == "category":
        bare = category_id(text)
        if bare is not None and not re.fullmatch(r"[a-z]{2}(-[0-9]+)*", bare):
            raise _NoValueError('it must be an id of Shopify\'s product taxonomy, such as "el-2-2"')
        return bare
    if name == "variants[].country_of_origin":
        if not re.fullmatch(r"[A-Za-z]{2}", text):
            raise _NoValueError("it must be a country's two letters (ISO 3166)")
        return text.upper()
    if name == "variants[].hs_code":
        digits = "".join(sign for sign in text if sign.isalnum())
        if not re.fullmatch(r"[0-9]{6,13}", digits):
            raise _NoValueError("it must be 6 to 13 digits")
        return digits
    return text or None


def _amount(_path: Path, given: Value, _example: Value | None) -> Value | None:
    number = _decimal(given)
    if number is None or number < 0 or number.adjusted() > 20:
        raise _NoValueError("it must be an amount such as 12.50, in the shop's currency, not below zero")
    return money(number)


def _decimal(given: Value) -> Decimal | None:
    """The decimal that text or a whole number is; floats do not come here, JSON gives them as text."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    try:
        number = Decimal(str(given).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and len(number.as_tuple().digits) <= 40 else None


def _weight(_path: Path, given: Value, _example: Value | None) -> Value | None:
    amount: Value | None
    if isinstance(given, dict) and set(given) == {"value", "unit"}:
        amount, unit = given["value"], given["unit"]
    else:
        spelled, _, unit = given.strip().rpartition(" ") if isinstance(given, str) else ("", "", "")
        amount = spelled
    number = _decimal(amount)
    name = unit.upper() if isinstance(unit, str) else ""
    if number is None or number < 0 or abs(number.adjusted()) > 20 or name not in UNITS:
        raise _NoValueError(f"it must be a number and a unit, such as 2.5 KILOGRAMS; units are {', '.join(UNITS)}")
    return {"value": plain(number), "unit": name} if number else None


def _tags(_path: Path, given: Value, _example: Value | None) -> Value | None:
    words = given.split(",") if isinstance(given, str) else given
    if not isinstance(words, list) or not all(isinstance(word, str) and "," not in word for word in words):
        raise _NoValueError("it must be tags with commas between them")
    return canonical_tags([str(word) for word in words]) or None


def _flag(path: Path, given: Value, _example: Value | None) -> Value | None:
    word = given.strip().lower() if isinstance(given, str) else given
    if word not in (True, False, "true", "false") or (isinstance(word, int) and not isinstance(word, bool)):
        raise _NoValueError("it must be true or false")
    value = word in (True, "true")
    # A membership that is not is absent.
    return value if value or not place(path).field.name.endswith("[]") else None


def _metafield(_path: Path, given: Value, example: Value | None) -> Value | None:
    if isinstance(given, dict) and set(given) == {"type", "value"}:
        kind, written = given["type"], given["value"]
    else:
        kind = example.get("type", "") if isinstance(example, dict) else ""
        written = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    if not isinstance(kind, str) or not kind or not isinstance(written, str):
        raise _NoValueError('it must be the value as text, or {"type": …, "value": …} with both as text')
    if kind in _NUMBERS:
        number = _decimal(written)
        if number is None or (kind == "number_integer" and number != number.to_integral_value()):
            raise _NoValueError(f"its type is {kind}, so it must be a number")
    elif kind == "boolean" and written.strip() not in ("true", "false"):
        raise _NoValueError("its type is boolean, so it must be true or false")
    elif kind.startswith("list.") or kind in _JSON_TYPES:
        try:
            found = json.loads(written)
        except (ValueError, RecursionError):
            raise _NoValueError(f"its type is {kind}, so it must be JSON") from None
        if kind.startswith("list.") and not isinstance(found, list):
            raise _NoValueError(f"its type is {kind}, so it must be a JSON list")
    return {"type": kind, "value": written}


_READERS: dict[Form, Callable[[Path, Value, Value | None], Value | None]] = {
    Form.TEXT: _text, Form.HTML: _text, Form.HANDLE: _text, Form.GTIN: _text, Form.EXACT: _text,
    Form.DECIMAL: _amount, Form.WEIGHT: _weight, Form.TAGS: _tags, Form.FLAG: _flag, Form.JSON: _metafield,
}
