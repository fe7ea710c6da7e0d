"""Uploads a file of lines to where Shopify's bulk mutations read it from.

The storage service is another host: it gets the signed form that Shopify hands out, never the access token. The file is
sent as it is read, whatever its size.
"""


from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import httpx
import stamina

from shopsync_pipeline.core.prices import MUTATION
from shopsync_pipeline.shopify.bulk.faults import BulkFault
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.connections import file_client

MOST_BYTES = 100 * 1024 * 1024
"""The largest file that Shopify runs (recorded answer: "exceeds the maximum allowed size of 100 MB.")."""
_TRIES = 3
_TARGET = {"resource": "BULK_MUTATION_VARIABLES", "mimeType": "text/jsonl", "httpMethod": "POST"}
_TOO_MANY, _SERVER_FAULT = 429, 500


class UploadFailed(BulkFault):
    """The storage service did not take the file. Nothing was started, so the lines may be sent another way."""


class _PassingError(Exception):
    """A fault that another try may not meet; inside this module only."""


async def upload(client: ShopifyClient, file: IO[bytes], name: str, *, timeout_seconds: float = 120.0) -> str:
    """Uploads an open `file` from its start under a file name; returns the path to start a bulk mutation with.

    Every try asks for a new place, so a file that came half is never run. `timeout_seconds` bounds each wait for the
    network, not the whole. Raises `UploadFailed` when the storage service refuses it or cannot be reached, and what
    `ShopifyClient.mutate` raises.
    """
    try:
        async for attempt in stamina.retry_context(on=(_PassingError, httpx.TransportError), attempts=_TRIES,
                                                   timeout=None, wait_initial=0.5, wait_max=10.0, wait_jitter=0.5):
            with attempt:
                target = await _target(client, name)
                return await _post(target, file, name, timeout_seconds)
    except (_PassingError, httpx.TransportError) as error:
        raise UploadFailed(
            f"The file {name} could not be uploaded in {_TRIES} tries ({type(error).__name__}: {error}). Check this "
            "machine's network; what it holds is sent without bulk operations instead."
        ) from error
    raise AssertionError("a retry context ends by returning or raising")


async def _target(client: ShopifyClient, name: str) -> Mapping[str, Any]:
    answer = await client.mutate("bulk_staged_upload", {"input": [{**_TARGET, "filename": name}]}, cost=MUTATION + 1,
                                 repeatable=True)
    targets = answer.data["stagedUploadsCreate"]["stagedTargets"] or ()
    if not targets or not targets[0].get("url"):
        raise UploadFailed(f"Shop {client.host} named no place to upload {name} to; try again later.")
    target: Mapping[str, Any] = targets[0]
    return target


async def _post(target: Mapping[str, Any], file: IO[bytes], name: str, timeout_seconds: float) -> str:
    # The service reads the form in order and stops at the file; httpx writes fields first and files last.
    fields = {row["name"]: row["value"] for row in target["parameters"]}
    url = httpx.URL(target["url"])
    file.seek(0)
    async with file_client(url, timeout_seconds) as http:
        response = await http.post(url, data=fields, files={"file": (name, file, _TARGET["mimeType"])})
    if response.status_code == _TOO_MANY or response.status_code >= _SERVER_FAULT:
        raise _PassingError(f"HTTP {response.status_code} of {url.host}")
    if not response.is_success:
        raise UploadFailed(f"The storage service {url.host} refused the file {name} (HTTP {response.status_code}); "
                           "what it holds is sent without bulk operations instead.")
    return str(fields["key"])
