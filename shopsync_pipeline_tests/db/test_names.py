"""What a person calls a product leads to its key: outright by ids, else by handle or SKU, and never by half of one."""

from __future__ import annotations

import pytest

from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.names import keys_named
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, links, stored, take

GID = "gid://shopify/Product/7"


@pytest.fixture
def shop(database: Database) -> Database:
    """A pot that is in catalog and store, a jar that is in the catalog only, and one with an awkward SKU."""
    with database.write() as connection:
        take(connection, SHOP, {
            "etilize:1": document(handle="pot", **{"variants[P].sku": "P-1"}),
            "etilize:2": document(handle="jar", **{"variants[J].sku": "J_1", "variants[K].sku": "10%"}),
            "etilize:3": document(handle="lid", **{"variants[L].sku": 'L "big"', "variants[J].sku": "JX1"}),
        })
        BaseStore(connection, SHOP).put([Agreed(product_key="etilize:1", local={}, remote={}, links=links(GID))])
        Snapshot(connection, SHOP).put([stored(GID, handle="pot-in-store", skus=("P-1", "OLD"))])
    return database


@pytest.mark.parametrize(("name", "keys"), [
    ("etilize:1", ["etilize:1"]), ("1", ["etilize:1"]), (GID, ["etilize:1"]), ("7", ["etilize:1"]),
    ("pot", ["etilize:1"]), ("pot-in-store", ["etilize:1"]), ("P-1", ["etilize:1"]), ("OLD", ["etilize:1"]),
    ("jar", ["etilize:2"]), ("J_1", ["etilize:2"]), ("10%", ["etilize:2"]), ('L "big"', ["etilize:3"]),
    ("P", []), ("%", []), ("_", []), ("", []), ("nope", []),
])
def test_names(shop: Database, name: str, keys: list[str]) -> None:
    with shop.read() as connection:
        assert keys_named(connection, SHOP, name) == keys
        assert keys_named(connection, OTHER, name) == []


def test_a_sku_of_two_products_names_both(shop: Database) -> None:
    with shop.write() as connection:
        take(connection, SHOP, {"etilize:2": document(**{"variants[S].sku": "S"}),
                                "etilize:1": document(**{"variants[S].sku": "S"})}, digest="e")
        assert keys_named(connection, SHOP, "S") == ["etilize:1", "etilize:2"]
