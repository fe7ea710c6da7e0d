"""Several mutations in one request: each gets its own verdict, from a dev store over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from graphql import parse, validate
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.combined import combine, together
from shopsync_pipeline.shopify.documents import WRITES, document
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    Forbidden,
    GraphQLFault,
    ShopifyError,
    ShopUnavailable,
    Throttled,
    UserErrors,
)
from shopsync_pipeline.shopify.writes import inventory_request, request, written
from shopsync_pipeline_tests.shopify.test_client import QUICK, throttled
from shopsync_pipeline_tests.shopify.test_documents import VERSIONS, carried, official
from shopsync_pipeline_tests.shopify.test_with_dev_store import (
    Session,
    address,
    control,
    empty,
    item,
    made,
    run,
)

__all__ = ["address", "empty"]

MUTATIONS = sorted(WRITES.values())

PRODUCT = "gid://shopify/Product/{}"


def deletion(number: int, cost: float = 10) -> Request:
    return Request("product_delete", {"input": {"id": PRODUCT.format(number)}}, cost, "productDelete")


def test_a_mutation_that_is_combined_has_one_root_and_no_fragment() -> None:
    for name in MUTATIONS:
        parts = parse(document(name)).definitions
        assert not any(isinstance(part, FragmentDefinitionNode) for part in parts), name
        (operation,) = parts
        assert isinstance(operation, OperationDefinitionNode)
        assert len(operation.selection_set.selections) == 1, name


@pytest.mark.parametrize("version", VERSIONS)
def test_all_mutations_together_are_one_valid_document(version: str) -> None:
    composed = combine([Request(name, {}, 10, "") for name in [*MUTATIONS, *MUTATIONS]])
    for schema in (official(version), carried(version)):
        assert [error.message for error in validate(schema, parse(composed.text))] == []


def test_variables_go_under_the_prefix_of_their_mutation() -> None:
    composed = combine([deletion(1), deletion(2, cost=11)])
    assert composed.variables == {"m0_input": {"id": PRODUCT.format(1)}, "m1_input": {"id": PRODUCT.format(2)}}
    assert (composed.cost, composed.repeatable) == (21, True)
    assert "m1: productDelete(input: $m1_input, synchronous: true)" in composed.text
    made_once = Request("variants_create", {}, 10, "productVariantsBulkCreate")
    assert not combine([deletion(1), made_once]).repeatable


def test_nothing_and_too_much_are_refused_before_they_are_sent() -> None:
    with pytest.raises(ValueError, match="0 mutations"):
        combine([])
    with pytest.raises(ValueError, match=r"101 mutations of 1010 points.*at most 1000"):
        combine([deletion(number) for number in range(101)])


@pytest.mark.parametrize(("costs", "options", "sizes"), [
    ([10] * 30, {}, [25, 5]), ([400, 400, 400], {}, [2, 1]), ([10, 10, 10], {"points": 20}, [2, 1]),
    ([2000, 10], {}, [1, 1]),
    ([10] * 3, {"most_bytes": 120}, [2, 1]), ([10] * 3, {"most_bytes": 1}, [1, 1, 1]),
    ([], {}, []),
], ids=["by number", "by the platform's points", "by the bucket's points", "too dear alone", "by size",
        "too long alone", "none"])
def test_what_goes_together(costs: list[float], options: dict[str, Any], sizes: list[int]) -> None:
    asked = [deletion(number, cost) for number, cost in enumerate(costs)]
    groups = list(together(asked, **options))
    assert [len(group) for group in groups] == sizes
    assert [one for group in groups for one in group] == asked


# --- verdicts, from a wire that answers as it is told ----------------------------------------------------------------

def verdicts(reply: Callable[[httpx.Request], httpx.Response], *asked: Request) -> list[Answer | ShopifyError]:
    async def whole() -> list[Answer | ShopifyError]:
        async with ShopifyClient("my-shop", "t", transport=httpx.MockTransport(reply), patience=QUICK) as client:
            return await client.mutate_many(asked)

    return asyncio.run(whole())


def error(code: str, *path: str) -> dict[str, Any]:
    return {"message": code, "extensions": {"code": code}, **({"path": list(path)} if path else {})}


DONE = {"deletedProductId": "x", "userErrors": []}


@pytest.mark.parametrize(("body", "kinds"), [
    ({"data": {"m0": DONE, "m1": DONE}}, [Answer, Answer]),
    ({"data": {"m0": DONE, "m1": {"userErrors": [{"field": ["id"], "message": "no"}]}}}, [Answer, UserErrors]),
    ({"data": {"m0": None, "m1": DONE}, "errors": [error("ACCESS_DENIED", "m0")]}, [Forbidden, Answer]),
    ({"data": {"m0": None, "m1": DONE}, "errors": [error("INTERNAL_SERVER_ERROR", "m0")]}, [AnswerLost, Answer]),
    ({"data": {"m0": None, "m1": DONE}}, [AnswerLost, Answer]),
    ({"data": {"m0": DONE}}, [Answer, AnswerLost]),
    ({"data": {"m0": DONE, "m1": DONE}, "errors": [error("WHATEVER")]}, [Answer, Answer]),
    ({"data": None, "errors": [error("RESOURCE_NOT_FOUND", "m1")]}, [AnswerLost, GraphQLFault]),
], ids=["both", "refused", "denied", "failed", "nothing and no error", "half an answer", "an error about nothing",
        "the failure took the others' answers"])
def test_each_gets_its_own_verdict(body: dict[str, Any], kinds: list[type]) -> None:
    asked = 0

    def reply(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(200, json=body)

    assert [type(one) for one in verdicts(reply, deletion(1), deletion(2))] == kinds
    assert asked == 1  # whatever may have run is never sent again


def test_points_are_told_to_each_by_its_estimate() -> None:
    cost = {"cost": {"requestedQueryCost": 40, "actualQueryCost": 20}}
    found = verdicts(lambda _: httpx.Response(200, json={"data": {"m0": DONE, "m1": DONE}, "extensions": cost}),
                     deletion(1, 10), deletion(2, 30))
    assert [(one.requested_cost, one.actual_cost, one.data) for one in found if isinstance(one, Answer)] == [
        (10, 5, {"productDelete": DONE}), (30, 15, {"productDelete": DONE})]


def test_what_was_refused_before_it_ran_is_sent_one_by_one() -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        text = request.content.decode()
        if "Combined" in text:
            return httpx.Response(200, json={"errors": [error("INVALID_VARIABLE")]})
        if PRODUCT.format(2) in text:
            return httpx.Response(200, json={"errors": [error("INVALID_VARIABLE")]})
        return httpx.Response(200, json={"data": {"productDelete": DONE}})

    assert [type(one) for one in verdicts(reply, deletion(1), deletion(2), deletion(3))] == [
        Answer, GraphQLFault, Answer]


def test_a_shop_that_fails_while_they_go_one_by_one_does_not_hide_what_was_executed() -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        text = request.content.decode()
        if "Combined" in text:
            return httpx.Response(200, json={"errors": [error("INVALID_VARIABLE")]})
        if PRODUCT.format(2) in text:
            return httpx.Response(402)
        return httpx.Response(200, json={"data": {"productDelete": DONE}})

    assert [type(one) for one in verdicts(reply, deletion(1), deletion(2))] == [Answer, ShopUnavailable]


def test_what_concerns_the_shop_is_raised_and_nothing_was_executed() -> None:
    with pytest.raises(Throttled):
        verdicts(lambda _: throttled(available=0), deletion(1), deletion(2))


# --- over a socket ---------------------------------------------------------------------------------------------------

async def titles(shop: Session, *ids: str) -> list[str]:
    return [str((await shop.read(gid)).fields["title"]) for gid in ids]


def retitled(gid: str, title: str) -> Request:
    return request(item(Operation.PRODUCT_UPDATE, {"title": title}, gid=gid), Links(product=gid), location_id="l")


def test_one_refused_among_ten_undoes_none_of_the_others(empty: str) -> None:
    async def work(shop: Session) -> None:
        there = [(await made(shop, number, variants=1, pictures=0)).links for number in range(9)]
        asked = [retitled(links.product, f"T{number}") for number, links in enumerate(there)]
        asked.insert(4, retitled(PRODUCT.format(999999), "Nobody"))
        answers = await shop.client.mutate_many(asked)
        assert [type(one) for one in answers] == [Answer] * 4 + [UserErrors] + [Answer] * 5
        costs = [one.requested_cost or 0 for one in answers if isinstance(one, Answer)]
        assert sum(costs) == pytest.approx(90)
        assert await titles(shop, *(links.product for links in there)) == [f"T{number}" for number in range(9)]

    run(empty, work)


def test_different_mutations_are_read_as_if_each_were_alone(empty: str) -> None:
    async def work(shop: Session) -> None:
        links = (await made(shop, variants=1, pictures=0)).links
        update = item(Operation.PRODUCT_UPDATE, {"title": "New", "seo.title": "S", "metafields[custom.brand]": {
            "type": "single_line_text_field", "value": "B"}}, gid=links.product)
        price = item(Operation.VARIANTS_UPDATE, {"variants[L1-0].price": "3.00"}, gid=links.product)
        stock = item(Operation.INVENTORY_SET, {"variants[L1-0].stock[default]": 9}, gid=links.product,
                     before={"variants[L1-0].stock[default]": 4})
        asked = [request(update, links, location_id=shop.place), request(price, links, location_id=shop.place),
                 inventory_request([stock], {"etilize:1": links}, location_id=shop.place, idempotency_key="k")]
        answers = await shop.client.mutate_many(asked)
        for one, sent, answer in zip((update, price, stock), asked, answers, strict=True):
            assert isinstance(answer, Answer)
            assert written(one, sent, answer.data, links).fields == one.after()
        whole = await shop.read(links.product, links)
        assert {path: whole.fields[path] for one in (update, price, stock) for path in one.after()} == {
            **update.after(), **price.after(), **stock.after()}
        assert shop.client_asked["combined"] <= sum(one.cost for one in asked)

    run(empty, work)


@pytest.mark.parametrize("fault", [
    {"kind": "throttle", "count": 2}, {"kind": "http_status", "status": 429, "retry_after": 0, "count": 1},
])
def test_a_throttled_request_is_sent_again(empty: str, fault: dict[str, Any]) -> None:
    async def work(shop: Session) -> None:
        there = [(await made(shop, number, variants=1, pictures=0)).links.product for number in range(2)]
        control(empty, "fault", **fault)
        answers = await shop.client.mutate_many([retitled(gid, "Again") for gid in there])
        assert [type(one) for one in answers] == [Answer, Answer]
        assert await titles(shop, *there) == ["Again", "Again"]

    run(empty, work)


def test_a_lost_answer_is_lost_for_all_and_what_ran_is_not_repeated(empty: str) -> None:
    async def work(shop: Session) -> None:
        links = (await made(shop, variants=1, pictures=0)).links
        new = item(Operation.VARIANTS_CREATE, {
            "variants[N].options": ["Other", "S"], "variants[N].sku": "N", "variants[N].price": "1.00"},
            gid=links.product)
        asked = [retitled(links.product, "Renamed"),
                 request(new, links, location_id=shop.place, options=["Color", "Size"])]
        control(empty, "fault", kind="drop_after_write", count=1)
        answers = await shop.client.mutate_many(asked)
        assert [type(one) for one in answers] == [AnswerLost, AnswerLost]
        now = await shop.read(links.product)
        assert (now.fields["title"], len(now.links.variants)) == ("Renamed", 2)

    run(empty, work)


@pytest.mark.parametrize("kind", ["drop_before_write", "drop_after_write"])
def test_what_may_be_repeated_is_sent_again_after_a_lost_answer(empty: str, kind: str) -> None:
    async def work(shop: Session) -> None:
        there = [(await made(shop, number, variants=1, pictures=0)).links.product for number in range(2)]
        control(empty, "fault", kind=kind, count=1)
        answers = await shop.client.mutate_many([retitled(gid, "Twice") for gid in there])
        assert [type(one) for one in answers] == [Answer, Answer]
        assert await titles(shop, *there) == ["Twice", "Twice"]

    run(empty, work)


def test_a_scope_that_one_mutation_lacks_is_told_for_it_alone(empty: str) -> None:
    control(empty, "apps", action="token", token="narrow",
            scopes=["write_products", "read_inventory", "read_locations"])

    async def work(shop: Session) -> None:
        links = (await made(shop, variants=1, pictures=0)).links
        stock = item(Operation.INVENTORY_SET, {"variants[L1-0].stock[default]": 9}, gid=links.product,
                     before={"variants[L1-0].stock[default]": 4})
        asked = [retitled(links.product, "Allowed"), inventory_request(
            [stock], {"etilize:1": links}, location_id=shop.place, idempotency_key="k")]
        async with ShopifyClient(empty, "narrow", patience=QUICK) as narrow:
            answers = await narrow.mutate_many(asked)
        assert [type(one) for one in answers] == [Answer, Forbidden]
        now = await shop.read(links.product, links)
        assert (now.fields["title"], now.fields["variants[L1-0].stock[default]"]) == ("Allowed", 4)

    run(empty, work)
