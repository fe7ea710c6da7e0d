"""What the data-quality checks of an import found, kept with the import."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from shopsync_pipeline.core.quality import BY_NAME, Example, Finding
from shopsync_pipeline.db.rows import chunks, from_text, to_text, upsert
from shopsync_pipeline.db.schema import catalog_finding


class Findings:
    """The findings of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def put(self, import_id: str, findings: Iterable[Finding]) -> None:
        """Keeps the findings of an import; one of a check that it has already is replaced."""
        upsert(self._connection, catalog_finding, [
            {
                "shop_id": self._shop, "import_id": import_id, "check_name": finding.check, "count": finding.count,
                "total": finding.total,
                "examples": to_text([[one.product, one.field, one.value, one.sentence] for one in finding.examples]),
            }
            for finding in findings
        ])

    def of(self, import_id: str) -> list[Finding]:
        """The findings of an import in the order of the checks; those of checks that this version lacks are left
        out."""
        rows = self._connection.execute(select(catalog_finding).where(
            catalog_finding.c.shop_id == self._shop, catalog_finding.c.import_id == import_id
        )).mappings()
        found = {
            row["check_name"]: Finding(row["check_name"], row["count"], row["total"],
                                       tuple(Example(*one) for one in from_text(row["examples"])))
            for row in rows
        }
        return [found[name] for name in BY_NAME if name in found]

    def remove(self, import_ids: Iterable[str]) -> None:
        """Forgets the findings of imports that are no longer kept."""
        for part in chunks(import_ids):
            self._connection.execute(delete(catalog_finding).where(
                catalog_finding.c.shop_id == self._shop, catalog_finding.c.import_id.in_(part)))
