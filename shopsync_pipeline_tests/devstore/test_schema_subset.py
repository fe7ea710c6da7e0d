"""The carried schema is a true part of the official one: every name, type, default and enum value is found there."""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
)

from shopsync_pipeline.devstore.config import SUPPORTED_VERSIONS
from shopsync_pipeline.devstore.registry import RESOLVERS
from shopsync_pipeline.devstore.schema import carried_schema, carried_text, served_version
from shopsync_pipeline_tests.devstore.conftest import PROJECT, shared_folder


def official(version: str) -> tuple[GraphQLSchema, dict[str, Any]]:
    path = shared_folder() / "schema" / f"admin_{version}.json.gz"
    if not path.exists():
        pytest.skip(f"the official schema {path.name} is not on this machine (set SHOPSYNC_SHARED_DIR)")
    answer = json.loads(gzip.decompress(path.read_bytes()))
    introspection = answer.get("data", answer)
    return build_client_schema(introspection, assume_valid=True), introspection


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_every_carried_signature_is_official(version: str) -> None:
    whole, _ = official(version)
    carried = carried_schema(version)
    for name, kind in carried.type_map.items():
        if name.startswith("__"):
            continue
        theirs: Any = whole.type_map[name]
        assert type(theirs) is type(kind), name
        if isinstance(kind, GraphQLEnumType):
            assert list(kind.values) == list(theirs.values), name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            assert {one.name for one in kind.interfaces} <= {one.name for one in theirs.interfaces}, name
            for field_name, field in kind.fields.items():
                assert str(field.type) == str(theirs.fields[field_name].type), f"{name}.{field_name}"
                for argument_name, argument in field.args.items():
                    official_argument = theirs.fields[field_name].args[argument_name]
                    where = f"{name}.{field_name}({argument_name})"
                    assert str(argument.type) == str(official_argument.type), where
                    assert argument.default_value == official_argument.default_value, where
        if isinstance(kind, GraphQLInputObjectType):
            for field_name, input_field in kind.fields.items():
                assert str(input_field.type) == str(theirs.fields[field_name].type), f"{name}.{field_name}"
                assert input_field.default_value == theirs.fields[field_name].default_value, f"{name}.{field_name}"
    for directive in ("idempotent",):
        ours, reference = carried.get_directive(directive), whole.get_directive(directive)
        assert ours is not None
        assert reference is not None
        assert ours.locations == reference.locations
        assert {key: str(value.type) for key, value in ours.args.items()} == {
            key: str(value.type) for key, value in reference.args.items()
        }


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_required_official_input_fields_are_carried(version: str) -> None:
    """A field that callers must send cannot be left out, or no valid call would pass."""
    whole, introspection = official(version)
    one_of = {kind["name"] for kind in introspection["__schema"]["types"] if kind.get("isOneOf")}
    for name, kind in carried_schema(version).type_map.items():
        if isinstance(kind, GraphQLInputObjectType):
            theirs: Any = whole.type_map[name]
            required = {key for key, value in theirs.fields.items() if str(value.type).endswith("!")}
            assert required <= set(kind.fields), name
            assert (f"input {name} @oneOf" in carried_text(version)) == (name in one_of), name


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_pruning_again_gives_the_carried_text(version: str) -> None:
    official(version)
    sys.path.insert(0, str(PROJECT / "scripts"))
    try:
        import prune_schema
    finally:
        sys.path.pop(0)
    path = shared_folder() / "schema" / f"admin_{version}.json.gz"
    text = prune_schema.prune(prune_schema.load_official(path), prune_schema.parse_kept(prune_schema.KEPT))
    assert text == carried_text(version)


def test_every_registered_resolver_answers_a_carried_field() -> None:
    carried = carried_schema("2026-10")
    for type_name, field_name in RESOLVERS:
        kind = carried.type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)
        assert field_name in kind.fields, f"{type_name}.{field_name}"


def test_every_root_field_has_a_resolver() -> None:
    carried = carried_schema("2026-10")
    for root in (carried.query_type, carried.mutation_type):
        assert root is not None
        assert [name for name in root.fields if (root.name, name) not in RESOLVERS] == []


def test_an_unknown_version_falls_forward_to_the_oldest() -> None:
    assert served_version("2026-10") == "2026-10"
    assert served_version("2024-01") == "2026-07"


def test_no_descriptions_are_carried() -> None:
    assert '"""' not in carried_text("2026-10")
