"""Staged uploads as the API offers them: where to send a file, with which parameters, and how long that holds.

The key is what `bulkOperationRunMutation` later calls `stagedUploadPath`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from shopsync_pipeline.devstore.bulk.files import MAXIMUM_UPLOAD
from shopsync_pipeline.devstore.bulk.records import StagedUpload
from shopsync_pipeline.devstore.clock import text_of
from shopsync_pipeline.devstore.store import Store

BULK_VARIABLES: Final = "BULK_MUTATION_VARIABLES"
# The folder in the key by what the file is for; films and 3D models go to other services and are not taken here.
FOLDERS: Final = {
    BULK_VARIABLES: "bulk",
    "IMAGE": "products",
    "PRODUCT_IMAGE": "products",
    "COLLECTION_IMAGE": "collections",
    "SHOP_IMAGE": "shop",
    "FILE": "files",
}
POST_SECONDS: Final = 24 * 3_600
PUT_SECONDS: Final = 7 * 24 * 3_600
SHOP_NUMBER: Final = 1_000_000_001
PREFIX: Final = "staged-uploads"
BUCKET: Final = "devstore-staged-uploads"
_ALGORITHM: Final = "GOOG4-RSA-SHA256"


def stage(store: Store, given: dict[str, Any]) -> StagedUpload:
    """A new place to upload the file that a StagedUploadInput describes."""
    name = quote(given["filename"].rsplit("/", 1)[-1], safe="._-")
    key = f"tmp/{SHOP_NUMBER}/{FOLDERS[given['resource']]}/{uuid.uuid4()}/{name}"
    record = StagedUpload(
        id=store.next_id(StagedUpload.KIND),
        key=key,
        resource=given["resource"],
        method=given.get("httpMethod") or "PUT",
        mime_type=given["mimeType"],
        signature=secrets.token_hex(256),
        issued_at=store.clock(),
    )
    store.touch(record)
    return record


def target(store: Store, record: StagedUpload) -> dict[str, Any]:
    """The upload target as the API shows it."""
    base = f"{store.config.base_url}/{PREFIX}/"
    if record.method == "PUT":
        url = f"{base}{record.key}?{urlencode(put_query(record))}"
        parameters = {"content_type": record.mime_type, "acl": "private"}
        return {"url": url, "resourceUrl": url, "parameters": _named(parameters)}
    shown = base if record.resource == BULK_VARIABLES else f"{base}{record.key}"
    return {"url": base, "resourceUrl": shown, "parameters": _named(post_fields(record))}


def post_fields(record: StagedUpload) -> dict[str, str]:
    """Every form field that must come before the file, in the order in which the platform was recorded to list them."""
    signed = {
        "Content-Type": record.mime_type,
        "success_action_status": "201",
        "acl": "private",
        "key": record.key,
        "x-goog-date": _moment(record.issued_at),
        "x-goog-credential": _credential(record),
        "x-goog-algorithm": _ALGORITHM,
    }
    conditions: list[Any] = [{name: value} for name, value in signed.items()]
    conditions.insert(3, ["content-length-range", 1, MAXIMUM_UPLOAD])
    conditions.insert(4, {"bucket": BUCKET})
    policy = {"conditions": conditions, "expiration": text_of(record.issued_at + POST_SECONDS)}
    return {
        **signed,
        "x-goog-signature": record.signature,
        "policy": base64.b64encode(orjson.dumps(policy)).decode(),
    }


def put_query(record: StagedUpload) -> dict[str, str]:
    """The query of the address that a PUT goes to."""
    return {
        "X-Goog-Algorithm": _ALGORITHM,
        "X-Goog-Credential": _credential(record),
        "X-Goog-Date": _moment(record.issued_at),
        "X-Goog-Expires": str(PUT_SECONDS),
        "X-Goog-SignedHeaders": "host",
        "X-Goog-Signature": record.signature,
    }


def upload_of(store: Store, key: str) -> StagedUpload | None:
    """The upload with this key; the path of a PUT address is taken for its key, with or without the leading slash."""
    wanted = key.removeprefix("/").removeprefix(f"{PREFIX}/")
    return next((record for record in store.uploads.values() if record.key == wanted), None)


def etag_of(digest: Any) -> str:
    """The entity tag of a file by its MD5, as the storage service writes it."""
    return f'"{digest.hexdigest()}"'


def new_digest() -> Any:
    """An MD5 to be fed; it names files and protects nothing."""
    return hashlib.md5(usedforsecurity=False)


def _named(parameters: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in parameters.items()]


def _moment(epoch: float) -> str:
    return text_of(epoch).replace("-", "").replace(":", "")


def _credential(record: StagedUpload) -> str:
    return f"devstore@devstore.invalid/{_moment(record.issued_at)[:8]}/auto/storage/goog4_request"
