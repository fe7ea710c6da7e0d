"""The page docs/errors.md, made of the table of faults; run as a module, this prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from shopsync_pipeline.core.faults import DEED, DEFAULTS, MEANING, ROWS, Kind, Row, Source, Todo

_HEAD = """# What can go wrong with Shopify, and what is done about it

This page is written from the table that the code walks (`core/faults.py`, `make docs`; a test keeps it current). In
each part the first row that fits decides, and a known message before any code; `*` and `?` stand for any text and any
sign. Of several errors in one answer the weightiest kind decides, in the order of the list below, last first.

A write that may have been executed is never blindly sent again: the product is read by id first.
"""

_ABOUT = {
    Source.TRANSPORT: "Before there is any answer.",
    Source.HTTP: "By the status of the answer.",
    Source.GRAPHQL: "By `errors[].extensions.code` of an answer with HTTP 200.",
    Source.USER_ERROR: "By `userErrors[].code` in the payload of a mutation, or by its message where it has no telling "
                       "code.",
    Source.BULK: "By `errorCode`, or the status, of a bulk operation that has ended.",
}


def faults_page() -> str:
    """The whole page."""
    parts = [_HEAD, "## Kinds\n", _table(("kind", "what it says"), ((kind.value, MEANING[kind]) for kind in Kind)),
             "## Deeds\n", _table(("deed", "what is done"), ((todo.value, DEED[todo]) for todo in Todo))]
    for source in Source:
        rows = [row for row in ROWS if row.source is source]
        # Transport faults are told by what became of the connection, so there is no other.
        rest = [] if source is Source.TRANSPORT else [_line([DEFAULTS[source]])]
        parts += [f"## {source.value[0].upper()}{source.value[1:]}\n\n{_ABOUT[source]}\n", _table(
            ("code", "kind", "deed", "what it means"), [*map(_line, _together(rows)), *rest])]
    return "\n".join(parts)


def _together(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Neighbours that say the same, as one line."""
    for _, same in groupby(rows, key=lambda row: (row.kind, row.todo, row.means, row.root, row.says)):
        yield list(same)


def _line(rows: Sequence[Row]) -> Sequence[str]:
    row = rows[0]
    codes = f"“{row.says}…”" if row.says else ", ".join(f"`{one.code}`" for one in rows if one.code) or "anything else"
    where = f" (of {row.root})" if row.root else ""
    return codes + where, row.kind.value, row.todo.value, " ".join(filter(None, (row.means, row.way_out)))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(faults_page(), end="")
