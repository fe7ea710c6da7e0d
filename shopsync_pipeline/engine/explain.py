"""Explain: where each field of one product came from: the rule that made it, and the rows that it was read from.

Rows are those of the import in which the product last changed; a later delivery with the same content may have them
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_pipeline.catalog.inquire.tables import inquire_name
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.engine.context import Context

UNRECORDED = "not recorded"
"""The rule of a field whose origin was not kept when it was read."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One field, and one file that it was read from: a field that several files made comes once for each.

    `table` is the file's table (`productdescriptions` of `EN_US_B_productdescriptions.csv`), `lines` count from 1;
    without a file the rule alone made the field. `import_id` and `imported_at` name the import that read it.
    """

    product_key: str
    path: Path
    value: Value
    rule: str
    file: str | None
    table: str | None
    lines: tuple[int, ...]
    import_id: str
    imported_at: datetime


def explain(context: Context, name: str, field: str | None = None) -> list[Explained]:
    """Where the fields of a product came from, in the product's own order of fields.

    `name`: a SKU, a handle, an Etilize id or a product key. `field`: a path (`title`, `variants[A1].price`), or the
    beginning or the last part of one (`variants`, `price`). Raises `CatalogError` that says what there is instead.
    """
    with context.database.read() as connection:
        catalog, imports = Catalog(connection, context.shop_id), Imports(connection, context.shop_id)
        key = _one(catalog.named(name.strip()), name)
        import_id, origins, document = catalog.origins(key)
        found = imports.get(import_id)
    rows = [
        Explained(key, path, value, rule, file, table, lines, found.import_id, found.started_at)
        for path, value in document.items() if field is None or _fits(path, field)
        for rule, file, table, lines in _origin(origins.get(path), found.files)
    ]
    if not rows:
        raise CatalogError(f"{key} has no field {field}. It has: {', '.join(document)}.")
    return rows


def _one(keys: Sequence[str], name: str) -> str:
    if not keys:
        raise CatalogError(f"The catalog has no product {name}. Name it by SKU, handle, Etilize id or product key "
                           "(etilize:…).")
    if len(keys) > 1:
        shown = ", ".join(keys[:10]) + (f" and {len(keys) - 10} more" if len(keys) > 10 else "")
        raise CatalogError(f"{len(keys)} products of the catalog are called {name}: {shown}. Name one by its key.")
    return keys[0]


def _fits(path: Path, field: str) -> bool:
    return path == field or path.startswith((f"{field}[", f"{field}.")) or path.endswith(f"].{field}")


def _origin(origin: Sequence[Any] | None,
            files: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str | None, str | None, tuple[int, ...]]]:
    if origin is None:
        yield UNRECORDED, None, None, ()
        return
    rule, *rows = origin
    by_file: dict[int, list[int]] = {}
    for index, first, *last in rows:
        by_file.setdefault(index, []).extend(range(first, (last or [first])[0] + 1))
    known = {index: lines for index, lines in by_file.items() if 0 <= index < len(files)}
    if not known:
        yield rule, None, None, ()
    for index, lines in known.items():
        file = files[index]["name"]
        yield rule, file, _table(file), tuple(dict.fromkeys(lines))


def _table(file: str) -> str:
    """The table in a member's name: without the zip, the locale, the block and the ending."""
    basename = file.rsplit("/", 1)[-1]
    stem = basename.rsplit(".", 1)[0]
    return stem if inquire_name(basename) is None else stem.rsplit("_", 1)[-1]
