"""The answer of a reader: products as a stream, and an account of every row that went in.

A row is either used or quarantined, and a quarantined one can be found again by file, line and column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType

from shopsync_pipeline.core.product import Product


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row, or one value of it, that could not be used: `line` counts from 1, `reason` is a sentence.

    `row_used` is true when only this value was set aside and the rest of the row was used.
    """

    file: str
    line: int
    column: str
    value: str
    reason: str
    row_used: bool = False


class Account:
    """Counts and quarantined rows, as they are gathered while a delivery is read."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.quarantine: list[QuarantinedRow] = []

    def used(self, table: str, rows: int) -> None:
        """Rows of a table that were read and used."""
        if rows:
            for key in (f"{table}.read", f"{table}.used", "rows.read", "rows.used"):
                self.counts[key] += rows

    def refuse(self, table: str, row: QuarantinedRow) -> None:
        """A row of a table that was read and cannot be used."""
        self.quarantine.append(row)
        for key in (f"{table}.read", f"{table}.quarantined", "rows.read", "rows.quarantined"):
            self.counts[key] += 1

    def refuse_value(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        """One value that cannot be used in a row that otherwise is."""
        self.quarantine.append(QuarantinedRow(file, line, column, value[:500], reason, row_used=True))
        self.counts["values.quarantined"] += 1


@dataclass
class Reading:
    """Products in the order of their keys, read while they are iterated; use it in a `with` or exhaust it.

    `quarantine` and `counts` are complete once `products` is exhausted. `counts` has `<table>.read` =
    `<table>.used` + `<table>.quarantined` for every table, the same sums under `rows.…`, `products`, and one entry for
    each thing that was skipped or did not match. `encodings` says how each file was decoded.
    """

    products: Iterator[Product]
    quarantine: list[QuarantinedRow]
    counts: dict[str, int]
    encodings: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Ends the reading and removes its temporary files. May be called any number of times."""
        close = getattr(self.products, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None,
    ) -> None:
        self.close()
