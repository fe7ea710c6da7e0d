"""The numbers of the products: all of them, those by which feeds know a product, and the one it is sold under.

A product may have several numbers in one system and a number several products; the choice never depends on chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from shopsync_pipeline.catalog.feeds.matching import PART_TIER
from shopsync_pipeline.catalog.staging import Stage

_FILE_SPAN = 1_000_000_000
"""Rows are ordered by file and then line; no file has so many lines."""


def arrange_codes(stage: Stage, systems: Sequence[str]) -> None:
    """`number` (ord, name, sku, file, line), `code` (ord, tier, system, sku, line), `maker` (ord, manufacturer, mpn)
    and `selling` (ord, sku, shared, file, line: the row is that of the number, or of product for a part number)."""
    stage.execute("""
        CREATE TABLE number AS SELECT ord, trim(name) AS name, trim(sku) AS sku, s.file, s.line FROM productskus AS s
        JOIN published USING (productid)
        WHERE here(localeid) AND isactive AND trim(name) <> '' AND trim(sku) <> ''
        ORDER BY ord, s.file, s.line, name, sku""")
    stage.execute("CREATE TEMP TABLE system (name VARCHAR, tier INTEGER)")
    for tier, name in enumerate(systems):
        stage.execute("INSERT INTO system VALUES (?, ?)", (name, tier))
    stage.execute(f"""
        CREATE TABLE code AS
        SELECT ord, tier, number.name AS system, number.sku, number.file * {_FILE_SPAN}::BIGINT + number.line AS line
        FROM number JOIN system USING (name)
        UNION ALL SELECT ord, {PART_TIER}, '', mfgpartno, 0 FROM published WHERE mfgpartno <> ''""")
    stage.execute("""
        CREATE TABLE maker AS
        SELECT ord, trim(m.name) AS manufacturer, mfgpartno AS mpn FROM published
        LEFT JOIN manufacturer AS m USING (manufacturerid) WHERE mfgpartno <> '' ORDER BY ord""")
    stage.execute(f"""
        CREATE TABLE selling AS
        WITH best AS (
            SELECT ord, tier, sku, line, trim(regexp_replace(lower(sku), '[^a-z0-9]+', '-', 'g'), '-') AS slug FROM code
            QUALIFY row_number() OVER (PARTITION BY ord ORDER BY tier, line, sku) = 1
        )
        SELECT ord, sku, count(*) OVER (PARTITION BY slug) > 1 OR slug = '' AS shared,
            CASE WHEN tier = {PART_TIER} THEN p.file ELSE (best.line // {_FILE_SPAN})::INTEGER END AS file,
            CASE WHEN tier = {PART_TIER} THEN p.line ELSE (best.line % {_FILE_SPAN})::INTEGER END AS line
        FROM best JOIN published AS p USING (ord) ORDER BY ord""")
