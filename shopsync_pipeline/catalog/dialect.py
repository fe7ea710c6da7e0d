"""How a file protects its quotes and backslashes, told by its bytes; its name only where they say nothing.

Exports are written in the conventions of a database: `mysql` escapes with backslashes, `mssql` (and Oracle) doubles
quotes and takes a backslash for a backslash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

MYSQL = "mysql"
MSSQL = "mssql"

_LOOKED_AT = 2000
"""Backslashes, and runs of quotes, of one file that are looked at: more of them say nothing new."""

_ENDS = (b"", b",", b"|", b"\t", b"\r", b"\n")
_MAY_MEAN_BOTH = b"\\0nrtbZN'\r\n"
_NAMED = re.compile(r"_(?P<name>mysql|mssql|oracle)(?=[._/]|$)", re.IGNORECASE)


class Evidence:
    """What the blocks of one file say about its dialect."""

    def __init__(self) -> None:
        self._escapes = self._literals = self._doubled = 0
        self._pairs_left = self._runs_left = _LOOKED_AT

    def look(self, block: bytes) -> None:
        """Takes the next block. What stands across the border of two blocks is not seen, which costs nothing."""
        # Jumping from sign to sign is many times faster than a pattern that is tried at every byte.
        at = block.find(b"\\") if self._pairs_left else -1
        while at >= 0 and self._pairs_left:
            self._pairs_left -= 1
            self._weigh_pair(block[max(at - 1, 0):at], block[at + 1:at + 2], block[at + 2:at + 3], block[at + 3:at + 4])
            at = block.find(b"\\", at + 2)
        # Doubled quotes are read in either dialect, so they count only where nothing speaks for escapes.
        at = block.find(b'""') if self._runs_left and not self._escapes else -1
        while at >= 0 and self._runs_left:
            self._runs_left -= 1
            end = at + 2
            while block[end:end + 1] == b'"':
                end += 1
            before = block[max(at - 1, 0):at]
            # At the start of a field the first quote opens it, and two alone are an empty value.
            if before != b"\\" and (before not in _ENDS or end - at > 2):
                self._doubled += 1
            at = block.find(b'""', end)

    def _weigh_pair(self, before: bytes, escaped: bytes, after: bytes, following: bytes) -> None:
        if escaped == b'"':
            if after == b'"':
                # `15.9\""` closes an escaped quote; `a\""b` is a backslash and a doubled quote.
                if following in _ENDS:
                    self._escapes += 1
                else:
                    self._literals += 1
            elif after not in _ENDS:
                self._escapes += 1
        elif escaped == b"N" and before in _ENDS and after in _ENDS:
            self._escapes += 1
        elif escaped not in _MAY_MEAN_BOTH:
            self._literals += 1

    def verdict(self) -> str:
        """`mysql`, `mssql`, or nothing where no byte tells."""
        if self._escapes and self._escapes >= self._literals:
            return MYSQL
        return MSSQL if self._literals or self._doubled else ""


def named(name: str) -> str:
    """The dialect that a member's name claims (`basic_EN_US_current_mssql.zip/…`), or nothing."""
    found = [match["name"].lower() for match in _NAMED.finditer(name)]
    return (MYSQL if found[-1] == MYSQL else MSSQL) if found else ""


def settled(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A dialect for each file, given as (name, verdict): its own, else its name's, else that of most of the others."""
    known = {name: verdict or named(name) for name, verdict in files}
    votes = Counter(dialect for dialect in known.values() if dialect)
    most = votes.most_common(1)[0][0] if votes else MYSQL
    return {name: dialect or most for name, dialect in known.items()}
