"""Where the catalog got its values from: the import that a plan was made on, and the rows behind a product's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.rows import from_text
from shopsync_pipeline.db.schema import catalog_import, catalog_product


@dataclass(frozen=True, slots=True)
class Origin:
    """What made one catalog value: the import that read it, the rule, and rows as `file:line` (lines count from 1)."""

    import_id: str
    rule: str
    rows: tuple[str, ...]


def import_before(connection: Connection, shop_id: str, instant: datetime) -> tuple[str, str] | None:
    """(id, source) of the import that the catalog stood on at an instant."""
    row = connection.execute(
        select(catalog_import.c.import_id, catalog_import.c.source).where(
            catalog_import.c.shop_id == shop_id, catalog_import.c.finished_at <= instant,
            catalog_import.c.state.in_(("current", "superseded")))
        .order_by(catalog_import.c.finished_at.desc()).limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def catalog_values(connection: Connection, shop_id: str,
                   product_key: str) -> tuple[dict[Path, Value], dict[Path, Origin]]:
    """What the catalog says of a product now, and where each value comes from; both empty where it has none.

    Rows are told where the import kept them (the columns `origins` of products and `files` of imports).
    """
    product = connection.execute(select(catalog_product).where(
        catalog_product.c.shop_id == shop_id, catalog_product.c.product_key == product_key)).mappings().first()
    if product is None:
        return {}, {}
    read = connection.execute(select(catalog_import).where(
        catalog_import.c.import_id == product["import_id"])).mappings().first()
    document: dict[Path, Value] = from_text(product["document"])
    files = from_text(read["files"]) if read is not None and "files" in read else []
    kept = from_text(product["origins"]) if "origins" in product else {}
    return document, {path: origin_of(product["import_id"], kept.get(path), files) for path in document}


def origin_of(import_id: str, kept: Sequence[Any] | None, files: Sequence[Mapping[str, Any]]) -> Origin:
    """One origin as the catalog keeps it: the rule, then pairs of a file's index and a line."""
    if not kept:
        return Origin(import_id, "", ())
    rule, *rows = kept
    return Origin(import_id, str(rule), tuple(
        f"{files[index]['name']}:{line}" for index, line in rows if 0 <= index < len(files)))
