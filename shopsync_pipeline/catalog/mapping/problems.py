"""What is wrong with a mapping file, gathered as sentences so that one reading tells everything."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import orjson

from shopsync_pipeline.core.errors import CatalogError

_MOST = 20


class Problems:
    """Sentences about one file; each names the key's path, the value and the way out."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sentences: list[str] = []

    def wrong(self, key: str, value: object, reason: str) -> None:
        """The value of a key cannot be used; `reason` ends the sentence."""
        self.say(key, f"is {shown(value)}: {reason}")

    def say(self, key: str, reason: str) -> None:
        """Something about a key other than its value; `reason` goes on after the key's path."""
        end = "" if reason.endswith("?") else "."
        self._sentences.append(f"{self._file}: {key} {reason}{end}")

    def unknown(self, key: str, name: str, known: Iterable[str]) -> None:
        """A key that nobody reads."""
        self.say(key, f"is no key that is known here; {instead(name, known)}")

    def raise_if_any(self) -> None:
        """Raises `CatalogError` with all of them."""
        if self._sentences:
            more = len(self._sentences) - _MOST
            rest = [f"And {more} more of this kind."] if more > 0 else []
            raise CatalogError("\n".join([*self._sentences[:_MOST], *rest]))


def instead(name: str, known: Iterable[str]) -> str:
    """The way out for a name that nobody knows: the closest one, else all of them."""
    names = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), names, 1, 0.6)
    return f'did you mean "{names[close[0]]}"?' if close else f"there are {', '.join(names.values())}"


def shown(value: object) -> str:
    """A value as it stands in the file, cut where it is long."""
    text = str(value) if isinstance(value, Decimal) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= 120 else text[:117] + "…"
