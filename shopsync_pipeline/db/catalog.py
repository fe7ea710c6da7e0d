"""The local catalog: what the last accepted import says about each product, and the imports themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from shopsync_pipeline.core.fields import Path, Value, digests
from shopsync_pipeline.db.rows import CHUNK, chunks, from_text, new_id, now, to_text, upsert
from shopsync_pipeline.db.schema import catalog_import, catalog_product, quarantine


@dataclass(frozen=True, slots=True)
class Import:
    """One reading of a delivery. `state` is running, current, superseded, unchanged or failed."""

    import_id: str
    source: str
    delivery_digest: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    error: str | None


@dataclass(frozen=True, slots=True)
class Switch:
    """What an import changed in the catalog, as counts of products."""

    appeared: int
    changed: int
    vanished: int
    unchanged: int


class Catalog:
    """The catalog of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def start_import(self, source: str, delivery_digest: str) -> str:
        """Records that a delivery is being read; returns the import's id."""
        import_id = new_id()
        self._connection.execute(insert(catalog_import).values(
            shop_id=self._shop, import_id=import_id, source=source, delivery_digest=delivery_digest, state="running",
            started_at=now(), counts="{}",
        ))
        return import_id

    def finish_import(self, import_id: str, state: str, counts: Mapping[str, int], error: str | None = None) -> None:
        """Records how an import ended. A new current import supersedes the one before."""
        mine = catalog_import.c.shop_id == self._shop
        if state == "current":
            self._connection.execute(
                update(catalog_import).where(mine, catalog_import.c.state == "current").values(state="superseded")
            )
        self._connection.execute(
            update(catalog_import).where(catalog_import.c.import_id == import_id)
            .values(state=state, counts=to_text(dict(counts)), error=error, finished_at=now())
        )

    def current_import(self) -> Import | None:
        """The import that the catalog stands on."""
        row = self._connection.execute(
            select(catalog_import).where(catalog_import.c.shop_id == self._shop, catalog_import.c.state == "current")
        ).mappings().first()
        return _import(row) if row else None

    def imports(self, most: int = 20) -> list[Import]:
        """The last imports, newest first."""
        rows = self._connection.execute(
            select(catalog_import).where(catalog_import.c.shop_id == self._shop)
            .order_by(catalog_import.c.started_at.desc()).limit(most)
        ).mappings()
        return [_import(row) for row in rows]

    def replace(self, import_id: str, documents: Iterable[tuple[str, dict[Path, Value]]]) -> Switch:
        """Makes `documents` (product key, flat map) the whole catalog. Rows that did not change are not rewritten."""
        stored = self._connection.execute(
            select(catalog_product.c.product_key, catalog_product.c.digests)
            .where(catalog_product.c.shop_id == self._shop)
        )
        known = dict(stored.all())
        appeared = changed = unchanged = 0
        instant = now()

        def changed_rows() -> Iterator[dict[str, Any]]:
            nonlocal appeared, changed, unchanged
            for key, document in documents:
                found, fresh = known.pop(key, None), digests(document)
                if found == fresh:
                    unchanged += 1
                    continue
                appeared, changed = (appeared + 1, changed) if found is None else (appeared, changed + 1)
                yield {"shop_id": self._shop, "product_key": key, "digests": fresh, "document": to_text(document),
                       "import_id": import_id, "changed_at": instant}

        for part in chunks(changed_rows()):
            upsert(self._connection, catalog_product, part)
        for keys in chunks(sorted(known)):
            self._connection.execute(delete(catalog_product).where(
                catalog_product.c.shop_id == self._shop, catalog_product.c.product_key.in_(keys)
            ))
        return Switch(appeared, changed, len(known), unchanged)

    def set_quarantine(self, import_id: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keeps the rows that could not be used: mappings with file, line, column_name, value and reason."""
        numbered = ({"shop_id": self._shop, "import_id": import_id, "row": number, **row}
                    for number, row in enumerate(rows))
        for part in chunks(numbered):
            self._connection.execute(insert(quarantine), part)

    def quarantined(self, import_id: str, most: int = 100) -> list[RowMapping]:
        """The first rows of an import that could not be used, in file order."""
        return list(self._connection.execute(
            select(quarantine).where(quarantine.c.import_id == import_id).order_by(quarantine.c.row).limit(most)
        ).mappings())

    def count(self) -> int:
        """Products in the catalog."""
        return self._connection.execute(
            select(func.count()).select_from(catalog_product).where(catalog_product.c.shop_id == self._shop)
        ).scalar_one()

    def documents(self, keys: Iterable[str]) -> Iterator[tuple[str, str, dict[Path, Value]]]:
        """(product key, digests, flat map) of those of `keys` that the catalog has."""
        for part in chunks(keys, CHUNK):
            rows = self._connection.execute(
                select(catalog_product.c.product_key, catalog_product.c.digests, catalog_product.c.document)
                .where(catalog_product.c.shop_id == self._shop, catalog_product.c.product_key.in_(part))
            )
            for key, digest, document in rows:
                yield key, digest, from_text(document)

    def all_documents(self) -> Iterator[tuple[str, dict[Path, Value]]]:
        """Every product's flat map, in order of key."""
        rows = self._connection.execution_options(yield_per=CHUNK).execute(
            select(catalog_product.c.product_key, catalog_product.c.document)
            .where(catalog_product.c.shop_id == self._shop).order_by(catalog_product.c.product_key)
        )
        for key, document in rows:
            yield key, from_text(document)


def _import(row: RowMapping) -> Import:
    return Import(row["import_id"], row["source"], row["delivery_digest"], row["state"], row["started_at"],
                  row["finished_at"], from_text(row["counts"]), row["error"])
