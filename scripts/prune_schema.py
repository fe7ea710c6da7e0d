"""Cuts the official Admin API introspection down to the part the dev store implements, signatures only.

Usage: python scripts/prune_schema.py [folder with admin_<version>.json.gz]   (default: ../shared/schema)
Never edit the .graphqls files by hand: change `kept_schema.py` and run this again, so that they stay a true subset.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    ast_from_value,
    build_client_schema,
    build_schema,
    get_named_type,
    print_ast,
)
from kept_schema import KEPT, KEPT_DIRECTIVES

PROJECT = Path(__file__).resolve().parent.parent
TARGET = PROJECT / "shopsync_pipeline" / "devstore" / "schema"
VERSIONS = ("2026-10", "2026-07")
BUILT_IN_SCALARS = {"String", "Int", "Float", "Boolean", "ID"}


Kept = Mapping[str, Mapping[str, frozenset[str]]]


def parse_kept(text: str) -> Kept:
    """Reads KEPT into {type: {field: names of kept arguments}}; a line that starts with a blank goes on the last."""
    kept: dict[str, dict[str, frozenset[str]]] = {}
    joined = re.sub(r"\n[ \t]+", " ", text.strip())
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        name, _, body = line.partition(":")
        fields = {}
        for match in re.finditer(r"(\w+)(?:\(([^)]*)\))?", body):
            fields[match[1]] = frozenset((match[2] or "").split())
        kept[name.strip()] = fields
    return kept


def load_official(path: Path) -> GraphQLSchema:
    """The official schema at `path` (gzip of an introspection answer), descriptions dropped."""
    answer = json.loads(gzip.decompress(path.read_bytes()))
    _drop_descriptions(answer)
    # The official schema deprecates required arguments, which graphql-core's own check refuses.
    introspection = answer.get("data", answer)
    schema = build_client_schema(introspection, assume_valid=True)
    for described in introspection["__schema"]["types"]:
        if described.get("isOneOf"):
            # graphql-core 3.2 does not read the one-of mark of an input object: keep it where _print_type finds it.
            schema.type_map[described["name"]].extensions = {"one_of": True}
    return schema


def _drop_descriptions(value: Any) -> None:
    if isinstance(value, dict):
        if "description" in value:
            value["description"] = None
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _drop_descriptions(item)


def prune(official: GraphQLSchema, kept: Kept) -> str:
    """The SDL text of the kept part of `official`, sorted by name; raises KeyError naming what is not in the schema."""
    wanted: dict[str, str] = {}
    queue = sorted(kept)
    while queue:
        name = queue.pop()
        if name in wanted or name in BUILT_IN_SCALARS:
            continue
        found = official.type_map.get(name)
        if found is None:
            raise KeyError(f"type {name} is declared in KEPT and is not in the official schema")
        fields = _fields_of(found, kept)
        wanted[name] = _print_type(found, fields, kept)
        queue.extend(_named_types(found, fields, kept))
    directives = [_print_directive(official, name) for name in KEPT_DIRECTIVES]
    roots = "schema {\n  query: QueryRoot\n  mutation: Mutation\n}"
    return "\n\n".join([roots, *directives, *(wanted[name] for name in sorted(wanted))]) + "\n"


def _fields_of(found: GraphQLNamedType, kept: Kept) -> Mapping[str, frozenset[str]]:
    """The kept fields of a type and their kept arguments; a declared name that the official type lacks is an error."""
    if isinstance(found, GraphQLEnumType | GraphQLScalarType | GraphQLUnionType):
        return {}
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    declared = kept.get(found.name)
    if declared is None:
        if not re.search(r"(Connection|Edge|UserError)$", found.name):
            raise KeyError(f"type {found.name} is used by a kept signature and has no line in KEPT")
        return {name: frozenset() for name in found.fields}
    for field, arguments in declared.items():
        if field not in found.fields:
            raise KeyError(f"{found.name}.{field} is declared in KEPT and is not in the official schema")
        unknown = arguments - set(getattr(found.fields[field], "args", {}))
        if unknown:
            raise KeyError(f"{found.name}.{field} has no argument {', '.join(sorted(unknown))} in the official schema")
    return declared


def _named_types(found: GraphQLNamedType, fields: Mapping[str, frozenset[str]], kept: Kept) -> Iterable[str]:
    if isinstance(found, GraphQLUnionType):
        yield from (member.name for member in found.types if member.name in kept)
    if isinstance(found, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, arguments in fields.items():
            field: GraphQLField | GraphQLInputField = found.fields[name]
            yield get_named_type(field.type).name
            for argument in arguments:
                assert isinstance(field, GraphQLField)
                yield get_named_type(field.args[argument].type).name


def _print_type(found: GraphQLNamedType, fields: Mapping[str, frozenset[str]], kept: Kept) -> str:
    if isinstance(found, GraphQLScalarType):
        return f"scalar {found.name}"
    if isinstance(found, GraphQLUnionType):
        members = [member.name for member in found.types if member.name in kept]
        return f"union {found.name} = {' | '.join(members)}"
    if isinstance(found, GraphQLEnumType):
        return f"enum {found.name} {{\n" + "".join(f"  {value}\n" for value in found.values) + "}"
    if isinstance(found, GraphQLInputObjectType):
        one_of = " @oneOf" if found.extensions.get("one_of") else ""
        lines = [f"  {name}: {found.fields[name].type}{_default(found.fields[name])}" for name in fields]
        return f"input {found.name}{one_of} {{\n" + "\n".join(lines) + "\n}"
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
    keyword = "interface" if isinstance(found, GraphQLInterfaceType) else "type"
    # A type that was pruned below an interface no longer implements it.
    interfaces = [
        interface.name
        for interface in found.interfaces
        if interface.name in kept and set(kept[interface.name]) <= set(fields)
    ]
    clause = f" implements {' & '.join(interfaces)}" if interfaces else ""
    lines = [
        f"  {name}{_print_arguments(found.fields[name], arguments)}: {found.fields[name].type}"
        for name, arguments in fields.items()
    ]
    return f"{keyword} {found.name}{clause} {{\n" + "\n".join(lines) + "\n}"


def _print_arguments(field: GraphQLField, kept: frozenset[str]) -> str:
    shown = [f"{name}: {argument.type}{_default(argument)}" for name, argument in field.args.items() if name in kept]
    return f"({', '.join(shown)})" if shown else ""


def _default(holder: GraphQLArgument | GraphQLInputField) -> str:
    node = ast_from_value(holder.default_value, holder.type) if holder.default_value is not Undefined else None
    return f" = {print_ast(node)}" if node is not None else ""


def _print_directive(official: GraphQLSchema, name: str) -> str:
    directive = official.get_directive(name)
    if directive is None:
        raise KeyError(f"directive @{name} is declared in KEPT_DIRECTIVES and is not in the official schema")
    arguments = ", ".join(f"{key}: {argument.type}" for key, argument in directive.args.items())
    places = " | ".join(location.name for location in directive.locations)
    return f"directive @{name}({arguments}) on {places}"


def main(arguments: list[str]) -> int:
    """Writes both carried schemas; returns 0, or 2 with a sentence when the official files are absent."""
    folder = Path(arguments[0]) if arguments else PROJECT.parent / "shared" / "schema"
    for version in VERSIONS:
        source = folder / f"admin_{version}.json.gz"
        if not source.exists():
            print(
                f"no official schema at {source}: pass the folder that holds admin_<version>.json.gz", file=sys.stderr
            )
            return 2
        text = prune(load_official(source), parse_kept(KEPT))
        build_schema(text.replace(" @oneOf", ""))
        TARGET.mkdir(parents=True, exist_ok=True)
        (TARGET / f"admin_{version}.graphqls").write_text(text, encoding="utf-8")
        print(f"{version}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
