"""The quarantine: what of a delivery could not be used, where it stands and why, until the import is long past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select

from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.schema import quarantine


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be used. `line` counts from 1; `kind` is row, value (the rest of the row was used) or
    unmatched (the row was read and belongs to no product)."""

    file: str
    line: int
    column: str
    value: str
    reason: str
    kind: str = "row"


class Quarantine:
    """The quarantined rows of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def put(self, import_id: str, rows: Iterable[Quarantined]) -> None:
        """Keeps the rows of an import, in their order."""
        numbered = (
            {"shop_id": self._shop, "import_id": import_id, "row": number, "column_name": values.pop("column"),
             **{name: _storable(value) for name, value in values.items()}}
            for number, values in enumerate(asdict(row) for row in rows)
        )
        for part in chunks(numbered):
            self._connection.execute(insert(quarantine), part)

    def of(self, import_id: str, kind: str | None = None, *, skip: int = 0,
           most: int | None = 100) -> list[Quarantined]:
        """Rows of an import in file order, of one kind where asked: `most` of them (`None`: all) after `skip`."""
        query = select(quarantine).where(quarantine.c.shop_id == self._shop, quarantine.c.import_id == import_id)
        if kind is not None:
            query = query.where(quarantine.c.kind == kind)
        rows = self._connection.execute(query.order_by(quarantine.c.row).offset(skip).limit(most)).mappings()
        return [Quarantined(row["file"], row["line"], row["column_name"], row["value"], row["reason"], row["kind"])
                for row in rows]

    def kinds(self, import_id: str) -> dict[str, int]:
        """Kind → rows kept of an import."""
        return dict(self._connection.execute(
            select(quarantine.c.kind, func.count())
            .where(quarantine.c.shop_id == self._shop, quarantine.c.import_id == import_id)
            .group_by(quarantine.c.kind).order_by(quarantine.c.kind)
        ).all())

    def keep_only(self, import_ids: Sequence[str]) -> None:
        """Deletes the rows of all other imports."""
        stored = select(quarantine.c.import_id).where(quarantine.c.shop_id == self._shop).distinct()
        for import_id in set(self._connection.execute(stored).scalars()) - set(import_ids):
            self._connection.execute(delete(quarantine).where(
                quarantine.c.shop_id == self._shop, quarantine.c.import_id == import_id))


def _storable(value: str | int) -> str | int:
    """A broken file may hold NUL characters, which PostgreSQL cannot store as text."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value
