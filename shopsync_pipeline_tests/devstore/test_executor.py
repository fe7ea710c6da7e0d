"""The compiled executor answers what graphql-core's own executor answers, from the same resolvers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, build_schema, execute, parse

from shopsync_pipeline.devstore.config import DevStoreConfig
from shopsync_pipeline.devstore.context import Context, Resolver
from shopsync_pipeline.devstore.endpoint import Endpoint
from shopsync_pipeline.devstore.registry import RESOLVERS, read_plain, type_name_of
from shopsync_pipeline.devstore.schema import carried_text
from shopsync_pipeline.devstore.store import Store

DOCUMENTS = [
    "{ shop { id name plan { shopifyPlus } } location { id isPrimary } }",
    "{ products(first: 2) { edges { cursor node { __typename id options { id name optionValues { name } } } } } }",
    """query($n: Int = 1, $yes: Boolean = true, $no: Boolean = false) { products(first: $n) { nodes {
      title @skip(if: $no) handle @include(if: $no) tags @include(if: $yes)
      variants(first: 5) { nodes { ...V inventoryItem { inventoryLevels(first: 2) { nodes { id location { name }
      quantities(names: ["available", "on_hand"]) { name quantity } } } } } } } } }
      fragment V on ProductVariant { sku price selectedOptions { name value } ... on Node { id } }""",
    """{ a: product(id: "gid://shopify/Product/1000000000001") { id seo { title } title }
      a: product(id: "gid://shopify/Product/1000000000001") { seo { description } media(first: 2) { nodes {
      id ... on MediaImage { image { url } } } }
      metafields(first: 3) { nodes { key value jsonValue owner { __typename } } } } }""",
    """{ node(id: "gid://shopify/ProductVariant/1000000000001") { __typename ... on Product { title }
      ... on ProductVariant { sku product { title } } } gone: product(id: "gid://shopify/Product/9") { id } }""",
    "{ products { nodes { id } } shop { name } }",
    "{ shop { name } location { id } publications(first: 999) { nodes { id } } }",
]


def plain_schema() -> GraphQLSchema:
    """The carried schema with the same resolvers, put where graphql-core looks for them."""
    schema = build_schema(carried_text("2026-10").replace(" @oneOf", ""), assume_valid=True)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = lambda value, *_: type_name_of(value)
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = _adapted(RESOLVERS.get((kind.name, name)) or read_plain(name))
    return schema


def _adapted(resolver: Resolver) -> Any:
    return lambda source, info, **arguments: resolver(source, info.context, arguments)


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    endpoint = Endpoint(Store(DevStoreConfig(state_path=tmp_path / "shop.sqlite")))
    product = """{title: "One", tags: ["b", "a"], files: [{originalSource: "https://e.example/x.png"}],
      metafields: [{namespace: "custom", key: "size", type: "number_integer", value: "3"}]}"""
    query = f"mutation {{ productSet(input: {product}) {{ userErrors {{ message }} }} }}"
    body = orjson.dumps({"query": query})
    assert endpoint.answer("2026-10", body).body["data"] == {"productSet": {"userErrors": []}}
    return endpoint


@pytest.mark.parametrize("document", DOCUMENTS)
def test_both_executors_give_the_same_data(endpoint: Endpoint, document: str) -> None:
    operation = endpoint.documents.operation("2026-10", document, None)
    variables = operation.variables({})
    context = Context(endpoint.store, "2026-10", variables, endpoint.store.now())
    reference = execute(plain_schema(), parse(document), None, context, variables)
    assert operation.compiled(variables).run(context) == reference.data  # type: ignore[union-attr]
    assert [error.path for error in context.errors] == [error.path for error in reference.errors or []]  # type: ignore[union-attr]
