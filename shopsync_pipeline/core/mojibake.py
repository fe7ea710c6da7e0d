"""Text that was decoded with the wrong encoding somewhere on its way: `Ã©` for é, `â€™` for ’, U+FFFD.

Found by what it is: characters that are the Windows-1252 reading of UTF-8's bytes. Letters that real words end in
(`NESCAFÉ®`, `PÂTÉ “MAISON”`) are never taken for it, whatever follows them.
"""

from __future__ import annotations

import re

# How bytes 0x80 to 0xBF look when read as Windows-1252; the five that it does not define stay control characters.
_FOLLOWING = "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xC0))
_ONE = f"[{re.escape(_FOLLOWING)}]"

# In Python 3.11 `in` for one character is a memchr, some fifty times as fast as a regular expression; most text that is
# not ASCII has a registered-trademark sign or an accent, and none of these.
_SUSPECTS = "ÂÃÅâï\ufffdðÎÏÐÑ\x92\x93\x94\x96\x97\x99\x85"
_PATTERN = re.compile(
    f"[ÂÃ]{_ONE}"
    # œ and š, ž; what follows Å in a word is a letter.
    "|Å[“’¡¾]"
    # General punctuation, trade marks and currency (E2 80 … E2 84), ligatures and byte-order marks (EF …), emoji (F0).
    f"|â[€‚ƒ„‡]{_ONE}?|ï[»¬¼½¿]{_ONE}|ð{_ONE}{{2}}"
    # Greek and Cyrillic: one such pair may be a word's end before a quotation mark, two in a row are none.
    f"|(?:[ÎÏÐÑ]{_ONE}){{2}}"
    # The no-break space after Ã (à) that was since made a plain one.
    "|(?<![A-Z])Ã (?=[a-z])"
    # Windows-1252's punctuation read as Latin-1 gives control characters that no text has.
    "|[\ufffd\x80-\x9f]"
)
_SHOWN = 30


def mojibake(text: str) -> str | None:
    """The first such place with some text around it, or `None` if there is none."""
    if text.isascii():
        return None
    for suspect in _SUSPECTS:
        if suspect in text:
            break
    else:
        return None
    found = _PATTERN.search(text)
    if found is None:
        return None
    return text[max(found.start() - _SHOWN, 0):found.end() + _SHOWN]


def repaired(text: str) -> str | None:
    """The text as it was probably meant, or `None` if its characters do not tell."""
    try:
        return b"".join(_byte(letter) for letter in text).decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None


def _byte(letter: str) -> bytes:
    return letter.encode("latin-1") if "\x80" <= letter <= "\x9f" else letter.encode("cp1252")
