"""The names of a shop's collections and sales channels: all pages, no name for two things; and the room on the wire."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings, read_collections, read_publications
from shopsync_pipeline.shopify.shop import Uses, describe
from shopsync_pipeline.shopify.snapshot import BY_ID, PAGE, nothing_known, read_all, read_by_ids
from shopsync_pipeline_tests.shopify.test_snapshot import SHOP_ANSWER, with_client
from shopsync_pipeline_tests.shopify.test_with_dev_store import Session, address, control, empty, item, lamp, run

__all__ = ["address", "empty"]


def answering(*pages: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    """A shop that answers one page after the other, and what it was asked."""
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        asked.append(body)
        root = "publications" if "publications(" in body["query"] else "collections"
        number = int(body["variables"]["after"] or 0)
        more = number + 1 < len(pages)
        return httpx.Response(200, json={"data": {root: {
            "nodes": pages[number], "pageInfo": {"hasNextPage": more, "endCursor": str(number + 1)}}}})

    return answer, asked


def channel(number: int, *titles: str) -> dict[str, Any]:
    return {"id": f"gid/{number}", "catalog": {"apps": {"nodes": [{"title": title} for title in titles]}}}


def test_collections_are_read_to_the_last_page_and_only_those_filled_by_hand() -> None:
    shop, asked = answering([{"id": "gid/1", "handle": "a"}], [], [{"id": "gid/2", "handle": "b"}])
    assert with_client(shop, read_collections) == {"a": "gid/1", "b": "gid/2"}
    assert [body["variables"]["after"] for body in asked] == [None, "1", "2"]
    assert all("collection_type:custom" in body["query"] for body in asked)


def test_a_channel_is_named_as_the_merchant_calls_it_or_by_its_id() -> None:
    shop, asked = answering([channel(1, " Online Store "), channel(2, "Twin"), {"id": "gid/3", "catalog": None}],
                            [channel(4, "Twin"), channel(5), channel(6, "")])
    assert with_client(shop, read_publications) == {
        "Online Store": "gid/1", "gid/2": "gid/2", "gid/3": "gid/3", "gid/4": "gid/4", "gid/5": "gid/5",
        "gid/6": "gid/6"}
    assert all("catalogType: APP" in body["query"] for body in asked)


def test_only_listed_ids_have_names() -> None:
    listed = Listings(collections={"a": "1", "b": "2"}, publications={"x": "3"})
    assert (listed.collections_of(["9", "2"]), listed.publications_of(["3", "1"])) == (("b",), ("x",))
    assert (NOTHING_LISTED.collections_of(["1"]), NOTHING_LISTED.publications_of(["3"])) == ((), ())


def test_a_shop_is_asked_only_for_what_is_synced() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        text = orjson.loads(request.content)["query"]
        asked.append(text.split("(", 1)[0].split()[1].strip(" {"))
        page = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
        return httpx.Response(200, json={"data": {**SHOP_ANSWER, "collections": page, "publications": page}})

    def shop(uses: Uses) -> Any:
        asked.clear()
        return with_client(answer, lambda client: describe(client, None, uses))

    assert (shop(Uses()).listings, asked) == (NOTHING_LISTED, ["Shop"])
    assert (shop(Uses(collections=True)).listings, asked) == (Listings(collections={}), ["Shop", "ManualCollections"])
    # Without the scopes the question would fail; what is lacking is told by name.
    barred = shop(Uses(publications=True))
    assert (barred.listings, asked) == (NOTHING_LISTED, ["Shop"])
    assert barred.missing_scopes == ("write_inventory", "read_locations", "read_publications", "write_publications")


SYNCED = Uses(collections=True, publications=True)


def test_a_product_in_more_collections_and_channels_than_a_page_holds_is_read_whole(empty: str) -> None:
    handles = [f"shelf-{number}" for number in range(60)]
    for handle in handles:
        control(empty, "merchant", action="create_collection", title=handle)
    names = [f"Channel {number}" for number in range(14)]
    for name in names:
        control(empty, "merchant", action="create_publication", name=name)

    async def work(shop: Session) -> None:
        listings = (await describe(shop.client, None, SYNCED)).listings
        assert list(listings.collections or ()) == handles
        assert list(listings.publications or ()) == ["Online Store", *names]
        joined = {**lamp(), **{f"collections[{handle}]": True for handle in handles}}
        made = await shop.do(item(Operation.PRODUCT_CREATE, joined), listings=listings)
        assert not made.complete
        published = {f"publications[{name}]": True for name in names}
        after = await shop.do(item(Operation.PUBLISH, published, gid=made.links.product), made.links, listings=listings)
        assert after.fields == published
        links = {made.links.product: made.links}
        whole = {**joined, **published}
        (found,) = [row async for row in read_all(shop.client, known=lambda _: links, location_id=shop.place,
                                                  listings=listings)]
        assert found.fields == whole
        by_id = await read_by_ids(shop.client, [made.links.product], known=lambda _: links, location_id=shop.place,
                                  listings=listings)
        assert by_id.products[0].fields == whole
        plain = await read_by_ids(shop.client, [made.links.product], known=lambda _: links, location_id=shop.place)
        assert plain.products[0].fields == lamp()

    run(empty, work)


@pytest.mark.parametrize("uses", [Uses(), Uses(collections=True), Uses(publications=True), SYNCED], ids=str)
def test_a_page_is_priced_as_the_shop_prices_it_and_stays_below_the_most_a_request_may_cost(empty: str,
                                                                                           uses: Uses) -> None:
    for name in ("POS", "Shop", "Inbox"):
        control(empty, "merchant", action="create_publication", name=name)

    async def work(shop: Session) -> None:
        listings = (await describe(shop.client, None, uses)).listings
        assert [row async for row in read_all(shop.client, known=nothing_known, location_id=shop.place,
                                              listings=listings)] == []
        assert shop.client_asked["products_page"] == PAGE.asking_for(listings).page_cost < 1000
        made = await shop.do(item(Operation.PRODUCT_CREATE, lamp()))
        await read_by_ids(shop.client, [made.links.product], known=nothing_known, location_id=shop.place,
                          listings=listings)
        assert shop.client_asked["products_by_id"] == BY_ID.asking_for(listings).product_cost

    run(empty, work)


def test_a_listing_is_priced_as_the_shop_prices_it(empty: str) -> None:
    async def work(shop: Session) -> None:
        await read_collections(shop.client)
        await read_publications(shop.client)
        assert (shop.client_asked["manual_collections"], shop.client_asked["sales_channels"]) == (13, 37)

    run(empty, work)
