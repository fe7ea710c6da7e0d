"""Files named by product and variant input: an id keeps a file, a source makes a new one, every time it is sent.

Nothing is downloaded. A new file is READY, or FAILED when the settings name its source, once their delay has passed,
under an address on this machine that keeps its file name.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import number_of
from shopsync_pipeline.devstore.records import MediaFile
from shopsync_pipeline.devstore.values.normalise import file_name_of, mime_type_of
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error


def status_of(file: MediaFile, now: float) -> str:
    """The FileStatus at `now` (epoch seconds): UPLOADED and then PROCESSING for half of the delay each."""
    if now >= file.settled_at:
        return "FAILED" if file.broken else "READY"
    return "UPLOADED" if now < (file.made_at + file.settled_at) / 2 else "PROCESSING"


def check_file(context: Context, row: dict[str, Any], where: list[str], code: str | None) -> list[UserError]:
    """Refusals for a file that names nothing, or an address that is none."""
    if row.get("id"):
        number = number_of(row["id"], "MediaImage")
        if number is None or number not in context.store.files:
            return [user_error([*where, "id"], f"File id {row['id']} does not exist.", code)]
        return []
    source = row.get("originalSource") or ""
    if not source:
        return [user_error(where, "Either an id or an originalSource is required for a file.", code)]
    if urlsplit(source).scheme not in ("http", "https") or not urlsplit(source).netloc:
        return [user_error([*where, "originalSource"], "Image URL is invalid", code)]
    return []


def take_file(context: Context, row: dict[str, Any]) -> MediaFile:
    """The file a checked row means: the one with its id (its alt text rewritten when given), or a new one."""
    if row.get("id"):
        number = number_of(row["id"], "MediaImage")
        assert number is not None
        found = context.store.files[number]
        if row.get("alt") is not None and row["alt"] != found.alt:
            found.alt, found.updated_at = row["alt"], context.now
            context.store.touch(found)
        return found
    return make_file(context, row["originalSource"], row.get("alt"), row.get("filename"))


def make_file(context: Context, source: str, alt: str | None, filename: str | None = None) -> MediaFile:
    """A new image from a source; a name already in use gets a random ending, as APPEND_UUID says."""
    store = context.store
    name = filename or file_name_of(source)
    number = store.next_id(MediaFile.KIND)
    address = f"{context.config.base_url}/cdn/files/{name}"
    if address in store.file_addresses:
        stem, _, ending = name.rpartition(".")
        address = f"{context.config.base_url}/cdn/files/{stem}_{uuid.uuid5(uuid.NAMESPACE_URL, str(number))}.{ending}"
    now = store.clock()
    url = f"{address}?v={int(now)}"
    settled = now + store.settings.media_delay_ms / 1_000
    failing = store.settings.broken_media
    broken = failing is not None and failing in source
    made = MediaFile(number, source, url, context.now, context.now, alt, mime_type_of(name), now, settled, broken)
    store.touch(made)
    return made
