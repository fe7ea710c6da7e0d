"""What is counted ahead of a plan: variants in the store, variants made since, and what the catalog says now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.db.ahead import known_documents, variants_by_product, variants_in_store, variants_made_since
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.ledger import Ahead, Ledger, LedgerState
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, settle, stored


def with_variants(product_id: str, count: int) -> Links:
    return Links(product=product_id, variants={
        str(number): VariantLink(f"{product_id}/v{number}", f"{product_id}/i{number}") for number in range(count)})


def test_variants_of_the_store_are_counted_until_there_are_enough(database: Database) -> None:
    with database.write() as connection:
        assert variants_in_store(connection, SHOP, 10) == 0
        Snapshot(connection, SHOP).put([replace(stored("1"), links=with_variants("1", 3)),
                                        replace(stored("2"), links=with_variants("2", 1))])
        Snapshot(connection, OTHER).put([replace(stored("9"), links=with_variants("9", 5))])
        assert variants_in_store(connection, SHOP, 10) == 4
        assert variants_in_store(connection, SHOP, 2) == 2, "two products are two variants at the least"
        assert variants_by_product(connection, SHOP, ["1", "2", "3"]) == {"1": 3, "2": 1}


def creation(key: str, variants: int) -> PlanItem:
    return make_item(key, None, Operation.PRODUCT_CREATE, [
        Change(Path(path), None, "x", Reason.NEW)
        for path in ["title", *[f"variants[{number}].{name}" for number in range(variants)
                                for name in ("sku", "price")]]])


@pytest.mark.parametrize(("state", "counts"), [
    (None, True), (LedgerState.CONFIRMED, True), (LedgerState.REJECTED, False), (LedgerState.NOT_EXECUTED, False),
])
def test_variants_made_are_those_that_took_effect_or_may_have(database: Database, state: LedgerState | None,
                                                              counts: bool) -> None:
    begun = now()
    with database.write() as connection:
        items = [creation("a", 3), creation("b", 0)]
        plan_id = Plans(connection, SHOP).save(hash_="h", inputs="i", scope="all", run_id=None, items=items,
                                               summary={}, refusals=())
        ledger = Ledger(connection, SHOP)
        for item in items:
            sent = ledger.write_ahead([Ahead(plan_id=plan_id, run_id=None, operation=item.operation.value,
                                      idempotency_key=item.item_id, request={}, items=(item,))])[0]
            if state is not None:
                settle(ledger, sent, state)
        assert variants_made_since(connection, SHOP, begun) == (4 if counts else 0)
        assert variants_made_since(connection, SHOP, now()) == 0
        assert variants_made_since(connection, OTHER, begun) == 0


def test_a_product_that_left_the_catalog_is_known_from_the_store(database: Database) -> None:
    with database.write() as connection:
        Snapshot(connection, SHOP).put([stored("1", fields=document(title="Old pot"))])
        BaseStore(connection, SHOP).put([Agreed(product_key="gone", local={}, remote={}, links=with_variants("1", 1))])
        assert dict(known_documents(connection, SHOP, ["gone", "unknown"])) == {"gone": document(title="Old pot")}
