"""Reads products out of a shop, page by page, complete: what did not fit into the page is fetched before it is yielded.

Never yields a product with a part of its variants, metafields or media, and never takes a search result as proof that a
product does not exist.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from shopsync_pipeline.core.cost import connection, product_node, variant_node
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import GraphQLFault, ReadIncomplete
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings
from shopsync_pipeline.shopify.nodes import CUSTOM_ID, RemoteProduct, remote_product

_T = TypeVar("_T")

Known: TypeAlias = Callable[[Sequence[str]], Mapping[str, Links] | Awaitable[Mapping[str, Links]]]
"""Product ids → the links remembered for them (those that are known); plain or async."""
OnPage: TypeAlias = Callable[[int], None]
"""Told after each page how many products it held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSizes:
    """How much of each connection is asked for at once. A page of products is nearly as dear as one product, so it is
    the largest there is; the inner sizes fit most products and keep the request under Shopify's 1,000 points.
    Collections and publications: 0 does not ask for them."""

    products: int = 250
    variants: int = 25
    metafields: int = 50
    media: int = 25
    collections: int = 0
    publications: int = 0

    @property
    def page_cost(self) -> float:
        """The requested cost of a page, in points."""
        return connection(self.products, self.product_cost)

    @property
    def product_cost(self) -> float:
        """The cost of products read by id, in points, be it one or 250 in a request."""
        return product_node(self.variants, self.metafields, self.media, collections=self.collections,
                            publications=self.publications)

    def inner(self) -> dict[str, int | bool]:
        """The variables of the inner connections."""
        return {"variants": self.variants, "metafields": self.metafields, "media": self.media,
                "collections": max(1, self.collections), "withCollections": self.collections > 0,
                "publications": max(1, self.publications), "withPublications": self.publications > 0}

    def asking_for(self, listings: Listings) -> PageSizes:
        """These sizes, with collections and publications asked for where the shop syncs them."""
        channels = listings.publications
        return replace(
            self, collections=0 if listings.collections is None else _COLLECTIONS,
            publications=0 if channels is None else max(1, min(len(channels), _CHANNELS)),
        )


@dataclass(frozen=True, slots=True)
class FoundById:
    """Products read by id, and the ids that name no product (deleted, or never were)."""

    products: tuple[RemoteProduct, ...]
    missing: tuple[str, ...]


PAGE = PageSizes()
REST = 250
"""Nodes a page when the rest of one product's connection is fetched (the platform's maximum)."""
_COLLECTIONS = 12
"""Collections asked for with a product: as dear as 8."""
_CHANNELS = 12
"""Sales channels asked for with a product at the most; few shops have as many."""
BY_ID = PageSizes(products=250, variants=10, metafields=25, media=10)
"""How products are read by id; `products` is the first guess of ids a request, corrected by what the answers cost."""
_COUNT_COST = 10.0
"""Points of a count (recorded answers)."""
_SAFE_COST = 900.0
"""Requested points that leave room below the platform's 1,000 a request."""


def nothing_known(_ids: Sequence[str]) -> Mapping[str, Links]:
    """A `Known` for a shop of which nothing is remembered."""
    return {}


async def read_all(client: ShopifyClient, *, known: Known, location_id: str, on_page: OnPage | None = None,
                   sizes: PageSizes = PAGE, listings: Listings = NOTHING_LISTED) -> AsyncIterator[RemoteProduct]:
    """All products of the shop in order of their id, drafts and archived ones too. `location_id`: where stock is read;
    `listings`: the collections and sales channels to tell of.

    A product that is edited while it is read may show some of the edit; its `updated_at` is then older than the edit,
    so the next `read_since` brings it again.
    """
    where = _Where(location_id, listings)
    async for product in _read_pages(client, None, "ID", known, where, on_page, sizes):
        yield product


async def read_since(client: ShopifyClient, since: datetime, *, known: Known, location_id: str,
                     on_page: OnPage | None = None, sizes: PageSizes = PAGE,
                     listings: Listings = NOTHING_LISTED) -> AsyncIterator[RemoteProduct]:
    """The products that were updated at `since` (aware) or later, oldest update first; one that is updated meanwhile
    may come twice.

    The search index lags behind writes and stock-only writes may not show (recorded answers), so overlap by 5 to 10
    minutes and let the full snapshot mend the rest. Deleted products are not in it.
    """
    if since.tzinfo is None:
        raise ValueError("since has no time zone: give an aware datetime.")
    query = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    where = _Where(location_id, listings)
    async for product in _read_pages(client, query, "UPDATED_AT", known, where, on_page, sizes):
        yield product


async def read_by_ids(client: ShopifyClient, ids: Iterable[str], *, known: Known, location_id: str,
                      on_page: OnPage | None = None, sizes: PageSizes = BY_ID,
                      listings: Listings = NOTHING_LISTED) -> FoundById:
    """The products with these ids (`gid://shopify/Product/…`), each once, in the order given, as they are now."""
    wanted = list(dict.fromkeys(ids))
    sizes = sizes.asking_for(listings)
    variables = {"locationId": location_id, **sizes.inner()}
    products: list[RemoteProduct] = []
    missing: list[str] = []
    async for chunk, nodes in nodes_by_id(client, "products_by_id", wanted, variables, cost=sizes.product_cost,
                                          count=sizes.products):
        found = [product async for product in _complete(client, nodes, known, _Where(location_id, listings))]
        products += found
        there = {product.links.product for product in found}
        missing += [gid for gid in chunk if gid not in there]
        if on_page is not None:
            on_page(len(chunk))
    return FoundById(tuple(products), tuple(missing))


async def nodes_by_id(client: ShopifyClient, document: str, ids: Sequence[str], variables: Mapping[str, Any], *,
                      cost: float, count: int = 250) -> AsyncIterator[tuple[Sequence[str], list[dict[str, Any]]]]:
    """Asks a document of the form `nodes(ids: $ids)` for `ids`, at most `count` in a request: the ids asked, and the
    nodes that there are.

    Recorded answers ask the same `cost` for one id and for seven (637 points each time), so a list counts once. That is
    not documented: where the shop asks more, the number of ids follows what it asks, and a request that it finds too
    dear is halved.
    """
    start, charged = 0, cost
    while start < len(ids):
        chunk = ids[start:start + count]
        try:
            answer = await client.query(document, {**variables, "ids": chunk}, cost=min(charged, _SAFE_COST))
        except GraphQLFault as fault:
            count = _smaller(len(chunk), fault)
            continue
        start += len(chunk)
        if answer.requested_cost is not None and answer.requested_cost > math.ceil(cost):
            count = max(1, min(count, int(len(chunk) * _SAFE_COST / answer.requested_cost)))
            charged = answer.requested_cost * count / len(chunk)
        yield chunk, [node for node in answer.data["nodes"] if node]


async def count_products(client: ShopifyClient) -> int:
    """How many products the shop counts. The count comes from the search index, which lags behind."""
    answer = await client.query("products_count", {}, cost=_COUNT_COST)
    return int(answer.data["productsCount"]["count"])


async def existing(client: ShopifyClient, ids: Sequence[str], *, at_most: int) -> list[str]:
    """Those of `ids` that name a product, asked by id, which is the only proof there is. Raises `ReadIncomplete` as
    soon as there are more than `at_most`."""
    found: list[str] = []
    for start in range(0, len(ids), REST):
        chunk = list(ids[start:start + REST])
        answer = await client.query("products_exist", {"ids": chunk}, cost=len(chunk))
        found += [str(node["id"]) for node in answer.data["nodes"] if node]
        if len(found) > at_most:
            raise ReadIncomplete(
                f"The read of the whole store did not meet {len(ids):,} products that were there before, and of the "
                f"first {start + len(chunk):,} of them {len(found):,} are there still, such as {found[0]}: it was not "
                "complete. Nothing was removed; run this again, or set SYNC_BULK=never to read page by page."
            )
    return found


async def read_by_custom_ids(client: ShopifyClient, keys: Iterable[str], *, known: Known, location_id: str,
                             listings: Listings = NOTHING_LISTED) -> dict[str, RemoteProduct | None]:
    """The product of each key (its custom id in Shopify), or `None` where there is none: settles whether a creation
    with an unknown outcome happened. Needs the definition that `shop.ensure_custom_id` makes."""
    wanted = list(dict.fromkeys(keys))
    ids = await all_answers(_id_of_key(client, key) for key in wanted)
    found = await read_by_ids(client, [gid for gid in ids if gid], known=known, location_id=location_id,
                              listings=listings)
    by_id = {product.links.product: product for product in found.products}
    return {key: by_id.get(gid) if gid else None for key, gid in zip(wanted, ids, strict=True)}


async def _id_of_key(client: ShopifyClient, key: str) -> str | None:
    namespace, name = CUSTOM_ID
    identifier = {"customId": {"namespace": namespace, "key": name, "value": key}}
    answer = await client.query("product_by_custom_id", {"identifier": identifier}, cost=1)
    product = answer.data["productByIdentifier"]
    return str(product["id"]) if product else None


@dataclass(frozen=True, slots=True)
class _Where:
    """Where things are looked up: the stock location, and the shop's collections and sales channels."""

    location_id: str
    listings: Listings


async def _read_pages(client: ShopifyClient, query: str | None, sort_key: str, known: Known, where: _Where,
                      on_page: OnPage | None, sizes: PageSizes) -> AsyncIterator[RemoteProduct]:
    sizes = sizes.asking_for(where.listings)
    first, after, more = sizes.products, None, True
    while more:
        variables = {"first": first, "after": after, "query": query, "sortKey": sort_key,
                     "locationId": where.location_id, **sizes.inner()}
        try:
            answer = await client.query("products_page", variables, cost=sizes.page_cost)
        except GraphQLFault as fault:
            first = _smaller(first, fault)
            continue
        page = answer.data["products"]
        async for product in _complete(client, page["nodes"], known, where):
            yield product
        if on_page is not None:
            on_page(len(page["nodes"]))
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]


def _smaller(count: int, fault: GraphQLFault) -> int:
    """Half of `count` when the request was too dear (MAX_COST_EXCEEDED); raises any other fault."""
    if "MAX_COST_EXCEEDED" not in fault.codes or count <= 1:
        raise fault
    return count // 2


async def all_answers(questions: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All answers in order; the bucket bounds how many are asked at once. When one fails, the others are called off."""
    tasks = [asyncio.ensure_future(question) for question in questions]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _complete(client: ShopifyClient, nodes: Sequence[dict[str, Any]], known: Known,
                    where: _Where) -> AsyncIterator[RemoteProduct]:
    """Projects nodes after fetching the rest of their connections; a product deleted meanwhile is left out."""
    products = [node for node in nodes if "variants" in node]
    remembered = known([node["id"] for node in products])
    links = await remembered if inspect.isawaitable(remembered) else remembered
    for node in await with_the_rest(client, products, where.location_id):
        if node is not None:
            yield remote_product(node, known=links.get(node["id"]), listings=where.listings)


_REST_DOCUMENTS = {
    "variants": ("product_variants_page", connection(REST, variant_node())),
    "metafields": ("product_metafields_page", connection(REST, 1)),
    "media": ("product_media_page", connection(REST, 1)),
    "collections": ("product_collections_page", connection(REST, 1)),
    "publications": ("product_publications_page", connection(REST, 2)),
}


async def with_the_rest(client: ShopifyClient, nodes: Sequence[dict[str, Any]],
                        location_id: str) -> list[dict[str, Any] | None]:
    """Product nodes with all of each connection that they have; `None` for one that was deleted meanwhile."""
    cut = [place for place, node in enumerate(nodes) if _is_cut(node)]
    whole: list[dict[str, Any] | None] = list(nodes)
    for place, found in zip(cut, await all_answers(_fetch_rest(client, nodes[place], location_id) for place in cut),
                            strict=True):
        whole[place] = found
    return whole


def _is_cut(node: Mapping[str, Any]) -> bool:
    return any(part in node and node[part]["pageInfo"]["hasNextPage"] for part in _REST_DOCUMENTS)


async def _fetch_rest(client: ShopifyClient, node: dict[str, Any], location_id: str) -> dict[str, Any] | None:
    whole = dict(node)
    for part, (document, cost) in _REST_DOCUMENTS.items():
        if part not in node:
            continue
        rows, page = list(node[part]["nodes"]), node[part]["pageInfo"]
        while page["hasNextPage"]:
            variables = {"id": node["id"], "first": REST, "after": page["endCursor"]}
            if part == "variants":
                variables["locationId"] = location_id
            answer = await client.query(document, variables, cost=cost + 1)
            product = answer.data["product"]
            if product is None:
                return None
            rows += product[part]["nodes"]
            page = product[part]["pageInfo"]
        whole[part] = {"nodes": rows}
    return whole
