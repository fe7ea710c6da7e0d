"""Which Python function answers which field of the schema, and which record class is which GraphQL type.

A module of operations registers itself by decorating functions; adding an operation never edits the executor.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context, Resolver

RESOLVERS: Final[dict[tuple[str, str], Resolver]] = {}
TYPE_OF: Final[dict[type, str]] = {}
# A guard looks at every root field before it runs: it may raise, or give the payload to answer instead.
Guard = Callable[[Context, str, dict[str, Any]], dict[str, Any] | None]
GUARDS: Final[list[Guard]] = []


def guard(check: Callable[[Context, str, dict[str, Any]], Any]) -> Guard:
    """Registers a guard; guards run in the order they were registered."""
    GUARDS.append(check)
    return check


def query(name: str) -> Callable[[Resolver], Resolver]:
    """Registers the resolver of a root query field."""
    return _guarded("QueryRoot", name)


def mutation(name: str) -> Callable[[Resolver], Resolver]:
    """Registers the resolver of a root mutation field; it may touch the store."""
    return _guarded("Mutation", name)


def _guarded(type_name: str, name: str) -> Callable[[Resolver], Resolver]:
    def register(resolver: Resolver) -> Resolver:
        def resolve(source: Any, context: Context, arguments: dict[str, Any]) -> Any:
            for check in GUARDS:
                instead = check(context, name, arguments)
                if instead is not None:
                    return instead
            return resolver(source, context, arguments)

        field(type_name, name)(resolve)
        return resolver

    return register


def field(type_name: str, *names: str) -> Callable[[Resolver], Resolver]:
    """Registers one resolver for one or more fields of a type."""

    def register(resolver: Resolver) -> Resolver:
        for name in names:
            if (type_name, name) in RESOLVERS:
                raise AssertionError(f"{type_name}.{name} has two resolvers")
            RESOLVERS[(type_name, name)] = resolver
        return resolver

    return register


def attributes(type_name: str, **renamed: str) -> None:
    """Registers fields that are attributes of the record: attributes("Product", descriptionHtml="description_html")."""
    for name, attribute in renamed.items():
        field(type_name, name)(_read_attribute(attribute))


def _read_attribute(attribute: str) -> Resolver:
    read = attrgetter(attribute)
    return lambda source, _context, _arguments: read(source)


def record_type(name: str) -> Callable[[type], type]:
    """Says that instances of a class are the GraphQL type `name` behind an interface or union."""

    def register(cls: type) -> type:
        TYPE_OF[cls] = name
        return cls

    return register


def read_plain(name: str) -> Resolver:
    """The resolver of a field nobody registered: a key of a dict, else an attribute of the same name."""

    def resolve(source: Any, _context: Context, _arguments: dict[str, Any]) -> Any:
        if isinstance(source, dict):
            return source.get(name)
        return getattr(source, name)

    return resolve


def type_name_of(value: Any) -> str:
    """The GraphQL type of a value that stands behind an interface: its record class, or "__typename" of a dict."""
    if isinstance(value, dict):
        return str(value["__typename"])
    return TYPE_OF[type(value)]
