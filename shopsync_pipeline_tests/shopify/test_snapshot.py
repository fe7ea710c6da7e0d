"""Reading a shop: every page, every inner page, and no product in part (a small shop behind a mock transport)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import orjson
import pytest

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import GraphQLFault, ShopifyError
from shopsync_pipeline.shopify.shop import describe, ensure_custom_id
from shopsync_pipeline.shopify.snapshot import (
    BY_ID,
    PAGE,
    FoundById,
    PageSizes,
    nothing_known,
    read_all,
    read_by_custom_ids,
    read_by_ids,
    read_since,
)
from shopsync_pipeline_tests.shopify.test_nodes import product_node, variant_node

PLACE = "gid://shopify/Location/1"
TINY = PageSizes(products=2, variants=2, metafields=2, media=2)


def shop_of(products: int, variants: int) -> dict[str, dict[str, Any]]:
    """Products 1…n, each with `variants` variants, five metafields and three pictures."""
    found = {}
    for number in range(1, products + 1):
        gid = f"gid://shopify/Product/{number}"
        rows = [variant_node(number * 1000 + place, f"S{number}-{place}", f"V{place}") for place in range(variants)]
        found[gid] = product_node(
            *rows, id=gid, options=[{"name": "Color"}],
            metafields={"nodes": [{"namespace": "custom", "key": f"k{place}", "type": "json", "value": "1"}
                                  for place in range(4)]
                        + [{"namespace": "shopsync", "key": "source_id", "type": "id", "value": f"etilize:{number}"}]},
            media={"nodes": [{"id": f"gid://shopify/MediaImage/{number}{place}", "alt": ""} for place in range(3)]},
        )
    return found


TOO_DEAR = {"errors": [{"message": "too dear", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}


class Shop:
    """Answers the read documents from full product nodes; cursors are positions."""

    def __init__(self, products: dict[str, dict[str, Any]], *, most_ids: int = 250, cost_by_id: float = 0,
                 flat_cost: float = 1) -> None:
        self.products = products
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.gone: set[str] = set()
        self.most_ids = most_ids
        self.cost_by_id = cost_by_id
        self.flat_cost = flat_cost

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        name, variables = body["query"].split("(", 1)[0].split()[1], body["variables"]
        self.asked.append((name, variables))
        count = variables.get("first") if name == "ProductsPage" else len(variables.get("ids", ()))
        if count and count > self.most_ids:
            return httpx.Response(200, json=TOO_DEAR)
        requested = self.flat_cost + (count or 0) * self.cost_by_id
        if requested > 1000:
            return httpx.Response(200, json=TOO_DEAR)
        cost = {"requestedQueryCost": requested, "actualQueryCost": 1}
        return httpx.Response(200, json={"data": getattr(self, name)(variables), "extensions": {"cost": cost}})

    def page(self, rows: Sequence[Any], first: int, after: str | None) -> dict[str, Any]:
        start = int(after or 0)
        end = start + first
        return {"nodes": list(rows[start:end]), "pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(end)}}

    def cut(self, node: dict[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        inner = {name: self.page(node[name]["nodes"], sizes[name], None)
                 for name in ("variants", "metafields", "media")}
        return {**node, **inner}

    def ProductsPage(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the operation's name
        rows = [self.cut(node, asked) for node in self.products.values()]
        return {"products": self.page(rows, asked["first"], asked["after"])}

    def ProductsById(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        other = {gid: {} for gid in asked["ids"] if "Image" in gid}
        return {"nodes": [self.cut(self.products[gid], asked) if gid in self.products else other.get(gid)
                          for gid in asked["ids"]]}

    def ProductByCustomId(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        number = asked["identifier"]["customId"]["value"].split(":")[1]
        gid = f"gid://shopify/Product/{number}"
        return {"productByIdentifier": {"id": gid} if gid in self.products else None}

    def inner(self, asked: dict[str, Any], connection: str) -> dict[str, Any]:
        if asked["id"] in self.gone:
            return {"product": None}
        rows = self.products[asked["id"]][connection]["nodes"]
        return {"product": {"id": asked["id"], connection: self.page(rows, asked["first"], asked["after"])}}

    def ProductVariantsPage(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert asked["locationId"] == PLACE
        return self.inner(asked, "variants")

    def ProductMetafieldsPage(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self.inner(asked, "metafields")

    def ProductMediaPage(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self.inner(asked, "media")


Handler = Callable[[httpx.Request], httpx.Response]


def with_client(handler: Handler, work: Callable[[ShopifyClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with ShopifyClient("my-shop", "token", transport=httpx.MockTransport(handler)) as client:
            return await work(client)

    return asyncio.run(run())


def all_of(shop: Shop, sizes: PageSizes = TINY, **options: Any) -> list[Any]:
    async def work(client: ShopifyClient) -> list[Any]:
        return [row async for row in read_all(client, known=options.pop("known", nothing_known), location_id=PLACE,
                                              sizes=sizes, **options)]

    return with_client(shop, work)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("products", "variants"), [(0, 0), (1, 1), (2, 2), (5, 3), (4, 7)])
def test_all_pages_and_all_inner_pages_are_read(products: int, variants: int) -> None:
    pages: list[int] = []
    rows = all_of(Shop(shop_of(products, variants)), on_page=pages.append)
    assert [row.links.product for row in rows] == [f"gid://shopify/Product/{n}" for n in range(1, products + 1)]
    assert sum(pages) == products
    for row in rows:
        assert len(row.links.variants) == variants
        assert len(row.links.images) == 3
        assert len([path for path in row.fields if path.startswith("metafields[")]) == 4
        assert row.custom_id == f"etilize:{row.links.product.rsplit('/', 1)[-1]}"


def test_more_than_250_variants_are_read_to_the_last() -> None:
    rows = all_of(Shop(shop_of(1, 620)))
    assert len(rows[0].links.variants) == 620


def test_a_product_deleted_while_it_is_read_is_left_out() -> None:
    shop = Shop(shop_of(3, 5))
    shop.gone.add("gid://shopify/Product/2")
    assert [row.links.product[-1] for row in all_of(shop)] == ["1", "3"]


def test_known_links_are_asked_by_page_and_may_be_async() -> None:
    asked: list[list[str]] = []

    async def known(ids: Sequence[str]) -> Mapping[str, Links]:
        asked.append(list(ids))
        link = "gid://shopify/ProductVariant/{}000"
        return {gid: Links(product=gid, variants={"KEPT": VariantLink(link.format(gid[-1]), "i")}) for gid in ids}

    rows = all_of(Shop(shop_of(3, 1)), known=known)
    assert [list(row.links.variants) for row in rows] == [["KEPT"]] * 3
    assert [len(ids) for ids in asked] == [2, 1]


def test_a_page_that_is_too_dear_is_made_smaller() -> None:
    shop = Shop(shop_of(9, 1), most_ids=4)
    assert len(all_of(shop, PageSizes(products=10, variants=2, metafields=5, media=3))) == 9
    assert [asked["first"] for name, asked in shop.asked if name == "ProductsPage"] == [10, 5, 2, 2, 2, 2, 2]


def test_a_product_that_is_too_dear_alone_is_an_error() -> None:
    with pytest.raises(GraphQLFault):
        all_of(Shop(shop_of(1, 1), most_ids=0))


def test_the_sizes_stay_below_the_platforms_limit_of_a_request() -> None:
    assert PAGE.page_cost < 950
    assert BY_ID.product_cost < 950


def test_a_delta_asks_by_update_time_in_utc() -> None:
    shop = Shop(shop_of(1, 1))

    def delta(since: datetime) -> Any:
        async def work(client: ShopifyClient) -> list[Any]:
            return [row async for row in read_since(client, since, known=nothing_known, location_id=PLACE)]

        return with_client(shop, work)

    rows = delta(datetime(2026, 11, 1, 12, 0, 5, 900000, tzinfo=timezone(timedelta(hours=2))))
    assert len(rows) == 1
    assert shop.asked[0][1]["query"] == "updated_at:>='2026-11-01T10:00:05Z'"
    assert shop.asked[0][1]["sortKey"] == "UPDATED_AT"
    with pytest.raises(ValueError, match="no time zone"):
        delta(datetime(2026, 11, 1))  # noqa: DTZ001


def by_ids(shop: Shop, ids: list[str], sizes: PageSizes = BY_ID) -> FoundById:
    async def work(client: ShopifyClient) -> FoundById:
        return await read_by_ids(client, ids, known=nothing_known, location_id=PLACE, sizes=sizes)

    return with_client(shop, work)  # type: ignore[no-any-return]


def test_products_are_read_by_id_and_the_missing_are_told() -> None:
    shop = Shop(shop_of(3, 4))
    ids = [f"gid://shopify/Product/{number}" for number in (3, 9, 1, 3)]
    found = by_ids(shop, [*ids, "gid://shopify/MediaImage/1"])
    assert [row.links.product[-1] for row in found.products] == ["3", "1"]
    assert found.missing == ("gid://shopify/Product/9", "gid://shopify/MediaImage/1")
    assert by_ids(shop, []) == FoundById((), ())


@pytest.mark.parametrize(("flat", "by_id", "most", "counts"), [
    (56, 0, 250, [60]), (0, 56, 250, [60, 30, 15, 15, 15, 15]),
    (0, 20, 250, [60, 30, 30]), (1, 0, 7, [60, 30, 15, 7, 7]),
], ids=["a list counts once", "each id counts", "each id counts a little", "few ids are taken"])
def test_how_many_ids_are_asked_at_once_follows_what_they_cost(flat: float, by_id: float, most: int,
                                                               counts: list[int]) -> None:
    shop = Shop(shop_of(60, 1), cost_by_id=by_id, flat_cost=flat, most_ids=most)
    assert len(by_ids(shop, list(shop.products)).products) == 60
    assert [len(asked["ids"]) for _, asked in shop.asked][:len(counts)] == counts


def test_products_are_found_by_their_own_key() -> None:
    shop = Shop(shop_of(2, 1))

    async def work(client: ShopifyClient) -> Any:
        return await read_by_custom_ids(client, ["etilize:2", "etilize:7", "etilize:2"], known=nothing_known,
                                        location_id=PLACE)

    found = with_client(shop, work)
    assert found["etilize:2"].custom_id == "etilize:2"
    assert found["etilize:7"] is None
    assert len(found) == 2


SHOP_ANSWER = {
    "shop": {"name": "Demo", "myshopifyDomain": "demo.myshopify.com", "currencyCode": "USD"},
    "currentAppInstallation": {"accessScopes": [{"handle": "write_products"}, {"handle": "read_inventory"}]},
    "locations": {"nodes": [{"id": "gid://shopify/Location/1", "name": "Closed", "isActive": False},
                            {"id": "gid://shopify/Location/2", "name": "Main", "isActive": True},
                            {"id": "gid://shopify/Location/3", "name": "Outlet", "isActive": True}],
                  "pageInfo": {"hasNextPage": False}},
}


def describing(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"data": SHOP_ANSWER})


@pytest.mark.parametrize(("wanted", "chosen"), [
    (None, "Main"), ("Outlet", "Outlet"), ("gid://shopify/Location/3", "Outlet"),
])
def test_a_shop_describes_itself(wanted: str | None, chosen: str) -> None:
    shop = with_client(describing, lambda client: describe(client, wanted))
    assert (shop.domain, shop.name, shop.currency, shop.location_name) == ("demo.myshopify.com", "Demo", "USD", chosen)
    assert shop.missing_scopes == ("write_inventory", "read_locations")


def test_a_location_that_is_not_there_is_a_sentence_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match='no active location "Closed"; its active locations are: "Main", "Outlet"'):
        with_client(describing, lambda client: describe(client, "Closed"))


def definitions(*types: str, refusal: str | None = None) -> tuple[Handler, list[str]]:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        text = orjson.loads(request.content)["query"]
        asked.append(text.split("(", 1)[0].split()[1])
        if text.startswith("query"):
            nodes = [{"id": "d", "type": {"name": name}} for name in types]
            return httpx.Response(200, json={"data": {"metafieldDefinitions": {"nodes": nodes}}})
        errors = [{"field": ["definition"], "message": "no", "code": refusal}] if refusal else []
        return httpx.Response(200, json={"data": {"metafieldDefinitionCreate": {
            "createdDefinition": None, "userErrors": errors}}})

    return answer, asked


def test_the_custom_id_is_defined_once() -> None:
    handler, asked = definitions()
    with_client(handler, ensure_custom_id)
    assert asked == ["CustomIdDefinition", "CustomIdDefine"]
    handler, asked = definitions("id")
    with_client(handler, ensure_custom_id)
    assert asked == ["CustomIdDefinition"]
    with_client(definitions(refusal="TAKEN")[0], ensure_custom_id)


def test_a_definition_of_another_kind_is_in_the_way() -> None:
    with pytest.raises(ShopifyError, match='with type "json" instead of "id"'):
        with_client(definitions("json")[0], ensure_custom_id)
    with pytest.raises(ShopifyError, match="LIMIT_EXCEEDED"):
        with_client(definitions(refusal="LIMIT_EXCEEDED")[0], ensure_custom_id)


def test_the_time_of_an_update_is_aware() -> None:
    assert all_of(Shop(shop_of(1, 1)))[0].updated_at.tzinfo == UTC
