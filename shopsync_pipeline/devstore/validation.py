"""Validation errors of a document in the platform's words: undefined fields, arguments, selections, variables.

graphql-core finds the errors; this only translates the common ones, so a client can match on codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from graphql import FieldNode, GraphQLError

from shopsync_pipeline.devstore.errors import PlatformError

_Translation = Callable[[re.Match[str]], tuple[str, str, dict[str, Any]]]


def _undefined_field(match: re.Match[str]) -> tuple[str, str, dict[str, Any]]:
    name, owner = match[1], match[2]
    return (
        f"Field '{name}' doesn't exist on type '{owner}'",
        "undefinedField",
        {"typeName": owner, "fieldName": name},
    )


def _unknown_argument(match: re.Match[str]) -> tuple[str, str, dict[str, Any]]:
    argument, name = match[1], match[2]
    return (
        f"Field '{name}' doesn't accept argument '{argument}'",
        "argumentNotAccepted",
        {"name": name, "typeName": "Field", "argumentName": argument},
    )


def _missing_argument(match: re.Match[str]) -> tuple[str, str, dict[str, Any]]:
    name, argument = match[1], match[2]
    return (
        f"Field '{name}' is missing required arguments: {argument}",
        "missingRequiredArguments",
        {"className": "Field", "name": name, "arguments": argument},
    )


def _missing_selection(match: re.Match[str]) -> tuple[str, str, dict[str, Any]]:
    name, shape = match[1], match[2].strip("[]!")
    return (
        f"Field must have selections (field '{name}' returns {shape} but has no selections. "
        f"Did you mean '{name} {{ ... }}'?)",
        "selectionMismatch",
        {"nodeName": f"field '{name}'", "typeName": shape},
    )


def _unused_variable(match: re.Match[str]) -> tuple[str, str, dict[str, Any]]:
    return (
        f"Variable ${match[1]} is declared by {match[2] or 'anonymous query'} but not used",
        "variableNotUsed",
        {"variableName": match[1]},
    )


_TRANSLATIONS: Final[list[tuple[re.Pattern[str], _Translation]]] = [
    (re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"), _undefined_field),
    (re.compile(r"Unknown argument '(\w+)' on field '\w+\.(\w+)'"), _unknown_argument),
    (re.compile(r"Field '(\w+)' argument '(\w+)' of type '.+?' is required"), _missing_argument),
    (re.compile(r"Field '(\w+)' of type '(.+?)' must have a selection of subfields"), _missing_selection),
    (re.compile(r"Variable '\$(\w+)' is never used(?: in operation '(\w+)')?"), _unused_variable),
]


def translate(error: GraphQLError) -> PlatformError:
    """The error as the platform would word it; an error without a translation keeps graphql-core's sentence."""
    locations = [{"line": place.line, "column": place.column} for place in error.locations or []]
    path: list[str | int] | None = None
    node = error.nodes[0] if error.nodes else None
    if isinstance(node, FieldNode):
        path = [node.name.value]
    for pattern, explain in _TRANSLATIONS:
        match = pattern.search(error.message)
        if match:
            message, code, extensions = explain(match)
            return PlatformError(message, code, path=path, locations=locations, extensions=extensions)
    return PlatformError(
        error.message, "argumentLiteralsIncompatible" if path else None, path=path, locations=locations
    )
