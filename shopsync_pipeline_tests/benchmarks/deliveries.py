"""The deliveries that the ingest is measured on: a full-size sample, kept for the next time, and tomorrow's of it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

from shopsync_pipeline import catalog
from shopsync_pipeline.catalog import SampleDialect, write_sample_export
from shopsync_pipeline.catalog.sample_products import FIRST_PRODUCT, PRODUCT_STEP

CHANGED_EVERY = 100
FEED = "price_stock.csv"
_DESCRIPTIONS = "EN_US_B_productdescriptions.csv"
_FIRST_SKU_NUMBER = 100_000


def delivery(folder: Path, products: int, dialect: SampleDialect) -> tuple[Path, bool]:
    """The sample of so many products below `folder`, and whether it was there already, as this code writes it."""
    export, note = folder / "export", folder / "written_as.json"
    wanted = json.dumps({"products": products, "dialect": dialect, "code": _sample_code()})
    if note.exists() and note.read_text() == wanted:
        return export, True
    shutil.rmtree(folder, ignore_errors=True)
    write_sample_export(export, products=products, full=True, dialect=dialect)
    note.write_text(wanted)
    return export, False


def _sample_code() -> str:
    """A digest of the modules that write samples: an export of older code is no use."""
    digest = hashlib.sha256()
    for path in sorted(Path(catalog.__file__).parent.glob("sample*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def tomorrow(export: Path, folder: Path) -> Path:
    """The next delivery, at `folder`: every hundredth product has another title and another quantity in stock."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(export, folder, copy_function=os.link)
    (basic,) = [path for path in folder.rglob("*.zip") if path.name.startswith("basic_EN_US_")]
    whole = basic.with_suffix(".today")
    basic.rename(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(basic, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for member in source.infolist():
            with source.open(member) as rows, target.open(member.filename, "w", force_zip64=True) as written:
                if member.filename == _DESCRIPTIONS:
                    for line in rows:
                        written.write(_retitled(line))
                else:
                    shutil.copyfileobj(rows, written, 1 << 20)
    whole.unlink()
    _restock(export / FEED, folder / FEED)
    return folder


def _retitled(line: bytes) -> bytes:
    id_, comma, rest = line.partition(b",")
    # Only titles (type 2): other texts may have line ends inside, and a piece of one begins with any word.
    if not rest.endswith(b",1,2,1\r\n") or not id_.isdigit():
        return line
    place, offset = divmod(int(id_) - FIRST_PRODUCT, PRODUCT_STEP)
    if offset or place % CHANGED_EVERY:
        return line
    return id_ + comma + rest.replace(b'"', b'"New: ', 1)


def _restock(today: Path, feed: Path) -> None:
    feed.unlink()
    with today.open(newline="", encoding="utf-8") as source, feed.open("w", newline="", encoding="utf-8") as target:
        rows, writer = csv.reader(source), csv.writer(target)
        header = next(rows)
        writer.writerow(header)
        sku, quantity = header.index("SKU"), header.index("Qty")
        for row in rows:
            number = int(row[sku][-6:]) if row[sku][-6:].isdigit() else 1
            if (number - _FIRST_SKU_NUMBER) % CHANGED_EVERY == 0:
                row[quantity] = str(int(row[quantity]) + 1)
            writer.writerow(row)


def unzipped(export: Path, folder: Path) -> list[Path]:
    """Every CSV of a delivery as a file of its own below `folder`, the feed included."""
    shutil.rmtree(folder, ignore_errors=True)
    found = []
    for path in sorted(export.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    found.append(Path(archive.extract(member, folder / path.name)))
        elif path.suffix == ".csv":
            found.append(path)
    return found
