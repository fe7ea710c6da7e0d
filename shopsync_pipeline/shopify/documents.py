"""The GraphQL documents that are sent: one file each in `operations/`, named like the operation, complete in itself.

Nothing here builds a document from pieces: what is validated in tests is, to the byte, what goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from shopsync_pipeline.core.fields import Operation

_FOLDER = files("shopsync_pipeline.shopify") / "operations"

WRITES: Mapping[Operation, str] = {
    Operation.PRODUCT_CREATE: "product_set",
    Operation.PRODUCT_UPDATE: "product_update",
    Operation.METAFIELDS_SET: "metafields_set",
    Operation.METAFIELDS_DELETE: "metafields_delete",
    Operation.VARIANTS_CREATE: "variants_create",
    Operation.VARIANTS_UPDATE: "variants_update",
    Operation.MEDIA_SET: "media_set",
    Operation.INVENTORY_SET: "inventory_set",
    Operation.PRODUCT_DELETE: "product_delete",
    Operation.PUBLISH: "publish",
    Operation.UNPUBLISH: "unpublish",
}
"""The document that does each operation."""


@cache
def document(name: str) -> str:
    """The text of `operations/<name>.graphql`. Raises `FileNotFoundError` for a name that has no file."""
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def names() -> tuple[str, ...]:
    """The names of all documents, sorted."""
    return tuple(sorted(entry.name.removesuffix(".graphql") for entry in _FOLDER.iterdir()
                        if entry.name.endswith(".graphql")))
