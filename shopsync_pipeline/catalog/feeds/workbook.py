"""Excel workbooks of every generation as rows of text. A cell is written as a CSV would have it.

A number that Excel keeps as a fraction of two (12.340000000000002) is the decimal number that was typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

from python_calamine import CalamineWorkbook

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.core.errors import CatalogError

_MAGIC = ("PK\x03\x04", "\u00d0\u00cf\u0011\u00e0")
"""How a zip (xlsx, xlsb, ods) and a compound file (xls) begin, decoded as cp1252."""
_MARKS = ("[Content_Types].xml", "xl/", "_rels/", "mimetypeapplication/vnd.oasis", "docProps/")
_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32)))
_BLOCK = 1 << 20
HEADER_ROWS = 20
"""A sheet's header is sought in so many rows: titles and dates may stand above it."""


def is_workbook(head: str) -> bool:
    """Whether a file that begins like this is an Excel workbook (and no other zip)."""
    return head.startswith(_MAGIC[1]) or (head.startswith(_MAGIC[0]) and any(mark in head[:4096] for mark in _MARKS))


def sheets_of(member: Member, *, first_rows: bool = False) -> Iterator[tuple[str, list[list[str]]]]:
    """The sheets by name with their rows, the first of which is row 1. `first_rows`: only where a header may be.

    Raises `CatalogError` for a workbook that cannot be read.
    """
    with member.open() as stream:
        content = b"".join(iter(lambda: stream.read(_BLOCK), b""))
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        names = list(workbook.sheet_names)
    except BaseException as error:
        raise _unreadable(member, error) from error
    for name in names:
        try:
            sheet = workbook.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False, nrows=HEADER_ROWS if first_rows else None)
        except BaseException as error:
            raise _unreadable(member, error) from error
        yield name, [[text_of_cell(cell) for cell in row] for row in rows]


def _unreadable(member: Member, error: BaseException) -> BaseException:
    """The sentence for an error of the workbook; what is none of its errors goes on as it is."""
    # The library's parser may panic on damaged files; its panic is no Exception, and has no name to import.
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        return CatalogError(f"{member.name} is an Excel workbook that cannot be read ({str(error)[:200]}); open it in "
                            "Excel and save it again, without a password.")
    return error


def text_of_cell(cell: object) -> str:
    """A cell as text: whole numbers without a fraction, dates in ISO form, nothing for an empty one."""
    if isinstance(cell, str):
        return cell.translate(_CONTROL)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(Decimal(repr(round(cell, 6))).normalize(), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
