"""What `Shopify-GraphQL-Cost-Debug: 1` shows: the points of every selected field, as `extensions.cost.fields`.

`definedCost` is a field's own, `requestedChildrenCost` what its selection adds when every page is full (null for a
field without a selection), `requestedTotalCost` both together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode

from shopsync_pipeline.devstore.points.cost import Priced, PricedSelection


def cost_fields(
    priced: PricedSelection, selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], added: float
) -> list[dict[str, Any]]:
    """One entry a field, children first. `added` points come from the inputs and belong to the first root field."""
    found = list(_fields(priced.roots, selected, fragments, []))
    if added:
        root = next(entry for entry in found if len(entry["path"]) == 1)
        root["definedCost"] += added
        root["requestedTotalCost"] += added
    return found


def _fields(
    priced: list[Priced], selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], path: list[str]
) -> Iterator[dict[str, Any]]:
    known = {entry.key: entry for entry in priced}
    seen: set[str] = set()
    for node in _nodes(selected, fragments):
        key = node.alias.value if node.alias else node.name.value
        if key in seen:
            continue
        seen.add(key)
        entry = known.get(key)
        if node.selection_set is not None:
            yield from _fields(entry.children if entry else [], node.selection_set, fragments, [*path, key])
        own = entry.own if entry else 0
        total = entry.requested() if entry else 0
        yield {
            "path": [*path, key],
            "definedCost": own,
            "requestedTotalCost": total,
            "requestedChildrenCost": None if node.selection_set is None else total - own,
        }


def _nodes(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            yield from _nodes(fragments[node.name.value].selection_set, fragments)
        else:
            yield from _nodes(node.selection_set, fragments)  # type: ignore[attr-defined]
