"""Memory of a push, for plans of three sizes: `python -m shopsync_pipeline_tests.benchmarks.push_memory`.

Plans of stock items, which go 250 to a mutation, are saved to a real database and pushed by the production path to a
server that answers at once: so the memory of half a million items is seen within minutes. Peaks are of the process
that pushes (VmHWM, and resident memory sampled ten times a second, children included). A small plan is through before
the caches of SQLite are full, so whether memory grows with the items shows within one push: after a tenth of its time
and at its end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import httpx

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.fields import Path as FieldPath
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.db.rows import chunks, insert_all, now, to_text
from shopsync_pipeline.db.schema import base_product, snapshot_product
from shopsync_pipeline.engine.apply import push
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.benchmarks.child import measured
from shopsync_pipeline_tests.benchmarks.ingest_speed import fresh_database
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.devstore.conftest import start, stop

SIZES = (10_000, 100_000, 500_000)
TOKEN = "devstore-token"
_COST = {"requestedQueryCost": 10, "actualQueryCost": 10, "throttleStatus": {
    "maximumAvailable": 2_000_000, "currentlyAvailable": 1_999_990, "restoreRate": 1_000_000}}
_ROOT = re.compile(rb"(?:(\w+)\s*:\s*)?inventorySetQuantities\s*\(")


def serve(port: Any, behind: str) -> None:
    """Answers every change of stock at once, as having worked; all else is asked of the dev store behind."""
    asyncio.run(_serve(port, behind))


async def _serve(port: Any, behind: str) -> None:
    async with httpx.AsyncClient(base_url=behind, trust_env=False, timeout=60) as store:

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                    body = await reader.readexactly(int(length[1])) if length else b""
                    roots = [name or b"inventorySetQuantities" for name in _ROOT.findall(body)]
                    if roots:
                        done = {"inventoryAdjustmentGroup": {"id": "gid://shopify/InventoryAdjustmentGroup/1",
                                                             "createdAt": "2026-01-01T00:00:00Z"}, "userErrors": []}
                        answer = json.dumps({"data": {name.decode(): done for name in roots},
                                             "extensions": {"cost": _COST}}).encode()
                    else:
                        path = head.split(b" ", 2)[1].decode()
                        passed = await store.post(path, content=body, headers={
                            "content-type": "application/json", "x-shopify-access-token": TOKEN})
                        answer = passed.content
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                 b"content-length: %d\r\n\r\n%b" % (len(answer), answer))
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=2**24)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """The address of that server, over a dev store with nothing in it."""
    process, behind = start(folder / "store.db", "--plan", "enterprise", "--speed", "10000")
    ours, theirs = multiprocessing.get_context("spawn").Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, behind), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        server.terminate()
        server.join()
        stop(process)


class Items(Sequence[PlanItem]):
    """Plan items that are made as they are asked for."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> PlanItem: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[PlanItem]: ...
    def __getitem__(self, place: int | slice) -> PlanItem | Sequence[PlanItem]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(self._count))]
        if not 0 <= place < self._count:
            raise IndexError(place)
        path = FieldPath(f"variants[S{place}].stock[default]")
        return make_item(f"etilize:{place}", f"gid://shopify/Product/{place}", Operation.INVENTORY_SET,
                         [Change(path, place % 50, place % 50 + 7, Reason.CATALOG_CHANGED)])


_STORE = ("shop_id", "product_id", "custom_id", "handle", "skus", "digests", "document", "links", "updated_at",
          "read_at", "seen_changed")
_BASE = ("shop_id", "product_key", "product_id", "seen_local", "seen_remote", "local_document", "remote_document",
         "links", "agreed_at")


def saved(environment: dict[str, Any], count: int) -> str:
    """Saves the plan, with the base and the snapshot of its products; returns its id."""
    settings = Settings(**environment)
    Database(settings.database_url.get_secret_value()).upgrade()
    context = Context.open(settings)
    shop_id, instant = context.shop_id, now()
    with context.database.write() as connection:
        for part in chunks(range(count), 20_000):
            store, base = [], []
            for number in part:
                document = {
                    FieldPath("title"): f"Item {number}", FieldPath(f"variants[S{number}].options"): ["Default Title"],
                    FieldPath(f"variants[S{number}].sku"): f"S{number}",
                    FieldPath(f"variants[S{number}].stock[default]"): number % 50}
                digest, text, gid = digests(document), to_text(document), f"gid://shopify/Product/{number}"
                links = to_text({"product": gid, "images": {}, "variants": {f"S{number}": [
                    f"gid://shopify/ProductVariant/{number}", f"gid://shopify/InventoryItem/{number}"]}})
                key = f"etilize:{number}"
                store.append((shop_id, gid, key, f"item-{number}", to_text([f"S{number}"]), digest, text, links,
                              instant, instant, "{}"))
                base.append((shop_id, key, gid, digest, digest, text, text, links, instant))
            insert_all(connection, snapshot_product, _STORE, store)
            insert_all(connection, base_product, _BASE, base)
        return Plans(connection, shop_id).save(
            hash_="benchmark", inputs="benchmark", scope="all", run_id=None, items=Items(count), summary={},
            refusals=())


def pushed(environment: dict[str, Any], plan_id: str) -> int:
    """Pushes the plan; returns how many mutations that took."""
    context = Context.open(Settings(**environment))
    report = asyncio.run(push(context, plan_id))
    assert not report.set_aside, report.set_aside[:3]
    return report.mutations


def at_rest(environment: dict[str, Any], _plan_id: str) -> int:
    """A process that has opened everything and pushed nothing."""
    Context.open(Settings(**environment))
    return 0


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, action="append", help="Only plans of this size.")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    sizes = given.items or SIZES
    print(f"{machine()}, {given.database}\n\n| items | saved in s | pushed in s | items a second | mutations | peak "
          "MiB | above rest | MiB at a tenth, half, the end |\n|---|---|---|---|---|---|---|---|", flush=True)
    peaks: list[float] = []
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-", ignore_cleanup_errors=True) as name:
        with shop(Path(name)) as url:
            for count in sizes:
                with fresh_database(given.database) as database:
                    # The bulk lane would hide what the direct one holds.
                    environment = {"SHOPIFY_SHOP_URL": url, "SHOPIFY_ACCESS_TOKEN": TOKEN, "_env_file": None,
                                   "SHOPSYNC_DATABASE_URL": database, "SYNC_BULK": "never"}
                    before = time.perf_counter()
                    plan_id = measured(saved, environment, count).answer
                    took = time.perf_counter() - before
                    rest = measured(at_rest, environment, plan_id).peak
                    done = measured(pushed, environment, plan_id)
                    peaks.append(done.peak)
                    along = ", ".join(f"{done.held_at(share):.0f}" for share in (0.1, 0.5, 0.99))
                    print(f"| {count:,} | {took:.0f} | {done.seconds:.1f} | {count / done.seconds:,.0f} | "
                          f"{done.answer:,} | {done.peak:.0f} | {done.peak - rest:.0f} | {along} |", flush=True)
        shutil.rmtree(name, ignore_errors=True)
    if len(peaks) > 1:
        print(f"\nPeak of {sizes[-1]:,} items ÷ peak of {sizes[0]:,}: {peaks[-1] / peaks[0]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
