"""Staged inQuire tables are joined, filtered to one locale and laid out in the order of the products.

After this every table can be read in slices of products, each slice from one place on disk.
"""

from __future__ import annotations

from shopsync_pipeline.catalog.feeds.matching import PART_TIER
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import ProjectionRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.errors import CatalogError

BRAND, MARKETING = 113319, 1452
"""Tails of the attributes Brand Name and Marketing Information, without the prefix that names the sheet."""

SHEETS = (34, 32)
"""Attribute prefixes of the basic and the detailed sheet, by preference."""


def attribute_ids(tail: int) -> tuple[int, ...]:
    """The ids that one fact has on the basic and on the detailed sheet."""
    return tuple(int(f"{sheet}{tail}") for sheet in SHEETS)


def choose_locale(stage: Stage, wanted: str | None, scopes: set[str]) -> int:
    """The localeid to project: the wanted one, else the one whose name the files carry, else the first active one.

    Raises `CatalogError` when the export has no such locale.
    """
    rows = stage.execute(
        "SELECT localeid, isactive, upper(coalesce(languagecode, '') || '_' || coalesce(countrycode, '')), "
        "upper(coalesce(name, '')) FROM locales ORDER BY file, line").fetchall()
    if wanted is not None:
        for localeid, _, code, name in rows:
            if wanted.upper() in (code, name):
                return int(localeid)
        raise CatalogError(f"The export has no locale {wanted}; it has {', '.join(row[2] for row in rows) or 'none'}.")
    active = [row for row in rows if row[1]]
    for localeid, _, code, _ in active:
        if code in scopes:
            return int(localeid)
    if not active:
        raise CatalogError("The table locales of the export has no active locale; deliver the tax block again.")
    return int(active[0][0])


def arrange(stage: Stage, rules: ProjectionRules, locale: int, detailed: bool, account: Account) -> int:
    """Builds the tables that `slices` reads; returns the number of products.

    `detailed`: the detail add-on was delivered, so specifications follow the detailed sheet's layout.
    """
    _keep_last(stage, account)
    products = _published(stage, account)
    _specs(stage, rules, locale, 1 if detailed else 0)
    stage.execute(f"""
        CREATE TABLE text AS SELECT ord, type, lines(description) AS description, d.file, d.line
        FROM productdescriptions AS d JOIN published USING (productid)
        WHERE localeid = {locale} AND description IS NOT NULL ORDER BY ord, type""")
    stage.execute(f"""
        CREATE TABLE bullet AS SELECT ord, sequenceno, productfeatures.file, productfeatures.line,
            lines(bullettext) AS bullettext FROM productfeatures
        JOIN published USING (productid) WHERE localeid = {locale} AND isactive AND bullettext IS NOT NULL
        ORDER BY ord, sequenceno, productfeatures.file, productfeatures.line""")
    stage.execute("""
        CREATE TABLE picture AS SELECT ord, type, coalesce(status, '') AS status FROM productimages
        JOIN published USING (productid) WHERE type IS NOT NULL ORDER BY ord""")
    stage.execute(f"""
        CREATE TABLE number AS SELECT ord, trim(name) AS name, trim(sku) AS sku, s.file, s.line FROM productskus AS s
        JOIN published USING (productid) WHERE localeid = {locale} AND name IS NOT NULL AND sku IS NOT NULL
        ORDER BY ord, s.file, s.line""")
    _codes(stage, rules)
    _count_orphans(stage, account)
    for table in ("productattribute", "productdescriptions", "productfeatures", "productimages", "productskus"):
        stage.execute(f"DROP TABLE {table}")
    return products


_KEYS = {
    "product": "productid", "category": "categoryid", "manufacturer": "manufacturerid", "locales": "localeid",
    "categorynames": "categoryid, localeid", "attributenames": "attributeid, localeid",
    "headernames": "headerid, localeid", "categoryheader": "categoryid, templatetype, headerid",
    "categorydisplayattributes": "categoryid, templatetype, headerid, attributeid",
    "productskus": "productid, name, sku, localeid", "productimages": "productid, type",
}
"""Natural keys. Where two rows have the same one, the last row counts."""


def _keep_last(stage: Stage, account: Account) -> None:
    for table, key in _KEYS.items():
        before = stage.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
        names = key.split(", ")
        same = " AND ".join(f"later.{name} IS NOT DISTINCT FROM {table}.{name}" for name in names)
        duplicated = stage.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1)").fetchall()[0][0]
        if duplicated:
            stage.execute(
                f"DELETE FROM {table} USING (SELECT {key}, max((file, line)) AS last FROM {table} GROUP BY {key} "
                f"HAVING count(*) > 1) AS later WHERE {same} AND ({table}.file, {table}.line) < later.last")
            after = stage.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            account.counts[f"{table}.superseded"] += before - after


def _published(stage: Stage, account: Account) -> int:
    stage.execute("""
        CREATE TABLE published AS
        SELECT row_number() OVER (ORDER BY 'etilize:' || productid) - 1 AS ord, productid, manufacturerid, mfgpartno,
            categoryid
        FROM product WHERE isactive AND NOT isaccessory ORDER BY ord""")
    products, stubs, inactive = stage.execute("""
        SELECT count(*) FILTER (isactive AND NOT isaccessory), count(*) FILTER (isaccessory),
            count(*) FILTER (NOT isactive AND NOT isaccessory) FROM product""").fetchall()[0]
    account.counts["products.stubs_skipped"] += stubs
    account.counts["products.inactive_skipped"] += inactive
    return int(products)


def _specs(stage: Stage, rules: ProjectionRules, locale: int, template: int) -> None:
    """`layout`: the place of each attribute on each category's sheet. `spec`: values with a place, or wanted anyway."""
    stage.execute(f"""
        CREATE TABLE layout AS
        WITH places AS (
            SELECT d.categoryid, d.attributeid, d.headerid, d.templatetype,
                row_number() OVER (PARTITION BY d.categoryid, d.templatetype ORDER BY h.defaultdisplayorder, h.headerid,
                    d.defaultdisplayorder, d.attributeid) AS position
            FROM categorydisplayattributes AS d JOIN categoryheader AS h USING (headerid, categoryid, templatetype)
            WHERE d.isactive AND h.isactive
        ),
        sheets AS (
            SELECT categoryid, CASE WHEN bool_or(templatetype = {template}) THEN {template} ELSE min(templatetype) END
                AS templatetype FROM places GROUP BY categoryid
        ),
        named AS (
            SELECT categoryid, attributeid, position, h.name AS header, a.name AS name
            FROM places JOIN sheets USING (categoryid, templatetype)
            LEFT JOIN headernames AS h ON h.headerid = places.headerid AND h.localeid = {locale}
            JOIN attributenames AS a USING (attributeid) WHERE a.localeid = {locale} AND a.name IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY categoryid, attributeid ORDER BY position) = 1
        )
        SELECT row_number() OVER (ORDER BY categoryid, position) - 1 AS place, * FROM named""")
    wanted = [id_ for tail in (BRAND, MARKETING) for id_ in attribute_ids(tail)]
    wanted += [id_ for spec in rules.spec_metafields for id_ in attribute_ids(spec.tail)]
    stage.execute(f"""
        CREATE TABLE spec AS
        SELECT p.ord, coalesce(layout.place, -1) AS place, a.attributeid, a.displayvalue, a.file, a.line
        FROM productattribute AS a JOIN published AS p USING (productid)
        LEFT JOIN layout ON layout.categoryid = p.categoryid AND layout.attributeid = a.attributeid
        WHERE a.isactive AND a.localeid = {locale} AND a.displayvalue IS NOT NULL
            AND (layout.place IS NOT NULL OR a.attributeid IN ({', '.join(map(str, wanted))}))
        ORDER BY p.ord""")


def _codes(stage: Stage, rules: ProjectionRules) -> None:
    """`code`: every SKU by which a feed may know a product; `selling`: the SKU that each product is sold under."""
    stage.execute("CREATE TEMP TABLE system (name VARCHAR, tier INTEGER)")
    for tier, name in enumerate(rules.code_systems):
        stage.execute("INSERT INTO system VALUES (?, ?)", (name, tier))
    stage.execute(f"""
        CREATE TABLE code AS
        SELECT ord, tier, name AS system, number.sku, number.file * 1000000000::BIGINT + number.line AS line
        FROM number JOIN system USING (name)
        UNION ALL SELECT ord, {PART_TIER}, '', trim(mfgpartno), 0 FROM published WHERE mfgpartno IS NOT NULL""")
    stage.execute("""
        CREATE TABLE maker AS
        SELECT ord, trim(m.name) AS manufacturer, trim(mfgpartno) AS mpn FROM published
        LEFT JOIN manufacturer AS m USING (manufacturerid) WHERE mfgpartno IS NOT NULL""")
    stage.execute("""
        CREATE TABLE selling AS
        WITH best AS (
            SELECT ord, sku, trim(regexp_replace(lower(sku), '[^a-z0-9]+', '-', 'g'), '-') AS slug FROM code
            QUALIFY row_number() OVER (PARTITION BY ord ORDER BY tier, line) = 1
        )
        SELECT ord, sku, count(*) OVER (PARTITION BY slug) > 1 OR slug = '' AS shared FROM best ORDER BY ord""")


def _count_orphans(stage: Stage, account: Account) -> None:
    for table in ("productattribute", "productdescriptions", "productfeatures", "productimages", "productskus"):
        orphans = stage.execute(f"SELECT count(*) FROM {table} ANTI JOIN product USING (productid)").fetchall()[0][0]
        if orphans:
            account.counts[f"{table}.orphans"] += orphans
