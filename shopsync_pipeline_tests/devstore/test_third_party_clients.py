"""Clients that nobody here wrote work against the dev store unchanged: create, page, update, and being throttled.

They insist on https, so the dev store serves it with a certificate made for the test. Both tests install a package from
its registry, so they run only when SHOPSYNC_OPTIONAL_TESTS=1 asks for them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.clients.certificate import certify
from shopsync_pipeline_tests.devstore.conftest import start, stop

pytestmark = pytest.mark.skipif(
    os.environ.get("SHOPSYNC_OPTIONAL_TESTS") != "1",
    reason="third-party clients are installed from their registries: set SHOPSYNC_OPTIONAL_TESTS=1 to run them",
)
CLIENTS = Path(__file__).parent / "clients"
TOKEN = "devstore-token"


@dataclass(frozen=True)
class SecureShop:
    """A dev store on https; `certificate` is what its clients have to trust."""

    port: int
    certificate: Path
    client: DevStoreClient


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[SecureShop]:
    cert, key = certify(tmp_path)
    process, address = start(tmp_path / "shop.sqlite", "--tls-cert", str(cert), "--tls-key", str(key))
    client = DevStoreClient(address, trust=ssl.create_default_context(cafile=cert))
    # A bucket that hardly refills: what a client drains stays drained until the plan is changed.
    client.control("settings", {"speed": 0.001})
    yield SecureShop(int(address.rsplit(":", 1)[1]), cert, client)
    client.http.close()
    stop(process)


def run(command: list[str], environment: dict[str, str], seconds: int = 120) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(command: list[str], what: str) -> None:
    """Installs a package, or skips the test saying why it could not be had."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{what} could not be installed: {error}")
    if done.returncode:
        pytest.skip(f"{what} could not be installed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


def python_with_shopify_api(folder: Path) -> str:
    """An interpreter that can import shopify: this one when it can, else one of a virtual environment made now."""
    if importlib.util.find_spec("shopify") is not None:
        return sys.executable
    install([sys.executable, "-m", "venv", str(folder)], "a virtual environment")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    install([str(python), "-m", "pip", "install", "--quiet", "ShopifyAPI"], "ShopifyAPI")
    return str(python)


def judge(secure: SecureShop, seen: dict[str, Any]) -> None:
    """What a client saw, against what the dev store holds."""
    assert seen["titles"] == [f"Product {n}" for n in range(5)]
    assert len(set(seen["created"])) == 5
    assert seen["updated"]["userErrors"] == []
    assert seen["updated"]["product"] == {"id": seen["created"][0], "title": "Product 0", "vendor": "Third party"}
    assert seen["throttled"] == ["THROTTLED"]
    assert seen["after_the_wait"] is True
    stats = secure.client.stats()
    assert (stats["products"], stats["throttled"] > 0) == (5, True)


def test_the_python_package_shopify_api(secure: SecureShop, tmp_path: Path) -> None:
    python = python_with_shopify_api(tmp_path / "venv")
    trust = {"SSL_CERT_FILE": str(secure.certificate), "PYTHONPATH": ""}
    seen = run([python, str(CLIENTS / "with_shopify_api.py"), str(secure.port), TOKEN], trust)
    judge(secure, json.loads(seen))


def test_the_npm_package_admin_api_client(secure: SecureShop, tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("@shopify/admin-api-client needs node and npm, and they are not installed")
    folder = tmp_path / "npm"
    package = "@shopify/admin-api-client"
    install([npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), package], package)
    script = [node, str(CLIENTS / "with_admin_api_client.mjs"), str(secure.port), TOKEN, str(folder)]
    judge(secure, json.loads(run(script, {"NODE_EXTRA_CA_CERTS": str(secure.certificate)})))
