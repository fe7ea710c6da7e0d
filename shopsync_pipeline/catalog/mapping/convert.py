"""TOML values as the fields of the rules: the dataclasses say what they take, so a new field is a new key.

A single value is taken where a list is wanted. What does not fit becomes a problem and counts as not said.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from shopsync_pipeline.catalog.mapping.problems import Problems

Rules = TypeVar("Rules")

_NAMES: dict[type, str] = {
    str: "text in quotes", bool: "true or false", int: "a whole number", float: "a number", Decimal: "a number",
}


class _Unfit(Exception):  # noqa: N818 - it never leaves this module
    """A value of another type than is wanted; the text says what is wanted."""


def convert(
    kind: type[Rules], table: object, key: str, problems: Problems, *, given: Mapping[str, Any] | None = None,
    left_out: frozenset[str] = frozenset(),
) -> Rules | None:
    """A dataclass of the rules from the table at `key`; `None` if the table is none or lacks what it must have.

    `given` are fields that the caller has made; `left_out` are fields that have no key.
    """
    if not isinstance(table, dict):
        problems.wrong(key, table, f"it must be a table, [{key}] and its keys below it")
        return None
    if not is_dataclass(kind):
        raise TypeError(f"{kind} is no dataclass")
    hints = get_type_hints(kind)
    values: dict[str, Any] = dict(given or {})
    names = {field.name: field for field in fields(kind) if field.name not in left_out and field.name not in values}
    for name, value in table.items():
        if name not in names:
            problems.unknown(f"{key}.{name}", name, names)
            continue
        try:
            values[name] = _value(hints[name], value, f"{key}.{name}", problems)
        except _Unfit as unfit:
            problems.wrong(f"{key}.{name}", value, f"it must be {unfit}")
            # Not an absent key: it is there, and saying that it is missing as well would lead astray.
            values[name] = _default(names[name])
    missing = [name for name, field in names.items() if name not in values and _default(field) is MISSING]
    for name in missing:
        problems.say(key, f"lacks {name}, which it must have")
    if missing or any(value is MISSING for value in values.values()):
        return None
    return kind(**values)


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _value(hint: Any, value: object, key: str, problems: Problems) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _value(next(one for one in arguments if one is not types.NoneType), value, key, problems)
    if origin is tuple:
        items = value if isinstance(value, list) else [value]
        try:
            return tuple(_value(arguments[0], item, key, problems) for item in items)
        except _Unfit as unfit:
            raise _Unfit(f"{unfit}, or a list of such") from None
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise _Unfit("a table of names and values")
        found = {}
        for name, item in value.items():
            try:
                found[name] = _value(arguments[1], item, f"{key}.{name}", problems)
            except _Unfit as unfit:
                problems.wrong(f"{key}.{name}", item, f"it must be {unfit}")
        return found
    return _scalar(hint, value)


def _scalar(kind: type, value: object) -> Any:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind is Decimal and number and Decimal(str(value)).is_finite():
        return Decimal(str(value))
    if kind is float and number and Decimal(str(value)).is_finite():
        return float(str(value))
    if kind in (str, bool) and isinstance(value, kind):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _Unfit(_NAMES[kind])
