"""Variables: read by the schema, and refused in the platform's words when they do not fit.

Every problem of a variable is reported at once, with its path inside the value.
"""

from __future__ import annotations

import re
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    coerce_input_value,
    type_from_ast,
    value_from_ast,
)

from shopsync_pipeline.devstore.errors import PlatformError, RequestRefusedError

_UNKNOWN_FIELD: Final = re.compile(r"Field '(\w+)' is not defined by type '(\w+)'")
_REQUIRED_FIELD: Final = re.compile(r"Field '(\w+)' of required type '(.+?)' was not provided")
_NOT_NULL: Final = re.compile(r"Expected non-nullable type '.+?' not to be None")
_NOT_ENUM: Final = re.compile(r"Value '(.*?)' does not exist in '(\w+)' enum", re.DOTALL)
_NOT_SCALAR: Final = re.compile(r"(\w+) cannot represent ")


def read_variables(schema: GraphQLSchema, operation: OperationDefinitionNode, given: dict[str, Any]) -> dict[str, Any]:
    """The coerced variables; raises RequestRefusedError, one INVALID_VARIABLE error for each that does not fit."""
    coerced: dict[str, Any] = {}
    refused: list[PlatformError] = []
    for definition in operation.variable_definitions:
        name = definition.variable.name.value
        shape: GraphQLInputType = type_from_ast(schema, definition.type)  # type: ignore[assignment]
        if name not in given:
            if definition.default_value is not None:
                coerced[name] = value_from_ast(definition.default_value, shape)
                continue
            if not isinstance(shape, GraphQLNonNull):
                continue
        value = given.get(name)
        problems: list[tuple[list[str | int], str]] = []

        def note(
            path: list[str | int], bad: Any, error: GraphQLError, found: list[tuple[list[str | int], str]] = problems
        ) -> None:
            found.append(_explain(path, bad, error))

        if value is None and not isinstance(shape, GraphQLNonNull):
            coerced[name] = None
            continue
        try:
            coerced[name] = coerce_input_value(value, shape, note)
        except GraphQLError as error:  # a one-of input reports here, outside the callback
            problems.append(([], error.message))
        if problems:
            refused.append(_refusal(definition, name, str(shape), value, problems))
    if refused:
        raise RequestRefusedError(refused)
    return {name: value for name, value in coerced.items() if value is not Undefined}


def _explain(path: list[str | int], bad: Any, error: GraphQLError) -> tuple[list[str | int], str]:
    message = error.message
    if match := _UNKNOWN_FIELD.search(message):
        return [*path, match[1]], f"Field is not defined on {match[2]}"
    if match := _REQUIRED_FIELD.search(message):
        return [*path, match[1]], "Expected value to not be null"
    if _NOT_NULL.search(message):
        return path, "Expected value to not be null"
    if match := _NOT_ENUM.search(message):
        return path, f'Expected "{match[1]}" to be one of the values of {match[2]}'
    if match := _NOT_SCALAR.search(message):
        shown = f'"{bad}"' if isinstance(bad, str) else str(bad)
        return path, f"Could not coerce value {shown} to {match[1]}"
    return path, error.original_error.message if isinstance(error.original_error, GraphQLError) else message


def _refusal(
    definition: Any, name: str, shape: str, value: Any, problems: list[tuple[list[str | int], str]]
) -> PlatformError:
    details = ", ".join(
        f"{'.'.join(str(step) for step in path)} ({explanation})" for path, explanation in problems if path
    )
    place = definition.loc.start_token if definition.loc else None
    return PlatformError(
        f"Variable ${name} of type {shape} was provided invalid value" + (f" for {details}" if details else ""),
        "INVALID_VARIABLE",
        locations=[{"line": place.line, "column": place.column}] if place else None,
        extensions={
            "value": value,
            "problems": [{"path": path, "explanation": explanation} for path, explanation in problems],
        },
    )
