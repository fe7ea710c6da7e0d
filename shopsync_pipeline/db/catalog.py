"""The local catalog: what the last accepted import says about each product, one row a product.

A switch writes the rows that differ and nothing else, and keeps what it replaced (see `db.history`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, or_, select

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.history import ChangeKind, History, groups_text, remove_products
from shopsync_pipeline.db.imports import Imports, Switch
from shopsync_pipeline.db.rows import CHUNK, chunks, from_text, insert_all, now, to_text
from shopsync_pipeline.db.schema import catalog_product
from shopsync_pipeline.db.staged import CatalogRow, Staged

_COLUMNS = ("shop_id", "product_key", "digests", "document", "import_id", "changed_at", "origins")


class Catalog:
    """The catalog of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def digests(self) -> dict[str, str]:
        """Product key → packed digests, of the whole catalog."""
        rows = self._connection.execute(
            select(catalog_product.c.product_key, catalog_product.c.digests)
            .where(catalog_product.c.shop_id == self._shop)
        )
        return dict(rows.all())

    def replace(self, import_id: str, rows: Iterable[CatalogRow]) -> Switch:
        """Makes `rows` the whole catalog. For many rows, stage them first: reading must not hold a transaction open."""
        with Staged(self.digests()) as staged:
            for row in rows:
                staged.add(row)
            return self.switch(import_id, staged)

    def switch(self, import_id: str, staged: Staged) -> Switch:
        """Makes what was staged the catalog, under the import's number, which it gets here.

        `staged` must have been compared with the catalog as it is now: hold the catalog's writer lock from then on.
        """
        number = Imports(self._connection, self._shop).number(import_id)
        history = History(self._connection, self._shop)
        instant = now()
        for part in chunks(staged.rows()):
            fresh = [row.key for row, groups in part if groups is None]
            history.appeared(number, fresh)
            history.replaced(number, ChangeKind.CHANGED, {
                row.key: groups_text(groups) for row, groups in part if groups is not None})
            remove_products(self._connection, self._shop, [row.key for row, groups in part if groups is not None])
            insert_all(self._connection, catalog_product, _COLUMNS, [
                (self._shop, row.key, row.digests, row.document_text, import_id, instant, row.origins_text)
                for row, _ in part
            ])
        vanished = staged.vanished()
        history.replaced(number, ChangeKind.VANISHED, dict.fromkeys(vanished, ""))
        remove_products(self._connection, self._shop, vanished)
        return staged.switch()

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
        # An option of the statement: one of the connection would stay with it, and break the next INSERT on PostgreSQL.
        rows = self._connection.execute(
            select(catalog_product.c.product_key, catalog_product.c.document)
            .where(catalog_product.c.shop_id == self._shop).order_by(catalog_product.c.product_key)
            .execution_options(yield_per=CHUNK)
        )
        for key, document in rows:
            yield key, from_text(document)

    def origins(self, key: str) -> tuple[str, dict[str, Any], dict[Path, Value]]:
        """(import that the product was read in, path → origin, flat map) of a product that the catalog has."""
        row = self._connection.execute(
            select(catalog_product.c.import_id, catalog_product.c.origins, catalog_product.c.document)
            .where(catalog_product.c.shop_id == self._shop, catalog_product.c.product_key == key)
        ).one()
        return row[0], from_text(row[1]), from_text(row[2])

    def named(self, name: str) -> list[str]:
        """Keys of the products that a person may mean: by key, by the key's last part, by a variant's SKU, by handle.

        The first of these ways that finds something counts.
        """
        keys, documents = catalog_product.c.product_key, catalog_product.c.document
        query = select(keys).where(catalog_product.c.shop_id == self._shop).order_by(keys)
        for test in (keys == name, keys.endswith(f":{name}", autoescape=True)):
            if found := list(self._connection.execute(query.where(test)).scalars()):
                return found
        said = to_text(name)
        candidates = self._connection.execute(select(keys, documents).where(
            catalog_product.c.shop_id == self._shop,
            or_(documents.contains(f'.sku":{said}', autoescape=True),
                documents.contains(f'"handle":{said}', autoescape=True)),
        ).order_by(keys)).all()
        # The search in the text ignores case on SQLite, and may meet a value that looks like a field.
        read = [(key, from_text(document)) for key, document in candidates]
        by_sku = [key for key, document in read
                  if any(path.endswith("].sku") and value == name for path, value in document.items())]
        return by_sku or [key for key, document in read if document.get("handle") == name]
