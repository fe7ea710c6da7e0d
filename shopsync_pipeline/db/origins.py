"""Where the catalog got its values from: the import that a plan was made on, and the rows behind a product's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.imports import Imports, ImportState
from shopsync_pipeline.db.schema import catalog_import


@dataclass(frozen=True, slots=True)
class Origin:
    """What made one catalog value: the import that read it, the rule, and rows as `file:line` or `file:first-last`.

    Lines count from 1.
    """

    import_id: str
    rule: str
    rows: tuple[str, ...]


def import_before(connection: Connection, shop_id: str, instant: datetime) -> tuple[str, str] | None:
    """(id, source) of the import that the catalog stood on at an instant."""
    row = connection.execute(
        select(catalog_import.c.import_id, catalog_import.c.source).where(
            catalog_import.c.shop_id == shop_id, catalog_import.c.finished_at <= instant,
            catalog_import.c.state.in_([state.value for state in (
                ImportState.CURRENT, ImportState.SUPERSEDED, ImportState.ROLLED_BACK)]))
        .order_by(catalog_import.c.finished_at.desc()).limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def catalog_values(connection: Connection, shop_id: str,
                   product_key: str) -> tuple[dict[Path, Value], dict[Path, Origin]]:
    """What the catalog says of a product now, and where each value comes from; both empty where it has none."""
    catalog = Catalog(connection, shop_id)
    if product_key not in (key for key, _, _ in catalog.documents([product_key])):
        return {}, {}
    import_id, kept, document = catalog.origins(product_key)
    files = Imports(connection, shop_id).get(import_id).files
    return document, {path: origin_of(import_id, kept.get(path), files) for path in document}


def origin_of(import_id: str, kept: Sequence[Any] | None, files: Sequence[Mapping[str, Any]]) -> Origin:
    """One origin as the catalog keeps it: the rule, then rows as a file's index, a line and, of several, the last."""
    if not kept:
        return Origin(import_id, "", ())
    rule, *rows = kept
    return Origin(import_id, str(rule), tuple(
        f"{files[index]['name']}:{'-'.join(map(str, lines))}" for index, *lines in rows if 0 <= index < len(files)))
