"""Writes whose answers leave out what costs points, shared calls, and reads of parts, against a dev store.

What is put together from a thin answer and the read after it is what the full answer would have told; no estimate is
below what the shop asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from shopsync_pipeline.core.cost import answered, estimate
from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.parts import Parts, parts_of
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.shopify.client import Answer
from shopsync_pipeline.shopify.errors import AnswerLost, UserErrors
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings
from shopsync_pipeline.shopify.nodes import digests_of, fields_of_parts
from shopsync_pipeline.shopify.part_reads import Answered, read_back, read_parts
from shopsync_pipeline.shopify.shop import Uses, describe
from shopsync_pipeline.shopify.writes import (
    Digests,
    Request,
    Written,
    metafields_request,
    metafields_written,
    request,
    written,
)
from shopsync_pipeline_tests.shopify.test_with_dev_store import Session, address, empty, item, lamp, made, run

__all__ = ["address", "empty"]

TEXT = "single_line_text_field"


async def send(shop: Session, asked: Request) -> Answer:
    answer = await shop.client.mutate(asked.document, asked.variables, cost=asked.cost, repeatable=asked.repeatable)
    assert answer.requested_cost is not None
    assert answer.requested_cost <= asked.cost < answer.requested_cost + 1.5, asked.document
    return answer


async def thinly(shop: Session, items: Sequence[PlanItem], links: Mapping[str, Links],
                 listings: Listings = NOTHING_LISTED) -> list[Written | None]:
    """Sends items with thin answers and reads them back together."""
    answers = []
    for one in items:
        asked = request(one, links.get(one.product_key), location_id=shop.place, listings=listings, told=False)
        answer = await send(shop, asked)
        assert asked.cost <= estimate(one.operation, one.changes) + 1
        answers.append(Answered(one, asked, answer.data, links.get(one.product_key)))
    return await read_back(shop.client, answers, location_id=shop.place, listings=listings)


def test_creations_that_are_read_back_show_what_their_answers_would_have_told(empty: str) -> None:
    async def work(shop: Session) -> None:
        items = [item(Operation.PRODUCT_CREATE, lamp(number, variants=number, pictures=number % 3),
                      key=f"etilize:{number}") for number in range(1, 5)]
        found = await thinly(shop, items, {})
        for one, after in zip(items, found, strict=True):
            assert after is not None
            assert after.complete
            assert after.fields == one.after()
            now = await shop.read(after.links.product, after.links)
            assert (now.links, now.fields) == (after.links, after.fields)
        parts = Parts()
        for one in items:
            parts |= answered(one.operation, one.changes)
        assert shop.client_asked["products_parts"] <= parts.read_cost

    run(empty, work)


def test_updates_and_pictures_are_read_back_together(empty: str) -> None:
    async def work(shop: Session) -> None:
        links = {f"etilize:{number}": (await made(shop, number)).links for number in range(1, 4)}
        metafields = {f"metafields[custom.m{number}]": {"type": TEXT, "value": f"v{number}"} for number in range(6)}
        pictures = [{"source": "https://img.example/1/1.jpg", "alt": "First now"},
                    {"source": "https://img.example/new.jpg", "alt": ""}]
        shop_of = await describe(shop.client, None, Uses(collections=True))
        items = [
            item(Operation.PRODUCT_UPDATE, {"title": "New <b>", "seo.title": "S", "handle": "Ny Lampe!", **metafields},
                 key="etilize:2", gid=links["etilize:2"].product, item_id="a"),
            item(Operation.MEDIA_SET, {"images": pictures, "body_html": "<p>x", "tags": ["b", "a"], "seo.title": None,
                                       "category": "el-2-2"}, gid=links["etilize:1"].product, item_id="b"),
            item(Operation.PRODUCT_UPDATE, {"metafields[custom.brand]": {"type": TEXT, "value": "B"}},
                 key="etilize:3", gid=links["etilize:3"].product, item_id="c"),
        ]
        found = await thinly(shop, items, links, shop_of.listings)
        for one, after in zip(items, found, strict=True):
            assert after is not None
            now = await shop.read(after.links.product, after.links)
            assert after.fields == {path: now.fields.get(path) for path in after.fields}
            assert after.links == now.links
            assert set(after.fields) == {change.path for change in one.changes}
        assert found[0] is not None
        assert found[1] is not None
        assert (found[0].fields[Path("handle")], found[1].fields[Path("images")]) == ("ny-lampe", pictures)

    run(empty, work)


def test_text_and_pictures_in_one_mutation_are_told_by_its_answer_too(empty: str) -> None:
    async def work(shop: Session) -> None:
        before = await made(shop)
        changes = {"images": [{"source": "https://img.example/1/1.jpg", "alt": "x"}], "title": "New", "vendor": None,
                   "seo.description": "D", "category": "el-2-2", "status": "ACTIVE"}
        one = item(Operation.MEDIA_SET, changes, gid=before.links.product)
        asked = request(one, before.links, location_id=shop.place)
        after = written(one, asked, (await send(shop, asked)).data, before.links)
        assert after.fields == changes
        now = await shop.read(before.links.product, after.links)
        assert {path: now.fields.get(Path(path)) for path in changes} == changes
        gone = [path for path in lamp() if path.startswith(("metafields[", "variants["))
                if not path.endswith(".image")]
        assert {path: now.fields.get(Path(path)) for path in gone} == {path: lamp()[path] for path in gone}

    run(empty, work)


def test_a_product_that_is_gone_before_it_is_read_back_is_told_as_unknown(empty: str) -> None:
    async def work(shop: Session) -> None:
        there = await made(shop, 2, pictures=0)
        one = item(Operation.PRODUCT_CREATE, lamp(1, pictures=0))
        asked = request(one, None, location_id=shop.place, told=False)
        answer = await send(shop, asked)
        gid = answer.data["productSet"]["product"]["id"]
        await shop.client.mutate("product_delete", {"input": {"id": gid}}, cost=10)
        other = item(Operation.PRODUCT_UPDATE, {"seo.title": "S"}, gid=there.links.product, key="etilize:2")
        told = request(other, there.links, location_id=shop.place, told=False)
        second = await send(shop, told)
        nothing, whole = await read_back(shop.client, [
            Answered(one, asked, answer.data, None), Answered(other, told, second.data, there.links)],
            location_id=shop.place)
        assert nothing is None
        assert whole is not None
        assert whole.fields == {"seo.title": "S"}

    run(empty, work)


def brand(key: str, gid: str, value: str, *more: str, before: str | None = None) -> PlanItem:
    rows = {f"metafields[custom.{name}]": {"type": TEXT, "value": value} for name in ("brand", *more)}
    was = {"metafields[custom.brand]": {"type": TEXT, "value": before}} if before else {}
    return item(Operation.METAFIELDS_SET, rows, key=key, gid=gid, before=was, item_id=f"i-{key}")


async def digests(shop: Session, ids: Sequence[str], *keys: str) -> Digests:
    nodes = await read_parts(shop.client, ids, Parts(keys=frozenset(keys)), location_id=shop.place)
    return {(gid, key): digests_of(node).get(key) for gid, node in nodes.items() for key in keys}


def test_metafields_of_many_products_are_compared_and_set_in_one_call(empty: str) -> None:
    async def work(shop: Session) -> None:
        links = {f"etilize:{number}": (await made(shop, number, variants=1, pictures=0)).links for number in range(3)}
        ids = [one.product for one in links.values()]
        items = [brand(key, one.product, f"of {key}", "new") for key, one in links.items()]
        read = await digests(shop, ids, "custom.brand", "custom.new")
        assert [digest is None for digest in read.values()] == [False, True] * 3
        asked = metafields_request(items, links, digests=read)
        assert (asked.document, asked.cost, asked.repeatable) == ("metafields_set", 22, True)
        for _ in range(2):  # a lost answer is followed by the same call
            after = metafields_written(items, asked, (await send(shop, asked)).data)
        for one in items:
            assert after[one.item_id] == one.after()
            now = await shop.read(one.product_id or "")
            assert {path: now.fields.get(path) for path in one.after()} == one.after()

    run(empty, work)


@pytest.mark.parametrize("edit", ["changed", "made", "deleted"])
def test_an_edit_between_reading_and_writing_refuses_the_call(empty: str, edit: str) -> None:
    async def work(shop: Session) -> None:
        links = {f"etilize:{number}": (await made(shop, number, variants=1, pictures=0)).links for number in range(2)}
        key = "custom.new" if edit == "made" else "custom.brand"
        gid = links["etilize:1"].product
        read = await digests(shop, [one.product for one in links.values()], "custom.brand", "custom.new")
        merchants = item(Operation.METAFIELDS_DELETE if edit == "deleted" else Operation.METAFIELDS_SET,
                         {f"metafields[{key}]": None if edit == "deleted" else {"type": TEXT, "value": "mine"}},
                         key="etilize:1", gid=gid)
        await send(shop, metafields_request([merchants], links))
        items = [brand(name, one.product, "ours", "new") for name, one in links.items()]
        with pytest.raises(UserErrors) as refused:
            await send(shop, metafields_request(items, links, digests=read))
        assert set(refused.value.codes) <= {"STALE_OBJECT", "INVALID_COMPARE_DIGEST"}
        assert {row.field for row in refused.value.errors} == {f"metafields.{3 if edit == 'made' else 2}"}
        assert (await shop.read(links["etilize:0"].product)).fields[Path("metafields[custom.brand]")] == {
            "type": TEXT, "value": "Acme"}

    run(empty, work)


def test_metafields_of_many_products_are_deleted_in_one_call(empty: str) -> None:
    async def work(shop: Session) -> None:
        links = {f"etilize:{number}": (await made(shop, number, variants=1, pictures=0)).links for number in range(3)}
        items = [item(Operation.METAFIELDS_DELETE, {"metafields[custom.brand]": None}, key=key, gid=one.product,
                      item_id=key) for key, one in links.items()]
        asked = metafields_request(items, links)
        after = metafields_written(items, asked, (await send(shop, asked)).data)
        assert list(after.values()) == [{"metafields[custom.brand]": None}] * 3
        for one in links.values():
            assert "metafields[custom.brand]" not in (await shop.read(one.product)).fields

    run(empty, work)


def test_a_product_alone_in_a_call_is_updated_and_told(empty: str) -> None:
    async def work(shop: Session) -> None:
        links = (await made(shop, pictures=0)).links
        one = brand("etilize:1", links.product, "alone")
        asked = request(one, links, location_id=shop.place)
        assert (asked.document, asked.cost) == ("product_update", 12)
        assert written(one, asked, (await send(shop, asked)).data, links).fields == one.after()
        more = brand("etilize:1", links.product, "more", "aa", "bb")
        asked = request(more, links, location_id=shop.place)
        assert (asked.document, asked.cost) == ("metafields_set", 14)
        assert written(more, asked, (await send(shop, asked)).data, links).fields == more.after()

    run(empty, work)


def test_an_answer_about_other_metafields_is_worth_nothing() -> None:
    one = brand("etilize:1", "gid://shopify/Product/1", "x", "a", "b")
    asked = metafields_request([one], {"etilize:1": Links(product="gid://shopify/Product/1")})
    rows = [{"namespace": "custom", "key": key, "type": TEXT, "value": "x"} for key in ("brand", "b", "a")]
    with pytest.raises(AnswerLost, match="other metafields than were sent"):
        metafields_written([one], asked, {"metafieldsSet": {"metafields": rows, "userErrors": []}})
    with pytest.raises(ValueError, match="27 metafields to set"):
        metafields_request([brand("e", "gid://shopify/Product/1", "x", *map(str, range(26)))], {})


@pytest.mark.parametrize("paths", [
    ["title"], ["seo.title", "category"], ["metafields[custom.brand]"], ["images"], ["variants[L1-0].price"],
    ["variants[L1-0].cost", "variants[L1-1].weight"], ["variants[L1-0].stock[default]"], ["variants[L1-0].image"],
    list(lamp()),
], ids=str)
def test_a_read_of_parts_tells_them_as_the_whole_product_does(empty: str, paths: list[str]) -> None:
    async def work(shop: Session) -> None:
        there = (await made(shop)).links
        changes: dict[str, Any] = dict.fromkeys(paths)
        parts = parts_of(item(Operation.PRODUCT_DELETE, changes, before=lamp()).changes)
        nodes = await read_parts(shop.client, [there.product, "gid://shopify/Product/99"], parts,
                                 location_id=shop.place)
        assert list(nodes) == [there.product]
        assert shop.client_asked["products_parts"] <= parts.read_cost
        shown = fields_of_parts(nodes[there.product], there)
        assert shown is not None
        whole = (await shop.read(there.product, there)).fields
        for path, value in whole.items():
            if parts.cover(path):
                assert shown.get(path) == value
        assert all(parts.cover(Path(path)) for path in paths)
        assert fields_of_parts(nodes[there.product], Links(product=there.product)) is None or not parts.variants

    run(empty, work)


def test_two_hundred_and_fifty_products_are_asked_for_in_one_request(empty: str) -> None:
    async def work(shop: Session) -> None:
        ids = [(await made(shop, number, variants=1, pictures=0)).links.product for number in range(3)]
        await read_parts(shop.client, [*ids, *(f"gid://shopify/Product/{n}" for n in range(9000, 9247))], Parts(),
                         location_id=shop.place)
        assert shop.client_asked["products_parts"] == 1

    run(empty, work)
