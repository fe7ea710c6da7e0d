"""Reads Shopify-template CSVs: stages the rows by handle, and streams one product per handle.

Rows of a handle may lie anywhere, even in two files; staging brings them together in file order.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO

import orjson

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.content.project import Projected
from shopsync_pipeline.catalog.delivery import SourceFile
from shopsync_pipeline.catalog.feeds.matching import match_feeds
from shopsync_pipeline.catalog.feeds.offer import Offer, offer_of
from shopsync_pipeline.catalog.loading import FIELD
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.records import Dialect, read_batches
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.shopify_template.columns import TemplateHeader, parse_header
from shopsync_pipeline.catalog.shopify_template.project import project
from shopsync_pipeline.catalog.shopify_template.rows import MetafieldCell, TemplateRow
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.errors import CatalogError

TABLE = "template"
ROWS_PER_FETCH = 1000


def read_products(
    stage: Stage, members: Sequence[tuple[SourceFile, Member]], rules: CatalogRules, account: Account,
) -> Iterator[Projected]:
    """Streams the products of template files in the order of their keys. The feeds were staged before."""
    stage.execute("CREATE TABLE template (file INTEGER, line INTEGER, handle VARCHAR, sku VARCHAR, cells VARCHAR)")
    headers: dict[int, TemplateHeader] = {}
    for file, member in members:
        index = stage.file_index(member)
        path = stage.scratch("template.txt")
        with path.open("w", encoding="utf-8", newline="") as out:
            headers[index] = _stage(member, index, file.encoding, out, account)
        stage.execute(
            f"INSERT INTO template SELECT * FROM read_csv('{path.as_posix()}', delim=chr(31), quote='', escape='', "
            "header=false, auto_detect=false, new_line='\\n', max_line_size=16777216, columns={'file': 'INTEGER', "
            "'line': 'INTEGER', 'handle': 'VARCHAR', 'sku': 'VARCHAR', 'cells': 'VARCHAR'})")
        path.unlink()
    stage.execute("""
        CREATE TABLE row_of AS SELECT row_number() OVER (ORDER BY handle, file, line) - 1 AS ord, * FROM template""")
    stage.execute("CREATE TABLE code AS SELECT ord, 0 AS tier, '' AS system, sku, ord AS line FROM row_of "
                  "WHERE sku IS NOT NULL")
    stage.execute("CREATE TABLE maker (ord BIGINT, manufacturer VARCHAR, mpn VARCHAR)")
    match_feeds(stage, rules, account)
    rows: list[TemplateRow] = []
    handle = ""
    for next_handle, row in _rows(stage, headers):
        if rows and next_handle != handle:
            yield _project(handle, rows, rules, account)
            rows = []
        handle = next_handle
        rows.append(row)
    if rows:
        yield _project(handle, rows, rules, account)


def _project(handle: str, rows: list[TemplateRow], rules: CatalogRules, account: Account) -> Projected:
    projected = project(handle, rows, rules, account.refuse_value)
    account.counts["products"] += 1
    if any(variant.price is None for variant in projected.product.variants):
        account.counts["products.without_price"] += 1
    return projected


def _stage(member: Member, index: int, encoding: str, out: IO[str], account: Account) -> TemplateHeader:
    with open_text(member, encoding) as text:
        header = parse_header(next(csv.reader(islice(text, 20)), []))
    if "handle" not in header.places:
        raise CatalogError(f"{member.name} does not begin with the header of a Shopify product CSV.")
    begun = False
    handle_place, sku_place = header.places["handle"], header.places.get("sku")
    with open_text(member, encoding) as text:
        for batch in read_batches(text, Dialect(), frozenset({header.width}), numbered=False):
            for row in batch.rejected:
                account.refuse(TABLE, QuarantinedRow(member.name, row.line, "", row.text[:500],
                                                     f"this line is no row of the file: {row.reason}"))
            for line, values in zip(batch.lines, batch.rows, strict=True):
                if not begun:
                    begun = True
                    continue
                handle = "-".join(values[handle_place].split())
                if not handle:
                    account.refuse(TABLE, QuarantinedRow(member.name, line, header.names[handle_place], "",
                                                         "the row has no handle, so no product to belong to"))
                    continue
                sku = "" if sku_place is None else " ".join(values[sku_place].split())
                cells = {str(place): value for place, value in enumerate(values) if value.strip()}
                out.write(FIELD.join((str(index), str(line), handle, sku, orjson.dumps(cells).decode())) + "\n")
                account.used(TABLE, 1)
    return header


def _rows(stage: Stage, headers: dict[int, TemplateHeader]) -> Iterator[tuple[str, TemplateRow]]:
    written = {index: {name: header.names[place].strip() for name, place in header.places.items()}
               for index, header in headers.items()}
    answer = stage.execute("""
        WITH offers AS (SELECT ord, string_agg(facts, chr(29) ORDER BY file, line) AS facts FROM offer GROUP BY ord)
        SELECT handle, file, line, cells, facts FROM row_of LEFT JOIN offers USING (ord) ORDER BY ord""")
    while found := answer.fetchmany(ROWS_PER_FETCH):
        for handle, index, line, text, facts in found:
            cells: dict[str, str] = orjson.loads(text)
            header = headers[index]
            offer: Offer | None = offer_of(facts.split("\x1d")) if facts else None
            yield handle, TemplateRow(
                stage.file_name(index), line,
                {name: cells[str(place)] for name, place in header.places.items() if str(place) in cells},
                [MetafieldCell(column.namespace, column.key, column.type, cells[str(column.place)])
                 for column in header.metafields if str(column.place) in cells],
                written[index], offer, index,
            )
