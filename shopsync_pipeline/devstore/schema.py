"""The carried part of the official schema, one GraphQLSchema per API version, and the choice of version.

An unknown version falls forward to the oldest supported one, as the platform does with retired versions.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any, Final

from graphql import GraphQLError, GraphQLInputObjectType, GraphQLScalarType, GraphQLSchema, build_schema

from shopsync_pipeline.devstore.config import SUPPORTED_VERSIONS

_ONE_OF: Final = re.compile(r"^input (\w+) @oneOf", re.MULTILINE)


def served_version(asked: str) -> str:
    """The version that answers a request for `asked`."""
    return asked if asked in SUPPORTED_VERSIONS else SUPPORTED_VERSIONS[0]


@cache
def carried_schema(version: str) -> GraphQLSchema:
    """The schema of a supported version, built once; scalars read Decimal, one-of inputs insist on one key."""
    text = carried_text(version)
    schema = build_schema(text.replace(" @oneOf", ""), assume_valid=True)
    for name in _ONE_OF.findall(text):
        found = schema.type_map[name]
        assert isinstance(found, GraphQLInputObjectType)
        found.out_type = _one_of(name)  # type: ignore[method-assign]
    for name in ("Money", "Decimal"):
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.parse_value = _amount  # type: ignore[method-assign]
    return schema


def carried_text(version: str) -> str:
    """The SDL text of a supported version as it lies in the package."""
    place = files("shopsync_pipeline.devstore").joinpath("schema", f"admin_{version}.graphqls")
    return place.read_text(encoding="utf-8")


def _one_of(name: str) -> Any:
    def check(value: dict[str, Any]) -> dict[str, Any]:
        if len(value) != 1 or None in value.values():
            raise GraphQLError(f"'{name}' requires exactly one argument, but {len(value)} were provided.")
        return value

    return check


def _amount(value: Any) -> Decimal:
    """A money amount or another decimal: text or a number, never NaN or an infinity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise GraphQLError(f"invalid decimal '{value}'")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise GraphQLError(f"invalid decimal '{value}'") from None
    if not amount.is_finite():
        raise GraphQLError(f"invalid decimal '{value}'")
    return amount
