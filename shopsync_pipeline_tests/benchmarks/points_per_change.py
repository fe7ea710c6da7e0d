"""Points per change over a mixed day: `python -m shopsync_pipeline_tests.benchmarks.points_per_change [--scale 0.01]`.

100,000 figures of stock, 1,000 prices, 500 products' content and 50 new products, against the plan that sends one
productSet for each product that changed. The whole day by the platform's formulas; a scaled one also by what the dev
store charged, for both plans, over real connections.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shopsync_pipeline.core.batches import batches
from shopsync_pipeline.core.cost import estimate, read_back
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.fields import Path as FieldPath
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.parts import Parts, all_parts, parts_of
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.prices import PAGE
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.nodes import digests_of
from shopsync_pipeline.shopify.part_reads import Answered, read_parts
from shopsync_pipeline.shopify.part_reads import read_back as read_products_back
from shopsync_pipeline.shopify.shop import describe, ensure_custom_id
from shopsync_pipeline.shopify.snapshot import nothing_known, read_all
from shopsync_pipeline.shopify.writes import Digests, Request, inventory_request, metafields_request, request
from shopsync_pipeline_tests.benchmarks.devstore_speed import METAFIELDS, fill
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.benchmarks.mixed_day import TEXT, Known, day
from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import start, stop

STOCK, PRICES, CONTENT, NEW = 100_000, 1_000, 500, 50
"""The day that the issue names."""

@dataclass(slots=True)
class Bill:
    """What one plan takes: changes made, requests and points, those of reads among them."""

    changes: int = 0
    requests: int = 0
    points: float = 0.0
    reads: float = 0.0

    def add(self, points: float, *, reading: bool = False) -> None:
        """Books one request."""
        self.requests += 1
        self.points += points
        self.reads += points if reading else 0.0


@dataclass(slots=True)
class Bills:
    """The bills of one plan by lane."""

    lanes: dict[str, Bill] = field(default_factory=dict)

    def lane(self, name: str) -> Bill:
        """One of them."""
        return self.lanes.setdefault(name, Bill())

    @property
    def total(self) -> Bill:
        """All lanes together."""
        found = Bill()
        for bill in self.lanes.values():
            found.changes += bill.changes
            found.requests += bill.requests
            found.points += bill.points
            found.reads += bill.reads
        return found


# --- our plan --------------------------------------------------------------------------------------------------------

def looked_at(items: Sequence[PlanItem]) -> dict[str, list[PlanItem]]:
    """The items of products that are looked at before they are written, by product."""
    found: dict[str, list[PlanItem]] = {}
    for item in items:
        if item.product_id is not None and item.operation is not Operation.INVENTORY_SET:
            found.setdefault(item.product_id, []).append(item)
    return found


def pages(items: Sequence[PlanItem]) -> Iterator[tuple[list[str], Parts]]:
    """The looks at a lane's products before they are written: ids and parts, 250 products each."""
    waiting = iter(looked_at(items).items())
    while page := list(islice(waiting, PAGE)):
        yield [gid for gid, _ in page], all_parts(parts_of(change for one in of_product for change in one.changes)
                                                  for _, of_product in page)


def sent(items: Sequence[PlanItem], links: Mapping[str, Links], where: str, late: frozenset[str],
         digests: Digests) -> Iterator[tuple[tuple[PlanItem, ...], Request]]:
    """The requests that do a lane's items."""
    for number, batch in enumerate(batches(items)):
        first = batch[0]
        if first.operation is Operation.INVENTORY_SET:
            made = inventory_request(batch, links, location_id=where, idempotency_key=f"day-{number}")
        elif first.operation in (Operation.METAFIELDS_SET, Operation.METAFIELDS_DELETE):
            made = metafields_request(batch, links, digests=digests)
        else:
            made = request(first, links.get(first.product_key), location_id=where, told=first.item_id not in late)
        yield batch, made


def by_formula(items: Sequence[PlanItem], links: Mapping[str, Links]) -> Bills:
    """What our plan takes by the formulas."""
    bills = Bills()
    for lane in Lane:
        of_lane = [item for item in items if item.lane is lane]
        if not of_lane:
            continue
        bill = bills.lane(lane.value)
        bill.changes = changes_of(of_lane)
        for _, parts in pages(of_lane):
            bill.add(parts.read_cost, reading=True)
        late = read_back(of_lane)
        thin: list[Request] = []
        for _, made in sent(of_lane, links, "l", late, {}):
            bill.add(made.cost)
            thin += [made] if made.untold != Parts() else []
        for start_at in range(0, len(thin), PAGE):
            bill.add(all_parts(made.untold for made in thin[start_at:start_at + PAGE]).read_cost, reading=True)
    return bills


def changes_of(items: Sequence[PlanItem]) -> int:
    """A figure of stock, a price, a product's content, a new product: each is one change, as the issue counts them."""
    return len({(item.product_key, item.operation if item.lane is Lane.STOCK else None,
                 item.changes[0].path if item.lane is Lane.STOCK else None) for item in items})


class Meter:
    """Sums up what a shop charges."""

    def __init__(self) -> None:
        self.bill = Bill()

    def __call__(self, name: str, answer: Any) -> None:
        self.bill.add(answer.actual_cost or 0.0, reading=name == "products_parts")


async def charged(client: ShopifyClient, meter: Meter, items: Sequence[PlanItem], links: Mapping[str, Links],
                  where: str) -> Bills:
    """Sends our plan, and tells what the shop charged."""
    bills = Bills()
    for lane in Lane:
        of_lane = [item for item in items if item.lane is lane]
        if not of_lane:
            continue
        meter.bill = bills.lane(lane.value)
        meter.bill.changes = changes_of(of_lane)
        digests: dict[tuple[str, str], str | None] = {}
        for ids, parts in pages(of_lane):
            nodes = await read_parts(client, ids, parts, location_id=where)
            digests.update({(gid, key): digests_of(node).get(key) for gid, node in nodes.items() for key in parts.keys})
        thin: list[Answered] = []
        for batch, made in sent(of_lane, links, where, read_back(of_lane), digests):
            answer = await client.mutate(made.document, made.variables, cost=made.cost, repeatable=made.repeatable)
            assert (answer.requested_cost or 0) <= made.cost, made.document
            if made.untold != Parts():
                thin.append(Answered(batch[0], made, answer.data, links.get(batch[0].product_key)))
        for start_at in range(0, len(thin), PAGE):
            shown = await read_products_back(client, thin[start_at:start_at + PAGE], location_id=where)
            assert all(one is not None and one.complete for one in shown)
    return bills


# --- the naive plan --------------------------------------------------------------------------------------------------

NAIVE = """mutation Naive($identifier: ProductSetIdentifiers, $input: ProductSetInput!) {
  productSet(identifier: $identifier, input: $input, synchronous: true) {
    product { id }
    userErrors { field message }
  }
}"""
"""Whole products, and an answer that tells nothing but the id."""


def naive_input(item: PlanItem, product: Known | None, where: str) -> dict[str, Any]:
    """The whole product as it shall be, as one productSet takes it."""
    if product is None:
        made = request(item, None, location_id=where).variables
        return {"identifier": made["identifier"], "input": made["input"]}
    (variant,) = product.links.variants.values()
    figures = [change.after for change in item.changes if "].stock[" in change.path]
    title = next((change.after for change in item.changes if change.path == "title"), product.shown[FieldPath("title")])
    row: dict[str, Any] = {"id": variant.id, "optionValues": [{"optionName": "Title", "name": "Default Title"}],
                           "price": next((change.after for change in item.changes if change.path.endswith("].price")),
                                         product.shown[FieldPath(f"variants[{product.sku}].price")])}
    if figures:
        row["inventoryQuantities"] = [{"locationId": where, "name": "available", "quantity": figures[0]}]
    metafields = [{"namespace": "etilize", "key": f"attribute_{key}", "type": TEXT, "value": str(key)}
                  for key in range(METAFIELDS)]
    return {"identifier": {"id": product.links.product}, "input": {
        "title": title, "productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}],
        "variants": [row], "metafields": metafields}}


def naive_by_formula(items: Sequence[PlanItem]) -> Bills:
    """One productSet for each product and kind of change: 10, 0.2 for the variant, 0.4 for each metafield; pictures
    (1.9 each) only where they are new. It looks at nothing before, and learns nothing after."""
    bills = Bills()
    for item in one_a_product(items):
        bill = bills.lane(item.lane.value)
        bill.changes += 1
        if item.operation is Operation.PRODUCT_CREATE:
            bill.add(round(estimate(item.operation, item.changes)))
        else:
            bill.add(round(10 + 0.2 + 0.4 * METAFIELDS))
    return bills


def one_a_product(items: Sequence[PlanItem]) -> Iterator[PlanItem]:
    """The first item of each change as the issue counts them."""
    seen: set[object] = set()
    for item in items:
        stock = item.lane is Lane.STOCK
        change = (item.product_key, item.lane, item.changes[0].path if stock else None)
        if change not in seen:
            seen.add(change)
            yield item


def naive_charged(shop: DevStoreClient, items: Sequence[PlanItem], products: Mapping[str, Known],
                  where: str) -> Bills:
    """Sends the naive plan, and tells what the shop charged."""
    bills = Bills()
    for item in one_a_product(items):
        answer = shop.ask(NAIVE, naive_input(item, products.get(item.product_key), where))
        assert answer["data"]["productSet"]["userErrors"] == [], answer
        bill = bills.lane(item.lane.value)
        bill.changes += 1
        bill.add(answer["extensions"]["cost"]["actualQueryCost"])
    return bills


# --- the tables ------------------------------------------------------------------------------------------------------

def table(title: str, ours: Bills, naive: Bills) -> None:
    """Prints one comparison."""
    print(f"\n{title}\n\n| lane | changes | requests | points (of them reads) | a change | naive requests "
          "| naive points | a change | naive costs |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, bill, other in [*((name, bill, naive.lane(name)) for name, bill in ours.lanes.items()),
                              ("all", ours.total, naive.total)]:
        print(f"| {name} | {bill.changes:,} | {bill.requests:,} | {bill.points:,.0f} ({bill.reads:,.0f}) | "
              f"{bill.points / bill.changes:.3f} | {other.requests:,} | {other.points:,.0f} | "
              f"{other.points / other.changes:.2f} | {other.points / bill.points:.1f} times as much |", flush=True)


def whole_day() -> None:
    """The full day, by the formulas."""
    products = [Known(Links(
        product=f"gid://shopify/Product/{number}",
        variants={f"S{number}": VariantLink(f"gid://shopify/ProductVariant/{number}",
                                            f"gid://shopify/InventoryItem/{number}")}), f"S{number}", {})
        for number in range(STOCK)]
    items = day(products, STOCK, PRICES, CONTENT, NEW)
    table(f"The whole day, by the formulas: {STOCK:,} stock, {PRICES:,} prices, {CONTENT} products' content, {NEW} new",
          by_formula(items, {one.sku: one.links for one in products}), naive_by_formula(items))


async def scaled_day(address: str, scale: float) -> None:
    """A part of the day, by what the dev store charged for both plans, and by the formulas."""
    meter = Meter()
    async with ShopifyClient(address, "devstore-token", on_answer=meter) as client:
        shop = await describe(client)
        await ensure_custom_id(client)
        products = [Known(one.links, one.skus[0], one.fields) async for one in read_all(
            client, known=nothing_known, location_id=shop.location_id)]
        sizes = [max(1, round(count * scale)) for count in (STOCK, PRICES, CONTENT, NEW)]
        items = day(products, *sizes)
        links = {one.sku: one.links for one in products}
        ours = await charged(client, meter, items, links, shop.location_id)
    outside = DevStoreClient(address)
    naive = naive_charged(outside, items, {one.sku: one for one in products}, shop.location_id)
    outside.http.close()
    told = f"{sizes[0]:,} stock, {sizes[1]:,} prices, {sizes[2]} products' content, {sizes[3]} new"
    table(f"{scale:g} of the day, as the dev store charged it: {told}", ours, naive)
    formula, naively = by_formula(items, links), naive_by_formula(items)
    table("The same by the formulas", formula, naively)
    print(f"\nCharged / estimated: ours {ours.total.points / formula.total.points:.3f}, "
          f"naive {naive.total.points / naively.total.points:.3f}")


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--scale", type=float, default=0.02, help="the part of the day that the dev store is sent")
    given = parser.parse_args()
    print(machine())
    whole_day()
    with TemporaryDirectory(prefix="shopsync-bench-") as folder:
        path = Path(folder) / "shop.sqlite"
        fill(path, max(1, round(STOCK * given.scale)))
        process, address = start(path, "--plan", "enterprise", "--speed", "100000")
        try:
            asyncio.run(scaled_day(address, given.scale))
        finally:
            stop(process)
    return 0


if __name__ == "__main__":
    sys.exit(main())
