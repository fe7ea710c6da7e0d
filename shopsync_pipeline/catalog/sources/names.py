"""Which of a server's names can be names here, and which of its files an address's pattern chooses.

Pure. A name from outside never leads out of the folder that it is put into.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fnmatch import fnmatchcase

from fsspec.utils import glob_translate

_LONGEST = 255
"""Bytes in a name, the limit of common file systems."""
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that are invisible, turn text round or are none."""
_EVERYTHING = "**"


def local_name(parts: Sequence[str]) -> str | None:
    """The relative name here of the file that a server keeps under `parts`; `None` if there can be none."""
    readable = [_readable(part) for part in parts]
    return "/".join(readable) if readable and all(map(_is_fit, readable)) else None


def _readable(part: str) -> str:
    """A name that is no UTF-8 came with lone surrogates for its bytes: they are taken for Windows text."""
    raw = part.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _is_fit(part: str) -> bool:
    return (part not in ("", ".", "..") and not re.search(r"[/\\]", part)
            and len(part.encode("utf-8", "replace")) <= _LONGEST
            and not any(unicodedata.category(character) in _UNFIT for character in part))


def is_hidden(part: str) -> bool:
    """Whether a name is meant not to be seen, as those with a dot in front are."""
    return part.startswith(".")


class Chosen:
    """What a pattern chooses: `*` stands within a name, `**` for folders; an empty pattern chooses everything."""

    def __init__(self, pattern: str) -> None:
        """Reads `pattern`, whose parts are separated by slashes."""
        self._parts = pattern.split("/") if pattern else [_EVERYTHING]
        self._whole = re.compile(glob_translate("/".join(self._parts)))

    def takes(self, name: str) -> bool:
        """Whether the file of this relative name is chosen."""
        return self._whole.match(name) is not None

    def may_be_below(self, folder: Sequence[str]) -> bool:
        """Whether chosen files can lie below the folder, so that it is worth listing."""
        for at, name in enumerate(folder):
            if self._parts[at] == _EVERYTHING:
                return True
            if at == len(self._parts) - 1 or not fnmatchcase(name, self._parts[at]):
                return False
        return True
