"""Shopify's prices, as data and one formula: what mutations, their inputs, objects and connections cost.

Every figure says where it comes from. Estimates are made from them; the answer's `requestedQueryCost` is the truth.
"""

from __future__ import annotations

import math

MUTATION = 10.0
"""Base cost of every mutation. Source: Shopify docs, "API limits"."""

REQUEST = 1000.0
"""The most that one request may cost, on every plan. Source: Shopify docs, "API limits"."""

PAGE = 250
"""The largest page of a connection, and the most rows of an input list. Source: Shopify docs, "API limits"."""

INVENTORY_ROWS = PAGE
"""Rows that one inventorySetQuantities call takes."""

METAFIELD_ROWS = 25
"""Rows that one metafieldsSet call takes, of any owners together. Source: recorded answer "Exceeded the maximum
metafields input limit of 25"."""

PER_OWNER = 4.0
"""What each product adds to a metafieldsSet call. Source: changelog of 2026-09-15, "dynamic complexity cost for
metafieldsSet"; its rows cost nothing."""

PER_VARIANT = 0.2
PER_METAFIELD = 0.4
PER_FILE = 1.9
PER_VARIANT_FILE = 0.6
"""Dynamic input costs of productSet, productUpdate and the variant bulk mutations. Source: field docs of `productSet`
and the changelogs on dynamic complexity."""

ANSWERED_COLLECTIONS = 50
"""Collections of a product that are asked for at once."""

ALIASES = 3
"""Metafields that an answer tells by a field each (a point each) instead of by a connection (2 and 1 for up to two
nodes, 2 for up to four): dearer from the fourth on at the latest."""


def connection(size: int, child: float) -> float:
    """A connection asked for `size` nodes that cost `child` points each.

    The price grows with the logarithm of `size`, so a large page is much cheaper by the node. Not documented; derived
    from recorded answers.
    """
    return 2 + child * max(1, math.floor(2 * math.log(min(max(size, 1), PAGE))))
