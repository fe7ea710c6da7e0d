"""Takes out of a recorded question what the dev store does not carry, and nothing else.

Only names of the table are taken out: a field that is missing without being listed there is a difference.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from graphql import (
    REMOVE,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    type_from_ast,
    visit,
)


@dataclass(frozen=True, slots=True)
class CutQuestion:
    """What is asked in the end. `taken` are the names of the table, `keys` the answer's keys that went with them."""

    query: str
    variables: dict[str, Any]
    taken: frozenset[str]
    keys: frozenset[str]


def cut(query: str, variables: dict[str, Any], schema: GraphQLSchema, names: Collection[str]) -> CutQuestion:
    """The question without the `names` ("Type", "Type.field" or "Input.field")."""
    document = parse(query)
    info = TypeInfo(schema)
    scissors = _Scissors(info, names)
    document = visit(document, TypeInfoVisitor(info, scissors))
    taken = set(scissors.taken)
    kept = dict(variables)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions:
                name = variable.variable.name.value
                shape = type_from_ast(schema, variable.type)
                if name in kept and shape is not None:
                    kept[name] = _cut_input(kept[name], shape, names, taken)  # type: ignore[arg-type]
    if not taken:
        return CutQuestion(query, variables, frozenset(), frozenset())
    used = _Used()
    visit(document, used)
    document = visit(document, _Undeclare(used.names))
    return CutQuestion(print_ast(document), kept, frozenset(taken), frozenset(scissors.keys))


def _cut_input(value: Any, shape: GraphQLInputType, names: Collection[str], taken: set[str]) -> Any:
    if isinstance(shape, GraphQLNonNull):
        return _cut_input(value, shape.of_type, names, taken)
    if isinstance(shape, GraphQLList):
        return [_cut_input(item, shape.of_type, names, taken) for item in value] if isinstance(value, list) else value
    if not isinstance(shape, GraphQLInputObjectType) or not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        if f"{shape.name}.{key}" in names:
            taken.add(f"{shape.name}.{key}")
        else:
            field = shape.fields.get(key)
            kept[key] = _cut_input(item, field.type, names, taken) if field else item
    return kept


class _Scissors(Visitor):
    def __init__(self, info: TypeInfo, names: Collection[str]) -> None:
        super().__init__()
        self.info = info
        self.names = names
        self.taken: set[str] = set()
        self.keys: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        parent = self.info.get_parent_type()
        name = f"{get_named_type(parent).name if parent else ''}.{node.name.value}"
        if name not in self.names:
            return None
        self.taken.add(name)
        self.keys.add(node.alias.value if node.alias else node.name.value)
        return REMOVE

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> Any:
        name = node.type_condition.name.value if node.type_condition else ""
        if name not in self.names:
            return None
        self.taken.add(name)
        return REMOVE


class _Used(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
        if not (hasattr(parent, "variable") and hasattr(parent, "type")):
            self.names.add(node.name.value)


class _Undeclare(Visitor):
    def __init__(self, used: set[str]) -> None:
        super().__init__()
        self.used = used

    def enter_variable_definition(self, node: Any, *_: Any) -> Any:
        return None if node.variable.name.value in self.used else REMOVE

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        return None
