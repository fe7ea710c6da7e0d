"""The table of faults: what is decided for the codes that matter, and that no code of the platform was overlooked.

The codes are read from the schemas themselves. A code that a new version brings fails here until somebody has judged
it.
"""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, build_client_schema, build_schema, get_named_type
from hypothesis import given
from hypothesis import strategies as st

import shopsync_pipeline
from shopsync_pipeline.core.faults import (
    DEED,
    DEFAULTS,
    MEANING,
    ROWS,
    Fault,
    Kind,
    Row,
    Source,
    Todo,
    decisive,
    row_of,
)
from shopsync_pipeline.core.faults_page import faults_page

PROJECT = Path(shopsync_pipeline.__file__).parent.parent
SHARED = Path(os.environ.get("SHOPSYNC_SHARED_DIR") or PROJECT.parent / "shared")
VERSIONS = ("2026-07", "2026-10")

MUTATIONS = (
    "productSet", "productUpdate", "productDelete", "productVariantsBulkCreate", "productVariantsBulkUpdate",
    "productVariantsBulkDelete", "metafieldsSet", "metafieldsDelete", "metafieldDefinitionCreate",
    "inventorySetQuantities", "inventoryActivate", "inventoryBulkToggleActivation", "publishablePublish",
    "publishableUnpublish", "fileCreate", "fileUpdate", "stagedUploadsCreate", "bulkOperationRunMutation",
    "bulkOperationRunQuery",
)

_REFUSED = """
ADMIN_ACCESS_INPUT_NOT_ALLOWED ALT_VALUE_LIMIT_EXCEEDED BLANK BLANK_SEARCH
CANNOT_COMBINE_LINKED_AND_NONLINKED_OPTION_VALUES CANNOT_DEACTIVATE_FROM_ONLY_LOCATION CANNOT_DELETE_LAST_VARIANT
CANNOT_SET_NAME_FOR_LINKED_OPTION_VALUE CAPABILITY_REQUIRED_BUT_DISABLED CAPABILITY_VIOLATION
COMMITTED_AND_INCOMING_INVENTORY_AT_LOCATION COMMITTED_INVENTORY_AT_LOCATION DUPLICATED_METAFIELD_VALUE
DUPLICATED_OPTION_NAME DUPLICATED_OPTION_VALUE DUPLICATED_VALUE DUPLICATE_LINKED_OPTION DUPLICATE_OPTION
FILENAME_ALREADY_EXISTS GIFT_CARDS_NOT_ACTIVATED GIFT_CARD_ATTRIBUTE_CANNOT_BE_CHANGED GREATER_THAN_OR_EQUAL_TO
HANDLE_NOT_UNIQUE INCLUSION INCOMING_INVENTORY_AT_LOCATION INVALID INVALID_CAPABILITY INVALID_CHARACTER
INVALID_CONSTRAINTS INVALID_FAILED_MEDIA_STATE INVALID_FILENAME INVALID_FILENAME_EXTENSION INVALID_IMAGE_SOURCE_URL
INVALID_INPUT INVALID_INPUT_COMBINATION INVALID_METAFIELD INVALID_METAFIELD_VALUE_FOR_LINKED_OPTION INVALID_OPTION
INVALID_PRODUCT INVALID_QUANTITY_NEGATIVE INVALID_QUANTITY_TOO_HIGH INVALID_QUANTITY_TOO_LOW INVALID_QUERY INVALID_TYPE
INVALID_VALUE INVALID_VARIANT INVENTORY_MANAGED_BY_3RD_PARTY INVENTORY_MANAGED_BY_SHOPIFY LESS_THAN_OR_EQUAL_TO
LINKED_METAFIELD_DEFINITION_NOT_FOUND LINKED_OPTIONS_NOT_SUPPORTED_FOR_SHOP LOCAL_CURRENCY_GIFT_CARD_PRICE_MUST_BE_ZERO
MEDIA_CANNOT_BE_MODIFIED MISMATCHED_FILENAME_AND_ORIGINAL_SOURCE MISSING_FILENAME_FOR_DUPLICATE_MODE_REPLACE MISSING_SKU
NEED_TO_ADD_OPTION_VALUES NEGATIVE_PRICE_VALUE NON_MUTABLE_INVENTORY_ITEM NOT_DEFINED_FOR_SHOP OPTIONS_OVER_LIMIT
OPTION_VALUES_FOR_NUMBER_OF_UNKNOWN_OPTIONS OPTION_VALUES_MISSING OPTION_VALUES_OVER_LIMIT OPTION_VALUE_NAME_TOO_LONG
OWNER_TYPE_LIMIT_EXCEEDED_FOR_AUTOMATED_COLLECTIONS OWNER_TYPE_LIMIT_EXCEEDED_FOR_USE_AS_ADMIN_FILTERS
PINNED_LIMIT_REACHED PRESENT PRODUCT_MEDIA_LIMIT_EXCEEDED PRODUCT_SUSPENDED RESERVED_INVENTORY_AT_LOCATION
RESERVED_NAMESPACE_KEY TAKEN TOO_LONG TOO_MANY_FILE_REFERENCE TOO_MANY_INVENTORY_LOCATIONS TOO_SHORT
TYPE_NOT_ALLOWED_FOR_CONDITIONS UNACCEPTABLE_ASSET UNSTRUCTURED_ALREADY_EXISTS
UNSUPPORTED_COMBINED_LISTING_PARENT_OPERATION UNSUPPORTED_FILE_REFERENCE UNSUPPORTED_MEDIA_TYPE_FOR_FILENAME_UPDATE
UNSUPPORTED_PINNING VARIANTS_OVER_LIMIT
"""
REFUSED_VALUES = frozenset(_REFUSED.split())
"""Codes that were looked at and left to the default: they say something about one product's data."""

NOT_IN_ENUMS = {"VARIANT_THROTTLE_EXCEEDED"}
"""Told by people who met it, as a top-level code; no enum has it."""


@cache
def schema(kind: str, version: str) -> GraphQLSchema:
    if kind == "carried":
        source = PROJECT / "shopsync_pipeline" / "devstore" / "schema" / f"admin_{version}.graphqls"
        return build_schema(source.read_text(encoding="utf-8").replace(" @oneOf", ""), assume_valid=True)
    source = SHARED / "schema" / f"admin_{version}.json.gz"
    if not source.exists():
        pytest.skip(f"official schema {version} is absent: set SHOPSYNC_SHARED_DIR to the folder that holds "
                    f"schema/{source.name}")
    answer = json.loads(gzip.decompress(source.read_bytes()))
    return build_client_schema(answer.get("data", answer), assume_valid=True)


def codes_of(found: GraphQLSchema) -> dict[str, set[str]]:
    """Mutation → the codes that its userErrors can have."""
    mutation = found.mutation_type
    assert mutation is not None
    codes: dict[str, set[str]] = {}
    for root in MUTATIONS:
        if root not in mutation.fields:
            continue
        payload = get_named_type(mutation.fields[root].type)
        assert isinstance(payload, GraphQLObjectType)
        error = get_named_type(payload.fields["userErrors"].type)
        assert isinstance(error, GraphQLObjectType)
        code = error.fields.get("code")
        enum = get_named_type(code.type) if code else None
        codes[root] = set(enum.values) if isinstance(enum, GraphQLEnumType) else set()
    return codes


SCHEMAS = [(kind, version) for kind in ("carried", "official") for version in VERSIONS]


@pytest.mark.parametrize(("kind", "version"), SCHEMAS)
def test_every_code_of_every_mutation_was_judged(kind: str, version: str) -> None:
    for root, codes in codes_of(schema(kind, version)).items():
        left = {code for code in codes if row_of(Source.USER_ERROR, code, root=root) is DEFAULTS[Source.USER_ERROR]}
        assert left <= REFUSED_VALUES, f"{root}: {sorted(left - REFUSED_VALUES)} have no row in core/faults.py"


@pytest.mark.parametrize("version", VERSIONS)
def test_no_mutation_is_missing_in_the_official_schema(version: str) -> None:
    assert set(codes_of(schema("official", version))) == set(MUTATIONS)


def test_no_row_is_about_a_code_that_does_not_exist() -> None:
    known = {code for version in VERSIONS for codes in codes_of(schema("official", version)).values() for code in codes}
    written = {row.code for row in ROWS if row.source is Source.USER_ERROR and row.code}
    assert written - known == NOT_IN_ENUMS
    assert known >= REFUSED_VALUES
    roots = {row.root for row in ROWS if row.root}
    assert roots <= set(MUTATIONS)


@pytest.mark.parametrize(("kind", "version"), SCHEMAS)
def test_every_end_of_a_bulk_operation_has_its_row(kind: str, version: str) -> None:
    enums = schema(kind, version).type_map
    codes, states = enums["BulkOperationErrorCode"], enums["BulkOperationStatus"]
    assert isinstance(codes, GraphQLEnumType)
    assert isinstance(states, GraphQLEnumType)
    # FAILED always comes with an errorCode; the rest are no ends in failure.
    bad = set(codes.values) | (set(states.values) & {"CANCELED", "EXPIRED"})
    assert all(row_of(Source.BULK, code) is not DEFAULTS[Source.BULK] for code in bad)
    assert {"CANCELED", "EXPIRED"} <= set(states.values)


@pytest.mark.parametrize(("source", "code", "root", "kind", "todo"), [
    (Source.HTTP, "401", "", Kind.AUTH, Todo.REFRESH_TOKEN), (Source.HTTP, "403", "", Kind.AUTH, Todo.STOP),
    (Source.HTTP, "402", "", Kind.WALL, Todo.PAUSE_SHOP), (Source.HTTP, "423", "", Kind.WALL, Todo.PAUSE_SHOP),
    (Source.HTTP, "430", "", Kind.WALL, Todo.PAUSE_SHOP), (Source.HTTP, "429", "", Kind.THROTTLED, Todo.WAIT),
    (Source.HTTP, "500", "", Kind.TRANSIENT, Todo.RETRY), (Source.HTTP, "504", "", Kind.TRANSIENT, Todo.RETRY),
    (Source.HTTP, "404", "", Kind.AUTH, Todo.STOP), (Source.HTTP, "418", "", Kind.AUTH, Todo.STOP),
    (Source.HTTP, "413", "", Kind.BUG, Todo.DEAD_LETTER), (Source.HTTP, "301", "", Kind.AUTH, Todo.STOP),
    (Source.GRAPHQL, "THROTTLED", "", Kind.THROTTLED, Todo.WAIT),
    (Source.GRAPHQL, "ACCESS_DENIED", "", Kind.AUTH, Todo.STOP),
    (Source.GRAPHQL, "MAX_COST_EXCEEDED", "", Kind.BUG, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "MAX_INPUT_SIZE_EXCEEDED", "", Kind.BUG, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "INVALID_VARIABLE", "", Kind.BUG, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "undefinedField", "", Kind.BUG, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "argumentNotAccepted", "", Kind.BUG, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "selectionMismatch", "", Kind.BUG, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "VARIANT_THROTTLE_EXCEEDED", "", Kind.WALL, Todo.HOLD_LANE),
    (Source.USER_ERROR, "SUBSCRIPTION_VIOLATION", "productVariantsBulkCreate", Kind.WALL, Todo.HOLD_LANE),
    (Source.USER_ERROR, "CHANGE_FROM_QUANTITY_STALE", "inventorySetQuantities", Kind.CONFLICT, Todo.SET_ASIDE),
    (Source.USER_ERROR, "STALE_OBJECT", "metafieldsSet", Kind.CONFLICT, Todo.SET_ASIDE),
    (Source.USER_ERROR, "INVALID_COMPARE_DIGEST", "metafieldsSet", Kind.CONFLICT, Todo.SET_ASIDE),
    (Source.USER_ERROR, "GENERIC_ERROR", "productSet", Kind.TRANSIENT, Todo.RETRY),
    (Source.USER_ERROR, "JOB_ERROR", "productSet", Kind.TRANSIENT, Todo.RETRY),
    (Source.USER_ERROR, "INTERNAL_ERROR", "metafieldsSet", Kind.TRANSIENT, Todo.RETRY),
    (Source.USER_ERROR, "IDEMPOTENCY_CONCURRENT_REQUEST", "inventorySetQuantities", Kind.TRANSIENT, Todo.RETRY),
    (Source.USER_ERROR, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "inventorySetQuantities", Kind.TRANSIENT, Todo.NEW_KEY),
    (Source.USER_ERROR, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "inventorySetQuantities", Kind.TRANSIENT, Todo.NEW_KEY),
    (Source.USER_ERROR, "HANDLE_NOT_UNIQUE", "productSet", Kind.REJECTED, Todo.DEAD_LETTER),
    (Source.USER_ERROR, "SOMETHING_OF_NEXT_YEAR", "productSet", Kind.REJECTED, Todo.DEAD_LETTER),
    (Source.GRAPHQL, "SOMETHING_OF_NEXT_YEAR", "", Kind.REJECTED, Todo.DEAD_LETTER),
    (Source.USER_ERROR, "OPERATION_IN_PROGRESS", "bulkOperationRunQuery", Kind.THROTTLED, Todo.WAIT),
    (Source.USER_ERROR, "INVALID", "bulkOperationRunQuery", Kind.BUG, Todo.STOP),
    (Source.USER_ERROR, "INVALID", "metafieldsSet", Kind.REJECTED, Todo.DEAD_LETTER),
    (Source.USER_ERROR, "INVALID_NAME", "inventorySetQuantities", Kind.BUG, Todo.DEAD_LETTER),
    (Source.BULK, "TIMEOUT", "", Kind.TRANSIENT, Todo.SETTLE), (Source.BULK, "ACCESS_DENIED", "", Kind.AUTH, Todo.STOP),
])
def test_what_is_done_about_the_codes_that_matter(source: Source, code: str, root: str, kind: Kind, todo: Todo) -> None:
    row = row_of(source, code, root=root, message="in Shopify's words")
    assert (row.kind, row.todo) == (kind, todo)


@pytest.mark.parametrize(("root", "code", "message", "kind"), [
    ("productDelete", None, "Another operation already in progress. Please wait until current one is finished.",
     Kind.TRANSIENT),
    ("metafieldsSet", "INVALID_VALUE", "Owner does not exist.", Kind.CONFLICT),
    ("metafieldsSet", "INVALID_VALUE", "Value is not a number.", Kind.REJECTED),
    ("metafieldsSet", "LESS_THAN_OR_EQUAL_TO", "Exceeded the maximum metafields input limit of 25.", Kind.BUG),
    ("productSet", "LESS_THAN_OR_EQUAL_TO", "Exceeded the maximum metafields input limit of 25.", Kind.REJECTED),
    ("productUpdate", None, "Product does not exist", Kind.CONFLICT),
    ("productUpdate", None, "Title can't be blank", Kind.REJECTED),
])
def test_a_known_message_says_more_than_a_code(root: str, code: str | None, message: str, kind: Kind) -> None:
    assert row_of(Source.USER_ERROR, code, root=root, message=message).kind is kind


def test_a_pause_has_its_length_and_nothing_else_has() -> None:
    assert {row.code: row.pause for row in ROWS if row.pause} == {
        "402": timedelta(hours=1), "423": timedelta(hours=1), "540": timedelta(hours=1), "430": timedelta(hours=6)}
    assert all((row.todo is Todo.PAUSE_SHOP) == (row.pause is not None) for row in ROWS)


def test_a_held_lane_is_told_when_it_may_go_on() -> None:
    held = [row for row in ROWS if row.todo is Todo.HOLD_LANE]
    assert held
    assert all(row.way_out.startswith("It may go on ") for row in held)


@given(st.lists(st.sampled_from(ROWS), min_size=1))
def test_of_several_errors_the_one_that_no_waiting_helps_decides(rows: list[Row]) -> None:
    found = decisive(rows)
    weights = list(Kind)
    assert all(weights.index(row.kind) <= weights.index(found.kind) for row in rows)
    assert found is next(row for row in rows if row.kind is found.kind)
    passes = Fault(found.kind, found.todo, (), "").passes
    assert passes == all(row.kind in (Kind.TRANSIENT, Kind.THROTTLED) for row in rows)


@given(st.sampled_from(Source), st.text(), st.text(), st.text())
def test_there_is_a_row_for_anything(source: Source, code: str, root: str, message: str) -> None:
    assert row_of(source, code, root=root, message=message).source is source


def test_all_words_are_explained() -> None:
    assert set(MEANING) == set(Kind)
    assert set(DEED) == set(Todo)
    assert {row.todo for row in ROWS} | {DEFAULTS[source].todo for source in Source} == set(Todo)


def test_the_page_in_docs_is_current_and_names_every_code() -> None:
    written = (PROJECT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == faults_page(), "run `make docs`"
    assert all(f"`{row.code}`" in written if row.code else row.says in written for row in ROWS)
