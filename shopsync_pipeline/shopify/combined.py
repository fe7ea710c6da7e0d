"""Several mutations in one request: their root fields side by side under aliases, their variables under prefixes.

Saves requests, never points: the cost is the sum (recorded answers: nine roots, 90 points). Shopify runs the roots one
after the other, each on its own: what one refuses undoes none of the others. A lost answer is lost for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from graphql import parse, print_ast, visit
from graphql.language import FieldNode, NameNode, OperationDefinitionNode, VariableNode, Visitor

from shopsync_pipeline.core.prices import REQUEST
from shopsync_pipeline.shopify.answers import fault_of_body
from shopsync_pipeline.shopify.documents import document
from shopsync_pipeline.shopify.errors import ServerFault, ShopifyError

if TYPE_CHECKING:
    from shopsync_pipeline.shopify.asked import Request

MOST = 25
"""Mutations in one request. They run one after the other within the time of one request, which Shopify's gateway ends
after about 10 seconds."""

MOST_BYTES = 1_000_000
"""Bytes of the variables of one request: far below the 10 MB that Shopify takes, so that one slow request never holds
many writes."""

NAME = "combined"
"""How such a request is called in logs and errors."""


@dataclass(frozen=True, slots=True)
class Combined:
    """One request that does several. `text` and `variables` are sent; `cost` is the sum, in points."""

    requests: tuple[Request, ...]
    text: str
    variables: dict[str, Any]
    cost: float

    @property
    def repeatable(self) -> bool:
        """Whether all of it may be sent twice."""
        return all(request.repeatable for request in self.requests)

    def faults(self, body: Mapping[str, Any] | None, response: httpx.Response) -> dict[int, ShopifyError] | None:
        """What top-level errors say about single requests (ACCESS_DENIED, …), by their place, where the others were
        executed; `None` where nothing ran.

        A request that has neither a result nor an error of its own is told as the errors that name none: it may have
        been executed.
        """
        if body is None or "data" not in body:
            return None
        given = body.get("errors") or []
        errors: list[Any] = given if isinstance(given, list) else [given]
        data = body["data"]
        if not isinstance(data, dict) and all(_place(error) is None for error in errors):
            return None
        found: dict[int, ShopifyError] = {}
        for place, request in enumerate(self.requests):
            own = [error for error in errors if _place(error) == place]
            if not own and (data or {}).get(f"m{place}") is not None:
                continue
            told = own or [error for error in errors if _place(error) is None]
            fault = fault_of_body(request.document, {"errors": told}, response) if told else None
            if fault is None or not own:
                fault = ServerFault(f"Shopify answered {request.document} with nothing, neither a result nor an error"
                                    f" of its own{f' ({fault})' if fault else ''}.")
            found[place] = fault
        return found

    def payloads(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Each request's own `data`, as it would have been answered alone."""
        return [{request.root: data.get(f"m{place}")} for place, request in enumerate(self.requests)]

    def shares(self, points: float | None) -> list[float | None]:
        """Points of the whole, told to each by its estimate."""
        if points is None or not self.cost:
            return [None] * len(self.requests)
        return [round(points * request.cost / self.cost, 2) for request in self.requests]


def _place(error: Any) -> int | None:
    path = error.get("path") if isinstance(error, Mapping) else None
    alias = str(path[0]) if path else ""
    return int(alias[1:]) if alias.startswith("m") and alias[1:].isdecimal() else None


def combine(requests: Sequence[Request]) -> Combined:
    """One request that does all of `requests` (mutations), in their order. Raises `ValueError` for none, or for more
    points than one request may cost."""
    cost = sum(request.cost for request in requests)
    if not requests or cost > REQUEST:
        raise ValueError(f"{len(requests)} mutations of {cost:g} points in one request: give at least one, and at most "
                         f"{REQUEST:g} points.")
    return Combined(
        tuple(requests), _text(tuple(request.document for request in requests)),
        {f"m{place}_{name}": value for place, request in enumerate(requests)
         for name, value in request.variables.items()}, cost,
    )


def together(requests: Iterable[Request], *, points: float = REQUEST, most: int = MOST,
             most_bytes: int = MOST_BYTES) -> Iterator[tuple[Request, ...]]:
    """Requests in groups that may be combined, in their order. `points`: what the bucket can spare for one of them, at
    most Shopify's limit. A request that is too large for any group goes alone."""
    group: list[Request] = []
    cost, size = 0.0, 0
    for request in requests:
        own = len(orjson.dumps(request.variables))
        if group and (len(group) >= most or cost + request.cost > min(points, REQUEST) or size + own > most_bytes):
            yield tuple(group)
            group, cost, size = [], 0.0, 0
        group.append(request)
        cost, size = cost + request.cost, size + own
    if group:
        yield tuple(group)


@lru_cache(maxsize=512)
def _text(names: tuple[str, ...]) -> str:
    parts = [_part(name, place) for place, name in enumerate(names)]
    declared = ", ".join(text for definitions, _ in parts for text in definitions)
    fields = "\n".join(field for _, field in parts)
    return f"mutation Combined({declared}) {{\n{fields}\n}}\n"


@lru_cache(maxsize=2048)
def _part(name: str, place: int) -> tuple[tuple[str, ...], str]:
    """A document's variable definitions and its root field, renamed for their place."""
    (operation,) = parse(document(name), no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    renamed = visit(operation, _Prefixed(f"m{place}_"))
    (field,) = renamed.selection_set.selections
    assert isinstance(field, FieldNode)
    field.alias = NameNode(value=f"m{place}")
    return tuple(print_ast(definition) for definition in renamed.variable_definitions), print_ast(field)


class _Prefixed(Visitor):
    """Renames variables where they are declared and where they are used."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def enter_variable(self, node: VariableNode, *_: Any) -> VariableNode:
        return VariableNode(name=NameNode(value=self._prefix + node.name.value))
