"""Overrides: values of the store that stand in for the catalog's own, over imports, until somebody removes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, or_, select

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.overrides import Override
from shopsync_pipeline.db.rows import chunks, from_text, now, to_text, upsert
from shopsync_pipeline.db.schema import catalog_override


@dataclass(frozen=True, slots=True)
class StoredOverride:
    """An override with its product, since when it stands and what it comes from."""

    product_key: str
    path: Path
    override: Override
    since: datetime
    source: str


class Overrides:
    """The overrides of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def of(self, keys: Iterable[str]) -> dict[str, dict[Path, Override]]:
        """Product key → path → override, of those of `keys` that have any."""
        found: dict[str, dict[Path, Override]] = {}
        for part in chunks(keys):
            for row in self._rows(catalog_override.c.product_key.in_(part)):
                found.setdefault(row.product_key, {})[row.path] = row.override
        return found

    def all(self, key: str | None = None) -> list[StoredOverride]:
        """All overrides, or those of one product, by product and path."""
        return self._rows() if key is None else self._rows(catalog_override.c.product_key == key)

    def put(self, overrides: Mapping[tuple[str, Path], tuple[Override, str]]) -> None:
        """Stores overrides by product key and path, each with what it comes from."""
        instant = now()
        upsert(self._connection, catalog_override, [
            {"shop_id": self._shop, "product_key": key, "path": path, "value": _text(override.value),
             "catalog_value": _text(override.catalog_value), "since": instant, "source": source}
            for (key, path), (override, source) in overrides.items()
        ])

    def remove(self, places: Iterable[tuple[str, Path]]) -> int:
        """Removes overrides by product key and path; returns how many there were."""
        removed = 0
        for part in chunks(places, 200):
            removed += self._connection.execute(delete(catalog_override).where(
                catalog_override.c.shop_id == self._shop,
                or_(*(and_(catalog_override.c.product_key == key, catalog_override.c.path == path)
                      for key, path in part)),
            )).rowcount
        return removed

    def _rows(self, *conditions: object) -> list[StoredOverride]:
        rows = self._connection.execute(
            select(catalog_override).where(catalog_override.c.shop_id == self._shop, *conditions)  # type: ignore[arg-type]
            .order_by(catalog_override.c.product_key, catalog_override.c.path)
        ).mappings()
        return [_stored(row) for row in rows]


def _stored(row: RowMapping) -> StoredOverride:
    override = Override(_value(row["value"]), _value(row["catalog_value"]))
    return StoredOverride(row["product_key"], Path(row["path"]), override, row["since"], row["source"])


def _text(value: Value | None) -> str | None:
    return None if value is None else to_text(value)


def _value(text: str | None) -> Value | None:
    if text is None:
        return None
    found: Value = from_text(text)
    return found
