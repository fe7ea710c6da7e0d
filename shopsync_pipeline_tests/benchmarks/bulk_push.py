"""What a bulk push costs us: `python -m shopsync_pipeline_tests.benchmarks.bulk_push`.

Creations by bulk operation against a dev store that runs lines as fast as it can, so that what is measured is our side:
rows ahead, files, uploads, results to committed rows. A fifth of the items beside it shows whether memory grows with
them, and the direct way the points. The sender reads items from the database as it needs them.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, overload

from sqlalchemy import func, select

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.product import Image, Metafield, Product, ProductKey, Stock, Variant, VariantKey
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.db.rows import from_text, to_text
from shopsync_pipeline.db.schema import plan_item
from shopsync_pipeline.db.staged import CatalogRow
from shopsync_pipeline.engine.apply import push
from shopsync_pipeline.engine.bulk_lane import BulkSender
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.pull import open_shop, pull
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.benchmarks.child import measured
from shopsync_pipeline_tests.benchmarks.machine import machine

TOKEN = "bench-token"
PAGE = 500


class ItemsOf(Sequence[PlanItem]):
    """A plan's items, read a page at a time and never kept."""

    def __init__(self, context: Context, plan_id: str) -> None:
        self._context = context
        self._plan_id = plan_id

    def __len__(self) -> int:
        with self._context.database.read() as connection:
            query = select(func.count()).select_from(plan_item).where(plan_item.c.plan_id == self._plan_id)
            return connection.execute(query).scalar_one()

    def __iter__(self) -> Iterator[PlanItem]:
        after = -1
        while True:
            with self._context.database.read() as connection:
                rows = connection.execute(
                    select(plan_item.c.seq, plan_item.c.document)
                    .where(plan_item.c.plan_id == self._plan_id, plan_item.c.seq > after)
                    .order_by(plan_item.c.seq).limit(PAGE)).all()
            if not rows:
                return
            yield from (PlanItem.from_json(from_text(document)) for _, document in rows)
            after = rows[-1][0]

    @overload
    def __getitem__(self, index: int) -> PlanItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PlanItem]: ...
    def __getitem__(self, index: int | slice) -> Any:
        raise NotImplementedError("items are only gone through")


def product(number: int) -> Product:
    """A product with eight metafields, one variant with stock and one picture."""
    return Product(
        key=ProductKey(f"etilize:{number}"), title=f"Product {number}", handle=f"product-{number}", status="ACTIVE",
        body_html=f"<p>{'A description of some length. ' * 20}{number}</p>", vendor="Acme", tags=("a", "b"),
        images=(Image(source=f"https://img.example/{number}.jpg", alt="front"),),
        metafields=tuple(Metafield(namespace="custom", key=f"k{n}", type="single_line_text_field", value=f"v{number}")
                         for n in range(8)),
        variants=(Variant(key=VariantKey(f"P{number}"), sku=f"P{number}", price=Decimal("9.90"), tracked=True,
                          stock=(Stock(available=5),)),),
    )


def opened(url: str, database: str) -> Context:
    given: dict[str, Any] = {"SHOPIFY_SHOP_URL": url, "SHOPIFY_ACCESS_TOKEN": TOKEN, "SHOPSYNC_DATABASE_URL": database,
                             "_env_file": None}
    return Context.open(Settings(**given))


def plan(url: str, database: str, count: int) -> str:
    """A plan of `count` creations."""
    context = opened(url, database)
    with context.database.write() as connection:
        imports = Imports(connection, context.shop_id)
        import_id = imports.start("here", "digest")
        documents = ((f"etilize:{number}", flatten(product(number))) for number in range(count))
        rows = [CatalogRow(key, digests(fields), to_text(fields)) for key, fields in documents]
        imports.make_current(import_id, Catalog(connection, context.shop_id).replace(import_id, rows))
    asyncio.run(pull(context, full=True))
    return diff(context).plan_id


def by_bulk(url: str, database: str) -> tuple[float, float, float, int]:
    """Sends the newest plan by bulk: seconds, processor seconds, points, items handed back."""
    context = opened(url, database)
    with context.database.read() as connection:
        newest = Plans(connection, context.shop_id).latest()
    assert newest is not None

    async def run() -> tuple[float, float, float, int]:
        async with context.client() as client:
            shop = await open_shop(context, client)
            before, clock, processor = client.bucket.spent, time.perf_counter(), time.process_time()
            sender = BulkSender(context, client, shop, newest.plan_id, "bench", on_outcome=lambda _items, _state: None)
            back = await sender.run(ItemsOf(context, newest.plan_id))
            return (time.perf_counter() - clock, time.process_time() - processor, client.bucket.spent - before,
                    len(back))

    return asyncio.run(run())


def directly(url: str, database: str) -> tuple[float, float, float, int]:
    """Sends the newest plan directly."""
    context = opened(url, database)
    with context.database.read() as connection:
        newest = Plans(connection, context.shop_id).latest()
    assert newest is not None
    clock, processor = time.perf_counter(), time.process_time()
    report = asyncio.run(push(context, newest.plan_id))
    return time.perf_counter() - clock, time.process_time() - processor, report.points, 0


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=10_000)
    given = parser.parse_args()
    print(f"{machine()}\n\n| what | items | seconds | processor ms an item | points an item | peak MiB | back |\n"
          "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    ways = [("by bulk", by_bulk, given.items // 5), ("by bulk", by_bulk, given.items),
            ("directly", directly, given.items // 20)]
    for name, way, count in ways:
        with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as folder:
            database = f"sqlite:///{Path(folder) / 'ours.db'}"
            Database(database).upgrade()
            command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", "--token", TOKEN, "--state",
                       str(Path(folder) / "store.db"), "--plan", "plus", "--speed", "50", "--index-lag-ms", "0"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as store:
                assert store.stdout is not None
                url = store.stdout.readline().split()[-1]
                plan(url, database, count)
                found = measured(way, url, database)
                seconds, processor, points, back = found.answer
                print(f"| {name} | {count:,} | {seconds:.1f} | {1000 * processor / count:.2f} | {points / count:.2f} | "
                      f"{found.peak:.0f} | {back} |", flush=True)
                store.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
