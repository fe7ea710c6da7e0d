"""How a file protects its quotes and backslashes, told by its bytes; its name only where they say nothing.

Exports are written in the conventions of a database: `mysql` escapes with backslashes, `mssql` (and Oracle) doubles
quotes and takes a backslash for a backslash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

MYSQL = "mysql"
MSSQL = "mssql"

_LOOKED_AT = 2000
"""Backslashes and doubled quotes of one file that are looked at: more of them say nothing new."""

_PAIR = re.compile(rb"(?P<before>[^\\]?)\\(?P<escaped>[\s\S])(?=(?P<after>[\s\S]?)(?P<next>[\s\S]?))")
_DOUBLED = re.compile(rb'[^,|\r\n\\"]""|[,|\n]"""[^,|\r\n"]')
_ENDS = (b"", b",", b"|", b"\r", b"\n")
_MAY_MEAN_BOTH = frozenset(b"\\0nrtbZN'\r\n")
_NAMED = re.compile(r"_(?P<name>mysql|mssql|oracle)(?=[._/]|$)", re.IGNORECASE)


class Evidence:
    """What the blocks of one file say about its dialect."""

    def __init__(self) -> None:
        self._escapes = self._literals = self._doubled = 0
        self._pairs_left = self._quotes_left = _LOOKED_AT

    def look(self, block: bytes) -> None:
        """Takes the next block. A pair of characters that two blocks share is not seen, which costs nothing."""
        if self._pairs_left and b"\\" in block:
            for pair in islice(_PAIR.finditer(block), self._pairs_left):
                self._pairs_left -= 1
                self._weigh(pair)
        if self._quotes_left and not self._escapes:
            found = sum(1 for _ in islice(_DOUBLED.finditer(block), self._quotes_left))
            self._doubled += found
            # A file without any doubled quote in its first blocks is not searched to its end.
            self._quotes_left = max(self._quotes_left - max(found, _LOOKED_AT // 8), 0)

    def _weigh(self, pair: re.Match[bytes]) -> None:
        escaped, after = pair["escaped"], pair["after"]
        if escaped == b'"':
            if after == b'"':
                # `15.9\""` closes an escaped quote; `a\""b` is a backslash and a doubled quote.
                if pair["next"] in _ENDS:
                    self._escapes += 1
                else:
                    self._literals += 1
            elif after not in _ENDS:
                self._escapes += 1
        elif escaped == b"N" and pair["before"] in _ENDS and after in _ENDS:
            self._escapes += 1
        elif escaped[0] not in _MAY_MEAN_BOTH:
            self._literals += 1

    def verdict(self) -> str:
        """`mysql`, `mssql`, or nothing where no byte tells."""
        # Doubled quotes are read in either dialect, so they count only where nothing speaks for escapes.
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
