"""How well the dev store's points agree with recorded ones: requestedQueryCost of documents that a real store priced.

Documents are priced against the official schema, so those about orders or customers count as well.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_client_schema,
    parse,
    value_from_ast_untyped,
)

from shopsync_pipeline.devstore.points.cost import Pricer
from shopsync_pipeline.devstore.points.dynamic_cost import input_points
from shopsync_pipeline_tests.devstore.conftest import shared_folder

# Since 2026-09-15 it costs by the owners it touches; the recordings are older than that.
REPRICED = "metafieldsSet"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of `compared` documents have the recorded points, are within one point, and within five per cent."""

    compared: int
    exact: int
    within_one: int
    within_five_per_cent: int

    def share(self, count: int) -> str:
        """A count as a percentage of what was compared."""
        return f"{100 * count / self.compared:.1f} %"


def agreement(pairs: Iterable[tuple[int, int]]) -> Agreement:
    """The agreement of (recorded, ours) pairs."""
    found = list(pairs)
    return Agreement(
        compared=len(found),
        exact=sum(ours == recorded for recorded, ours in found),
        within_one=sum(abs(ours - recorded) <= 1 for recorded, ours in found),
        within_five_per_cent=sum(abs(ours - recorded) <= 0.05 * recorded for recorded, ours in found),
    )


def priced_documents(path: Path, schema: GraphQLSchema) -> Iterator[tuple[int, int]]:
    """(recorded, ours) of each line of a gzipped JSONL file of priced documents.

    Left out: what the schema no longer has, metafieldsSet, and mutations whose inputs the line only refers to.
    """
    for line in gzip.decompress(path.read_bytes()).splitlines():
        row = json.loads(line)
        variables = row["variables"] or {}
        try:
            ours = _price(schema, row["query"], variables)
        except (KeyError, TypeError):
            continue  # a field or type of an older version, or a page size given by reference
        if ours is not None:
            yield row["requestedQueryCost"], ours


def _price(schema: GraphQLSchema, query: str, variables: dict[str, Any]) -> int | None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    mutation = operation.operation is OperationType.MUTATION
    root = schema.mutation_type if mutation else schema.query_type
    assert root is not None
    points: float = Pricer(schema, fragments, variables).price(root, operation).requested()
    for field in operation.selection_set.selections if mutation else ():
        arguments = {one.name.value: value_from_ast_untyped(one.value, variables) for one in field.arguments}  # type: ignore[attr-defined]
        name = field.name.value  # type: ignore[attr-defined]
        if name == REPRICED or _refers(arguments):
            return None
        points += input_points(name, arguments)
    return round(points)


def _refers(value: Any) -> bool:
    """Whether a value holds a reference to another recording's part in place of a list or an object."""
    if isinstance(value, dict):
        return any(key.startswith("from") and key.endswith("Path") for key in value) or any(
            map(_refers, value.values())
        )
    return isinstance(value, list) and any(map(_refers, value))


def official_schema(version: str = "2026-10") -> GraphQLSchema:
    """The whole official schema, from the shared folder."""
    path = shared_folder() / "schema" / f"admin_{version}.json.gz"
    answer = json.loads(gzip.decompress(path.read_bytes()))
    return build_client_schema(answer.get("data", answer), assume_valid=True)
