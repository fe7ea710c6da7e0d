"""The description of a positional table: its columns in file order, by the number of fields that its files may have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column must hold. A bad ID makes its row useless; a bad INT or FLAG is set aside and defaulted."""

    ID = "id"
    INT = "int"
    FLAG = "flag"
    TEXT = "text"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a positional table. `default` stands for an INT or FLAG that is empty or bad."""

    name: str
    kind: Kind = Kind.TEXT
    default: str = "0"


@dataclass(frozen=True, slots=True)
class Table:
    """A positional table: its columns by the number of fields that its files may have."""

    name: str
    layouts: tuple[tuple[Column, ...], ...]

    @property
    def widths(self) -> frozenset[int]:
        """The numbers of fields that a record may have."""
        return frozenset(map(len, self.layouts))

    @property
    def stored(self) -> list[Column]:
        """The columns that are kept, in the order of the first layout that has them."""
        seen: dict[str, Column] = {}
        for layout in self.layouts:
            for column in layout:
                if column.kind is not Kind.UNREAD:
                    seen.setdefault(column.name, column)
        return list(seen.values())
