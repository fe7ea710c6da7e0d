"""Root causes: what many refusals have in common once everything is left out that only one of them can say.

Ids, numbers, quoted values, row indices and the product's own names go; the operation, the codes and the words stay.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from shopsync_pipeline.core.fields import Operation

VALUE, NUMBER, ID = '"…"', "#", "<id>"
"""What stands for a quoted value, a number, and an id."""

LONGEST = 500
"""Characters of a root cause; what follows in a longer answer tells causes no further apart."""

_QUOTED = re.compile(
    r'"[^"]*"' r"|“[^”]*”" r"|`[^`]*`"
    # An apostrophe inside a word ("can't") neither opens nor closes a quotation.
    r"|(?<!\w)'(?:[^']|(?<=\w)'(?=\w))*'(?!\w)"
)
_GLOBAL_ID = re.compile(r"gid://\w+(?:/[^\s\"'<>\[\](),;]+)*")
_REQUEST = re.compile(r" \(request [^)]*\)")
_HEX = re.compile(r"\b(?=[0-9a-f-]*\d)(?=[0-9a-f-]*[a-f])[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(?<![\w-])-)?\d+(?:[.,]\d+)*")
_MORE = re.compile(r"; and # more\b")
_OURS = re.compile(r"\.? Nothing was changed by it\.")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class RootCause:
    """A group of refusals. `key` names it (hex digits, equal for equal texts); `text` is what people read."""

    key: str
    text: str


def root_cause(operation: Operation, codes: Iterable[str], why: str, names: Iterable[str] = ()) -> RootCause:
    """The root cause of one refusal: `why` is Shopify's answer as a sentence, `codes` its codes in any order.

    `names` are words that belong to the one product alone (its key, its SKUs), wherever they stand unquoted.
    """
    told = " ".join(dict.fromkeys(sorted(codes)))
    text = f"{operation.value}{f' [{told}]' if told else ''}: {common_words(why, names)}"
    return RootCause(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest(), text)


def common_words(sentence: str, names: Iterable[str] = ()) -> str:
    """A sentence without what is particular to one case. Doing it again changes nothing.

    Parts between semicolons that are then the same stand once, so that three bad rows are the cause that one is.
    """
    text = _OURS.sub("", _REQUEST.sub("", sentence.replace("\x00", "")))
    text = _QUOTED.sub(VALUE, text)
    text = _GLOBAL_ID.sub(ID, text)
    for name in sorted({name for name in names if name.strip()}, key=lambda name: (-len(name), name)):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ID, text)
    text = _HEX.sub(ID, text)
    text = _NUMBER.sub(NUMBER, text)
    text = _MORE.sub("", text)
    head, colon, tail = text.partition(": ")
    parts = dict.fromkeys(_SPACE.sub(" ", part).strip() for part in tail.split(";"))
    text = _SPACE.sub(" ", head + colon + "; ".join(part for part in parts if part)).strip()
    return text if len(text) <= LONGEST else text[:LONGEST - 1].rstrip() + "…"
