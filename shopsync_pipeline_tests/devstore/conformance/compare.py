"""Compares a recorded answer with ours: every value counts, except those that belong to one shop and one moment.

Ids must correspond one to one; timestamps, cursors, digests and signed addresses only have to be of the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

GID: Final = re.compile(r"gid://shopify/(\w+)/([\w-]+)(?:\?[\w=&]+)?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SIGNED_HOSTS: Final = re.compile(
    r"https://(?:[\w-]+\.storage\.googleapis\.com|storage\.googleapis\.com|cdn\.shopify\.com|[\w-]+\.shopifypreview\.com)/"
)
_CURSORS: Final = {"cursor", "startCursor", "endCursor"}
# Places in a document are left out: the recorded texts were laid out anew after they had been asked.
_LEFT_OUT: Final = {"locations"}
_SIGNED_PARAMETERS: Final = {"key", "policy", "x-goog-date", "x-goog-credential", "x-goog-signature"}
_BLANKED: Final = "REDACTED"
ABSENT: Final = "<absent>"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where our answer is not the recorded one."""

    path: str
    recorded: Any
    here: Any

    def __str__(self) -> str:
        return f"{self.path}: {self.recorded!r} recorded, {self.here!r} here"


@dataclass(slots=True)
class Known:
    """What stands here for what was recorded: ids both ways, and texts such as digests and upload paths."""

    ours: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def learn(self, recorded: str, here: str) -> bool:
        """Notes a pair of ids; False when either already belongs to another."""
        if self.ours.setdefault(recorded, here) != here:
            return False
        return self.theirs.setdefault(here, recorded) == recorded

    def number(self, recorded: str) -> set[str]:
        """Our numbers for a recorded number, whatever kind of thing it counts."""
        return {
            here.rsplit("/", 1)[1].split("?")[0]
            for gid, here in self.ours.items()
            if gid.rsplit("/", 1)[1].split("?")[0] == recorded
        }

    def translate(self, value: Any) -> Any:
        """A recorded value with our ids and texts in place of theirs."""
        if isinstance(value, str):
            if value in self.texts:
                return self.texts[value]
            return GID.sub(lambda match: self.ours.get(match[0], match[0]), value)
        if isinstance(value, list):
            return [self.translate(item) for item in value]
        if isinstance(value, dict):
            return {key: self.translate(item) for key, item in value.items()}
        return value


def compare(recorded: Any, here: Any, known: Known, path: str = "$") -> Iterator[Difference]:
    """The differences, while noting in `known` which of our ids and texts stand for theirs."""
    if isinstance(recorded, dict) and isinstance(here, dict):
        yield from _compare_objects(recorded, here, known, path)
    elif isinstance(recorded, list) and isinstance(here, list):
        if len(recorded) != len(here):
            yield Difference(path, recorded, here)
        else:
            for index, (one, other) in enumerate(zip(recorded, here, strict=True)):
                yield from compare(one, other, known, f"{path}[{index}]")
    elif isinstance(recorded, str) and isinstance(here, str):
        if not _same_text(recorded, here, known, path.rsplit(".", 1)[-1]):
            yield Difference(path, recorded, here)
    elif recorded != here or isinstance(recorded, bool) != isinstance(here, bool):
        yield Difference(path, recorded, here)


def _compare_objects(recorded: dict[str, Any], here: dict[str, Any], known: Known, path: str) -> Iterator[Difference]:
    for key in [*recorded, *(key for key in here if key not in recorded)]:
        if key in _LEFT_OUT:
            continue
        one, other = recorded.get(key, ABSENT), here.get(key, ABSENT)
        if key == "value" and recorded.get("name") in _SIGNED_PARAMETERS and isinstance(other, str):
            known.texts[str(one)] = other
            continue
        yield from compare(one, other, known, f"{path}.{key}")


def _same_text(recorded: str, here: str, known: Known, key: str) -> bool:
    if GID.fullmatch(recorded) and (ours := GID.fullmatch(here)):
        named = GID.fullmatch(recorded)
        return named is not None and named[1] == ours[1] and known.learn(recorded, here)
    if key in _CURSORS or recorded == _BLANKED:
        return True
    if key == "legacyResourceId":
        return here in known.number(recorded)
    if key == "compareDigest":
        known.texts[recorded] = here
        return bool(_DIGEST.fullmatch(recorded) and _DIGEST.fullmatch(here))
    if key not in ("value", "jsonValue") and _MOMENT.fullmatch(recorded) and _MOMENT.fullmatch(here):
        return True
    if _SIGNED_HOSTS.match(recorded) and here.startswith(("http://", "https://")):
        known.texts[recorded] = here
        return True
    return bool(known.translate(recorded) == here)
