"""What the shop remembers of bulk work: an upload that was asked for, and an operation with its progress.

The files themselves lie beside the state file (see `files.py`); the records only name them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from shopsync_pipeline.devstore.config import API_SCOPES

RUNNING: Final = ("CREATED", "RUNNING", "CANCELING")


@dataclass(slots=True)
class StagedUpload:
    """A place to upload one file to. `size` (bytes) and `etag` (MD5) are None until the file has arrived."""

    KIND: ClassVar[str] = "StagedUpload"
    id: int
    key: str
    resource: str
    method: str
    mime_type: str
    signature: str
    issued_at: float
    size: int | None = None
    etag: str | None = None


@dataclass(slots=True)
class BulkOperation:
    """One bulk operation.

    `query` is the document, `version` the API version it was started with, `secret` names its result file; `app` and
    `scopes` are those of the token that started it, and its lines run as that app. `started_at`
    and `ended_at` are epoch seconds of the shop's time, for limits and expiry; `result` says that there is a file.
    """

    KIND: ClassVar[str] = "BulkOperation"
    id: int
    type: str
    query: str
    version: str
    secret: str
    created_at: str
    started_at: float
    app: str = "app"
    scopes: list[str] = field(default_factory=lambda: list(API_SCOPES))
    status: str = "CREATED"
    upload_id: int | None = None
    upload_etag: str | None = None
    group_objects: bool = False
    object_count: int = 0
    root_count: int = 0
    completed_at: str | None = None
    ended_at: float | None = None
    error_code: str | None = None
    file_size: int | None = None
    result: bool = False
