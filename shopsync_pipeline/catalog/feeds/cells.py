"""Cells of a feed become facts, or are refused with file, line, column, value and reason. Nothing here raises.

Feeds pad numbers with zeros and texts with spaces, leave out the decimal point, and write zero for "nothing".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from functools import lru_cache

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.format import TABLE, Facts
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.values import decimal_number, gtin_problem, whole_number
from shopsync_pipeline.catalog.values import weight_unit as unit_of

SKU_LIMIT = 255
_TITLE_LIMIT = 1000
_UOM_LIMIT = 12
_PADDED = re.compile(r"0*([0-9]{1,15}(?:\.[0-9]{1,6})?)")
_LEADING_ZEROS = re.compile(r"^(-?)0+(?=\d)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SPACES = re.compile(r"[\s-]+")
_GTIN_FILLERS = frozenset("09")


class Cells:
    """The cells of one file, row by row: `at` says which row the next values belong to.

    `decimal_comma`: the file writes `12,50`. `cents`: money without a decimal point is cents.
    """

    def __init__(self, member: Member, account: Account, *, decimal_comma: bool = False, cents: bool = False) -> None:
        self._member = member
        self._account = account
        self._comma = decimal_comma
        self._cents = cents
        self._line = 0
        self._sku = ""

    def at(self, line: int, sku: str) -> bool:
        """Begins a row; whether it has a SKU that can be one. A row without is refused as a whole."""
        self._line, self._sku = line, sku
        if not sku:
            self.refuse_row(line, "has no SKU", column="sku")
            return False
        if len(sku) > SKU_LIMIT:
            self.refuse_row(line, f"has a SKU of {len(sku)} characters where {SKU_LIMIT} are the most", sku, "sku")
            return False
        return True

    def refuse_row(self, line: int, problem: str, text: str = "", column: str = "") -> None:
        """The row cannot be used; `problem` goes on after "row 3 of x.csv"."""
        self._account.refuse(TABLE, QuarantinedRow(
            self._member.name, line, column, text[:500],
            f"row {line} of {self._member.basename} {problem}; fix the feed"))

    def refuse(self, column: str, text: str, problem: str) -> None:
        """The value cannot be used, the rest of its row can."""
        self._account.refuse_value(
            self._member.name, self._line, column, text,
            f'{column} for SKU {self._sku[:80]} is "{text[:80]}": {problem} (row {self._line} of '
            f"{self._member.basename}); fix the feed or map the column")

    def money(self, column: str, text: str) -> str | None:
        """An amount above zero. Nothing and zero are no amount; what cannot be read, or is below zero, is refused."""
        if not text:
            return None
        value, problem = _money(text, self._comma, self._cents)
        if problem:
            self.refuse(column, text.strip(), problem)
        return value or None

    def price(self, column: str, text: str) -> str | None:
        """As `money`, but zero is refused: a price of zero would give the product away."""
        value, problem = _money(text, self._comma, self._cents)
        if value == "":
            problem = "a price of zero would give the product away"
        if problem:
            self.refuse(column, text.strip(), problem)
        return value or None

    def number(self, column: str, text: str) -> str | None:
        """A measure above zero, without trailing zeros; as `money` for everything else."""
        if not text:
            return None
        value, problem = _money(text, self._comma, False)
        if problem:
            self.refuse(column, text.strip(), problem)
        return (value.rstrip("0").rstrip(".") if "." in value else value) if value else None

    def count(self, column: str, text: str) -> int | None:
        """A whole number, which may be zero or below; nothing is none."""
        text = text.strip()
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        try:
            return whole_number(_LEADING_ZEROS.sub(r"\1", text), decimal_comma=self._comma)
        except ValueError as error:
            self.refuse(column, text, str(error))
            return None

    def barcode(self, facts: Facts, column: str, text: str) -> None:
        """A UPC, EAN or GTIN, whose check digit must be right.

        A UPC padded to 13 or 14 digits is the UPC again, one that a spreadsheet took the leading zeros from gets them
        back. Nothing but zeros or nines stands for no number at all.
        """
        if not text:
            return
        code = _SPACES.sub("", text)
        if not code or (len(set(code)) == 1 and code[0] in _GTIN_FILLERS):
            return
        digits = code
        if code.isascii() and code.isdigit():
            short = code.lstrip("0")
            if len(code) > 12 and len(short) <= 12:
                digits = short.zfill(12)
            elif 10 <= len(code) < 12:
                digits = code.zfill(12)
        problem = gtin_problem(digits)
        if problem is None:
            facts["barcode"] = digits
        else:
            self.refuse(column, text.strip(), problem if digits == code else gtin_problem(code) or problem)

    def weight(self, facts: Facts, column: str, text: str, unit: str, *, unit_column: str = "",
               unit_text: str = "") -> None:
        """A weight above zero in `unit`, or in the unit that the row names."""
        value = self.number(column, text)
        if value is None:
            return
        if unit_text.strip():
            try:
                unit = unit_of(unit_text)
            except ValueError as error:
                self.refuse(unit_column, unit_text, str(error))
                return
        facts["weight"], facts["weight_unit"] = value, unit

    def uom(self, facts: Facts, column: str, text: str) -> None:
        """A unit of measure, upper case."""
        unit = " ".join(text.split()).upper()
        if len(unit) > _UOM_LIMIT:
            self.refuse(column, text, f"a unit of more than {_UOM_LIMIT} characters")
        elif unit:
            facts["uom"] = unit

    def instant(self, facts: Facts, column: str, text: str) -> None:
        """The time of the quantities: an ISO date, or an ISO instant with its offset."""
        text = text.strip()
        if not text:
            return
        try:
            at = datetime.fromisoformat(text)
            utc = at if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            self.refuse(column, text, "not an ISO date (2026-01-31)")
            return
        facts["stock_at"] = utc.date().isoformat() if at.tzinfo is None and at.time() == time() else utc.isoformat()

    def day(self, column: str, text: str, order: str) -> date | None:
        """A date of digits in the order of `strptime` (`%m%d%Y`); nothing, zeros and `?` are none."""
        digits = text.strip()
        if not digits.strip("0?"):
            return None
        found = day_of(digits, order)
        if found is None:
            self.refuse(column, digits, "not a date")
        return found


def text_of(value: str) -> str:
    """A text without padding and line ends, at most as long as any title may be."""
    return " ".join(value.split())[:_TITLE_LIMIT]


def first_line(head: str) -> tuple[int, str]:
    """(line number, text) of the first line that is not blank; (0, "") if there is none."""
    for number, line in enumerate(_LINE_END.split(head), 1):
        if line.strip():
            return number, line
    return 0, ""


def lines_of(text: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of a file that quotes nothing, with the number of each line; blank lines are none."""
    for number, line in enumerate(text, 1):
        fields = line.rstrip("\r\n").split(delimiter)
        if len(fields) > 1 or fields[0].strip():
            yield number, fields


@lru_cache(maxsize=1 << 16)
def _money(text: str, comma: bool, cents: bool) -> tuple[str | None, str]:
    """(amount, problem): the amount is empty for zero, and `None` where there is none."""
    text = text.strip()
    if not text:
        return None, ""
    if not cents and (plain := _PADDED.fullmatch(text)) is not None:
        return plain[1] if plain[1].strip("0.") else "", ""
    try:
        amount = decimal_number(_LEADING_ZEROS.sub(r"\1", text), decimal_comma=comma)
    except ValueError as error:
        return None, str(error)
    if cents and "." not in text and "," not in text:
        amount = amount.scaleb(-2)
    if amount < 0:
        return None, "an amount below zero"
    return str(amount) if amount else "", ""


@lru_cache(maxsize=4096)
def day_of(digits: str, order: str) -> date | None:
    """The date, or `None` if it is none."""
    try:
        return datetime.strptime(digits, order).date()  # noqa: DTZ007
    except ValueError:
        return None
