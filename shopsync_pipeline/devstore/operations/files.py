"""fileCreate and fileUpdate, and what an image shows."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product, number_of
from shopsync_pipeline.devstore.records import MediaFile, gid
from shopsync_pipeline.devstore.registry import attributes, field, mutation
from shopsync_pipeline.devstore.values.media_rows import check_file, make_file, status_of, take_file
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.views import ImageView


@mutation("fileCreate")
def file_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Makes files that belong to no product yet."""
    errors = [
        error
        for index, row in enumerate(arguments["files"])
        for error in check_file(context, row, ["files", str(index)], "INVALID")
    ]
    if errors:
        return {"files": [], "userErrors": errors}
    return {"files": [take_file(context, row) for row in arguments["files"]], "userErrors": []}


@mutation("fileUpdate")
def file_update(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Changes alt texts and sources, and ties files to products or unties them; all rows or none."""
    errors: list[UserError] = []
    for index, row in enumerate(arguments["files"]):
        errors.extend(_check(context, row, ["files", str(index)]))
    if errors:
        return {"files": [], "userErrors": errors}
    return {"files": [_update(context, row) for row in arguments["files"]], "userErrors": []}


def _check(context: Context, row: dict[str, Any], where: list[str]) -> list[UserError]:
    number = number_of(row["id"], "MediaImage")
    if number is None or number not in context.store.files:
        return [user_error([*where, "id"], f"File id {row['id']} does not exist.", "FILE_DOES_NOT_EXIST")]
    held = context.store.files[number]
    moving = row.get("referencesToAdd") or row.get("referencesToRemove") or row.get("originalSource")
    if moving and status_of(held, context.store.clock()) != "READY":
        return [user_error([*where, "id"], "The file is not in the READY state.", "NON_READY_STATE")]
    named = [*(row.get("referencesToAdd") or []), *(row.get("referencesToRemove") or [])]
    missing = [text for text in named if find_product(context.store, text) is None]
    if missing:
        sentence = f"The reference target {missing[0]} does not exist."
        return [user_error([*where, "referencesToAdd"], sentence, "REFERENCE_TARGET_DOES_NOT_EXIST")]
    return []


def _update(context: Context, row: dict[str, Any]) -> MediaFile:
    store = context.store
    number = number_of(row["id"], "MediaImage")
    assert number is not None
    found = store.files[number]
    if "alt" in row:
        found.alt = row["alt"]
    if row.get("originalSource"):
        fresh = make_file(context, row["originalSource"], None, row.get("filename"))
        found.source, found.url, found.mime_type = fresh.source, fresh.url, fresh.mime_type
        found.made_at, found.settled_at, found.broken = fresh.made_at, fresh.settled_at, fresh.broken
        store.remove(fresh)
    found.updated_at = context.now
    store.touch(found)
    for text in row.get("referencesToAdd") or []:
        product = find_product(store, text)
        if product is not None and number not in product.media_ids:
            product.media_ids = [*product.media_ids, number]
            product.updated_at = context.now
            store.touch(product)
    for text in row.get("referencesToRemove") or []:
        product = find_product(store, text)
        if product is not None and number in product.media_ids:
            product.media_ids = [held for held in product.media_ids if held != number]
            product.updated_at = context.now
            store.touch(product)
            for variant in store.variants_of(product):
                if number in variant.media_ids:
                    variant.media_ids = [held for held in variant.media_ids if held != number]
                    store.touch(variant)
    return found


attributes("MediaImage", createdAt="created_at", updatedAt="updated_at", mimeType="mime_type")


@field("MediaImage", "id")
def file_id(source: MediaFile, _context: Context, _arguments: dict[str, Any]) -> str:
    """The file's gid."""
    return gid("MediaImage", source.id)


@field("MediaImage", "status", "fileStatus")
def file_status(source: MediaFile, context: Context, _arguments: dict[str, Any]) -> str:
    """How far the processing of the file is."""
    return status_of(source, context.store.clock())


@field("MediaImage", "fileErrors", "mediaErrors")
def file_errors(source: MediaFile, context: Context, _arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Why a file has failed."""
    if status_of(source, context.store.clock()) != "FAILED":
        return []
    sentence = "Image could not be downloaded."
    return [{"code": "IMAGE_DOWNLOAD_FAILURE", "message": sentence, "details": f"The source was {source.source}"}]


@field("MediaImage", "mediaContentType")
def media_content_type(_source: MediaFile, _context: Context, _arguments: dict[str, Any]) -> str:
    """Every file of this shop is an image."""
    return "IMAGE"


@field("MediaImage", "image")
def file_image(source: MediaFile, context: Context, _arguments: dict[str, Any]) -> ImageView | None:
    """The image in the file, once that is ready."""
    return ImageView(source) if status_of(source, context.store.clock()) == "READY" else None


@field("MediaImage", "preview")
def file_preview(source: MediaFile, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The image again, as a preview."""
    status = status_of(source, context.store.clock())
    return {"image": file_image(source, context, arguments), "status": status}


@field("MediaImage", "originalSource")
def file_source(source: MediaFile, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Where the shop keeps the original, which is at its own address."""
    return {"url": source.url, "fileSize": None}


attributes("Image", url="file.url", altText="file.alt")


@field("Image", "id")
def image_id(source: ImageView, _context: Context, _arguments: dict[str, Any]) -> str:
    """The image's gid, which is not the gid of its file."""
    return gid(source.kind, source.file.id)


@field("Image", "width", "height")
def image_size(_source: ImageView, _context: Context, _arguments: dict[str, Any]) -> None:
    """Unknown: the image was never fetched."""
