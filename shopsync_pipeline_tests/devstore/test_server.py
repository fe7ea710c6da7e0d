"""The process: token, versions, restart, faults, the control plane, and refusals to start."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import PROJECT, start, stop

UPDATE = (
    "mutation U($p: ProductUpdateInput!) { productUpdate(product: $p) { product { title } userErrors { message } } }"
)


def test_a_wrong_token_is_401(shop: DevStoreClient) -> None:
    response = DevStoreClient(shop.address, "wrong").post("{ shop { id } }")
    assert response.status_code == 401
    assert response.json() == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def test_the_served_version_and_a_request_id_are_in_the_headers(shop: DevStoreClient) -> None:
    first, second = shop.post("{ shop { id } }", version="2026-10"), shop.post("{ shop { id } }", version="2023-01")
    assert first.headers["X-Shopify-API-Version"] == "2026-10"
    assert second.headers["X-Shopify-API-Version"] == "2026-07"
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_a_restart_finds_the_same_shop(tmp_path: Path) -> None:
    process, address = start(tmp_path / "shop.sqlite")
    client = DevStoreClient(address)
    metafields = [{"namespace": "custom", "key": "size", "type": "number_integer", "value": "3"}]
    client.make(title="Kept", tags=["a"], metafields=metafields, files=[{"originalSource": "https://e.example/x.png"}])
    read = """{ products(first: 5) { nodes { id handle title tags updatedAt variants(first: 5) { nodes { id price
      inventoryItem { id inventoryLevels(first: 5) { nodes { id } } } } } media(first: 5) { nodes { id } }
      metafields(first: 5) { nodes { id value compareDigest } } } } }"""
    before = client.data(read)
    process.kill()
    process.wait(timeout=10)
    assert process.stdout is not None
    process.stdout.close()
    again, address = start(tmp_path / "shop.sqlite")
    try:
        client = DevStoreClient(address)
        assert client.data(read) == before
        assert client.make(title="Next")["id"] > before["products"]["nodes"][0]["id"]
    finally:
        assert stop(again) == 0


def test_a_lost_answer_after_the_write_and_before_it(shop: DevStoreClient) -> None:
    product = shop.make(title="Start")
    for kind, title in (("drop_before_write", "Start"), ("drop_after_write", "Second")):
        shop.control("fault", {"kind": kind})
        with pytest.raises(httpx.RemoteProtocolError):
            shop.post(UPDATE, {"p": {"id": product["id"], "title": "Second"}})
        read = "query($id: ID!) { product(id: $id) { title } }"
        assert shop.data(read, {"id": product["id"]}) == {"product": {"title": title}}


def test_ordered_http_errors_and_throttling_hit_the_next_requests_only(shop: DevStoreClient) -> None:
    shop.control("fault", {"kind": "http_status", "status": 429, "retry_after": 2.0, "count": 2})
    answers = [shop.post("{ shop { id } }") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "2.0"
    shop.control("fault", {"kind": "throttle"})
    assert shop.ask("{ shop { id } }")["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "errors" not in shop.ask("{ shop { id } }")


def test_a_fault_can_wait_for_one_mutation(shop: DevStoreClient) -> None:
    shop.control("fault", {"kind": "drop_before_write", "root": "productUpdate"})
    product = shop.make(title="Untouched")
    with pytest.raises(httpx.RemoteProtocolError):
        shop.post(UPDATE, {"p": {"id": product["id"], "title": "x"}})
    assert shop.stats()["open_faults"] == []


def test_merchant_edits_cost_nothing_and_stand_in_the_history(shop: DevStoreClient) -> None:
    shop.make(title="Watched", handle="watched")
    spent = shop.stats()["points_spent"]
    shop.control("merchant", {"action": "edit_product", "handle": "watched", "fields": {"title": "Merchant's"}})
    assert shop.stats()["points_spent"] == spent
    history = shop.http.get("/__devstore/history", params={"handle": "watched"}).json()["history"]
    assert (history[0]["actor"], history[0]["action"]) == ("app", "productSet")
    assert (history[-1]["actor"], history[-1]["changes"]["title"]) == ("merchant", ["Watched", "Merchant's"])


def test_stats_count_mutations_by_root_field(shop: DevStoreClient) -> None:
    shop.make(title="Counted")
    shop.ask("{ shop { id } }")
    stats = shop.stats()
    assert (stats["requests"], stats["mutations"], stats["products"]) == (2, {"productSet": 1}, 1)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("settings", {"plan": "huge"}),
        ("settings", {"speed": 0}),
        ("fault", {"kind": "earthquake"}),
        ("merchant", {"action": "edit_product", "handle": "nobody", "fields": {}}),
        ("merchant", {"action": "dance"}),
    ],
)
def test_the_control_plane_explains_what_it_refuses(shop: DevStoreClient, name: str, body: dict[str, object]) -> None:
    response = shop.http.post(f"/__devstore/{name}", json=body)
    assert response.status_code == 400
    assert len(response.json()["error"]) > 10


def refused(*arguments: str) -> str:
    command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_serves_loopback_only(tmp_path: Path) -> None:
    assert "0.0.0.0 is not a loopback address" in refused("--state", str(tmp_path / "a"), "--host", "0.0.0.0")


def test_a_state_file_it_cannot_use_gets_a_sentence(tmp_path: Path) -> None:
    newer, other, text = tmp_path / "newer.sqlite", tmp_path / "other.sqlite", tmp_path / "text.sqlite"
    process, _ = start(newer)
    stop(process)
    with sqlite3.connect(newer) as db:
        db.execute("UPDATE settings SET value = '99' WHERE name = 'format'")
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (x)")
    text.write_text("not a database at all, only some text that is long enough")
    assert "has format 99" in refused("--state", str(newer))
    assert "SQLite database of something else" in refused("--state", str(other))
    assert "cannot be read as a dev store" in refused("--state", str(text))
