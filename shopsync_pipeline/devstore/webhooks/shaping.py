"""What a subscription makes of a body: whether its filter lets it through, which fields it keeps, which metafields.

A filter compares fields of the body ("variants.price:>=10.00"); a list matches when one of its elements does.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from shopsync_pipeline.devstore.search.syntax import And, Node, Not, Or, Term, parse_query
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.webhooks.events import Event
from shopsync_pipeline.devstore.webhooks.payloads import Payload, metafield_payloads
from shopsync_pipeline.devstore.webhooks.records import Subscription


def filter_is_valid(text: str) -> bool:
    """Whether every term of a filter names its field; an empty filter lets everything through."""
    if not text.strip():
        return True
    tree = parse_query(text)
    return tree is not None and _all_named(tree)


def _all_named(node: Node) -> bool:
    match node:
        case Term():
            return node.field is not None
        case Not(inner):
            return _all_named(inner)
        case And(parts) | Or(parts):
            return all(_all_named(part) for part in parts)


def passes(text: str | None, payload: Payload) -> bool:
    """Whether the filter lets the body through."""
    tree = parse_query(text) if text and text.strip() else None
    return tree is None or _holds(tree, payload)


def _holds(node: Node, payload: Payload) -> bool:
    match node:
        case Term(name, operator, wanted):
            found = _values(payload, (name or "").split("."))
            return any(_compare(value, operator, wanted) for value in found)
        case Not(inner):
            return not _holds(inner, payload)
        case And(parts):
            return all(_holds(part, payload) for part in parts)
        case Or(parts):
            return any(_holds(part, payload) for part in parts)


def _values(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for element in value for found in _values(element, path)]
    if not path:
        return [] if value is None else [value]
    return _values(value.get(path[0]), path[1:]) if isinstance(value, dict) else []


def _compare(value: Any, operator: str, wanted: str) -> bool:
    if operator == ":" and wanted == "*":
        return True
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    given: Any = str(value).casefold()
    asked: Any = wanted.casefold()
    number, bound = _number(value), _number(wanted)
    if number is not None and bound is not None:
        given, asked = number, bound
    elif operator == ":" and asked.endswith("*"):
        return bool(given.startswith(asked[:-1]))
    match operator:
        case ":>":
            return bool(given > asked)
        case ":>=":
            return bool(given >= asked)
        case ":<":
            return bool(given < asked)
        case ":<=":
            return bool(given <= asked)
    return bool(given == asked)


def _number(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def shaped(store: Store, subscription: Subscription, event: Event) -> Payload:
    """The body this subscription gets."""
    payload = event.payload
    if subscription.include_fields:
        payload = _only(payload, [name.split(".") for name in subscription.include_fields])
    if event.owner is not None and (subscription.metafield_namespaces or subscription.metafields):
        found = metafield_payloads(store, event.owner, subscription.metafield_namespaces, subscription.metafields)
        payload = {**payload, "metafields": found}
    return payload


def _only(value: Any, paths: list[list[str]]) -> Any:
    """The named parts of a value, in the value's own order."""
    if isinstance(value, list):
        return [_only(element, paths) for element in value]
    if not isinstance(value, dict) or any(not path for path in paths):
        return value
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        below = [path[1:] for path in paths if path[0] == name]
        if below:
            kept[name] = _only(inner, below)
    return kept
