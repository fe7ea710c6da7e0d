"""Builds feeds byte by byte from the column lists of the distributors' formats; a test names only what it is about.

Places are counted from 1, as the distributors' lists count them.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.format import FeedRow, FeedSource, head_of
from shopsync_pipeline.catalog.feeds.recognise import recognise_feed
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import CatalogRules

MADE = datetime(2026, 1, 15, tzinfo=UTC)
"""The day on which every sample file was made."""


def row(width: int, cells: Mapping[int, str]) -> list[str]:
    """A row of so many fields, empty but for the given ones."""
    fields = [""] * width
    for place, text in cells.items():
        fields[place - 1] = text
    return fields


BESTPRICE_HEADER = ",".join(
    ["RecordTypeI", "StockNumber", "Stripped", "Description", "Status"] + [f"Column{place}" for place in range(6, 105)])

BESTPRICE_ITEM = {
    1: "I", 2: "ACM 11-A", 3: "ACM11A", 4: 'Binder, 1", Red', 5: "C", 7: "EA", 22: "0001.25", 32: "00023.96", 33: "EA",
    34: "00001", 43: "00001",
    51: "X", 52: "ACM 11-A", 53: "ACM11A", 54: "036000291452",
    68: "P", 69: "ACM 11-A", 70: "ACM11A", 71: "STANDARD CONSUMER", 72: "LB", 74: "01012026",
    75: "06302026", 77: "00001", 78: "00010.50", 79: "00010.25", 80: "00010.00", 93: "00001", 94: "00021.99",
    100: "00022.49", 101: "EA",
}


def bestprice(*changes: Mapping[int, str], header: bool = True) -> bytes:
    """A BESTPRICE file with a row for each set of changes to the item above."""
    lines = [BESTPRICE_HEADER] if header else []
    for change in changes:
        fields = row(104, BESTPRICE_ITEM | dict(change))
        lines.append(",".join(_quoted(field) if "," in field else field for field in fields))
    return ("\r\n".join(lines) + "\r\n").encode()


def _quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'


def legacy(group: str, *rows: Mapping[int, str], delimiter: str = ",") -> bytes:
    """One of the three older files: I of 47 fields, X of 17, P of 37, with implied cents."""
    width = {"I": 47, "X": 17, "P": 37}[group]
    base = {1: group, 2: "ACM 11-A", 3: "ACM11A"}
    return "".join(delimiter.join(row(width, base | dict(cells))) + "\r\n" for cells in rows).encode()


def stock(*items: tuple[str, str, str, Sequence[int]], centers: Sequence[str] = ("008", "012", "045")) -> bytes:
    """A `sprfull.ezoh` of (item, status, unit, quantities); quantities at the end may be missing."""
    lines = ["H0SPRFL02000", "I1" + " " * 15 + "".join(centers)]
    lines += [f"Q1{item:<15}{status}{uom:<2}" + "".join(f"{count:06d}" for count in counts)
              for item, status, uom, counts in items]
    return ("\r\n".join(lines) + "\r\n").encode()


INGRAM_WIDTHS = (1, 12, 4, 35, 31, 35, 19, 20, 9, 13, 7, 7, 7, 1, 19, 1, 1, 1, 6, 4, 4, 1, 1, 12, 8, 1, 1)
INGRAM_ITEM = {
    1: "C", 2: "BA9001", 3: "3865", 4: "OSTRAVA HILL MFG", 5: "25PK INDEX CARDS", 6: "RULED WHITE",
    7: "0000000000000019.00", 8: "99266", 9: "000000.95", 10: "0036000291452", 11: "0005.75", 12: "0005.75",
    13: "0002.75", 14: "N", 15: "0000000000000010.26", 16: "A", 17: "Y", 18: "", 19: "OPTMED", 20: "SUPL", 21: "1030",
    22: "Y", 23: "N", 24: "", 25: "00000035", 26: "N", 27: "C",
}


def ingram(*changes: Mapping[int, str], width: int = 27) -> bytes:
    """A PRICE.TXT with a row for each set of changes to the item above, every field padded to its width."""
    lines = []
    for change in changes:
        cells = INGRAM_ITEM | dict(change)
        lines.append(",".join(f"{cells[place]:<{INGRAM_WIDTHS[place - 1]}}" for place in range(1, width + 1)))
    return ("\r\n".join(lines) + "\r\n").encode()


SYNNEX_ITEM = {
    1: "110999", 2: "DTL", 3: "KX943UT", 4: "OVL-KX943UT", 5: "1168875", 6: "A", 7: "Promo 500GB SATA HDD",
    8: "TAMBERLY BRANDS", 9: "13208", 10: "5", 13: "455.69", 14: "479.00", 15: "0", 16: "2", 17: "N", 18: "0", 19: "Y",
    20: "0", 21: "463.83", 22: "3", 28: "2.45", 34: "882780713451", 35: "43201803", 37: "060718", 40: "A", 41: "S",
    47: "N", 53: "12.00", 54: "8.40", 55: "5.10",
}


def synnex(*changes: Mapping[int, str], header: str = "") -> bytes:
    """A `.ap` file with a line for each set of changes to the item above, under a header line if one is given."""
    lines = [header] if header else []
    lines += ["~".join(row(71, SYNNEX_ITEM | dict(change))) for change in changes]
    return ("\r\n".join(lines) + "\r\n").encode()


DANDH_ITEM = {
    1: "I", 2: "12", 3: "N", 4: "?", 5: "DH100", 6: "MX-7", 7: "036000291452", 8: "0812", 9: "CORVANE", 10: "31.40",
    11: "0.00", 13: "", 14: "UPS", 15: "1.50", 16: "Wireless Mouse", 17: "Wireless Mouse, black, 2.4 GHz",
}


def dandh(*changes: Mapping[int, str]) -> bytes:
    """An ITEMLIST with a line for each set of changes to the item above."""
    return "".join("|".join(row(17, DANDH_ITEM | dict(change))) + "\r\n" for change in changes).encode()


NOVEXCO_HEADER = (
    "Novexco Product Code", "Product Category Description", "Number of units per pack or box", "SPR Product Code",
    "French Short Description", "English Short Description", "Supplier name", "Supplier Product Code Number",
    "English Unit of Measure", "Direct Cost", "Retail Price", "Unit Cost", "Warehousing Purchasing Status",
    "Direct Purchasing Status", "UPC 1 - Unit Pack", "Net Price", "Laval Inventory", "Calgary Inventory",
    "Halifax  Inventory ", "CWS Number",
)


def workbook(sheets: Mapping[str, Iterable[Sequence[str | float | None]]]) -> bytes:
    """An XLSX of the given sheets, as small as the format allows; texts are written into their cells."""
    names = list(sheets)
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
            'sheet.main+xml"/></Types>'))
        relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
        main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        archive.writestr("_rels/.rels", (
            f'<Relationships {package}><Relationship Id="r0" Type="{relation}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'))
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships {package}>" + "".join(
            f'<Relationship Id="r{at}" Type="{relation}/worksheet" Target="worksheets/sheet{at}.xml"/>'
            for at, _ in enumerate(names, 1)) + "</Relationships>")
        archive.writestr("xl/workbook.xml", f'<workbook {main} xmlns:r="{relation}"><sheets>' + "".join(
            f'<sheet name="{escape(name)}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(names, 1))
            + "</sheets></workbook>")
        for at, name in enumerate(names, 1):
            archive.writestr(f"xl/worksheets/sheet{at}.xml", f"<worksheet {main}><sheetData>" + "".join(
                f'<row r="{number}">' + "".join(_cell(number, column, value) for column, value in enumerate(cells))
                + "</row>" for number, cells in enumerate(sheets[name], 1)) + "</sheetData></worksheet>")
    return target.getvalue()


def _cell(number: int, column: int, value: str | float | None) -> str:
    if value is None:
        return ""
    letters = (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)
    if isinstance(value, str):
        return (f'<c r="{letters}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>')
    return f'<c r="{letters}{number}"><v>{value!r}</v></c>'


def file(folder: Path, content: bytes, name: str = "feed.txt", made: datetime = MADE) -> Member:
    """A file of the folder, made on a day."""
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (made.timestamp(), made.timestamp()))
    return Member(name, path)


class Read:
    """What reading one file in its recognised format gave."""

    def __init__(self, member: Member, *, encoding: str = "utf-8", rules: CatalogRules | None = None,
                 account: Account | None = None) -> None:
        rules = rules or CatalogRules()
        self.account = account or Account()
        found = recognise_feed(member, head_of(member, encoding), rules)
        assert found is not None, f"{member.name} is no feed"
        self.format = found
        source = FeedSource(member, encoding, rules.default_weight_unit, found.rule, not found.complete)
        self.rows: list[FeedRow] = list(found.rows(source, self.account))

    @property
    def only(self) -> FeedRow:
        """The one row."""
        (found,) = self.rows
        return found

    @property
    def reasons(self) -> list[str]:
        """Why rows and values were refused."""
        return [refused.reason for refused in self.account.quarantine]
