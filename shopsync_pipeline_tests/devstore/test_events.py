"""The log of events, read by clients that missed a deletion."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline_tests.devstore.client import DevStoreClient

EVENTS = """query E($query: String, $first: Int = 50, $after: String) {
  events(first: $first, after: $after, query: $query, sortKey: ID) {
    nodes { __typename id action createdAt attributeToApp message
            ... on BasicEvent { subjectId subjectType appTitle } }
    pageInfo { hasNextPage endCursor } } }"""
DELETE = "mutation D($id: ID!) { productDelete(input: {id: $id}) { deletedProductId } }"


def events(shop: DevStoreClient, query: str | None = None, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.data(EVENTS, {"query": query, **more})["events"]["nodes"]
    return found


def test_a_deletion_is_told_with_what_was_deleted(shop: DevStoreClient) -> None:
    gone, kept = shop.make(title="Gone")["id"], shop.make(title="Kept")["id"]
    shop.data(DELETE, {"id": gone})
    found = events(shop, "action:destroy subject_type:PRODUCT")
    assert [(row["action"], row["subjectType"], row["subjectId"]) for row in found] == [("destroy", "PRODUCT", gone)]
    assert (found[0]["__typename"], found[0]["message"]) == ("BasicEvent", "Gone was deleted by app.")
    assert [row["subjectId"] for row in events(shop, "action:create")] == [gone, kept]


def test_a_client_goes_on_from_the_last_event_it_saw(shop: DevStoreClient) -> None:
    products = [shop.make(title=f"P{number}")["id"] for number in range(3)]
    for product in products[:2]:
        shop.data(DELETE, {"id": product})
    seen = events(shop, "action:destroy subject_type:PRODUCT")[0]["id"].rsplit("/", 1)[1]
    shop.data(DELETE, {"id": products[2]})
    later = events(shop, f"action:destroy subject_type:PRODUCT id:>{seen}")
    assert [row["subjectId"] for row in later] == products[1:]


def test_events_come_in_pages(shop: DevStoreClient) -> None:
    for number in range(5):
        shop.make(title=f"P{number}")
    whole = events(shop)
    joined: list[dict[str, Any]] = []
    after = None
    while True:
        page = shop.data(EVENTS, {"first": 2, "after": after})["events"]
        joined += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (joined, len(whole)) == (whole, 5)


def test_a_person_is_no_app(shop: DevStoreClient) -> None:
    shop.make(title="Gone", handle="gone")
    shop.control("merchant", {"action": "delete_product", "handle": "gone"})
    (found,) = events(shop, "action:destroy")
    assert (found["appTitle"], found["attributeToApp"], found["message"]) == (None, False, "Gone was deleted.")


def test_events_are_kept_for_a_year(shop: DevStoreClient) -> None:
    shop.make(title="Old")
    shop.control("clock", {"advance_seconds": 364 * 86_400})
    shop.make(title="New")
    assert len(events(shop)) == 2
    shop.control("clock", {"advance_seconds": 2 * 86_400})
    assert [row["message"] for row in events(shop)] == ["New was created by app."]


def test_an_unknown_filter_gives_everything_and_a_warning(shop: DevStoreClient) -> None:
    shop.make(title="One")
    answer = shop.ask(EVENTS, {"query": "type:MUTATION"})
    assert len(answer["data"]["events"]["nodes"]) == 1
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "type"
