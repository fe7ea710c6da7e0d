"""Documents seen before: parsed, validated, compiled and priced once, then found again by version and text.

A sync client sends the same few documents thousands of times; only the first one pays for validation.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    parse,
    validate,
)
from graphql.language import Visitor, visit

from shopsync_pipeline.devstore.coercion import read_variables
from shopsync_pipeline.devstore.errors import PlatformError, RequestRefusedError
from shopsync_pipeline.devstore.executor import CompiledOperation, Compiler
from shopsync_pipeline.devstore.points.cost import PricedSelection, Pricer
from shopsync_pipeline.devstore.schema import carried_schema
from shopsync_pipeline.devstore.validation import translate

_KEPT_DOCUMENTS: Final = 512


class Operation:
    """One operation of a document, with its compilations by the variables that shape them."""

    def __init__(
        self, schema: GraphQLSchema, node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
    ) -> None:
        """`node` is already valid against `schema`."""
        self.schema = schema
        self.node = node
        self.fragments = fragments
        self.is_mutation: Final = node.operation is OperationType.MUTATION
        root = schema.mutation_type if self.is_mutation else schema.query_type
        assert isinstance(root, GraphQLObjectType)
        self.root: Final = root
        shaping = _ShapingVariables()
        for part in (node, *fragments.values()):
            visit(part, shaping)
        self._flags: Final = sorted(shaping.flags)
        self._sizes: Final = sorted(shaping.sizes)
        self._compiled: dict[tuple[Any, ...], CompiledOperation] = {}
        self._priced: dict[tuple[Any, ...], PricedSelection] = {}

    def variables(self, given: dict[str, Any]) -> dict[str, Any]:
        """The coerced variables, or RequestRefusedError."""
        return read_variables(self.schema, self.node, given)

    def compiled(self, variables: dict[str, Any]) -> CompiledOperation:
        """The runnable operation for these @skip/@include answers."""
        flags = {name: variables.get(name) for name in self._flags}
        key = tuple(flags.values())
        found = self._compiled.get(key)
        if found is None:
            compiler = Compiler(self.schema, self.fragments, flags)
            found = self._compiled[key] = CompiledOperation(self.root, compiler, self.node.selection_set)
        return found

    def priced(self, variables: dict[str, Any]) -> PricedSelection:
        """The points of the selection for these page sizes, without what the inputs add."""
        key = tuple(variables.get(name) for name in (*self._flags, *self._sizes))
        found = self._priced.get(key)
        if found is None:
            if len(self._priced) > _KEPT_DOCUMENTS:
                self._priced.clear()
            found = self._priced[key] = Pricer(self.schema, self.fragments, variables).price(self.root, self.node)
        return found


class _ShapingVariables(Visitor):
    """Finds variables that decide what is selected (flags) and how large pages are (sizes)."""

    def __init__(self) -> None:
        super().__init__()
        self.flags: set[str] = set()
        self.sizes: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            self.flags.update(
                argument.value.name.value for argument in node.arguments if isinstance(argument.value, VariableNode)
            )

    def enter_argument(self, node: Any, *_: Any) -> None:
        if node.name.value in ("first", "last") and isinstance(node.value, VariableNode):
            self.sizes.add(node.value.name.value)


class Documents:
    """The cache of documents, oldest use forgotten first."""

    def __init__(self) -> None:
        """Starts empty."""
        self._known: OrderedDict[tuple[str, str], dict[str | None, Operation] | RequestRefusedError] = OrderedDict()

    def operation(self, version: str, text: str, name: str | None) -> Operation:
        """The operation to run; raises RequestRefusedError when the text does not parse, is not valid or lacks it."""
        key = (version, text)
        found = self._known.get(key)
        if found is None:
            try:
                found = _read(version, text)
            except RequestRefusedError as refused:
                found = refused
            self._known[key] = found
            if len(self._known) > _KEPT_DOCUMENTS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        if isinstance(found, RequestRefusedError):
            raise found
        if name is None and len(found) == 1:
            return next(iter(found.values()))
        if name not in found:
            message = f'No operation named "{name}"' if name else "An operation name is required"
            raise RequestRefusedError([PlatformError(message)])
        return found[name]


def _read(version: str, text: str) -> dict[str | None, Operation]:
    schema = carried_schema(version)
    try:
        document: DocumentNode = parse(text)
    except GraphQLError as error:
        raise RequestRefusedError([translate(error)]) from None
    errors = validate(schema, document)
    if errors:
        raise RequestRefusedError([translate(error) for error in errors])
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return {
        node.name.value if node.name else None: Operation(schema, node, fragments)
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    }
