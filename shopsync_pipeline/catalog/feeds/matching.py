"""The staged feeds joined to the products: by SKU within the feed's code systems, then by maker and part number.

A feed's SKU belongs to at most one product, and a product takes at most one SKU of each feed. What could mean two
things means nothing here, and every row without a product is reported with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage

PART_TIER = 1000
"""The tier of the manufacturer's part number: worse than any code system."""

_FOLD = "upper(regexp_replace(trim({}), '\\s+', ' ', 'g'))"
_BARE = "regexp_replace({}, '[-./ ]', '', 'g')"
_NAME = "regexp_replace(upper({}), '[^\\p{{L}}\\p{{N}}]', '', 'g')"


def match_feeds(stage: Stage, rules: CatalogRules, account: Account) -> None:
    """Joins `feed` to the products and leaves the table `offer` (ord, file, line, facts) for `offer_of`.

    Reads the tables `code` (ord, tier, system, sku, line), in which a system of no name may be any, and `maker`
    (ord, manufacturer, mpn). `ord` numbers the products or variants. A lower `tier` is a better code system. Exact
    SKUs come first, then SKUs that agree without `-`, `.`, `/` and spaces, then maker and part number, then the part
    number alone; all but the first only where one product and one SKU are meant. Ties go to the lowest `ord`, so that
    the answer never depends on chance.
    """
    stage.execute("CREATE TABLE IF NOT EXISTS maker (ord BIGINT, manufacturer VARCHAR, mpn VARCHAR)")
    _prepare(stage, rules)
    _candidates(stage)
    _pair(stage)
    # A distributor's rank is that of its first code system; a file of nobody's has the rank of the code it matched.
    stage.execute("""
        CREATE TABLE offer AS
        SELECT ord, file, line,
            '[' || coalesce(feed_rank.rank, pairing.tier) || ',' || file || ',' || line || ',' || facts || ']' AS facts
        FROM feed JOIN pairing USING (feed, sku) LEFT JOIN feed_rank USING (feed) ORDER BY ord, file, line""")
    rows = stage.execute("SELECT count(*) FROM feed").fetchall()[0][0]
    matched = stage.execute("SELECT count(*) FROM offer").fetchall()[0][0]
    account.counts["feed.matched"] += matched
    account.unmatched(rows - matched, _unmatched(stage, account.unmatched_free))
    for table in ("known", "near", "part", "item", "candidate", "pairing", "feed_rank", "maker_name"):
        stage.execute(f"DROP TABLE {table}")


def _prepare(stage: Stage, rules: CatalogRules) -> None:
    """`known`: codes of the products; `part`: their part numbers; `item`: the SKUs of the feeds."""
    stage.execute("CREATE TEMP TABLE maker_name (name VARCHAR, etilize VARCHAR)")
    for name, etilize in rules.manufacturers.items():
        stage.execute(f"INSERT INTO maker_name SELECT {_NAME.format('?')}, {_NAME.format('?')}", (name, etilize))
    stage.execute("CREATE TEMP TABLE system_rank (system VARCHAR, rank INTEGER)")
    for rank, system in enumerate(dict.fromkeys(rules.code_systems)):
        stage.execute("INSERT INTO system_rank VALUES (?, ?)", (system, rank))
    stage.execute(f"""
        CREATE TEMP TABLE feed_rank AS
        SELECT feed, min(coalesce(rank, {len(rules.code_systems)})) AS rank
        FROM feed_system LEFT JOIN system_rank USING (system) GROUP BY feed""")
    stage.execute("DROP TABLE system_rank")
    stage.execute(f"""
        CREATE TEMP TABLE known AS
        SELECT ord, tier, coalesce(system, '') AS system, {_FOLD.format('sku')} AS sku,
            {_BARE.format(_FOLD.format('sku'))} AS bare, min(line) AS line
        FROM code WHERE tier < {PART_TIER} AND sku IS NOT NULL GROUP BY ALL""")
    stage.execute(f"""
        CREATE TEMP TABLE part AS
        WITH named AS (
            SELECT ord, {_NAME.format("coalesce(manufacturer, '')")} AS maker, {_FOLD.format('mpn')} AS mpn FROM maker
            WHERE trim(mpn) <> '')
        SELECT DISTINCT ord, maker, mpn FROM named
        UNION ALL SELECT DISTINCT ord, '', {_FOLD.format('sku')} FROM code ANTI JOIN named USING (ord)
        WHERE tier >= {PART_TIER} AND trim(sku) <> ''""")
    stage.execute(f"""
        CREATE TEMP TABLE item AS
        WITH said AS (
            SELECT feed, sku, {_BARE.format('sku')} AS bare, arg_max(mpn, (file, line)) FILTER (mpn IS NOT NULL) AS mpn,
                {_NAME.format("coalesce(arg_max(maker, (file, line)) FILTER (maker IS NOT NULL), '')")} AS name
            FROM feed GROUP BY feed, sku)
        SELECT feed, sku, bare, mpn, coalesce(etilize, name) AS maker, feed_rank.rank IS NULL AS anybody
        FROM said LEFT JOIN maker_name USING (name) LEFT JOIN feed_rank USING (feed)""")


def _candidates(stage: Stage) -> None:
    """`candidate`: every pairing that is possible, in the order `place` in which they are to be made.

    `near`: codes of the feed's own systems that agree with its SKUs but for marks and spaces.
    """
    stage.execute("""
        CREATE TEMP TABLE near AS
        SELECT item.feed, item.sku, item.bare, ord, tier, line, known.sku = item.sku AS same
        FROM item JOIN known USING (bare)
        WHERE item.anybody OR known.system = ''
            OR (item.feed, known.system) IN (SELECT (feed, system) FROM feed_system)""")
    stage.execute(f"""
        CREATE TEMP TABLE candidate AS
        WITH exact AS (SELECT feed, sku, ord, 0 AS kind, tier, line FROM near WHERE same),
        alike AS (
            SELECT feed, sku, ord, 1 AS kind, tier, line FROM near WHERE bare <> ''
            WINDOW one AS (PARTITION BY feed, bare)
            QUALIFY min(ord) OVER one = max(ord) OVER one AND min(sku) OVER one = max(sku) OVER one
        ),
        maker_part AS (
            SELECT feed, item.sku, ord, 2 AS kind, {PART_TIER} AS tier, 0 AS line
            FROM item JOIN part ON part.mpn = item.mpn AND part.maker = item.maker AND item.maker <> ''
            WINDOW one AS (PARTITION BY feed, item.mpn, item.maker)
            QUALIFY min(ord) OVER one = max(ord) OVER one AND min(item.sku) OVER one = max(item.sku) OVER one
        ),
        lone AS (SELECT mpn, min(ord) AS ord, any_value(maker) AS maker FROM part GROUP BY mpn
                 HAVING count(DISTINCT ord) = 1),
        sku_part AS (
            SELECT feed, sku, ord, 3 AS kind, {PART_TIER} AS tier, 0 AS line
            FROM item JOIN lone ON lone.mpn = item.sku WHERE anybody
        ),
        part_alone AS (
            SELECT feed, item.sku, ord, 4 AS kind, {PART_TIER} AS tier, 0 AS line
            FROM item JOIN lone USING (mpn)
            WHERE item.maker IN ('', lone.maker) OR lone.maker = '' OR item.maker NOT IN (SELECT maker FROM part)
            QUALIFY count(*) OVER (PARTITION BY feed, mpn) = 1
        ),
        possible AS (
            FROM exact UNION ALL FROM alike UNION ALL FROM maker_part UNION ALL FROM sku_part UNION ALL FROM part_alone
        )
        SELECT feed, sku, ord, tier, row_number() OVER (ORDER BY kind, tier, ord, line, sku, feed) AS place
        FROM possible QUALIFY row_number() OVER (PARTITION BY feed, sku, ord ORDER BY kind, tier, line) = 1""")


def _pair(stage: Stage) -> None:
    """`pairing`: candidates in their order, each unless its SKU or, in its feed, its product is taken already."""
    stage.execute("CREATE TEMP TABLE pairing (feed INTEGER, sku VARCHAR, ord BIGINT, tier INTEGER)")
    stage.execute("CREATE TEMP TABLE open AS FROM candidate")
    while stage.execute("""
        INSERT INTO pairing SELECT feed, sku, ord, tier FROM open
        QUALIFY place = min(place) OVER (PARTITION BY feed, ord) AND place = min(place) OVER (PARTITION BY feed, sku)
        """).fetchall()[0][0]:
        stage.execute("""
            CREATE OR REPLACE TEMP TABLE open AS
            SELECT * FROM open ANTI JOIN pairing USING (feed, sku) ANTI JOIN pairing AS taken USING (feed, ord)""")
    stage.execute("DROP TABLE open")


_REASONS = {
    "taken": "its product already takes another SKU of this feed",
    "several": "several products, or several SKUs of this feed, may be meant",
    "none": "no product has it, nor its part number",
}


def _unmatched(stage: Stage, most: int) -> Iterator[QuarantinedRow]:
    answer = stage.execute(f"""
        WITH alone AS (
            SELECT file, line, feed, sku, mpn FROM feed ANTI JOIN pairing USING (feed, sku)
            ORDER BY file, line LIMIT {most})
        SELECT file, line, sku, coalesce(mpn, ''), name,
            CASE WHEN (feed, sku) IN (SELECT (feed, sku) FROM candidate) THEN 'taken'
                WHEN (feed, sku) IN (SELECT (feed, sku) FROM near) OR mpn IN (SELECT mpn FROM part) THEN 'several'
                ELSE 'none' END
        FROM alone JOIN feed_kind USING (feed) ORDER BY file, line""")
    for file, line, sku, mpn, feed, reason in answer.fetchall():
        part = f" (part number {mpn})" if mpn else ""
        yield QuarantinedRow(
            stage.file_name(file), line, "sku", sku,
            f"SKU {sku[:80]}{part} of {feed} belongs to no product of this catalog: {_REASONS[reason]}", "unmatched")
