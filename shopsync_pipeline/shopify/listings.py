"""What a shop puts products on: collections that people fill by hand, and sales channels, under the catalog's names.

Never lists a smart collection, whose products a rule chooses, and never takes a name for two things.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shopsync_pipeline.core.cost import connection
from shopsync_pipeline.shopify.client import ShopifyClient

_PAGE = 250
_CHANNELS_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Listings:
    """Name → Shopify id: collections by their handle, publications by the name of the sales channel.

    `None`: not synced in this shop, so nothing is asked about them and they count as unknown.
    """

    collections: Mapping[str, str] | None = None
    publications: Mapping[str, str] | None = None

    def collections_of(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The names of those ids that are collections filled by hand."""
        return tuple(self._collection_names[gid] for gid in ids if gid in self._collection_names)

    def publications_of(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The names of those ids that are sales channels."""
        return tuple(self._publication_names[gid] for gid in ids if gid in self._publication_names)

    @cached_property
    def _collection_names(self) -> dict[str, str]:
        return {gid: name for name, gid in (self.collections or {}).items()}

    @cached_property
    def _publication_names(self) -> dict[str, str]:
        return {gid: name for name, gid in (self.publications or {}).items()}


NOTHING_LISTED: Listings = Listings()
"""The listings of a shop whose collections and sales channels are not synced."""


async def read_collections(client: ShopifyClient) -> dict[str, str]:
    """Handle → id of every collection that people fill by hand.

    The list comes from the search index, so a collection may be missing for some seconds after it was made.
    """
    rows = await _all(client, "manual_collections", "collections", connection(_PAGE, 1))
    return {str(row["handle"]): str(row["id"]) for row in rows}


async def read_publications(client: ShopifyClient) -> dict[str, str]:
    """Name → id of every sales channel. A channel without a name, or with that of another one, is named by its id."""
    rows = await _all(client, "sales_channels", "publications", connection(_CHANNELS_PAGE, 2 + connection(1, 1)))
    titles = {str(row["id"]): _title(row) for row in rows}
    times = Counter(titles.values())
    return {title if title and times[title] == 1 else gid: gid for gid, title in titles.items()}


def _title(row: Mapping[str, Any]) -> str:
    """What the merchant calls the channel: the title of its app (`Publication.name` is deprecated)."""
    apps = ((row.get("catalog") or {}).get("apps") or {}).get("nodes") or ()
    return next((str(app["title"]).strip() for app in apps), "")


async def _all(client: ShopifyClient, document: str, root: str, cost: float) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    after, more = None, True
    while more:
        page = (await client.query(document, {"after": after}, cost=cost)).data[root]
        rows += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return rows
