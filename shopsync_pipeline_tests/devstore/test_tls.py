"""https: the dev store speaks it when it is given a certificate and its key, and says so when they do not fit."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.clients.certificate import certify
from shopsync_pipeline_tests.devstore.conftest import PROJECT, start, stop


def test_a_certificate_makes_it_https(tmp_path: Path) -> None:
    cert, key = certify(tmp_path)
    process, address = start(tmp_path / "shop.sqlite", "--tls-cert", str(cert), "--tls-key", str(key))
    try:
        shop = DevStoreClient(address, trust=ssl.create_default_context(cafile=cert))
        assert address.startswith("https://")
        assert shop.data("{ shop { myshopifyDomain } }") == {"shop": {"myshopifyDomain": "demo-store.myshopify.com"}}
        shop.http.close()
    finally:
        stop(process)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("--tls-cert", "cert.pem"), "https needs both halves"),
        (("--tls-cert", "cert.pem", "--tls-key", "cert.pem"), "cannot be used"),
        (("--tls-cert", "missing.pem", "--tls-key", "key.pem"), "cannot be used"),
    ],
)
def test_a_certificate_that_does_not_fit_is_refused(tmp_path: Path, names: tuple[str, ...], sentence: str) -> None:
    certify(tmp_path)
    given = [name if name.startswith("--") else str(tmp_path / name) for name in names]
    command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", "--state", str(tmp_path / "s.sqlite")]
    done = subprocess.run([*command, *given], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr
