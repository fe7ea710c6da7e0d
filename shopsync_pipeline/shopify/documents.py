"""The GraphQL documents that are sent: one file each in `operations/`, named like the operation, complete in itself.

Nothing here builds a document from pieces: what is validated in tests is, to the byte, what goes out.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_FOLDER = files("shopsync_pipeline.shopify") / "operations"


@cache
def document(name: str) -> str:
    """The text of `operations/<name>.graphql`. Raises `FileNotFoundError` for a name that has no file."""
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def names() -> tuple[str, ...]:
    """The names of all documents, sorted."""
    return tuple(sorted(entry.name.removesuffix(".graphql") for entry in _FOLDER.iterdir()
                        if entry.name.endswith(".graphql")))
