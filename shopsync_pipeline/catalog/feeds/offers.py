"""The feeds of a delivery as a staged table, and its join to the products by SKU and manufacturer's part number.

A feed row belongs to at most one product; rows that belong to none are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.price_stock import read_feed
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import ProjectionRules
from shopsync_pipeline.catalog.staging import FIELD, Stage

_FOLDED = "upper(trim({}))"


def stage_feeds(
    stage: Stage, feeds: Iterable[tuple[str, Member]], rules: ProjectionRules, account: Account,
) -> None:
    """Reads all feeds, given as (encoding, member), into the table `feed` (file, line, sku, mpn, facts)."""
    stage.execute("CREATE TABLE feed (file INTEGER, line INTEGER, sku VARCHAR, mpn VARCHAR, facts VARCHAR)")
    for encoding, member in feeds:
        index = stage.file_index(member)
        path = stage.scratch("feed.txt")
        with path.open("w", encoding="utf-8", newline="") as out:
            for row in read_feed(member, encoding, rules.default_weight_unit, account):
                sku, mpn = (" ".join(text.split()).upper() for text in (row.sku, row.mfgpartno))
                out.write(f"{index}{FIELD}{row.line}{FIELD}{sku}{FIELD}{mpn}{FIELD}{row.facts}\n")
        _copy(stage, path)


def _copy(stage: Stage, path: Path) -> None:
    stage.execute(
        f"INSERT INTO feed SELECT * FROM read_csv('{path.as_posix()}', delim=chr(31), quote='', escape='', "
        "header=false, auto_detect=false, new_line='\\n', max_line_size=16777216, columns={'file': 'INTEGER', "
        "'line': 'INTEGER', 'sku': 'VARCHAR', 'mpn': 'VARCHAR', 'facts': 'VARCHAR'})")
    path.unlink()


def match_feeds(stage: Stage, account: Account) -> None:
    """Joins `feed` to the table `code` (ord, tier, sku, line) and leaves the table `offer` (ord, file, line, facts).

    `ord` numbers the variants. A lower `tier` is a better code system. Each SKU of the feed goes to one `ord`, each
    `ord` takes the one SKU that matches best; ties go to the lowest `ord`, so that the answer never depends on chance.
    """
    folded = _FOLDED.format("code.sku")
    stage.execute(f"""
        CREATE TEMP TABLE pairing AS
        WITH skus AS (SELECT sku, arg_max(mpn, (file, line)) AS mpn FROM feed GROUP BY sku),
        codes AS (SELECT ord, tier, {folded} AS sku, min(line) AS line FROM code GROUP BY ALL),
        parts AS (SELECT sku, min(ord) AS ord FROM codes WHERE tier = {PART_TIER} GROUP BY sku
                  HAVING count(DISTINCT ord) = 1),
        candidates AS (
            SELECT skus.sku, codes.ord, codes.tier, codes.line FROM skus JOIN codes USING (sku)
            WHERE codes.tier < {PART_TIER}
            UNION ALL
            SELECT skus.sku, parts.ord, {PART_TIER}, 0 FROM skus JOIN parts USING (sku)
            UNION ALL
            SELECT skus.sku, parts.ord, {PART_TIER + 1}, 0 FROM skus JOIN parts ON parts.sku = skus.mpn
            WHERE skus.mpn <> ''
        ),
        by_product AS (
            SELECT * FROM candidates QUALIFY row_number() OVER (PARTITION BY ord ORDER BY tier, line, sku) = 1
        )
        SELECT sku, ord FROM by_product QUALIFY row_number() OVER (PARTITION BY sku ORDER BY tier, ord) = 1""")
    stage.execute("""
        CREATE TABLE offer AS
        SELECT ord, file, line, facts FROM feed JOIN pairing USING (sku) ORDER BY ord, file, line""")
    rows = stage.execute("SELECT count(*) FROM feed").fetchall()[0][0]
    matched = stage.execute("SELECT count(*) FROM offer").fetchall()[0][0]
    account.counts["feed.matched"] += matched
    account.counts["feed.unmatched"] += rows - matched


PART_TIER = 1000
"""The tier of the manufacturer's part number: worse than any code system."""
