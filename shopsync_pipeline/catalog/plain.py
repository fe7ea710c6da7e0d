"""DuckDB reads a prepared segment, and is believed only where every physical line is accounted for.

Each line must have become a row, been rejected by itself, or be a line end within a row's values.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.tables import Column, Kind

if TYPE_CHECKING:
    from shopsync_pipeline.catalog.staging import Stage

_MOST_REJECTED = 5_000
"""Rejected lines of one segment that are worth reading one by one."""


class PlainReader:
    """Reads segments of one layout into the temporary table `raw` (c0, c1, …)."""

    def __init__(self, stage: Stage, dialect: Dialect, layout: Sequence[Column]) -> None:
        """Opens nothing."""
        self._stage = stage
        self._dialect = dialect
        self._width = len(layout)
        # Only text is expected to hold line ends; where another column does, a line is missing and nothing is believed.
        self._texts = [f"c{place}" for place, column in enumerate(layout) if column.kind is Kind.TEXT]

    def read(self, prepared: bytes) -> tuple[list[int], dict[int, int]] | None:
        """Reads lines into the table `raw`.

        Gives the lines that were rejected (from 0), and for the first row behind a rejected line or a line end within a
        value by how much its line is more than its place; `None` if that does not account for every line.
        """
        lines = prepared.count(b"\n")
        path = self._stage.scratch("segment.csv")
        path.write_bytes(prepared)
        run = self._stage.execute
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(self._width))
        try:
            run(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM read_csv('{path.as_posix()}', "
                f"delim='{self._dialect.delimiter}', quote='\"', escape='\"', header=false, auto_detect=false, "
                f"new_line='\\n', strict_mode=true, null_padding=false, max_line_size=16777216, ignore_errors=true, "
                f"store_rejects=true, rejects_limit={_MOST_REJECTED}, columns={{{columns}}})")
            positions = run("SELECT DISTINCT line_byte_position FROM reject_errors ORDER BY 1").fetchall()
        except duckdb.Error:
            return None
        finally:
            path.unlink()
            self._stage.forget_rejects()
        rows = run("SELECT count(*) FROM raw").fetchall()[0][0]
        missing = lines - rows - len(positions)
        if missing < 0 or len(positions) >= _MOST_REJECTED:
            return None
        several = self._rows_of_several_lines() if missing else []
        if several is None or sum(ends for _, ends, _ in several) != missing:
            return None
        # Positions count from 1; a line's number is the number of line ends before it.
        rejected: list[int] = []
        number = seen = 0
        for (position,) in positions:
            number += prepared.count(b"\n", seen, max(position - 1, 0))
            seen = max(position - 1, 0)
            rejected.append(number)
        if self._has_rows_too_wide(prepared, rejected, sum(inner for _, _, inner in several)):
            return None
        return rejected, _shifts(rejected, [(row, ends) for row, ends, _ in several])

    def _has_rows_too_wide(self, prepared: bytes, rejected: Sequence[int], inner: int) -> bool:
        """Whether a row has one empty field too many at its end, which DuckDB lets pass. Then more lines end with a
        separator than rows end with an empty field; `inner` of these are within values."""
        end = self._dialect.delimiter.encode() + b"\n"
        ended = prepared.count(end)
        if not ended:
            return False
        if rejected:
            lines = prepared.split(b"\n")
            ended -= sum(lines[number].endswith(end[:1]) for number in rejected)
        last = f"c{self._width - 1}"
        empty = self._stage.execute(f"SELECT count(*) FROM raw WHERE {last} IS NULL").fetchall()[0][0]
        return bool(ended - inner != empty)

    def _rows_of_several_lines(self) -> list[tuple[int, int, int]] | None:
        """Rows of `raw` with line ends in their values, how many, and how many of these behind a separator; `None`
        where a line within a value looks like the beginning of a record: then a quote was more likely never closed."""
        cells = self._texts
        if not cells:
            return []
        several = " OR ".join(f"contains({cell}, chr(10))" for cell in cells)
        ends = " + ".join(f"coalesce(length({cell}) - length(replace({cell}, chr(10), '')), 0)" for cell in cells)
        mark = f"'{self._dialect.delimiter}' || chr(10)"
        behind = " + ".join(
            f"coalesce((length({cell}) - length(replace({cell}, {mark}, ''))) // 2, 0)" for cell in cells)
        begun = " OR ".join(f"regexp_matches({cell}, '\\n\\s*\"?-?[0-9]+\"?\\s*[{self._dialect.delimiter}]')"
                            for cell in cells)
        found = self._stage.execute(
            f"SELECT rowid, {ends}, {behind}, coalesce({begun}, false) FROM raw WHERE {several} ORDER BY rowid",
        ).fetchall()
        if any(looks_begun for *_, looks_begun in found):
            return None
        return [(row, lines, inner) for row, lines, inner, _ in found]

    def number(self, first: int, shifts: Mapping[int, int]) -> None:
        """Gives the table `raw` a column `line`."""
        self._stage.execute("CREATE OR REPLACE TEMP TABLE shift AS SELECT unnest(?) AS begins, unnest(?) AS rows",
                            [list(shifts), list(shifts.values())])
        self._stage.execute(
            f"CREATE OR REPLACE TEMP TABLE raw AS SELECT ({first} + place + coalesce(rows, 0))::INTEGER AS line, "
            "found.* EXCLUDE place FROM (SELECT rowid AS place, * FROM raw) AS found "
            "ASOF LEFT JOIN shift ON place >= begins ORDER BY place")


def _shifts(rejected: Sequence[int], several: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Row → by how much its line and those of all rows behind it are more than their place."""
    shifts: dict[int, int] = {}
    more = 0
    waiting = deque(rejected)
    for row, ends in several:
        while waiting and waiting[0] - more <= row:
            begins = waiting.popleft() - more
            more += 1
            shifts[begins] = more
        more += ends
        shifts[row + 1] = more
    while waiting:
        begins = waiting.popleft() - more
        more += 1
        shifts[begins] = more
    return shifts
