"""Many writes, few reads: who waits is told by one read, when the page is full, the moment is over, or all is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.shopify.answered import Written
from shopsync_pipeline.shopify.errors import ServerFault
from shopsync_pipeline.shopify.part_reads import Answered
from shopsync_pipeline.shopify.read_backs import ReadBacks
from shopsync_pipeline.shopify.writes import request
from shopsync_pipeline_tests.shopify.test_with_dev_store import Session, address, control, empty, item, lamp, run

__all__ = ["address", "empty"]


async def create(shop: Session, number: int) -> Answered:
    one = item(Operation.PRODUCT_CREATE, lamp(number, variants=1, pictures=0), key=f"etilize:{number}")
    asked = request(one, None, location_id=shop.place, told=False)
    answer = await shop.client.mutate(asked.document, asked.variables, cost=asked.cost)
    return Answered(one, asked, answer.data, None)


def reads(address: str) -> int:
    found: int = httpx.get(f"{address}/__devstore/stats", trust_env=False).json()["queries"].get("nodes", 0)
    return found


@pytest.mark.parametrize(("options", "took"), [
    ({"most": 3, "linger": 60}, 2), ({"most": 250, "linger": 60}, 1), ({"most": 250, "linger": 0.05}, 1),
], ids=["full pages and the rest at the end", "all at the end", "after a moment"])
def test_writes_share_their_reads(empty: str, options: dict[str, Any], took: int) -> None:
    async def work(shop: Session) -> None:
        before = reads(empty)
        made = [await create(shop, number) for number in range(5)]
        async with ReadBacks(shop.client, location_id=shop.place, **options) as back:
            tasks = [asyncio.create_task(back.written(one)) for one in made]
            if options["linger"] < 1:
                await asyncio.wait(tasks)
            else:
                await asyncio.sleep(0)
        found = await asyncio.gather(*tasks)
        assert reads(empty) - before == took
        for one, after in zip(made, found, strict=True):
            assert isinstance(after, Written)
            assert after.fields == one.item.after()
            assert after.links.product == one.product_id

    run(empty, work)


def test_a_read_that_fails_is_told_to_all_who_wait_and_the_next_one_works(empty: str) -> None:
    async def work(shop: Session) -> None:
        made = [await create(shop, number) for number in range(3)]
        async with ReadBacks(shop.client, location_id=shop.place, most=2, linger=60) as back:
            control(empty, "fault", kind="http_status", status=502, count=4)
            failed = await asyncio.gather(*(back.written(one) for one in made[:2]), return_exceptions=True)
            assert [type(one) for one in failed] == [ServerFault, ServerFault]
            last = asyncio.create_task(back.written(made[2]))
            await asyncio.sleep(0)
        assert isinstance(await last, Written)

    run(empty, work)


def test_who_stopped_waiting_does_not_keep_the_others_from_being_told(empty: str) -> None:
    async def work(shop: Session) -> None:
        made = [await create(shop, number) for number in range(2)]
        async with ReadBacks(shop.client, location_id=shop.place, linger=60) as back:
            one, other = (asyncio.create_task(back.written(answered)) for answered in made)
            await asyncio.sleep(0)
            one.cancel()
        assert isinstance(await other, Written)
        assert one.cancelled()

    run(empty, work)
