"""Runs a validated document: compiles each selection into closures once, then walks records at dictionary speed.

graphql-core parses, validates and coerces. Its own executor gives the same answers (a test compares them), and took
15 ms for a page of 250 products with two variants each where this takes 1.7 ms; writes and bulk exports gain alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_argument_values,
    is_leaf_type,
)
from graphql.language import VariableNode, Visitor, visit

from shopsync_pipeline.devstore.context import Context, Resolver
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.registry import RESOLVERS, read_plain, type_name_of

Completer = Callable[[Any, Context], Any]
Fragments = dict[str, FragmentDefinitionNode]


class NullViolationError(PlatformError):
    """A non-null field had no value; it nulls the nearest nullable field above it."""


class FieldPlan:
    """One field of a selection: where its value comes from and how it becomes JSON."""

    __slots__ = ("arguments", "complete", "definition", "key", "name", "node", "resolve")

    def __init__(self, key: str, name: str, node: FieldNode, resolve: Resolver) -> None:
        """`complete` is None for a leaf, whose value is already JSON."""
        self.key = key
        self.name = name
        self.node = node
        self.resolve = resolve
        self.complete: Completer | None = None
        self.arguments: dict[str, Any] | None = {}
        self.definition: Any = None

    def read_arguments(self, context: Context) -> dict[str, Any]:
        """The coerced arguments: fixed at compile time, or read once a request when they name variables."""
        if self.arguments is not None:
            return self.arguments
        found = context.arguments.get(id(self))
        if found is None:
            found = get_argument_values(self.definition, self.node, context.variables)
            context.arguments[id(self)] = found
        return found


class Compiler:
    """Compiles one operation of one document for one set of @skip/@include answers."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, flags: dict[str, Any]) -> None:
        """`flags` holds the values of the variables that @skip and @include name."""
        self.schema = schema
        self.fragments = fragments
        self.flags = flags
        self._compiled: dict[tuple[int, str], Completer] = {}

    def selection(self, parent: GraphQLObjectType, sets: list[SelectionSetNode]) -> list[FieldPlan]:
        """The plans of the merged selection sets on an object type, in document order."""
        grouped: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            self._collect(parent, selection_set.selections, grouped)
        return [self._field(parent, key, nodes) for key, nodes in grouped.items()]

    def completer(self, parent: GraphQLObjectType, sets: list[SelectionSetNode]) -> Completer:
        """What makes the JSON of one object of a type, for callers that walk lists themselves."""
        return _object(self.selection(parent, sets))

    def applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        """Whether a fragment on the type `condition` selects from objects of `parent`."""
        return self._applies(condition, parent)

    def _collect(
        self, parent: GraphQLObjectType, nodes: tuple[SelectionNode, ...], grouped: dict[str, list[FieldNode]]
    ) -> None:
        for node in nodes:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                condition: str | None = fragment.type_condition.name.value
                selections = fragment.selection_set.selections
            else:
                assert isinstance(node, InlineFragmentNode)
                condition = node.type_condition.name.value if node.type_condition else None
                selections = node.selection_set.selections
            if condition is None or self._applies(condition, parent):
                self._collect(parent, selections, grouped)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives:
            if directive.name.value in ("skip", "include"):
                value = directive.arguments[0].value
                answer = self.flags[value.name.value] if isinstance(value, VariableNode) else value.value  # type: ignore[attr-defined]
                if bool(answer) == (directive.name.value == "skip"):
                    return False
        return True

    def _applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        if condition == parent.name:
            return True
        wanted = self.schema.type_map[condition]
        return isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType) and self.schema.is_sub_type(wanted, parent)

    def _field(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> FieldPlan:
        node = nodes[0]
        name = node.name.value
        if name == "__typename":
            shown = parent.name
            return FieldPlan(key, name, node, lambda _source, _context, _arguments: shown)
        definition = parent.fields[name]
        plan = FieldPlan(key, name, node, RESOLVERS.get((parent.name, name)) or read_plain(name))
        plan.definition = definition
        plan.arguments = None if _names_variables(node) else get_argument_values(definition, node)
        sets = [found.selection_set for found in nodes if found.selection_set]
        plan.complete = self._completer(definition.type, sets)
        return plan

    def _completer(self, shape: GraphQLOutputType, sets: list[SelectionSetNode]) -> Completer | None:
        if isinstance(shape, GraphQLNonNull):
            return _non_null(self._completer(shape.of_type, sets), leaf=is_leaf_type(shape.of_type))
        if isinstance(shape, GraphQLList):
            return _each(self._completer(shape.of_type, sets))
        if isinstance(shape, GraphQLObjectType):
            return _object(self.selection(shape, sets))
        if isinstance(shape, GraphQLInterfaceType | GraphQLUnionType):
            return self._abstract(sets)
        return None

    def _abstract(self, sets: list[SelectionSetNode]) -> Completer:
        by_type: dict[str, Completer] = {}

        def complete(value: Any, context: Context) -> Any:
            if value is None:
                return None
            name = type_name_of(value)
            found = by_type.get(name)
            if found is None:
                concrete = self.schema.type_map[name]
                assert isinstance(concrete, GraphQLObjectType)
                found = by_type[name] = _object(self.selection(concrete, sets))
            return found(value, context)

        return complete


def _object(plans: list[FieldPlan]) -> Completer:
    # Two thirds of all fields are leaves without arguments: they need neither completion nor argument reading.
    steps: Final = [(plan.key, plan.resolve, plan.complete, plan) for plan in plans]
    nothing: Final[dict[str, Any]] = {}

    def complete(source: Any, context: Context) -> Any:
        if source is None:
            return None
        answer = {}
        for key, resolve, finish, plan in steps:
            arguments = plan.arguments
            try:
                value = resolve(
                    source, context, plan.read_arguments(context) if arguments is None else arguments or nothing
                )
                answer[key] = value if finish is None else finish(value, context)
            except PlatformError as error:
                if error.path is None:
                    error.path = []
                error.path.insert(0, key)
                if isinstance(plan.definition.type, GraphQLNonNull):
                    raise
                context.errors.append(error)
                answer[key] = None
        return answer

    return complete


def _each(finish: Completer | None) -> Completer:
    if finish is None:
        return lambda value, _context: None if value is None else list(value)
    return lambda value, context: None if value is None else [finish(item, context) for item in value]


def _non_null(finish: Completer | None, *, leaf: bool) -> Completer | None:
    if leaf:
        return None

    def complete(value: Any, context: Context) -> Any:
        done = value if finish is None else finish(value, context)
        if done is None:
            raise NullViolationError("Cannot return null for a field that is never null.", "INTERNAL_SERVER_ERROR")
        return done

    return complete


class _VariableFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, *_: Any) -> None:
        self.found = True


def _names_variables(node: FieldNode) -> bool:
    finder = _VariableFinder()
    for argument in node.arguments:
        visit(argument, finder)
    return finder.found


class CompiledOperation:
    """An operation ready to run any number of times."""

    def __init__(self, root: GraphQLObjectType, compiler: Compiler, selection_set: SelectionSetNode) -> None:
        """Compiles the root selection; nested selections are compiled with it."""
        plans = compiler.selection(root, [selection_set])
        self._steps: Final = [(plan, _object([plan])) for plan in plans]

    def roots(self, context: Context) -> list[tuple[str, dict[str, Any], FieldNode]]:
        """Name, coerced arguments and node of each root field."""
        return [(plan.name, plan.read_arguments(context), plan.node) for plan, _ in self._steps]

    def run(self, context: Context) -> dict[str, Any] | None:
        """Resolves the root fields one after the other; errors gather in `context.errors`, None when data is null."""
        answer: dict[str, Any] = {}
        for plan, complete in self._steps:
            context.node = plan.node
            context.root = plan.name
            try:
                answer.update(complete(_ROOT, context))
            except PlatformError as error:
                context.errors.append(error)
                return None
        return answer


_ROOT: Final = object()
