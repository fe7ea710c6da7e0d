"""A query exported whole: every row of every connection becomes a line of its own, a child after its parent.

Connections are cut out of the document and walked here without pages; what is left of a node runs through the
executor of the API. Grouped, the children of a row follow it at once; otherwise a batch of rows comes level by level.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
)

from shopsync_pipeline.devstore.bulk.lines import Produced, json_line
from shopsync_pipeline.devstore.bulk.records import BulkOperation
from shopsync_pipeline.devstore.connections import EVERY_ROW
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.documents import Documents
from shopsync_pipeline.devstore.executor import Compiler, FieldPlan
from shopsync_pipeline.devstore.records import Item, MediaFile, Metafield, Product, Variant
from shopsync_pipeline.devstore.registry import type_name_of
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.views import LevelView

_BATCH: Final = 50
_PAGING: Final = {"first", "last", "after", "before"}
_ROOT: Final = object()


class _Rows:
    """One connection of the document: how to reach it from its parent's record, and what to show of its nodes."""

    def __init__(
        self, compiler: Compiler, parent: GraphQLObjectType, path: tuple[FieldNode, ...], field: FieldNode
    ) -> None:
        self._compiler = compiler
        self._path: list[FieldPlan] = []
        for step in path:
            self._path.append(_plan(compiler, parent, step))
            parent = _object_type(parent, step)
        self._connection = _plan(compiler, parent, field)
        connection = _object_type(parent, field)
        self._node_type = get_named_type(connection.fields["nodes"].type)
        self._sets = _node_sets(compiler, field.selection_set)
        self._nodes: dict[str, _Node] = {}

    def rows(self, source: Any, context: Context) -> list[Any]:
        """Every row behind a parent's record."""
        for plan in self._path:
            source = plan.resolve(source, context, plan.read_arguments(context))
            if source is None:
                return []
        given = self._connection.read_arguments(context)
        arguments = {name: value for name, value in given.items() if name not in _PAGING}
        page = self._connection.resolve(source, context, {**arguments, EVERY_ROW: True})
        return [] if page is None else list(page.nodes)

    def node(self, row: Any) -> _Node:
        """What to show of a row, by its type."""
        if isinstance(self._node_type, GraphQLObjectType):
            shape = self._node_type
        else:
            found = self._compiler.schema.type_map[type_name_of(row)]
            assert isinstance(found, GraphQLObjectType)
            shape = found
        known = self._nodes.get(shape.name)
        if known is None:
            known = self._nodes[shape.name] = _Node(self._compiler, shape, self._sets)
        return known


class _Node:
    """The nodes of one type under one connection: their own fields, and the connections below them."""

    def __init__(self, compiler: Compiler, shape: GraphQLObjectType, sets: list[SelectionSetNode]) -> None:
        cut = _Cut(compiler)
        left = tuple(node for selected in sets for node in cut.without_connections(shape, selected, ()))
        self.complete = compiler.completer(shape, [SelectionSetNode(selections=left)])
        self.below = [_Rows(compiler, shape, path, field) for path, field in cut.connections]


class _Cut:
    """Takes the connections out of selections, remembering each with its way through plain objects."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.connections: list[tuple[tuple[FieldNode, ...], FieldNode]] = []

    def without_connections(
        self, parent: GraphQLObjectType, selected: SelectionSetNode, path: tuple[FieldNode, ...]
    ) -> list[FieldNode]:
        """The fields that are left for objects of `parent`."""
        left: list[FieldNode] = []
        for node in selected.selections:
            if isinstance(node, FieldNode):
                left.extend(self._field(parent, node, path))
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self.compiler.fragments[node.name.value]
                condition: str | None = fragment.type_condition.name.value
                inner = fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                condition = node.type_condition.name.value if node.type_condition else None
                inner = node.selection_set
            if condition is None or self.compiler.applies(condition, parent):
                left.extend(self.without_connections(parent, inner, path))
        return left

    def _field(self, parent: GraphQLObjectType, node: FieldNode, path: tuple[FieldNode, ...]) -> list[FieldNode]:
        if node.selection_set is None:
            return [node]
        shape = get_named_type(parent.fields[node.name.value].type)
        if not isinstance(shape, GraphQLObjectType):
            return [node]
        if shape.name.endswith("Connection"):
            self.connections.append((path, node))
            return []
        inner = self.without_connections(shape, node.selection_set, (*path, node))
        return [_copy(node, SelectionSetNode(selections=tuple(inner)))]


# A row to show: the connection it stands in, the row, and the id of the row it belongs to.
_Entry = tuple[_Rows, Any, str | None]


class Export:
    """One query on its way through the shop."""

    def __init__(self, store: Store, documents: Documents, record: BulkOperation) -> None:
        """The query has passed `rules.query_errors`."""
        operation = documents.operation(record.version, record.query, None)
        variables = operation.variables({})
        compiler = Compiler(operation.schema, operation.fragments, variables)
        cut = _Cut(compiler)
        cut.without_connections(operation.root, operation.node.selection_set, ())
        self._tops = [_Rows(compiler, operation.root, path, field) for path, field in cut.connections]
        self._context = Context(store, record.version, variables, store.now())
        self._context.app, self._context.scopes = record.app, frozenset(record.scopes)
        self._grouped = record.group_objects

    def steps(self) -> Iterator[Produced | None]:
        """Every line once; None is a breath. Rows deleted since the export began are left out, as their children."""
        for top in self._tops:
            rows: Iterator[_Entry] = iter([(top, row, None) for row in top.rows(_ROOT, self._context)])
            yield None
            if self._grouped:
                for entry in rows:
                    yield from self._with_children(entry)
                continue
            while batch := list(islice(rows, _BATCH)):
                yield from self._level_by_level(batch)

    def _with_children(self, entry: _Entry) -> Iterator[Produced]:
        shown = self._show(entry)
        if shown is None:
            return
        line, children = shown
        yield line
        for child in children:
            yield from self._with_children(child)

    def _level_by_level(self, level: list[_Entry]) -> Iterator[Produced]:
        while level:
            following: list[_Entry] = []
            for entry in level:
                shown = self._show(entry)
                if shown is None:
                    continue
                line, children = shown
                following.extend(children)
                yield line
            level = following

    def _show(self, entry: _Entry) -> tuple[Produced, list[_Entry]] | None:
        """A row and what hangs on it, read in one moment: between two steps the shop may change."""
        holder, row, parent = entry
        record = _present(self._context.store, row)
        if record is None:
            return None
        node = holder.node(record)
        value = node.complete(record, self._context)
        self._context.errors.clear()  # a field that could not be read is null, and nothing tells why
        own = value.get("id")
        children = [(below, child, own) for below in node.below for child in below.rows(record, self._context)]
        if parent is not None:
            value["__parentId"] = parent
        return Produced(json_line(value), root=parent is None), children


def _present(store: Store, row: Any) -> Any:
    """The row as the store holds it now, for kinds that are deleted or read anew; None when it is gone."""
    match row:
        case Product():
            return store.products.get(row.id)
        case Variant():
            return store.variants.get(row.id)
        case Item():
            return store.items.get(row.id)
        case Metafield():
            return store.metafields_by_id.get(row.id)
        case MediaFile():
            return store.files.get(row.id)
        case LevelView():
            item = store.items.get(row.item.id)
            level = item.levels.get(row.location_id) if item is not None else None
            return LevelView(item, row.location_id, level) if item is not None and level is not None else None
    return row


def _plan(compiler: Compiler, parent: GraphQLObjectType, field: FieldNode) -> FieldPlan:
    bare = _copy(field, None)
    return compiler.selection(parent, [SelectionSetNode(selections=(bare,))])[0]


def _copy(field: FieldNode, selected: SelectionSetNode | None) -> FieldNode:
    return FieldNode(
        alias=field.alias,
        name=field.name,
        arguments=field.arguments,
        directives=field.directives,
        selection_set=selected,
        loc=field.loc,
    )


def _object_type(parent: GraphQLObjectType, field: FieldNode) -> GraphQLObjectType:
    found = get_named_type(parent.fields[field.name.value].type)
    assert isinstance(found, GraphQLObjectType)
    return found


def _node_sets(compiler: Compiler, selected: SelectionSetNode | None) -> list[SelectionSetNode]:
    """What is selected under edges { node }, wherever a fragment has put it."""
    found: list[SelectionSetNode] = []
    for edges in _named(compiler, selected, "edges"):
        for node in _named(compiler, edges, "node"):
            found.append(node)
    return found


def _named(compiler: Compiler, selected: SelectionSetNode | None, name: str) -> Iterator[SelectionSetNode]:
    for node in selected.selections if selected is not None else ():
        if isinstance(node, FieldNode):
            if node.name.value == name and node.selection_set is not None:
                yield node.selection_set
        elif isinstance(node, InlineFragmentNode):
            yield from _named(compiler, node.selection_set, name)
        elif isinstance(node, FragmentSpreadNode):
            yield from _named(compiler, compiler.fragments[node.name.value].selection_set, name)
