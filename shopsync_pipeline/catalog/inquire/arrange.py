"""Staged tables are joined, filtered to one locale and laid out in the order of the products.

After this every table can be read in slices of products, each slice from one place on disk.
"""

from __future__ import annotations

from datetime import datetime

from shopsync_pipeline.catalog.extras.tables import TABLES as EXTRA_TABLES
from shopsync_pipeline.catalog.inquire.codes import arrange_codes
from shopsync_pipeline.catalog.inquire.families import arrange_families
from shopsync_pipeline.catalog.inquire.relations import arrange_relations
from shopsync_pipeline.catalog.inquire.sheets import arrange_sheets
from shopsync_pipeline.catalog.inquire.tables import TABLES
from shopsync_pipeline.catalog.inquire.trees import arrange_tree
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.wanted import Wanted
from shopsync_pipeline.core.errors import CatalogError

ANY_LOCALE = 0
"""The localeid of rows that their file gives none."""


def create_tables(stage: Stage) -> None:
    """Makes every table that `arrange` reads, empty: those of the exports and extras, and two that no file has.

    `picture_row` (pictures that do not come from productimages, with their address where one is given) and
    `specs_html` (ready sheets) are filled by the reader of flat files.
    """
    for known in (*TABLES, *EXTRA_TABLES):
        stage.create(known)
    stage.execute("CREATE TABLE picture_row (file INTEGER, line INTEGER, productid BIGINT, type VARCHAR, "
                  "status VARCHAR, address VARCHAR)")
    stage.execute("CREATE TABLE specs_html (file INTEGER, line INTEGER, productid BIGINT, html VARCHAR)")


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


def arrange(
    stage: Stage, rules: CatalogRules, wanted: Wanted, account: Account, *, locale: int, detailed: bool,
    day: datetime | None,
) -> int:
    """Builds the tables that `slices` reads; returns the number of products.

    `detailed`: the detail add-on was delivered, so specifications follow the detailed sheet's layout. `day`: when the
    delivery was made; what had ended by then is left out.
    """
    stage.execute(f"CREATE MACRO here(x) AS x IN ({ANY_LOCALE}, {locale})")
    stage.execute("""
        INSERT INTO picture_row SELECT file, line, productid, type, status, NULL FROM productelements
        WHERE isactive AND here(localeid)""")
    _keep_last(stage, account)
    _sold(stage, account)
    arrange_tree(stage, rules.category_tree, account)
    arrange_families(stage, rules.variants.group_by)
    products = _published(stage)
    arrange_sheets(stage, wanted, 1 if detailed else 0)
    _texts(stage, account)
    _pictures_and_documents(stage, account, day)
    arrange_codes(stage, rules.code_systems)
    arrange_relations(stage, wanted, rules.relations.limit, account)
    _count_orphans(stage, account)
    for table in (*_OF_PRODUCTS, "picture_row"):
        stage.execute(f"DROP TABLE {table}")
    return products


_KEYS = {
    "product": "productid", "category": "categoryid", "manufacturer": "manufacturerid", "locales": "localeid",
    "categorynames": "categoryid, localeid", "attributenames": "attributeid, localeid",
    "headernames": "headerid, localeid", "categoryheader": "categoryid, templatetype, headerid",
    "categorydisplayattributes": "categoryid, templatetype, headerid, attributeid",
    "productskus": "productid, name, sku, localeid",
    "productimages": "productid, type", "picture_row": "productid, type",
    "productlocales": "productid, localeid", "productkeywords": "productid, localeid",
    "mapped_category": "productid", "mapped_category_names": "categoryid, localeid",
    "mapped_category_taxonomy": "categoryid",
}
"""Natural keys. Where two rows have the same one, the last row counts."""

_OF_PRODUCTS = (
    "productattribute", "productdescriptions", "productfeatures", "productimages", "productskus", "productkeywords",
    "productaccessories", "productalsobought", "productsimilar", "productupsell", "productresources",
    "featuresnbenefits", "productelements", "specs_html",
)
"""Tables whose rows belong to a product, and are needed no more once they are arranged."""


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


def _sold(stage: Stage, account: Account) -> None:
    """`sold`: the products that are published in the locale, which accessory stubs are not."""
    stage.execute("""
        CREATE TEMP TABLE judged AS
        WITH local AS (
            SELECT productid, bool_or(lower(trim(status)) = 'accessory') AS accessory, NOT bool_or(isactive) AS inactive
            FROM productlocales WHERE here(localeid) GROUP BY productid
        )
        SELECT product.*, CASE WHEN isaccessory THEN 'stubs_skipped' WHEN NOT product.isactive THEN 'inactive_skipped'
            WHEN local.accessory THEN 'accessories_skipped' WHEN local.inactive THEN 'inactive_skipped' END AS verdict
        FROM product LEFT JOIN local USING (productid)""")
    stage.execute("CREATE TEMP TABLE sold AS SELECT * FROM judged WHERE verdict IS NULL")
    for verdict in ("stubs_skipped", "inactive_skipped", "accessories_skipped"):
        account.counts[f"products.{verdict}"] += 0
    for verdict, rows in stage.execute(
        "SELECT verdict, count(*) FROM judged WHERE verdict IS NOT NULL GROUP BY verdict").fetchall():
        account.counts[f"products.{verdict}"] += rows


def _published(stage: Stage) -> int:
    """`published`: single products in the order of their keys, then families by name, each in the order of its ids."""
    stage.execute("""
        CREATE TABLE published AS
        SELECT row_number() OVER (ORDER BY family IS NOT NULL, coalesce(family, 'etilize:' || productid), productid) - 1
                AS ord,
            productid, manufacturerid, trim(mfgpartno) AS mfgpartno, categoryid, sold.file, sold.line, family,
            placed.mapped, placed.node, placed.file AS node_file, placed.line AS node_line
        FROM sold LEFT JOIN placed USING (productid) LEFT JOIN family USING (productid) ORDER BY ord""")
    return int(stage.execute("SELECT count(*) FROM published").fetchall()[0][0])


def _texts(stage: Stage, account: Account) -> None:
    stage.execute("""
        CREATE TABLE text AS
        SELECT ord, type, lines(description) AS description, said.file, said.line FROM (
            SELECT productid, type, description, file, line FROM productdescriptions
            WHERE here(localeid) AND isactive AND description IS NOT NULL
            UNION ALL
            SELECT productid, type, description, file, line FROM featuresnbenefits
            WHERE here(localeid) AND type BETWEEN 20 AND 29 AND description IS NOT NULL
        ) AS said JOIN published USING (productid) ORDER BY ord, type, said.file, said.line""")
    other = stage.execute("SELECT count(*) FROM featuresnbenefits WHERE type NOT BETWEEN 20 AND 29").fetchall()[0][0]
    if other:
        account.counts["featuresnbenefits.other_types"] += other
    stage.execute("""
        CREATE TABLE bullet AS
        SELECT ord, lines(bullettext) AS bullettext, f.sequenceno, f.file, f.line FROM productfeatures AS f
        JOIN published USING (productid) WHERE here(localeid) AND isactive AND bullettext IS NOT NULL
        ORDER BY ord, sequenceno, f.file, f.line""")
    stage.execute("""
        CREATE TABLE keyword AS SELECT ord, arg_max(lines(keywords), (k.file, k.line)) AS keywords
        FROM productkeywords AS k JOIN published USING (productid) WHERE here(localeid) AND keywords IS NOT NULL
        GROUP BY ord ORDER BY ord""")
    stage.execute("""
        CREATE TABLE sheet AS SELECT ord, arg_min(html, (s.file, s.line)) AS html FROM specs_html AS s
        JOIN published USING (productid) GROUP BY ord ORDER BY ord""")


def _pictures_and_documents(stage: Stage, account: Account, day: datetime | None) -> None:
    stage.execute("""
        CREATE TABLE picture AS
        SELECT ord, trim(type) AS type, coalesce(status, '') AS status, address, p.file, p.line
        FROM (SELECT file, line, productid, type, status, NULL AS address FROM productimages
              UNION ALL SELECT * FROM picture_row ANTI JOIN productimages USING (productid, type)) AS p
        JOIN published USING (productid) WHERE type IS NOT NULL ORDER BY ord, type""")
    stage.execute("""
        CREATE TEMP TABLE document AS
        SELECT ord, trim(type) AS type, trim(url) AS url, coalesce(lines(text), '') AS text, r.file, r.line,
            coalesce(try_cast(enddate AS TIMESTAMP), try_strptime(enddate, ['%m/%d/%Y', '%m/%d/%Y %H:%M:%S'])) AS ending
        FROM productresources AS r JOIN published USING (productid)
        WHERE here(localeid) AND type IS NOT NULL AND url IS NOT NULL
            AND coalesce(lower(trim(status)), '') NOT IN ('inactive', 'deleted')""")
    ended = "ending IS NOT NULL AND ending < ?" if day is not None else "false"
    given = (day,) if day is not None else ()
    rows = stage.execute(f"SELECT count(*) FROM document WHERE {ended}", given).fetchall()[0][0]
    if rows:
        account.counts["productresources.ended"] += rows
    stage.execute(
        f"CREATE TABLE resource AS SELECT * FROM document WHERE NOT ({ended}) ORDER BY ord, file, line", given)


def _count_orphans(stage: Stage, account: Account) -> None:
    for table in _OF_PRODUCTS:
        orphans = stage.execute(f"SELECT count(*) FROM {table} ANTI JOIN product USING (productid)").fetchall()[0][0]
        if orphans:
            account.counts[f"{table}.orphans"] += orphans
