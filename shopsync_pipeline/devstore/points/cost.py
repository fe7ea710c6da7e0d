"""Points: what a document asks for (before it runs) and what its answer was worth (after).

A connection of N costs 2 + children * g(N), g(N) = max(1, floor(2 ln N)); a mutation 10 + what it selects; the rest is
the tables below. The figures follow recorded answers of a real store, and inputs that add points are in `dynamic_cost`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor, log
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

MUTATION_POINTS: Final = 10
# fileCreate was recorded at twice the usual mutation, whatever the number of files.
DEARER_MUTATIONS: Final = {"fileCreate": 20}
MAXIMUM_POINTS: Final = 1_000
# Plain values inside another object were recorded as free, an endpoint of a webhook subscription among them.
FREE_TYPES: Final = {
    "ApiVersion",
    "InventoryItemMeasurement",
    "LocationAddress",
    "MoneyBag",
    "MoneyV2",
    "PageInfo",
    "WebhookSubscriptionEndpoint",
    "Weight",
}
COUNT_POINTS: Final = 10
# A plain field that was recorded with a price of its own; all others are free.
LEAF_POINTS: Final = {("Location", "hasUnfulfilledOrders"): 1}


def growth(size: int) -> int:
    """g(N): how often a connection of N counts its children."""
    return max(1, floor(2 * log(size))) if size > 1 else 1


@dataclass(slots=True)
class Priced:
    """One selected object or connection. `own` and `factor` give its points: own + factor * sum of its children."""

    key: str
    own: int
    factor: int = 1
    size: int = 0
    connection: bool = False
    mutation: bool = False
    children: list[Priced] = field(default_factory=list)

    def requested(self) -> int:
        """Points when every page is full."""
        return self.own + self.factor * sum(child.requested() for child in self.children)

    def actual(self, value: Any) -> float:
        """Points of what came back: nothing for null, and a page by the share of it that was filled."""
        if value is None:
            return 0.0
        if isinstance(value, list):
            return max((self.actual(item) for item in value), default=0.0)
        if self.connection:
            return self._actual_page(value)
        return self.own + sum(child.actual(value.get(child.key)) for child in self.children)

    def _actual_page(self, value: dict[str, Any]) -> float:
        total = 0.0
        for child in self.children:
            rows = value.get(child.key) or []
            if rows:
                mean = sum(child.actual(row) for row in rows) / len(rows)
                total += mean * self.factor * min(1.0, len(rows) / self.size)
        return self.own + total


@dataclass(slots=True)
class PricedSelection:
    """The priced root fields of one operation."""

    roots: list[Priced]

    def requested(self) -> int:
        """Points asked before the operation runs, inputs not counted."""
        return sum(root.requested() for root in self.roots)

    def actual(self, data: dict[str, Any]) -> int:
        """Points of the answer, inputs not counted."""
        total = 0.0
        for root in self.roots:
            value = data.get(root.key)
            # A refused mutation answers null and has still cost its ten points.
            total += root.own if value is None and root.mutation else root.actual(value)
        return round(total)


class Pricer:
    """Prices the selections of one operation for one set of variables."""

    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], variables: dict[str, Any]
    ) -> None:
        """`variables` give the page sizes and the answers of @skip and @include."""
        self.schema = schema
        self.fragments = fragments
        self.variables = variables

    def price(self, root: GraphQLObjectType, operation: OperationDefinitionNode) -> PricedSelection:
        """The priced root fields."""
        mutation = operation.operation is OperationType.MUTATION
        roots = []
        for key, (field_type, nodes) in self._fields(root, [operation.selection_set]).items():
            priced = self._field(key, field_type, nodes)
            if priced is None:
                priced = Priced(key, 0)
            if mutation:
                name = nodes[0].name.value
                priced.own, priced.mutation = DEARER_MUTATIONS.get(name, MUTATION_POINTS), True
                for child in priced.children:
                    child.own = 0
            elif field_type.name == "Count":
                priced.own = COUNT_POINTS
            roots.append(priced)
        return PricedSelection(roots)

    def _field(self, key: str, shape: GraphQLNamedType, nodes: list[FieldNode]) -> Priced | None:
        sets = [node.selection_set for node in nodes if node.selection_set]
        if not sets:
            return None
        if shape.name.endswith("Connection"):
            return self._connection(key, shape, nodes[0], sets)
        children = self._children(shape, sets)
        own = 0 if shape.name in FREE_TYPES else 1
        return Priced(key, own, children=children) if own or children else None

    def _connection(self, key: str, shape: GraphQLNamedType, node: FieldNode, sets: list[SelectionSetNode]) -> Priced:
        size = self._size(node)
        pages = []
        for name, (inner, nodes) in self._fields(shape, sets).items():
            priced = self._field(name, inner, nodes)
            if priced is None:
                continue
            if inner.name.endswith("Edge"):
                # An edge is free: what counts is the node it holds.
                priced.own = 0
            pages.append(priced)
        return Priced(key, 2, growth(size), size, connection=True, children=pages)

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments:
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, VariableNode):
                    given = self.variables.get(value.name.value)
                    if given is not None:
                        return max(1, int(given))
                elif isinstance(value, IntValueNode):
                    return max(1, int(value.value))
        return 1

    def _children(self, shape: GraphQLNamedType, sets: list[SelectionSetNode]) -> list[Priced]:
        if isinstance(shape, GraphQLInterfaceType | GraphQLUnionType):
            # An abstract type costs what its dearest branch costs.
            branches = [self._children(found, sets) for found in self.schema.get_possible_types(shape)]
            return max(branches, key=lambda branch: sum(child.requested() for child in branch), default=[])
        priced = []
        for key, (inner, nodes) in self._fields(shape, sets).items():
            found = self._field(key, inner, nodes)
            points = LEAF_POINTS.get((shape.name, nodes[0].name.value))
            if found is None and points is not None:
                found = Priced(key, points)
            if found is not None:
                priced.append(found)
        return priced

    def _fields(
        self, parent: GraphQLNamedType, sets: list[SelectionSetNode]
    ) -> dict[str, tuple[GraphQLNamedType, list[FieldNode]]]:
        found: dict[str, tuple[GraphQLNamedType, list[FieldNode]]] = {}
        for selection_set in sets:
            self._collect(parent, selection_set, found)
        return found

    def _collect(
        self,
        parent: GraphQLNamedType,
        selection_set: SelectionSetNode,
        found: dict[str, tuple[GraphQLNamedType, list[FieldNode]]],
    ) -> None:
        for node in selection_set.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                name = node.name.value
                if name.startswith("__"):
                    continue
                key = node.alias.value if node.alias else name
                inner = self._type_of(parent, name)
                found.setdefault(key, (inner, []))[1].append(node)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, parent):
                    self._collect(parent, fragment.selection_set, found)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else parent.name
                if self._applies(condition, parent):
                    self._collect(parent, node.selection_set, found)

    @staticmethod
    def _type_of(parent: GraphQLNamedType, name: str) -> GraphQLNamedType:
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        found: GraphQLNamedType = get_named_type(parent.fields[name].type)
        return found

    def _applies(self, condition: str, parent: GraphQLNamedType) -> bool:
        if condition == parent.name:
            return True
        wanted = self.schema.type_map[condition]
        return (
            isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType)
            and isinstance(parent, GraphQLObjectType)
            and self.schema.is_sub_type(wanted, parent)
        )

    def _included(self, node: Any) -> bool:
        for directive in node.directives:
            if directive.name.value in ("skip", "include"):
                value = directive.arguments[0].value
                answer = self.variables.get(value.name.value) if isinstance(value, VariableNode) else value.value
                if bool(answer) == (directive.name.value == "skip"):
                    return False
        return True
