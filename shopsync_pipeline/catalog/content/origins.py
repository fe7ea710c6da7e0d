"""Where each field of a product came from: the rule that made it and the rows that were read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import orjson

from shopsync_pipeline.catalog.content.record import NOWHERE, Row


class Origin(NamedTuple):
    """`rule`: the template or the part of the rules that decided, in words; `rows`: what it read, at least one."""

    rule: str
    rows: tuple[Row, ...] = (NOWHERE,)


DEFAULT = Origin("default")
"""Nothing was read: the value is the same for every product."""

Origins: TypeAlias = dict[str, Origin]
"""By path, as in `core.documents.flatten`."""


def encode(origins: Mapping[str, Origin], files: Sequence[int]) -> str:
    """The JSON text in which origins are kept: path → [rule, [file, line] or [file, first line, last line], …].

    `files` gives for each file of the rows the number that is kept. Rows that follow one another in a file are one
    item: a specification table is made of dozens. Rows of no file, and of files whose number is -1, are not kept.
    """
    return orjson.dumps({
        path: [origin.rule, *([files[run[0]], *run[1:]] for run in _runs(origin.rows)
                              if run[0] >= 0 and files[run[0]] >= 0)]
        for path, origin in origins.items()
    }).decode()


def decode(text: str) -> dict[str, Origin]:
    """Origins from the text that `encode` wrote, with every row again."""
    found: dict[str, Origin] = {}
    for path, (rule, *runs) in orjson.loads(text).items():
        rows = [Row(file, line) for file, first, *last in runs for line in range(first, (last or [first])[0] + 1)]
        found[path] = Origin(rule, tuple(rows) or (NOWHERE,))
    return found


def _runs(rows: tuple[Row, ...]) -> list[list[int]]:
    if len(rows) == 1:
        return [list(rows[0])]
    runs: list[list[int]] = []
    in_file = begun = ended = -2
    for file, line in sorted(rows):
        if file == in_file and line <= ended + 1:
            ended = line
            continue
        if in_file != -2:
            runs.append([in_file, begun, ended] if ended > begun else [in_file, begun])
        in_file, begun, ended = file, line, line
    runs.append([in_file, begun, ended] if ended > begun else [in_file, begun])
    return runs
