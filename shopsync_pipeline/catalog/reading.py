"""The account of every row that goes into a reading.

A row is either used or quarantined, and a quarantined one can be found again by file, line and column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["row", "value", "unmatched"]

ROWS_KEPT = 100_000
"""Quarantined rows and values that an account keeps; further ones are only counted."""

UNMATCHED_KEPT = 10_000
"""Rows of feeds without a product that an account keeps as examples; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row, or one value of it, that could not be used: `line` counts from 1, `reason` is a sentence.

    `kind` is `row` when nothing of the row was used, `value` when only this value was set aside, and `unmatched` for
    a row of a feed that was read and belongs to no product; its `value` is the SKU.
    """

    file: str
    line: int
    column: str
    value: str
    reason: str
    kind: Kind = "row"


class Account:
    """Counts and quarantined rows, as they are gathered while a delivery is read.

    The counts are exact whatever happens. Of the rows themselves only so many are kept that a file of millions of
    broken lines cannot fill the memory; the first of each file is always among them. `quarantine.not_kept` and
    `unmatched.not_kept` in `counts` say how many are missing from `quarantine`; `unmatched_free` is the room that is
    left for unmatched rows.
    """

    def __init__(self, *, kept: int = ROWS_KEPT, unmatched_kept: int = UNMATCHED_KEPT) -> None:
        self.counts: Counter[str] = Counter()
        self.quarantine: list[QuarantinedRow] = []
        self._free = kept
        self.unmatched_free = unmatched_kept
        self._files: set[str] = set()

    def used(self, table: str, rows: int) -> None:
        """Rows of a table that were read and used."""
        if rows:
            for key in (f"{table}.read", f"{table}.used", "rows.read", "rows.used"):
                self.counts[key] += rows

    def refuse(self, table: str, row: QuarantinedRow) -> None:
        """A row of a table that was read and cannot be used."""
        self._keep(row)
        for key in (f"{table}.read", f"{table}.quarantined", "rows.read", "rows.quarantined"):
            self.counts[key] += 1

    def refuse_value(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        """One value that cannot be used in a row that otherwise is."""
        self._keep(QuarantinedRow(file, line, column, value[:500], reason, "value"))
        self.counts["values.quarantined"] += 1

    def unmatched(self, rows: int, examples: Iterator[QuarantinedRow]) -> None:
        """Rows of feeds that were used by their reader and belong to no product; the first are kept as examples."""
        kept = 0
        while kept < min(rows, self.unmatched_free) and (row := next(examples, None)) is not None:
            self.quarantine.append(replace(row, kind="unmatched"))
            kept += 1
        self.unmatched_free -= kept
        self.counts["feed.unmatched"] += rows
        if rows > kept:
            self.counts["unmatched.not_kept"] += rows - kept

    def _keep(self, row: QuarantinedRow) -> None:
        if self._free > 0:
            self._free -= 1
        elif row.file in self._files:
            self.counts["quarantine.not_kept"] += 1
            return
        self._files.add(row.file)
        self.quarantine.append(row)
