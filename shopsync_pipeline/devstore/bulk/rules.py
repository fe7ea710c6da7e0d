"""Which documents may be run in bulk: the platform's rules and its sentences, as values.

Mutations: one root field, an allowed one, one connection. Queries: one to five connections, two deep, through
edges { node { id } }, none inside a list. Sentences were recorded on a real store unless a comment says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Token,
    TokenKind,
    get_named_type,
    parse,
)
from graphql.language import Lexer, Source

from shopsync_pipeline.devstore.documents import Documents
from shopsync_pipeline.devstore.errors import RequestRefusedError
from shopsync_pipeline.devstore.schema import carried_schema
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

MAXIMUM_BYTES: Final = 65_535
MAXIMUM_CONNECTIONS: Final = 5
MAXIMUM_DEPTH: Final = 2
_NOT_IN_BULK: Final = {"bulkOperationRunMutation", "bulkOperationRunQuery"}


@dataclass(slots=True)
class _Found:
    """What a walk through a document met."""

    connections: int = 0
    depth: int = 0
    in_list: bool = False
    by_nodes: dict[str, None] = field(default_factory=dict)
    without_id: dict[str, None] = field(default_factory=dict)


def mutation_errors(text: str, version: str) -> list[UserError]:
    """Why the text cannot be run for every line of a file; empty when it can.

    Fields and types are not checked here: a document that is not valid is accepted and fails on every line.
    """
    try:
        operation, fragments = _operation(parse(text))
    except GraphQLSyntaxError as error:
        sentence = f"Failed to parse the mutation - syntax error, {_syntax(text, error)}"
        return [user_error(None, sentence, "INVALID_MUTATION")]
    if operation is None or operation.operation is not OperationType.MUTATION:
        sentence = "Invalid operation type. Only `mutation` operations are supported."
        return [user_error(None, sentence, "INVALID_MUTATION")]
    roots = operation.selection_set.selections
    if len(roots) != 1 or not isinstance(roots[0], FieldNode):
        return [user_error(["mutation"], "You must specify a single top level mutation.")]
    schema = carried_schema(version)
    assert schema.mutation_type is not None
    name = roots[0].name.value
    if name in _NOT_IN_BULK or name not in schema.mutation_type.fields:
        return [user_error(["mutation"], "You must use an allowed mutation name.")]
    found = _Found()
    _Walk(schema, fragments, found).fields(schema.mutation_type, operation.selection_set, 0, None, has_id=True)
    if found.connections > 1:
        return [user_error(["mutation"], "Bulk mutations cannot contain more than 1 connection.")]
    if (size := len(text.encode())) > MAXIMUM_BYTES:
        sentence = f"is too large ({size} bytes; maximum is {MAXIMUM_BYTES} bytes)"
        return [user_error(["query"], sentence, "INVALID_MUTATION")]
    return []


def identifier_errors(given: str | None) -> list[UserError]:
    """Why a clientIdentifier is refused: it has 10 to 255 characters."""
    if given is not None and len(given) < 10:
        return [user_error(["clientIdentifier"], "is too short (minimum is 10 characters)", "INVALID_MUTATION")]
    if given is not None and len(given) > 255:
        return [user_error(["clientIdentifier"], "is too long (maximum is 255 characters)", "INVALID_MUTATION")]
    return []


def query_errors(text: str, version: str, documents: Documents) -> list[UserError]:
    """Why the text cannot be exported; empty when it can."""
    try:
        operation, fragments = _operation(parse(text))
    except GraphQLSyntaxError as error:
        return [_invalid(f"Invalid bulk query: syntax error, {_syntax(text, error)}")]
    if operation is None or operation.operation is not OperationType.QUERY:
        return [_invalid("Invalid operation type. Only `query` operations are supported.")]
    schema = carried_schema(version)
    assert schema.query_type is not None
    found = _Found()
    _Walk(schema, fragments, found).fields(schema.query_type, operation.selection_set, 0, None, has_id=True)
    errors = _query_rules(found, [node.name.value for node in _roots(operation)])
    if not errors:
        try:
            documents.operation(version, text, None)
        except RequestRefusedError as refused:
            # The words after the colon are the platform's for the same document over HTTP; here none were recorded.
            return [_invalid(f"Invalid bulk query: {refused.errors[0].message}")]
    if not errors and (size := len(text.encode())) > MAXIMUM_BYTES:
        errors.append(_invalid(f"Query is too large ({size} bytes; maximum is {MAXIMUM_BYTES} bytes)"))
    return errors


def _query_rules(found: _Found, roots: list[str]) -> list[UserError]:
    errors: list[UserError] = []
    if found.by_nodes:
        first, named = next(iter(found.by_nodes)), "', '".join(found.by_nodes)
        errors.append(
            _invalid(
                "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
                f"'{first} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
                f"Invalid connection fields: '{named}'."
            )
        )
    top = next((name for name in roots if name in ("node", "nodes")), None)
    if top:
        errors.append(_invalid(f"Bulk queries cannot contain a top level `{top}` field."))
    if len(roots) > 1:
        errors.append(_invalid("Bulk queries must contain a single top level field."))  # our own words: not recorded
    if found.depth > MAXIMUM_DEPTH:
        errors.append(_invalid("Bulk queries cannot contain connections with a nesting depth greater than 2."))
    if found.connections > MAXIMUM_CONNECTIONS:
        errors.append(_invalid("Bulk queries cannot contain more than 5 connections."))
    if found.without_id:
        errors.append(
            _invalid(
                "The parent 'node' field for a nested connection must select the 'id' field without an alias and must "
                f"be of 'ID' return type. Connection fields without 'id': {', '.join(found.without_id)}."
            )
        )
    if found.in_list:
        sentence = "Queries that contain a connection field within a list field are not currently supported."
        errors.append(_invalid(sentence))
    if not found.connections:
        errors.append(_invalid("Bulk queries must contain at least one connection."))
    return errors


class _Walk:
    """Goes through the fields of a document by the schema; what the schema does not know is passed over."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], found: _Found) -> None:
        self.schema = schema
        self.fragments = fragments
        self.found = found

    def fields(
        self,
        parent: object,
        selected: SelectionSetNode,
        depth: int,
        owner: str | None,
        *,
        has_id: bool,
        listed: int = 0,
    ) -> None:
        """`depth` connections lie above, the nearest being `owner`, whose node selects an id or not."""
        for node in selected.selections:
            if isinstance(node, InlineFragmentNode):
                kind = self.schema.type_map.get(node.type_condition.name.value) if node.type_condition else parent
                self.fields(kind, node.selection_set, depth, owner, has_id=has_id, listed=listed)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in self.fragments:
                fragment = self.fragments[node.name.value]
                kind = self.schema.type_map.get(fragment.type_condition.name.value)
                self.fields(kind, fragment.selection_set, depth, owner, has_id=has_id, listed=listed)
            elif isinstance(node, FieldNode) and node.selection_set is not None:
                self._field(parent, node, node.selection_set, depth, owner, has_id=has_id, listed=listed)

    def _field(
        self,
        parent: object,
        node: FieldNode,
        selected: SelectionSetNode,
        depth: int,
        owner: str | None,
        *,
        has_id: bool,
        listed: int,
    ) -> None:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or node.name.value not in parent.fields:
            return
        shape = parent.fields[node.name.value].type
        kind = get_named_type(shape)
        if not kind.name.endswith("Connection"):
            self.fields(kind, selected, depth, owner, has_id=has_id, listed=listed + _is_list(shape))
            return
        found, name = self.found, node.name.value
        chosen = {child.name.value: child for child in selected.selections if isinstance(child, FieldNode)}
        found.connections += 1
        # The outermost connection is not nested: collections, products, variants, metafields was refused as three deep.
        found.depth = max(found.depth, depth)
        found.in_list |= listed > 0
        if owner is not None and not has_id:
            found.without_id[owner] = None
        if "nodes" in chosen:
            found.by_nodes[name] = None
        edges = chosen.get("edges") or chosen.get("nodes")
        inner = edges.selection_set if edges is not None else None
        if edges is not None and edges.name.value == "edges" and inner is not None:
            inner = next(
                (
                    one.selection_set
                    for one in inner.selections
                    if isinstance(one, FieldNode) and one.name.value == "node"
                ),
                None,
            )
        if inner is not None:
            assert isinstance(kind, GraphQLObjectType)
            rows = get_named_type(kind.fields["nodes"].type)
            self.fields(rows, inner, depth + 1, name, has_id=self._selects_id(inner))

    def _selects_id(self, selected: SelectionSetNode) -> bool:
        return any(self._is_id(node) for node in selected.selections)

    def _is_id(self, node: SelectionNode) -> bool:
        if isinstance(node, FieldNode):
            return node.name.value == "id" and node.alias is None
        if isinstance(node, InlineFragmentNode):
            return self._selects_id(node.selection_set)
        assert isinstance(node, FragmentSpreadNode)
        fragment = self.fragments.get(node.name.value)
        return fragment is not None and self._selects_id(fragment.selection_set)


def _operation(document: DocumentNode) -> tuple[OperationDefinitionNode | None, dict[str, FragmentDefinitionNode]]:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return (operations[0] if operations else None), fragments


def _roots(operation: OperationDefinitionNode) -> list[FieldNode]:
    return [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]


def _is_list(shape: GraphQLOutputType) -> bool:
    bare = shape.of_type if isinstance(shape, GraphQLNonNull) else shape
    return isinstance(bare, GraphQLList)


def _syntax(text: str, error: GraphQLSyntaxError) -> str:
    """What is wrong, in the platform's words where they are known: a text that ends early names its last token."""
    place = error.locations[0] if error.locations else None
    last = _last_token(text)
    if last is None:
        return "unexpected end of file"
    if "<EOF>" in error.message:
        return f"unexpected end of file at [{last.line}, {last.column}]"
    what = error.message.removeprefix("Syntax Error: ").rstrip(".").lower()
    return f"{what} at [{place.line}, {place.column}]" if place is not None else what


def _last_token(text: str) -> Token | None:
    lexer, last = Lexer(Source(text)), None
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            last = token
    except GraphQLSyntaxError:
        return last
    return last


def _invalid(sentence: str) -> UserError:
    return user_error(["query"], sentence, "INVALID")
