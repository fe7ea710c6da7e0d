"""Every operation in bulk, on products with everything: what an answer cannot tell is read, a new diff is empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.product import Image, Metafield, Product, ProductKey, Stock, Variant, VariantKey
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, SavedPlan
from shopsync_pipeline.db.schema import ledger
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.bulk_steps import Outcome, by_bulk, shards, unsettled
from shopsync_pipeline_tests.engine.steps import items_of, push, read_store
from shopsync_pipeline_tests.engine.test_lost_answers import forget
from shopsync_pipeline_tests.engine.test_placement import catalog_says
from shopsync_pipeline_tests.engine.undoing import shown

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GENEROUS = {"SYNC_MAX_UPDATED_SHARE": 1, "SYNC_MAX_DELETED_SHARE": 1, "SYNC_MAX_UNPUBLISHED_SHARE": 1,
            "SYNC_MAX_CATALOG_SHRINK": 1, "SYNC_GONE_POLICY": "delete", "SYNC_COLLECTIONS": True,
            "SYNC_PUBLICATIONS": True, "SYNC_MAX_ARCHIVED_SHARE": 1}


@pytest.fixture
def generous(make_settings: Callable[..., Settings], dev_store: DevStore) -> Context:
    """A shop with two collections, two sales channels, and no bounds."""
    for title in ("Lamps", "Desks"):
        dev_store.control("merchant", {"action": "create_collection", "title": title})
    dev_store.control("merchant", {"action": "create_publication", "name": "Point of Sale"})
    return Context.open(make_settings(**GENEROUS))


def lamp(number: int, *, metafields: int = 3, pictures: int = 3, sizes: tuple[str, ...] = ("S", "M")) -> Product:
    """A lamp in sizes, with so many pictures, each size shown by one of them where there are several."""
    sources = [f"https://img.example/{number}-{picture}.jpg" for picture in range(pictures)]
    return Product(
        key=ProductKey(f"etilize:{number}"), title=f"Lamp {number}", handle=f"lamp-{number}", status="ACTIVE",
        body_html=f"<p>Lamp {number}</p>", vendor="Acme", tags=("b", "A"), seo_title=f"Lamp {number} for desks",
        category="gid://shopify/TaxonomyCategory/hg-13-3", collections=("lamps",), publications=("Online Store",),
        options=("Size",), images=tuple(Image(source=source, alt=f"view {n}") for n, source in enumerate(sources)),
        metafields=tuple(Metafield(namespace="custom", key=f"k{n:02}", type="single_line_text_field", value=f"v{n}")
                         for n in range(metafields)),
        variants=tuple(
            Variant(key=VariantKey(f"L{number}{size}"), sku=f"L{number}{size}", options=(size,),
                    price=Decimal(f"{number}.5"), tracked=True, taxable=True, inventory_policy="DENY",
                    image=sources[place % pictures] if pictures > 1 else None, stock=(Stock(available=number),))
            for place, size in enumerate(sizes)),
    )


def planned(context: Context, *products: Product) -> SavedPlan:
    catalog_says(context, *products)
    read_store(context)
    return diff(context)


def sent(context: Context, plan: SavedPlan) -> Outcome:
    outcome = by_bulk(context, plan)
    assert outcome.direct == []
    assert set(outcome.told.values()) == {ItemState.CONFIRMED}
    assert unsettled(context) == 0
    return outcome


def nothing_left(context: Context) -> bool:
    """Whether a new look at the whole store finds nothing to do: the base has what Shopify shows."""
    read_store(context)
    return items_of(context, diff(context)) == []


SHELF = [lamp(1), lamp(2, pictures=1), lamp(3, pictures=0), lamp(4, metafields=45), lamp(5, metafields=0, sizes=("S",)),
         lamp(6, sizes=tuple(f"{n}" for n in range(30)))]


def test_creation_and_publication(generous: Context, dev_store: DevStore) -> None:
    plan = planned(generous, *SHELF)

    sent(generous, plan)

    assert [one.document for one in shards(generous, plan)] == ["bulk_product_set", "publish"]
    made = shown(dev_store)
    assert len(made) == len(SHELF)
    assert nothing_left(generous)
    dev_store.control("reset", {})
    for title in ("Lamps", "Desks"):
        dev_store.control("merchant", {"action": "create_collection", "title": title})
    dev_store.control("merchant", {"action": "create_publication", "name": "Point of Sale"})
    forget(generous)
    push(generous, planned(generous, *SHELF))
    assert shown(dev_store) == made, "the direct way makes the same"


def changed(product: Product) -> Product:
    """Something of every kind is other than it was, added or gone."""
    number = product.handle
    first = product.variants[0]
    sizes = [replace(first, price=Decimal("77.7"), stock=(Stock(available=70),), weight=None), *product.variants[1:],
             replace(first, key=VariantKey(f"{first.key}XL"), sku=f"{first.sku}XL", options=("XL",), image=None)]
    return replace(
        product, title=f"New {number}", collections=("desks",), publications=("Point of Sale",), variants=tuple(sizes),
        metafields=(*product.metafields[1:-1],
                    Metafield(namespace="custom", key="fresh", type="single_line_text_field", value="x")),
        images=(*product.images[1:], Image(source=f"https://img.example/{number}-new.jpg", alt="new")),
    )


def test_updates_of_every_kind(generous: Context) -> None:
    shelf = [lamp(number) for number in range(1, 5)]
    sent(generous, planned(generous, *shelf))
    shelf[3] = replace(shelf[3], metafields=(replace(shelf[3].metafields[0], value="other"), *shelf[3].metafields[1:]))
    plan = planned(generous, *(changed(product) for product in shelf[:3]), shelf[3])

    sent(generous, plan)

    assert {item.operation for item in items_of(generous, plan)} == set(Operation) - {
        Operation.PRODUCT_CREATE, Operation.PRODUCT_DELETE}
    assert nothing_left(generous)


def test_what_is_deleted_is_kept_whole_in_the_ledger(generous: Context, dev_store: DevStore) -> None:
    shelf = [lamp(number) for number in range(1, 5)]
    sent(generous, planned(generous, *shelf))
    plan = planned(generous, shelf[0])
    assert {item.operation for item in items_of(generous, plan)} == {Operation.PRODUCT_DELETE}

    sent(generous, plan)

    assert [node["handle"] for node in dev_store.products()] == ["lamp-1"]
    with generous.database.read() as connection:
        (entry,) = (one for one in Ledger(connection, generous.shop_id).history(["etilize:2"])
                    if one.plan_id == plan.plan_id)
    assert entry.before["images"] == [{"source": f"https://img.example/2-{n}.jpg", "alt": f"view {n}"}
                                      for n in range(3)]
    assert nothing_left(generous)


def test_a_product_that_is_gone_already_counts_as_deleted(generous: Context, dev_store: DevStore) -> None:
    sent(generous, planned(generous, lamp(1), lamp(2)))
    plan = planned(generous, lamp(1))
    gone = next(node["id"] for node in dev_store.products() if node["handle"] == "lamp-2")
    dev_store.control("merchant", {"action": "delete_product", "id": gone})
    sent(generous, plan)


def test_each_line_has_its_own_idempotency_key(generous: Context) -> None:
    shelf = [lamp(number) for number in range(1, 5)]
    sent(generous, planned(generous, *shelf))
    moved = [replace(product, variants=tuple(replace(variant, stock=(Stock(available=50),))
                                             for variant in product.variants)) for product in shelf]
    plan = planned(generous, *moved)

    sent(generous, plan)

    assert {one.document for one in shards(generous, plan)} == {"inventory_set"}
    with generous.database.read() as connection:
        keys = connection.execute(select(ledger.c.idempotency_key).where(ledger.c.plan_id == plan.plan_id)).scalars()
        assert len(set(keys)) == 4
    assert nothing_left(generous)


def test_stock_that_an_order_moved_is_set_aside_by_its_line(generous: Context, dev_store: DevStore) -> None:
    sent(generous, planned(generous, lamp(3, sizes=("S",)), lamp(4, sizes=("S",))))
    moved = [replace(lamp(number, sizes=("S",)), variants=(replace(
        lamp(number, sizes=("S",)).variants[0], stock=(Stock(available=50),)),)) for number in (3, 4)]
    plan = planned(generous, *moved)
    dev_store.control("merchant", {"action": "order", "sku": "L3S", "quantity": 1})

    outcome = by_bulk(generous, plan)

    assert (outcome.count(ItemState.CONFIRMED), outcome.count(ItemState.STALE)) == (1, 1)
