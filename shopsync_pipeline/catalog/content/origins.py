"""Where each field of a product came from: the rule that made it and the rows that were read for it."""

from __future__ import annotations

from collections.abc import Mapping
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
"""By path, as in `core.fields.flatten`."""


def encode(origins: Mapping[str, Origin]) -> str:
    """The JSON text in which origins are kept: path → [rule, [file, line] or [file, first line, last line], …].

    Rows that follow one another in a file are one item: a specification table is made of dozens.
    """
    return orjson.dumps({path: [origin.rule, *_runs(origin.rows)] for path, origin in origins.items()}).decode()


def _runs(rows: tuple[Row, ...]) -> list[list[int]]:
    if len(rows) == 1:
        return [list(rows[0])]
    runs: list[list[int]] = []
    for file, line in sorted(rows):
        last = runs[-1] if runs else None
        if last is not None and last[0] == file and line <= last[-1] + 1:
            last[2:] = [line] if line > last[1] else last[2:]
        else:
            runs.append([file, line])
    return runs
