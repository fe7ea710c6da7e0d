"""Every document that is sent is valid in both official versions and in the subset that the dev store carries."""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_client_schema, build_schema, parse, validate
from graphql.language import OperationDefinitionNode, print_ast
from graphql.language.ast import FragmentDefinitionNode
from graphql.validation import NoDeprecatedCustomRule, specified_rules

import shopsync_pipeline
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.shopify.documents import WRITES, document, names
from shopsync_pipeline.shopify.nodes import CUSTOM_ID

PROJECT = Path(shopsync_pipeline.__file__).parent.parent
SHARED = Path(os.environ.get("SHOPSYNC_SHARED_DIR") or PROJECT.parent / "shared")
VERSIONS = ("2026-07", "2026-10")


@cache
def official(version: str) -> GraphQLSchema:
    source = SHARED / "schema" / f"admin_{version}.json.gz"
    if not source.exists():
        pytest.skip(f"official schema {version} is absent: set SHOPSYNC_SHARED_DIR to the folder that holds "
                    f"schema/{source.name}")
    answer = json.loads(gzip.decompress(source.read_bytes()))
    return build_client_schema(answer.get("data", answer), assume_valid=True)


@cache
def carried(version: str) -> GraphQLSchema:
    source = PROJECT / "shopsync_pipeline" / "devstore" / "schema" / f"admin_{version}.graphqls"
    # graphql-core 3.2 has no @oneOf, and the subset leaves out interface fields that nobody uses.
    return build_schema(source.read_text(encoding="utf-8").replace(" @oneOf", ""), assume_valid=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", names())
def test_a_document_is_valid_in_the_official_schema_without_deprecated_fields(name: str, version: str) -> None:
    rules = [*specified_rules, NoDeprecatedCustomRule]
    assert [error.message for error in validate(official(version), parse(document(name)), rules)] == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", names())
def test_a_document_is_valid_in_the_carried_subset(name: str, version: str) -> None:
    assert [error.message for error in validate(carried(version), parse(document(name)))] == []


@pytest.mark.parametrize("name", names())
def test_a_document_holds_one_operation_named_like_its_file(name: str) -> None:
    operations = [part for part in parse(document(name)).definitions if isinstance(part, OperationDefinitionNode)]
    assert [operation.name.value for operation in operations if operation.name] == [name.title().replace("_", "")]
    assert len(operations) == 1


def test_a_fragment_that_several_documents_carry_is_the_same_everywhere() -> None:
    texts: dict[str, set[str]] = {}
    for name in names():
        for part in parse(document(name)).definitions:
            if isinstance(part, FragmentDefinitionNode):
                texts.setdefault(part.name.value, set()).add(print_ast(part))
    assert {name: len(found) for name, found in texts.items()} == {
        "ReadBulkOperation": 1, "ReadParts": 1, "ReadProduct": 1, "ReadVariant": 1}


def test_an_unknown_document_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        document("no_such_operation")


def test_the_custom_id_is_written_in_one_place() -> None:
    assert not [name for name in names() if CUSTOM_ID[0] in document(name)]


def test_every_operation_has_its_document() -> None:
    assert set(WRITES) == set(Operation)
    assert set(WRITES.values()) <= set(names())
