"""The storage side on the wire: takes staged uploads (POST form or PUT), hands out result files while their links hold.

It answers as an object store does: XML, 201 for a form, 200 for a PUT, and refusals with a Code and a Message.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from shopsync_pipeline.devstore.bulk.files import MAXIMUM_UPLOAD, BulkFiles
from shopsync_pipeline.devstore.bulk.records import BulkOperation, StagedUpload
from shopsync_pipeline.devstore.bulk.staging import (
    BUCKET,
    POST_SECONDS,
    PREFIX,
    PUT_SECONDS,
    etag_of,
    new_digest,
    post_fields,
    put_query,
    upload_of,
)
from shopsync_pipeline.devstore.store import Store

RESULTS: Final = "bulk-results"
LINK_SECONDS: Final = 7 * 24 * 3_600
_CHUNK: Final = 256 * 1024
# A signed PUT carries no size policy; this only keeps a runaway client from filling the disk.
_MAXIMUM_PUT: Final = 4 * MAXIMUM_UPLOAD


class Storage:
    """The storage service of one shop."""

    def __init__(self, store: Store, files: BulkFiles) -> None:
        """`files` is the folder both halves share."""
        self.store = store
        self.files = files

    def routes(self) -> list[BaseRoute]:
        """The routes to mount beside the control plane's."""
        return [
            Route(f"/{PREFIX}/", self.post, methods=["POST"]),
            Route(f"/{PREFIX}/{{key:path}}", self.put, methods=["PUT"]),
            Route(f"/{RESULTS}/{{name}}.jsonl", self.result, methods=["GET", "HEAD"]),
        ]

    async def post(self, request: Request) -> Response:
        """Takes a multipart form whose `file` comes after all the fields that the target named."""
        given: dict[str, str] = {}
        try:
            async with request.form(max_files=1) as form:
                for name, value in form.multi_items():
                    if isinstance(value, UploadFile):
                        return await self._take_form(given, name, value)
                    given[name] = value
        except HTTPException as error:  # what Starlette makes of a form it cannot read
            return _refused(400, "InvalidArgument", error.detail)
        return _refused(400, "InvalidArgument", "POST requires exactly one file upload per request.")

    async def _take_form(self, given: dict[str, str], name: str, file: UploadFile) -> Response:
        """`given` holds only what came before the file: the service does not read on after it."""
        record = upload_of(self.store, given.get("key", ""))
        if name != "file":
            return _refused(400, "InvalidArgument", f"The file must be in the field 'file', and was in '{name}'.")
        if record is None or record.method != "POST":
            return _refused(403, "AccessDenied", "Access denied: the form has no key that was handed out.")
        for field, value in post_fields(record).items():
            if not hmac.compare_digest(given.get(field, "").encode(), value.encode()):
                return _refused(400, "InvalidPolicyDocument", f"The form field '{field}' is not as it was handed out.")
        if self.store.clock() - record.issued_at > POST_SECONDS:
            return _refused(400, "ExpiredToken", "The policy document has expired.")
        if not 1 <= (file.size or 0) <= MAXIMUM_UPLOAD:
            code = "EntityTooLarge" if file.size else "EntityTooSmall"
            return _refused(400, code, f"Content-length-range is 1 to {MAXIMUM_UPLOAD} bytes, and this is {file.size}.")
        await self._keep(record, _chunks(file), MAXIMUM_UPLOAD)
        return _accepted(self.store, record)

    async def put(self, request: Request) -> Response:
        """Takes the raw body at a signed address; an empty one too, and one too large to be run later."""
        record = upload_of(self.store, request.path_params["key"])
        if record is None or record.method != "PUT":
            return _refused(403, "AccessDenied", "Access denied: this address was never handed out.")
        given = request.query_params
        if any(given.get(name, "") != value for name, value in put_query(record).items()):
            return _refused(403, "SignatureDoesNotMatch", "The signature does not match the address.")
        if self.store.clock() - record.issued_at > PUT_SECONDS:
            return _refused(400, "ExpiredToken", "The address has expired.")
        if not await self._keep(record, request.stream(), _MAXIMUM_PUT):
            return _refused(400, "EntityTooLarge", f"More than {_MAXIMUM_PUT} bytes are not taken.")
        return Response(b"", 200, {"etag": record.etag or ""})

    async def _keep(self, record: StagedUpload, chunks: AsyncIterator[bytes], limit: int) -> bool:
        """Writes the body beside its place and moves it there when it is whole; False when it is over the limit."""
        digest, size = new_digest(), 0
        arriving = self.files.scratch(uuid.uuid4().hex)
        with arriving.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    break
                digest.update(chunk)
                file.write(chunk)
        if size > limit:
            arriving.unlink()
            return False
        arriving.replace(self.files.upload(record))
        held = self.store.uploads.get(record.id)
        if held is not None:  # a reset may have come between
            held.size, held.etag = size, etag_of(digest)
            record.size, record.etag = held.size, held.etag
            self.store.touch(held)
            self.store.commit(actor="app", action="upload")
        return True

    async def result(self, request: Request) -> Response:
        """A result file, to whoever holds its link, for seven days of the shop's time."""
        name = request.path_params["name"]
        found = next((one for one in self.store.bulk_operations.values() if one.secret == name), None)
        path = self.files.result(found) if found is not None else Path()
        if found is None or not found.result or not path.is_file():
            return _refused(404, "NoSuchKey", "The specified key does not exist.")
        if link_expired(self.store, found):
            return _refused(400, "ExpiredToken", "The provided token has expired.")
        kept = f"bulk-{found.id}.jsonl"
        return FileResponse(path, media_type="application/jsonl", filename=kept)


def result_url(store: Store, record: BulkOperation) -> str:
    """The signed-looking address of a result; the secret in its path is what opens it."""
    expires = int((record.ended_at or record.started_at) + LINK_SECONDS)
    query = urlencode({"Expires": expires, "response-content-type": "application/jsonl"})
    return f"{store.config.base_url}/{RESULTS}/{record.secret}.jsonl?{query}"


def link_expired(store: Store, record: BulkOperation) -> bool:
    """Whether the result of an operation is too old to be fetched."""
    return record.ended_at is not None and store.clock() - record.ended_at > LINK_SECONDS


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def _accepted(store: Store, record: StagedUpload) -> Response:
    location = f"{store.config.base_url}/{PREFIX}/{record.key}"
    body = (
        "<?xml version='1.0' encoding='UTF-8'?><PostResponse>"
        f"<Location>{escape(location)}</Location><Bucket>{BUCKET}</Bucket>"
        f"<Key>{escape(record.key)}</Key><ETag>{escape(record.etag or '')}</ETag></PostResponse>"
    )
    return Response(body, 201, media_type="application/xml; charset=UTF-8")


def _refused(status: int, code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = f"<?xml version='1.0' encoding='UTF-8'?>{text}"
    return Response(body, status, media_type="application/xml; charset=UTF-8")
