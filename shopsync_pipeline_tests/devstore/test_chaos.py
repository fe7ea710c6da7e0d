"""Trouble on order: latency from a seed, a share of faults, refused skus, and other people at work."""

from __future__ import annotations

from collections import Counter
from statistics import fmean, quantiles
from typing import Any

import httpx
import pytest

from shopsync_pipeline.devstore.chaos.latency import Latency
from shopsync_pipeline.devstore.chaos.mixture import Mixture
from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

UPDATE = """mutation U($p: ProductUpdateInput!) { productUpdate(product: $p) {
  product { title } userErrors { field message } } }"""


# -- latency ----------------------------------------------------------------------------------------


def test_a_spread_has_the_mean_and_the_tail_that_were_asked_for() -> None:
    latency = Latency({"min": 50, "mean": 200, "p99": 900, "seed": 1})
    drawn = [latency.draw() for _ in range(40_000)]
    assert min(drawn) >= 50
    assert fmean(drawn) == pytest.approx(200, rel=0.03)
    assert quantiles(drawn, n=100)[98] == pytest.approx(900, rel=0.06)


@pytest.mark.parametrize("given", [{"min": 1, "mean": 5, "p99": 20, "seed": 3}, {"fixed": 5, "jitter": 4, "seed": 3}])
def test_the_same_seed_draws_the_same(given: dict[str, Any]) -> None:
    one, other = Latency(given), Latency(given)
    assert [one.draw() for _ in range(50)] == [other.draw() for _ in range(50)]
    different = Latency({**given, "seed": 4})
    assert one.draw() != different.draw()


@pytest.mark.parametrize(
    "given", [-1, "fast", {"fixed": -1}, {"mean": 3}, {"min": 5, "mean": 5, "p99": 9}, {"min": 0, "mean": 1, "p99": 99}]
)
def test_latencies_that_cannot_be(given: Any) -> None:
    with pytest.raises(OrderError):
        Latency(given)


def test_latency_is_shown_as_it_was_ordered(shop: DevStoreClient) -> None:
    spread = {"min": 0.1, "mean": 0.2, "p99": 0.5, "seed": 1}
    assert shop.control("settings", {"latency_ms": spread})["latency_ms"] == spread
    assert "errors" not in shop.ask("{ shop { id } }")


# -- a share of faults ------------------------------------------------------------------------------


def test_a_mixture_draws_its_shares() -> None:
    mixture = Mixture({"seed": 5, "throttle": 10, "drop_after_write": 5, "http_status": {"503": 5, "429": 1}})
    drawn = Counter(trouble.status or trouble.kind for trouble in (mixture.draw() for _ in range(20_000)) if trouble)
    shares = {name: count / 200 for name, count in drawn.items()}
    assert shares == {
        "throttle": pytest.approx(10, abs=1), "drop_after_write": pytest.approx(5, abs=0.8),
        503: pytest.approx(5, abs=0.8), 429: pytest.approx(1, abs=0.4),
    }  # fmt: skip


def outcome(shop: DevStoreClient, title: str, product: str) -> str:
    try:
        response = shop.post(UPDATE, {"p": {"id": product, "title": title}})
    except httpx.RemoteProtocolError:
        return "lost"
    if response.status_code != 200:
        return str(response.status_code)
    return "throttled" if "errors" in response.json() else "done"


def run(shop: DevStoreClient, product: str) -> list[str]:
    order = {"seed": 9, "drop_before_write": 10, "drop_after_write": 10, "throttle": 10, "http_status": {"503": 10}}
    shop.control("mixture", order)
    found = [outcome(shop, f"T{number}", product) for number in range(60)]
    shop.control("mixture")
    return found


def test_the_same_seed_brings_the_same_trouble_in_the_same_order(shop: DevStoreClient) -> None:
    shop.control("settings", {"plan": "enterprise"})
    product = shop.make(title="Start")["id"]
    first = run(shop, product)
    assert set(first) == {"done", "lost", "503", "throttled"}
    assert run(shop, product) == first
    assert [outcome(shop, "calm", product) for _ in range(5)] == ["done"] * 5


@pytest.mark.parametrize(
    "order", [{"throttle": 101}, {"throttle": 60, "drop_after_write": 60}, {"flood": 1}, {"http_status": {"200": 1}}]
)
def test_mixtures_that_cannot_be(shop: DevStoreClient, order: dict[str, Any]) -> None:
    response = shop.http.post("/__devstore/mixture", json=order)
    assert response.status_code == 400
    assert len(response.json()["error"]) > 10


# -- refused skus -----------------------------------------------------------------------------------


def test_mutations_that_touch_a_sku_are_refused(shop: DevStoreClient) -> None:
    product = shop.make(title="Lamp", **colours(shop.location(), "Red", "Blue"))
    other = shop.make(title="Desk")
    shop.control("refusals", {"sku": "RED", "message": "Not today", "field": ["title"]})
    refused = shop.data(UPDATE, {"p": {"id": product["id"], "title": "x"}})["productUpdate"]
    assert refused == {"product": None, "userErrors": [{"field": ["title"], "message": "Not today"}]}
    assert shop.data(UPDATE, {"p": {"id": other["id"], "title": "x"}})["productUpdate"]["userErrors"] == []
    variant = product["variants"]["nodes"][1]["id"]
    tags = 'mutation($id: ID!) { tagsAdd(id: $id, tags: ["a"]) { userErrors { message } } }'
    assert shop.data(tags, {"id": product["id"]})["tagsAdd"]["userErrors"] == [{"message": "Not today"}]
    price = """mutation($id: ID!, $v: ID!) {
      productVariantsBulkUpdate(productId: $id, variants: [{id: $v, price: "3"}]) { userErrors { message } } }"""
    shop.control("refusals")
    shop.control("refusals", {"sku": "RED", "root": "productUpdate"})
    assert shop.data(price, {"id": product["id"], "v": variant})["productVariantsBulkUpdate"]["userErrors"] == []


def test_a_refusal_can_be_counted(shop: DevStoreClient) -> None:
    given = {"title": "Lamp", **colours(shop.location(), "Red")}
    shop.control("refusals", {"sku": "RED", "count": 2, "code": "GENERIC_ERROR"})
    answers = [shop.set_product(given) for _ in range(3)]
    assert [[error["code"] for error in answer["userErrors"]] for answer in answers] == [
        ["GENERIC_ERROR"], ["GENERIC_ERROR"], [],
    ]  # fmt: skip
    assert shop.stats()["products"] == 1


# -- other people -----------------------------------------------------------------------------------


def everything(shop: DevStoreClient) -> Any:
    query = """{ products(first: 50) { nodes { title descriptionHtml tags variants(first: 5) { nodes { price
      inventoryQuantity } } metafields(first: 5) { nodes { namespace key value } } } } }"""
    return shop.data(query)["products"]["nodes"]


def populate(shop: DevStoreClient) -> None:
    for number in range(5):
        shop.make(title=f"P{number}", **colours(shop.location(), "Red"))


def test_the_same_seed_makes_the_same_life(shop: DevStoreClient) -> None:
    lives = []
    for _ in range(2):
        shop.control("reset")
        populate(shop)
        shop.control("life", {"seed": 4, "steps": 30})
        lives.append(everything(shop))
    assert lives[0] == lives[1]
    assert shop.control("life")["done"] == {}


def test_each_kind_of_life_leaves_its_own_traces(shop: DevStoreClient) -> None:
    populate(shop)
    before = everything(shop)
    done = shop.control("life", {"seed": 4, "steps": 12, "metafields_per_second": 1})["done"]
    assert done == {"metafields": 12}
    after = everything(shop)
    assert {row["namespace"] for node in after for row in node["metafields"]["nodes"]} == {"other_app"}
    assert [node["title"] for node in after] == [node["title"] for node in before]
    shop.control("life", {"steps": 8, "orders_per_second": 1})
    sold = [node["variants"]["nodes"][0]["inventoryQuantity"] for node in everything(shop)]
    assert sum(sold) <= 5 * len(sold) - 8
    actors = {
        row["actor"]
        for node in shop.data("{ products(first: 9) { nodes { id } } }")["products"]["nodes"]
        for row in shop.http.get("/__devstore/history", params={"id": node["id"]}).json()["history"]
    }
    assert actors == {"app", "other_app", "customer"}


def test_rates_run_in_the_shop_s_time(shop: DevStoreClient) -> None:
    populate(shop)
    shop.control("life", {"edits_per_second": 0.5, "seed": 1})
    shop.control("clock", {"advance_seconds": 60})
    done = shop.http.get("/__devstore/life").json()["done"]
    while not done:
        done = shop.http.get("/__devstore/life").json()["done"]
    assert done["edits"] >= 30
    shop.control("life")


def test_orders_for_life_that_make_no_sense(shop: DevStoreClient) -> None:
    for order in ({"edits_per_hour": 1}, {"edits_per_second": -1}, {"steps": "many"}):
        response = shop.http.post("/__devstore/life", json=order)
        assert response.status_code == 400


# -- statistics -------------------------------------------------------------------------------------


def test_statistics_tell_what_was_asked_and_what_became_of_it(shop: DevStoreClient) -> None:
    shop.make(title="One")
    shop.ask("{ shop { id } productsCount { count } }")
    shop.control("fault", {"kind": "http_status", "status": 503})
    shop.post("{ shop { id } }")
    shop.control("fault", {"kind": "drop_before_write"})
    with pytest.raises(httpx.RemoteProtocolError):
        shop.make(title="Two")
    stats = shop.stats()
    assert (stats["mutations"], stats["queries"]) == ({"productSet": 1}, {"shop": 1, "productsCount": 1})
    assert (stats["refused"], stats["dropped"], stats["requests"]) == ({"503": 1}, 1, 4)
    assert (stats["in_flight"], stats["in_flight_maximum"]) == (0, 1)
