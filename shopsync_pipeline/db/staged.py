"""What a delivery would change, kept aside on disk until the switch: reading takes minutes, a switch only seconds.

So no transaction is open while a delivery is read, nothing of a refused delivery ever reaches the database, and memory
holds digests only.
"""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

from shopsync_pipeline.core.digests import differing_groups
from shopsync_pipeline.core.fields import Group
from shopsync_pipeline.db.imports import Switch

T = TypeVar("T")

_BATCH = 500


class Spool(Generic[T]):
    """Values on disk, in the order in which they were added. The file has no name and goes with the process."""

    def __init__(self) -> None:
        """Opens the file."""
        self._file = tempfile.TemporaryFile(prefix="shopsync-staged-")  # noqa: SIM115 (closed by `close`)
        self._batch: list[T] = []

    def add(self, value: T) -> None:
        """Adds a value."""
        self._batch.append(value)
        if len(self._batch) == _BATCH:
            self._write()

    def _write(self) -> None:
        pickle.dump(self._batch, self._file, pickle.HIGHEST_PROTOCOL)
        self._batch = []

    def __iter__(self) -> Iterator[T]:
        self._write()
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield from pickle.load(self._file)

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


class CatalogRow(NamedTuple):
    """A product as the catalog stores it: packed digests, and its flat map and origins as JSON text.

    `origins_text` is an object: field path → [rule, [file index, line], …], the index being into the import's files.
    """

    key: str
    digests: str
    document_text: str
    origins_text: str = "{}"


class Staged:
    """The rows of a delivery that differ from the catalog, and the keys that it lacks. Use it in a `with`."""

    def __init__(self, known: dict[str, str]) -> None:
        """`known`: product key → digests, of the catalog that the rows are compared with."""
        self._known = known
        self._seen: set[str] = set()
        self._spool: Spool[tuple[CatalogRow, tuple[Group, ...] | None]] = Spool()
        self._counts: Counter[str] = Counter()
        self._groups: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._spool.close()

    def add(self, row: CatalogRow) -> bool:
        """Compares a row and keeps it if it differs. `False` for a key that was there already: the first one counts."""
        if row.key in self._seen:
            return False
        self._seen.add(row.key)
        found = self._known.get(row.key)
        if found == row.digests:
            self._counts["unchanged"] += 1
            return True
        groups = None if found is None else differing_groups(found, row.digests)
        self._counts["appeared" if groups is None else "changed"] += 1
        self._groups.update(group.value for group in groups or ())
        self._spool.add((row, groups))
        return True

    def rows(self) -> Iterator[tuple[CatalogRow, tuple[Group, ...] | None]]:
        """The rows that differ, each with the groups in which it does; `None` for one that is new."""
        return iter(self._spool)

    def vanished(self) -> list[str]:
        """Keys that the catalog has and the delivery lacks, in order."""
        return sorted(self._known.keys() - self._seen)

    def switch(self) -> Switch:
        """The counts of what differs."""
        return Switch(appeared=self._counts["appeared"], changed=self._counts["changed"],
                      vanished=len(self._known.keys() - self._seen), unchanged=self._counts["unchanged"],
                      groups={group.value: self._groups[group.value] for group in Group if self._groups[group.value]})
