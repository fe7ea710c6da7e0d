"""The whole room against a dev store in its own process, over a real socket: what is written is what is read back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shopsync_pipeline.core import fields as registry
from shopsync_pipeline.core.fields import Operation, Risk, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import Change, Lane, PlanItem, Reason
from shopsync_pipeline.shopify.client import Answer, Patience, ShopifyClient
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    FilterIgnored,
    Unauthorized,
    Unreachable,
    UserErrors,
    already_gone,
)
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings
from shopsync_pipeline.shopify.shop import Shop, describe, ensure_custom_id
from shopsync_pipeline.shopify.snapshot import (
    PageSizes,
    nothing_known,
    read_all,
    read_by_custom_ids,
    read_by_ids,
    read_since,
)
from shopsync_pipeline.shopify.writes import Written, inventory_request, inventory_written, request, written

TOKEN = "shpat_devstore_0123456789"
QUICK = Patience(attempts=4, throttled_seconds=20, first_pause=0.01, longest_pause=0.05, jitter=0)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("devstore") / "state.sqlite"
    command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", "--state", str(state),
               "--token", TOKEN, "--plan", "plus", "--index-lag-ms", "0"]
    root = Path(registry.__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("devstore ready "), line
        yield line.split()[-1]
        process.terminate()


def control(address: str, action: str, /, **order: Any) -> None:
    httpx.post(f"{address}/__devstore/{action}", json=order, trust_env=False, verify=False).raise_for_status()


@pytest.fixture
def empty(address: str) -> str:
    """The address of the dev store with nothing in it."""
    control(address, "reset")
    return address


class Session:
    """A client of the dev store that knows the shop and does plan items. What a request was estimated to cost must not
    be below what the shop then asked for it."""

    def __init__(self, client: ShopifyClient, shop: Shop, client_asked: dict[str, float]) -> None:
        self.client = client
        self.client_asked = client_asked
        self.estimated = 0.0
        self.shop = shop
        self.place = shop.location_id

    async def do(self, item: PlanItem, links: Links | None = None, *, listings: Listings = NOTHING_LISTED,
                 **options: Any) -> Written:
        asked = request(item, links, location_id=self.place, listings=listings, **options)
        answer = await self.client.mutate(asked.document, asked.variables, cost=asked.cost, repeatable=asked.repeatable)
        assert answer.requested_cost is not None
        assert answer.requested_cost <= asked.cost, asked.document
        self.estimated = asked.cost
        return written(item, asked, answer.data, links, listings)

    async def read(self, gid: str, links: Links | None = None) -> Any:
        known: Mapping[str, Links] = {gid: links} if links else {}
        found = await read_by_ids(self.client, [gid], known=lambda _: known, location_id=self.place)
        return found.products[0] if found.products else None


@asynccontextmanager
async def session(address: str, **options: Any) -> AsyncIterator[Session]:
    asked: dict[str, float] = {}

    def note(name: str, answer: Answer) -> None:
        asked[name] = answer.requested_cost or 0.0

    async with ShopifyClient(address, TOKEN, patience=QUICK, on_answer=note, **options) as client:
        shop = await describe(client)
        await ensure_custom_id(client)
        yield Session(client, shop, asked)


def run(address: str, work: Callable[[Session], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        async with session(address, **options) as shop:
            await work(shop)

    asyncio.run(whole())


def item(operation: Operation, changes: Mapping[str, Any], *, key: str = "etilize:1", gid: str | None = None,
         before: Mapping[str, Any] | None = None, item_id: str = "i-1") -> PlanItem:
    rows = tuple(Change(registry.Path(path), (before or {}).get(path), after, Reason.CATALOG_CHANGED)
                 for path, after in changes.items())
    return PlanItem(item_id=item_id, product_key=key, product_id=gid, operation=operation, lane=Lane.CONTENT,
                    risk=Risk.LOW, changes=rows, cost=10)


def lamp(number: int = 1, variants: int = 2, pictures: int = 2) -> dict[str, Value]:
    images: list[Value] = [{"source": f"https://img.example/{number}/{place}.jpg", "alt": f"View {place}"}
                           for place in range(pictures)]
    found: dict[str, Value] = {
        "title": f"Lamp {number}", "handle": f"lamp-{number}", "body_html": "<p>Bright</p>", "vendor": "Acme",
        "product_type": "Lamps", "status": "DRAFT", "seo.title": "Lamp", "seo.description": "A lamp",
        "tags": ["bright", "Lamp"], "options": ["Color", "Size"], "images": images,
        "metafields[custom.brand]": {"type": "single_line_text_field", "value": "Acme"},
        "metafields[custom.watts]": {"type": "number_integer", "value": "40"},
    }
    for place in range(variants):
        key = f"L{number}-{place}"
        found |= {
            f"variants[{key}].options": [f"Color {place}", "S"], f"variants[{key}].sku": key,
            f"variants[{key}].barcode": f"40{place}", f"variants[{key}].taxable": True,
            f"variants[{key}].requires_shipping": True, f"variants[{key}].tracked": place % 2 == 0,
            f"variants[{key}].inventory_policy": "DENY", f"variants[{key}].price": "79.90",
            f"variants[{key}].compare_at_price": "99.00", f"variants[{key}].cost": "50.00",
            f"variants[{key}].weight": {"value": "1.5", "unit": "KILOGRAMS"},
        }
        if place % 2 == 0:
            found[f"variants[{key}].stock[default]"] = 4 + place
        if pictures:
            found[f"variants[{key}].image"] = images[place % pictures]["source"]  # type: ignore[index,call-overload]
    if not images:
        del found["images"]
    return found


async def made(shop: Session, number: int = 1, **options: Any) -> Written:
    return await shop.do(item(Operation.PRODUCT_CREATE, lamp(number, **options), key=f"etilize:{number}"))


def test_a_created_product_reads_back_as_it_was_sent_and_as_it_was_answered(empty: str) -> None:
    async def work(shop: Session) -> None:
        after = await made(shop)
        assert after.complete
        assert after.fields == lamp()
        found = await shop.read(after.links.product, after.links)
        assert found.fields == lamp()
        assert found.links == after.links
        assert found.custom_id == "etilize:1"

    run(empty, work)


def test_a_repeated_creation_finds_the_same_product(empty: str) -> None:
    async def work(shop: Session) -> None:
        first, second = await made(shop, pictures=0), await made(shop, pictures=0)
        assert first.links.product == second.links.product
        assert len([row async for row in read_all(shop.client, known=nothing_known, location_id=shop.place)]) == 1
        found = await read_by_custom_ids(shop.client, ["etilize:1", "etilize:2"], known=nothing_known,
                                         location_id=shop.place)
        assert found["etilize:2"] is None
        assert found["etilize:1"] is not None
        assert found["etilize:1"].links.product == first.links.product

    run(empty, work)


def test_an_update_is_answered_as_it_is_read_back(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        changes = {"title": "Lamp, brighter", "handle": "Lamp  Brighter!", "body_html": "<p>Brighter</p>",
                   "tags": ["zeta", "alpha", "ALPHA"], "seo.title": None, "product_type": None, "status": "ACTIVE",
                   "metafields[custom.brand]": {"type": "single_line_text_field", "value": "Acme 2"},
                   "metafields[custom.new]": {"type": "single_line_text_field", "value": "n"}}
        after = await shop.do(item(Operation.PRODUCT_UPDATE, changes, gid=before.links.product), before.links)
        found = await shop.read(before.links.product, before.links)
        assert after.fields == {path: found.fields.get(path) for path in changes}
        assert after.fields["title"] == "Lamp, brighter"  # type: ignore[index]
        assert after.fields["handle"] == "lamp-brighter"  # type: ignore[index]
        assert after.fields["seo.title"] is None  # type: ignore[index]
        untouched = {path: value for path, value in lamp().items() if path not in changes}
        assert {path: found.fields.get(path) for path in untouched} == untouched

    run(empty, work)


def test_metafields_are_deleted_and_deleting_again_does_no_harm(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        gone = item(Operation.METAFIELDS_DELETE, {"metafields[custom.brand]": None}, gid=before.links.product)
        for _ in range(2):
            after = await shop.do(gone, before.links)
            assert after.fields == {"metafields[custom.brand]": None}
        found = await shop.read(before.links.product)
        assert "metafields[custom.brand]" not in found.fields
        assert found.custom_id == "etilize:1"

    run(empty, work)


def test_variants_are_changed_cleared_and_renamed(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        changes = {
            "variants[L1-0].price": "12.00", "variants[L1-0].compare_at_price": None, "variants[L1-0].barcode": None,
            "variants[L1-0].cost": None, "variants[L1-0].weight": {"value": "250", "unit": "GRAMS"},
            "variants[L1-1].sku": "NEW", "variants[L1-1].options": ["Crimson", "S"], "variants[L1-1].weight": None,
            "variants[L1-1].requires_shipping": False, "variants[L1-1].inventory_policy": "CONTINUE",
            "variants[L1-1].taxable": False, "variants[L1-1].image": "https://img.example/1/0.jpg",
        }
        after = await shop.do(item(Operation.VARIANTS_UPDATE, changes, gid=before.links.product), before.links,
                              options=["Color", "Size"])
        assert after.fields == changes
        found = await shop.read(before.links.product, after.links)
        assert {path: found.fields.get(path) for path in changes} == changes
        assert set(found.links.variants) == {"L1-0", "L1-1"}

    run(empty, work)


def test_new_variants_join_a_product(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop, variants=1)
        changes = {path: value for path, value in lamp(variants=3).items() if path.startswith(("variants[L1-1]",
                                                                                               "variants[L1-2]"))}
        after = await shop.do(item(Operation.VARIANTS_CREATE, changes, gid=before.links.product), before.links,
                              options=["Color", "Size"])
        assert after.fields == changes
        found = await shop.read(before.links.product, after.links)
        assert found.links == after.links
        assert found.fields == lamp(variants=3)

    run(empty, work)


def test_stock_is_set_compared_and_not_overwritten_when_an_order_moved_it(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        path = "variants[L1-0].stock[default]"
        links = {"etilize:1": before.links}

        async def set_stock(old: int | None, new: int, key: str) -> dict[str, Any]:
            row = item(Operation.INVENTORY_SET, {path: new}, before={path: old}, gid=before.links.product)
            asked = inventory_request([row], links, location_id=shop.place, idempotency_key=key)
            answer = await shop.client.mutate(asked.document, asked.variables, cost=asked.cost, repeatable=True)
            return dict(inventory_written([row], answer.data)["i-1"])

        assert await set_stock(4, 9, "k-1") == {path: 9}
        assert await set_stock(4, 9, "k-1") == {path: 9}
        with pytest.raises(UserErrors) as caught:
            await set_stock(4, 10, "k-2")
        assert caught.value.codes == ("CHANGE_FROM_QUANTITY_STALE",)
        assert await set_stock(None, 11, "k-3") == {path: 11}
        assert (await shop.read(before.links.product, before.links)).fields[path] == 11

    run(empty, work)


def test_pictures_are_added_moved_renamed_and_taken_away_without_uploading_twice(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        one, two = (f"https://img.example/1/{place}.jpg" for place in range(2))
        wanted: list[Value] = [{"source": two, "alt": "Now first"},
                               {"source": "https://img.example/new.jpg", "alt": ""}]
        after = await shop.do(item(Operation.MEDIA_SET, {"images": wanted}, gid=before.links.product), before.links)
        assert after.fields == {"images": wanted}
        assert after.links.images[two] == before.links.images[two]
        assert one not in after.links.images
        found = await shop.read(before.links.product, after.links)
        assert found.fields["images"] == wanted
        assert found.links.images == after.links.images
        emptied = await shop.do(item(Operation.MEDIA_SET, {"images": None}, gid=before.links.product), after.links)
        assert (emptied.fields, emptied.links.images) == ({"images": None}, {})

    run(empty, work)


def test_a_deleted_product_is_gone_and_deleting_it_again_says_so(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        gone = item(Operation.PRODUCT_DELETE, {"title": None}, gid=before.links.product)
        assert (await shop.do(gone, before.links)).fields == {"title": None}
        assert await shop.read(before.links.product) is None
        with pytest.raises(UserErrors) as caught:
            await shop.do(gone, before.links)
        assert already_gone(caught.value)

    run(empty, work)


def test_a_snapshot_holds_every_product_whole_and_a_delta_the_changed_ones(empty: str) -> None:
    async def work(shop: Session) -> None:
        written_products = [await made(shop, number, variants=30 if number == 1 else 1, pictures=number % 2)
                            for number in range(1, 8)]
        links = {after.links.product: after.links for after in written_products}
        seen = {row.custom_id: row
                async for row in read_all(shop.client, known=lambda _: links, location_id=shop.place)}
        assert len(seen) == 7
        for number in range(1, 8):
            wanted = lamp(number, variants=30 if number == 1 else 1, pictures=number % 2)
            assert seen[f"etilize:{number}"].fields == wanted
        latest = max(row.updated_at for row in seen.values())
        nothing = [row async for row in read_since(shop.client, latest + timedelta(seconds=5), known=nothing_known,
                                                   location_id=shop.place)]
        assert nothing == []
        everything = [row async for row in read_since(shop.client, latest - timedelta(hours=1), known=nothing_known,
                                                      location_id=shop.place)]
        assert {row.custom_id for row in everything} == set(seen)

    run(empty, work)


def test_a_filter_that_the_shop_ignores_is_an_error(empty: str) -> None:
    async def work(shop: Session) -> None:
        variables = {"first": 5, "after": None, "query": "no_such_filter:1", "sortKey": "ID", "locationId": shop.place,
                     **PageSizes(variants=1, metafields=1, media=1).inner()}
        with pytest.raises(FilterIgnored, match="no_such_filter"):
            await shop.client.query("products_page", variables, cost=50)

    run(empty, work)


def test_a_write_cut_off_after_it_was_done_is_found_by_its_key(empty: str) -> None:
    async def work(shop: Session) -> None:
        control(empty, "fault", kind="drop_after_write", count=1)
        with pytest.raises(AnswerLost):
            await made(shop)
        found = await read_by_custom_ids(shop.client, ["etilize:1"], known=nothing_known, location_id=shop.place)
        assert found["etilize:1"] is not None
        assert found["etilize:1"].fields["title"] == "Lamp 1"  # type: ignore[index]
        control(empty, "fault", kind="drop_before_write", count=1)
        with pytest.raises(AnswerLost):
            await made(shop, 2)
        assert (await read_by_custom_ids(shop.client, ["etilize:2"], known=nothing_known,
                                         location_id=shop.place))["etilize:2"] is None

    run(empty, work)


def test_a_repeatable_write_cut_off_is_done_again(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        control(empty, "fault", kind="drop_after_write", count=2)
        again = item(Operation.PRODUCT_UPDATE, {"title": "Again"}, gid=before.links.product)
        after = await shop.do(again, before.links)
        assert after.fields == {"title": "Again"}

    run(empty, work)


def test_refusals_for_lack_of_points_lose_nothing(empty: str) -> None:
    async def work(shop: Session) -> None:
        control(empty, "fault", kind="throttle", count=3)
        assert (await made(shop)).complete
        assert shop.client.bucket.throttled == 3

    run(empty, work)


def test_many_writes_at_once_are_never_refused(empty: str) -> None:
    """On a standard shop the bucket runs dry; the client waits instead of being told to."""
    control(empty, "settings", plan="standard", speed=20)

    async def work(shop: Session) -> None:
        done = await asyncio.gather(*(made(shop, number, variants=1, pictures=0) for number in range(1, 151)))
        assert len({after.links.product for after in done}) == 150
        assert shop.client.bucket.throttled <= 1
        assert shop.client.bucket.maximum == 2000

    try:
        run(empty, work)
    finally:
        control(empty, "settings", plan="plus", speed=1)


def test_estimates_are_close_to_what_the_shop_asks(empty: str) -> None:
    async def work(shop: Session) -> None:
        for variants, pictures in ((1, 0), (1, 3), (12, 4), (60, 0)):
            await made(shop, variants * 10 + pictures, variants=variants, pictures=pictures)
            estimate, asked = shop.estimated, shop.client_asked["product_set"]
            assert asked <= estimate <= asked * 1.05 + 1, (variants, pictures)

    run(empty, work)


def test_a_wrong_token_and_a_wrong_port_are_told_apart(empty: str) -> None:
    async def ask(address: str, token: str) -> None:
        async with ShopifyClient(address, token, patience=QUICK) as client:
            await describe(client)

    with pytest.raises(Unauthorized):
        asyncio.run(ask(empty, "wrong"))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        asyncio.run(ask("http://127.0.0.1:9", "wrong"))


def test_links_survive_being_stored(empty: str) -> None:
    async def work(shop: Session) -> None:
        after = await made(shop)
        assert Links.from_json(json.loads(json.dumps(after.links.to_json()))) == after.links

    run(empty, work)
