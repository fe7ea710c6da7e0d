"""The dev store under a large shop: `python -m shopsync_pipeline_tests.benchmarks.devstore_speed [--products N]`.

Fills a state file with single-variant products of eight metafields, serves it in a process of its own, and prints
memory, start-up, page times, writes and bulk lines a second over real connections, with the machine named.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from shopsync_pipeline.devstore.config import DevStoreConfig
from shopsync_pipeline.devstore.records import (
    Item,
    Level,
    Metafield,
    Option,
    OptionValue,
    Product,
    Variant,
    gid,
)
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.devstore.bulk_client import UPDATE, BulkClient, jsonl
from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import start, stop

METAFIELDS = 8
_WRITES = 2_000
_LINES = 20_000
_PAGE = """query P($after: String, $query: String, $sortKey: ProductSortKeys) {
  products(first: 250, after: $after, query: $query, sortKey: $sortKey) {
    nodes { id title handle updatedAt variants(first: 5) { nodes { id sku price inventoryQuantity } } }
    pageInfo { hasNextPage endCursor } } }"""
_UPDATE = "mutation U($p: ProductUpdateInput!) { productUpdate(product: $p) { product { id } userErrors { message } } }"


def fill(path: Path, products: int, metafields: int = METAFIELDS) -> None:
    """Writes a shop of this many products to a state file, a thousand a commit."""
    store = Store(DevStoreConfig(state_path=path))
    place = min(store.locations)
    for number in range(products):
        now = store.now()
        product = Product(store.next_id("Product"), f"item-{number}", f"Item {number} of the catalog", now, now)
        product.vendor, product.product_type, product.tags = f"Vendor {number % 300}", f"Type {number % 40}", ["bench"]
        product.description_html = f"<p>Item {number}: a plain description of ordinary length for a catalog.</p>"
        value = OptionValue(store.next_id("ProductOptionValue"), "Default Title")
        product.options = [Option(store.next_id("ProductOption"), "Title", [value])]
        variant_id = store.next_id("ProductVariant")
        item = Item(store.next_id("InventoryItem"), variant_id, now, now, tracked=True)
        item.levels[place] = Level(number % 50, number % 50, now, now)
        price = Decimal(number % 10_000) / 100
        store.touch(Variant(variant_id, product.id, ["Default Title"], price, now, now, item, sku=f"SKU-{number}"))
        product.variant_ids = [variant_id]
        store.touch(product)
        for key in range(metafields):
            made = store.next_id("Metafield")
            owner, kind = gid("Product", product.id), "single_line_text_field"
            store.touch(Metafield(made, owner, "etilize", f"attribute_{key}", kind, f"{number} {key}", now, now))
        if number % 1_000 == 999:
            store.commit(actor="app", action="fill")
    store.commit(actor="app", action="fill")
    store.close()


def memory_of(process: int) -> float:
    """What a process holds in memory, in MiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1_024
    raise LookupError(f"process {process} does not say how much memory it holds")


def milliseconds(work: Callable[[], object], times: int = 15) -> str:
    """Median and slowest time of some work, in milliseconds."""
    found = []
    for _ in range(times):
        before = time.perf_counter()
        work()
        found.append((time.perf_counter() - before) * 1_000)
    return f"{median(found):.1f} ms (slowest {max(found):.1f})"


def writes_a_second(address: str, ids: list[str], connections: int) -> float:
    """productUpdate calls a second over this many connections, from as many threads."""

    def write(mine: list[str]) -> None:
        shop = DevStoreClient(address)
        for number, product in enumerate(mine):
            shop.data(_UPDATE, {"p": {"id": product, "title": f"Changed {number}"}})
        shop.http.close()

    threads = [threading.Thread(target=write, args=(ids[place::connections],)) for place in range(connections)]
    before = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(ids) / (time.perf_counter() - before)


def bulk_lines_a_second(shop: DevStoreClient, ids: list[str]) -> float:
    """Lines a second of one bulk operation that updates each product, from its start to its end."""
    bulk = BulkClient(shop)
    rows = [{"product": {"id": product, "title": f"In bulk {number}"}} for number, product in enumerate(ids)]
    path = bulk.upload(jsonl(rows))
    before = time.perf_counter()
    operation = bulk.finish(bulk.start(UPDATE, path)["bulkOperation"]["id"])
    seconds = time.perf_counter() - before
    assert (operation["status"], operation["objectCount"]) == ("COMPLETED", str(len(ids)))
    return len(ids) / seconds


def measure(products: int) -> list[tuple[str, str]]:
    """What was measured and what came out."""
    found: list[tuple[str, str]] = [("machine", machine()), ("products", f"{products:,}")]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shop.sqlite"
        fill(path, products)
        before = time.perf_counter()
        process, address = start(path, "--plan", "enterprise", "--speed", "100000")
        found.append(("start with this shop", f"{time.perf_counter() - before:.1f} s"))
        try:
            shop = DevStoreClient(address)
            found.append(("memory after the start", f"{memory_of(process.pid):.0f} MiB"))
            page = shop.data(_PAGE)["products"]
            ids = [node["id"] for node in page["nodes"]]
            deep = shop.data(_PAGE, {"query": f"id:>{int(ids[0].rsplit('/', 1)[1]) + products // 2}"})["products"]
            after = {"after": deep["pageInfo"]["endCursor"]}
            late = {"sortKey": "UPDATED_AT", "query": "updated_at:>='2020-01-01T00:00:00Z'"}
            status = {"query": "status:active", **after}
            for name, given in (
                ("first page of 250 with variants", {}),
                ("a page from the middle", after),
                ("the same sorted by updated_at", {"sortKey": "UPDATED_AT"}),
                ("everything since 2020, sorted by updated_at", late),
                ("a page from the middle of status:active", status),
                ("one product by sku", {"query": f"sku:SKU-{products // 2}"}),
            ):
                found.append((name, milliseconds(partial(shop.data, _PAGE, given))))
            many = [*ids, *(node["id"] for node in deep["nodes"])]
            todo = (many * (_WRITES // len(many) + 1))[:_WRITES]
            for connections in (1, 4):
                rate = writes_a_second(address, todo, connections)
                found.append((f"productUpdate over {connections} connections", f"{rate:,.0f} a second"))
            found.append((f"bulk lines of productUpdate, {_LINES:,} of them",
                          f"{bulk_lines_a_second(shop, (many * (_LINES // len(many) + 1))[:_LINES]):,.0f} a second"))
            found.append(("memory at the end", f"{memory_of(process.pid):.0f} MiB"))
            shop.http.close()
        finally:
            stop(process)
    return found


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--products", type=int, default=100_000)
    print("| what | figure |\n| --- | --- |")
    for name, figure in measure(parser.parse_args().products):
        print(f"| {name} | {figure} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
