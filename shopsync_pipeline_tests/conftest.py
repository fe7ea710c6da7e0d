"""What tests share: real databases of both kinds, a real dev store over a socket, and the folder of outside material.

`database_url` runs a test on SQLite and on PostgreSQL. PostgreSQL is a server of our own from a wheel, started once.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.databases import (
    bare_database_url,
    database,
    database_url,
    emptied_file,
    emptied_postgres,
    postgres_server,
    postgres_url,
)

__all__ = ["bare_database_url", "database", "database_url", "emptied_file", "emptied_postgres", "postgres_server",
           "postgres_url"]

ROOT = Path(__file__).resolve().parents[1]

# The runner of parallel tests sets it in its workers; the console would keep that width for good.
os.environ.pop("COLUMNS", None)
TOKEN = "test-token"


def pytest_collection_finish() -> None:
    """Keeps what all tests share out of garbage collections, which would go through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Lets libraries that look for leaks at the end see everything go."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of official schemas, recorded answers and third-party files, which the project does not carry."""
    folder = Path(os.environ.get("SHOPSYNC_SHARED_DIR", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("needs the folder of outside material (SHOPSYNC_SHARED_DIR); it is not part of the project")
    return folder


class DevStore:
    """A running dev store, its control plane, and a way to ask it GraphQL from outside our own client."""

    def __init__(self, url: str) -> None:
        self.url = url
        # The server closes what lay idle for five seconds, and may do so just as it is used again.
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False,
                                  limits=httpx.Limits(keepalive_expiry=2.0))

    def graphql(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Asks the Admin API as any client would; fails the test on errors. Waits when throttled."""
        for _ in range(100):
            answer = self._http.post(
                "/admin/api/2026-10/graphql.json", json={"query": query, "variables": variables or {}},
                headers={"X-Shopify-Access-Token": TOKEN},
            ).json()
            if answer.get("errors", [{}])[0].get("extensions", {}).get("code") != "THROTTLED":
                break
            time.sleep(0.05)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Calls the control plane: `stats` by GET, everything else by POST."""
        response = self._http.get(f"/__devstore/{path}") if body is None else self._http.post(
            f"/__devstore/{path}", json=body)
        assert response.status_code == httpx.codes.OK, response.text
        return response.json()

    def products(self) -> list[dict[str, Any]]:
        """Every product with everything that is synced, read page by page."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.graphql(PRODUCTS, {"after": after})["products"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]


PRODUCTS = """
query All($after: String) {
  products(first: 20, after: $after, sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id handle title descriptionHtml vendor productType status tags seo { title description }
      options { name optionValues { name } }
      metafields(first: 40) { nodes { namespace key type value } }
      media(first: 20) { nodes { ... on MediaImage { id alt image { url } } } }
      variants(first: 20) { nodes {
        id sku barcode price compareAtPrice taxable inventoryPolicy inventoryQuantity
        selectedOptions { name value }
        inventoryItem { tracked requiresShipping unitCost { amount } measurement { weight { value unit } } }
      } }
    }
  }
}
"""


@pytest.fixture
def start_dev_store(tmp_path: Path) -> Iterator[Callable[..., DevStore]]:
    """Starts dev stores as processes of their own; all are stopped after the test."""
    running: list[subprocess.Popen[str]] = []

    def start(**options: object) -> DevStore:
        state = tmp_path / f"store{len(running)}.db"
        given = {"port": 0, "state": state, "token": TOKEN, "speed": 50, "index_lag_ms": 0, **options}
        flags = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        process = subprocess.Popen(
            [sys.executable, "-m", "shopsync_pipeline.devstore", *flags], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("devstore ready "), line
        return DevStore(line.split()[-1])

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def dev_store(start_dev_store: Callable[..., DevStore]) -> DevStore:
    """An empty shop whose points come back fifty times as fast as a real one's."""
    return start_dev_store()


@pytest.fixture
def make_settings(dev_store: DevStore, database_url: str, tmp_path: Path) -> Callable[..., Settings]:
    """Settings that point at the dev store, an empty database of each kind, and an export under `tmp_path`."""

    def make(**given: Any) -> Settings:
        return Settings(**{
            "SHOPIFY_SHOP_URL": dev_store.url, "SHOPIFY_ACCESS_TOKEN": TOKEN, "SHOPSYNC_DATABASE_URL": database_url,
            "SHOPSYNC_EXPORT_PATH": tmp_path / "export", "_env_file": None, **given,
        })

    return make


@pytest.fixture
def context(make_settings: Callable[..., Settings]) -> Context:
    """The dev store's context, ready for use cases."""
    return Context.open(make_settings())
