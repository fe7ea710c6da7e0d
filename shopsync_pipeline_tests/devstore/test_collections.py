"""Collections: the merchant makes them, products join and leave them; and who sees what is published."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient

COLLECTION = """query C($id: ID!) { collection(id: $id) { handle title productsCount { count }
  products(first: 9) { nodes { title } } } }"""
UPDATE = """mutation U($p: ProductUpdateInput!) { productUpdate(product: $p) {
  product { collections(first: 9) { nodes { title } } } userErrors { field message } } }"""
SET = """mutation S($input: ProductSetInput!, $id: ID!) { productSet(identifier: {id: $id}, input: $input) {
  product { collections(first: 9, sortKey: TITLE) { nodes { title } } } userErrors { code field message } } }"""
PUBLISH = """mutation P($id: ID!, $input: [PublicationInput!]!) { publishablePublish(id: $id, input: $input) {
  publishable { resourcePublicationsV2(first: 5, onlyPublished: false) { nodes { isPublished } } }
  userErrors { field message } } }"""


@pytest.fixture
def lamps(shop: DevStoreClient) -> str:
    return make(shop, "Lamps")


def make(shop: DevStoreClient, title: str) -> str:
    found: str = shop.control("merchant", {"action": "create_collection", "title": title})["collection"]
    return found


def update(shop: DevStoreClient, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = shop.data(UPDATE, {"p": given})["productUpdate"]
    return found


def shown(payload: dict[str, Any]) -> list[str]:
    return [node["title"] for node in payload["product"]["collections"]["nodes"]]


def test_a_product_joins_and_leaves(shop: DevStoreClient, lamps: str) -> None:
    product = shop.make(title="Desk lamp")["id"]
    assert shown(update(shop, id=product, collectionsToJoin=[lamps])) == ["Lamps"]
    assert shown(update(shop, id=product, collectionsToJoin=[lamps])) == ["Lamps"]
    found = shop.data(COLLECTION, {"id": lamps})["collection"]
    assert (found["productsCount"], found["products"]["nodes"]) == ({"count": 1}, [{"title": "Desk lamp"}])
    assert shown(update(shop, id=product, collectionsToLeave=[lamps])) == []
    assert shop.data(COLLECTION, {"id": lamps})["collection"]["productsCount"] == {"count": 0}


def test_product_set_replaces_the_collections_it_lists(shop: DevStoreClient, lamps: str) -> None:
    desks, chairs = make(shop, "Desks"), make(shop, "Chairs")
    product = shop.make(title="Thing", collections=[lamps, desks])["id"]
    payload = shop.data(SET, {"id": product, "input": {"collections": [chairs, desks]}})["productSet"]
    assert shown(payload) == ["Chairs", "Desks"]
    assert shown(shop.data(SET, {"id": product, "input": {"title": "Other"}})["productSet"]) == ["Chairs", "Desks"]
    assert shown(shop.data(SET, {"id": product, "input": {"collections": []}})["productSet"]) == []


def test_an_unknown_collection_changes_nothing(shop: DevStoreClient, lamps: str) -> None:
    product = shop.make(title="Thing")["id"]
    payload = update(shop, id=product, title="Changed", collectionsToJoin=[lamps, "gid://shopify/Collection/1"])
    assert payload["userErrors"] == [{"field": ["collectionsToJoin", "1"], "message": "Collection does not exist"}]
    assert shop.data("query($id: ID!) { product(id: $id) { title } }", {"id": product})["product"]["title"] == "Thing"


def test_a_deleted_product_leaves_its_collections(shop: DevStoreClient, lamps: str) -> None:
    product = shop.make(title="Thing", collections=[lamps])["id"]
    shop.data("mutation($id: ID!) { productDelete(input: {id: $id}) { deletedProductId } }", {"id": product})
    assert shop.data(COLLECTION, {"id": lamps})["collection"]["products"]["nodes"] == []


def test_collections_are_found_by_handle_query_and_id(shop: DevStoreClient, lamps: str) -> None:
    make(shop, "Desks")
    query = """{ byHandle: collectionByIdentifier(identifier: {handle: "lamps"}) { id }
      found: collections(first: 5, query: "title:Desks") { nodes { title } }
      ordered: collections(first: 5, sortKey: TITLE) { nodes { title } } collectionsCount { count precision } }"""
    assert shop.data(query) == {
        "byHandle": {"id": lamps}, "found": {"nodes": [{"title": "Desks"}]},
        "ordered": {"nodes": [{"title": "Desks"}, {"title": "Lamps"}]},
        "collectionsCount": {"count": 2, "precision": "EXACT"},
    }  # fmt: skip


def test_two_collections_of_a_name_have_two_handles(shop: DevStoreClient) -> None:
    handles = [shop.control("merchant", {"action": "create_collection", "title": "Sale"})["handle"] for _ in range(2)]
    assert handles == ["sale", "sale-1"]


def test_products_of_a_collection_can_be_searched(shop: DevStoreClient, lamps: str) -> None:
    shop.make(title="In", collections=[lamps])
    shop.make(title="Out")
    number = lamps.rsplit("/", 1)[1]
    query = f'{{ products(first: 5, query: "collection_id:{number}") {{ nodes {{ title }} }} }}'
    assert shop.data(query)["products"]["nodes"] == [{"title": "In"}]


def publication(shop: DevStoreClient) -> str:
    found: str = shop.data("{ publications(first: 1) { nodes { id } } }")["publications"]["nodes"][0]["id"]
    return found


def visible(shop: DevStoreClient, number: str, channel: str) -> bool:
    query = """query V($id: ID!, $p: ID!) { node(id: $id) { ... on Publishable {
      publishedOnPublication(publicationId: $p) } } }"""
    found: bool = shop.data(query, {"id": number, "p": channel})["node"]["publishedOnPublication"]
    return found


def test_only_an_active_product_shows_where_it_is_published(shop: DevStoreClient) -> None:
    channel = publication(shop)
    product = shop.make(title="Thing", status="DRAFT")["id"]
    assert not visible(shop, product, channel)
    shop.data(PUBLISH, {"id": product, "input": [{"publicationId": channel}]})
    assert not visible(shop, product, channel)
    update(shop, id=product, status="ACTIVE")
    assert visible(shop, product, channel)
    assert shop.set_product({"id": product, "title": "Renamed"})["userErrors"] == []
    assert visible(shop, product, channel)


def test_publishing_from_a_date_waits_for_it(shop: DevStoreClient) -> None:
    channel, product = publication(shop), shop.make(title="Soon")["id"]
    ahead = shop.control("clock", {"advance_seconds": 1})["epoch"] + 3_600
    date = datetime.fromtimestamp(ahead, UTC).isoformat()
    payload = shop.data(PUBLISH, {"id": product, "input": [{"publicationId": channel, "publishDate": date}]})
    nodes = payload["publishablePublish"]["publishable"]["resourcePublicationsV2"]["nodes"]
    assert (nodes, visible(shop, product, channel)) == ([{"isPublished": False}], False)
    shop.control("clock", {"advance_seconds": 3_601})
    assert visible(shop, product, channel)


def test_a_collection_can_be_published_too(shop: DevStoreClient, lamps: str) -> None:
    channel = publication(shop)
    assert not visible(shop, lamps, channel)
    payload = shop.data(PUBLISH, {"id": lamps, "input": [{"publicationId": channel}]})["publishablePublish"]
    assert payload["userErrors"] == []
    assert visible(shop, lamps, channel)


CHANNELS = """query C($type: CatalogType) { publications(first: 9, catalogType: $type) { nodes { name catalog {
  __typename title status ... on AppCatalog { apps(first: 1) { nodes { title handle } } } } } } }"""


def test_a_sales_channel_is_opened_and_known_by_the_title_of_its_app(shop: DevStoreClient) -> None:
    made = shop.control("merchant", {"action": "create_publication", "name": "Point of Sale"})
    assert made["publication"].startswith("gid://shopify/Publication/")
    nodes = shop.data(CHANNELS, {"type": "APP"})["publications"]["nodes"]
    assert [(node["name"], node["catalog"]["apps"]["nodes"]) for node in nodes] == [
        ("Online Store", [{"title": "Online Store", "handle": "online_store"}]),
        ("Point of Sale", [{"title": "Point of Sale", "handle": "point_of_sale"}])]
    assert {(node["catalog"]["__typename"], node["catalog"]["status"]) for node in nodes} == {("AppCatalog", "ACTIVE")}
    assert not {node["catalog"]["title"] for node in nodes} & {"Online Store", "Point of Sale"}
    assert shop.data(CHANNELS, {"type": "MARKET"})["publications"]["nodes"] == []


@pytest.mark.parametrize("name", ["Online Store", " ", None])
def test_a_sales_channel_needs_a_name_of_its_own(shop: DevStoreClient, name: str | None) -> None:
    answer = shop.http.post("/__devstore/merchant", json={"action": "create_publication", "name": name})
    assert answer.status_code == 400
    assert repr(name) in answer.text
