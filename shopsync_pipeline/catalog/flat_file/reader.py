"""Reads flat files: their rows, one for each SKU, are taken apart into the tables of an export and joined from there.

A product's facts stand in each of its rows; the first row that says a thing counts.
"""

from __future__ import annotations

import re
from dataclasses import replace

from shopsync_pipeline.catalog.archive import headerless
from shopsync_pipeline.catalog.dialect import MSSQL
from shopsync_pipeline.catalog.flat_file.columns import STORED, table_of
from shopsync_pipeline.catalog.inquire.arrange import ANY_LOCALE, create_tables
from shopsync_pipeline.catalog.inquire.reader import Content, Given, arranged, load_extras
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.recognise import EXTRA
from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.tables import Kind, Table
from shopsync_pipeline.catalog.wanted import wanted_by
from shopsync_pipeline.core.errors import CatalogError

_LOCALE_IN_NAME = re.compile(r"(?<![A-Za-z])(?P<locale>[A-Z]{2}_[A-Z]{2})(?![A-Za-z])", re.IGNORECASE)
_ALL = Table("flat_row", (STORED,))
_TEXTS = {"desc1": 1, "desc2": 2, "desc3": 3, "marketing": 4}
_ATTRIBUTES = {
    "brand": (34113319, "Brand Name"), "producttype": (341100, "Product Type"),
    "productline": (3412389, "Product Line"), "productseries": (34112816, "Product Series"),
    "manufacturer": (3411896, "Manufacturer"), "country": (3411113883, "Country of Origin"),
    "recycled": (3411114053, "Recycled"), "recycledtotal": (3411114054, "Recycled Total"),
    "recycledpcw": (3411114055, "Recycled PCW"), "assembly": (3411114056, "Assembly Required"),
}
_PICTURES = {"image225": "225", "image75": "75"}
_LEVELS = ("masterdepartment", "department", "class", "subclass")
_ROOT = 1


def read_content(stage: Stage, members: Given, rules: CatalogRules, account: Account) -> Content:
    """Reads flat files. The feeds were staged before (`feeds.offers.stage_feeds`).

    Files of another locale than the wanted one are not read; without a wanted one the locale with most rows counts.
    """
    wanted = wanted_by(rules)
    wanted = replace(wanted, attributes=wanted.attributes | {id_ for id_, _ in _ATTRIBUTES.values()})
    create_tables(stage)
    stage.create(_ALL)
    for file, member in _of_locale(members, rules.locale):
        known, unknown = table_of(file.header)
        for name in unknown:
            account.counts[f"flat_file.unknown_column.{name}"] += 1
        stage.create(known)
        stage.load(known, headerless(member), file.encoding, Dialect(backslash=file.dialect != MSSQL))
        stage.execute("INSERT INTO flat_row BY NAME SELECT * FROM flat_file")
        stage.execute("DROP TABLE flat_file")
    _choose_locale(stage, account)
    _take_apart(stage)
    load_extras(stage, members, wanted, account)
    return arranged(stage, members, rules, wanted, account, locale=ANY_LOCALE, detailed=False)


def _of_locale(members: Given, wanted: str | None) -> Given:
    flat = [(file, member) for file, member in members if file.role != EXTRA]
    if wanted is None:
        return flat
    named = {file.name: {match["locale"].upper() for match in _LOCALE_IN_NAME.finditer(file.name)} for file, _ in flat}
    chosen = [(file, member) for file, member in flat if wanted.upper() in named[file.name] or not named[file.name]]
    if not chosen:
        found = sorted({locale for locales in named.values() for locale in locales})
        raise CatalogError(f"The export has no flat file of the locale {wanted}; it has {', '.join(found)}.")
    return chosen


def _choose_locale(stage: Stage, account: Account) -> None:
    """Keeps the rows of one locale, that of most rows, of equally many the lower one; and rows that name none."""
    locales = stage.execute(f"""
        SELECT localeid, count(*) AS rows FROM flat_row WHERE coalesce(localeid, {ANY_LOCALE}) <> {ANY_LOCALE}
        GROUP BY localeid ORDER BY rows DESC, localeid""").fetchall()
    for localeid, rows in locales[1:]:
        account.counts["flat_file.other_locale"] += rows
        stage.execute("DELETE FROM flat_row WHERE localeid = ?", (localeid,))


def _take_apart(stage: Stage) -> None:
    facts = ", ".join(f'"{column.name}"' for column in STORED if column.kind is Kind.TEXT)
    stage.execute(f"""
        CREATE TEMP TABLE said AS
        SELECT productid, what, says, file, line
        FROM (UNPIVOT (SELECT file, line, productid, {facts} FROM flat_row) ON {facts} INTO NAME what VALUE says)
        WHERE trim(says) <> ''
        QUALIFY row_number() OVER (PARTITION BY productid, what ORDER BY file, line) = 1""")
    _categories(stage)
    stage.execute("""
        INSERT INTO manufacturer BY NAME
        SELECT -1 AS file, 0 AS line, dense_rank() OVER (ORDER BY name) AS manufacturerid, name
        FROM (SELECT DISTINCT trim(says) AS name FROM said WHERE what = 'manufacturer')""")
    stage.execute("""
        INSERT INTO product BY NAME
        SELECT first.file, first.line, first.productid, m.manufacturerid, true AS isactive, false AS isaccessory,
            leaf.categoryid
        FROM (SELECT productid, file, line FROM flat_row
              QUALIFY row_number() OVER (PARTITION BY productid ORDER BY file, line) = 1) AS first
        LEFT JOIN (SELECT productid, trim(says) AS name FROM said WHERE what = 'manufacturer') AS made
            USING (productid)
        LEFT JOIN manufacturer AS m USING (name) LEFT JOIN leaf USING (productid)""")
    types = ", ".join(f"('{what}', {type_})" for what, type_ in _TEXTS.items())
    stage.execute(f"""
        INSERT INTO productdescriptions BY NAME
        SELECT file, line, productid, says AS description, type, {ANY_LOCALE} AS localeid, true AS isactive
        FROM said JOIN (VALUES {types}) AS types (what, type) USING (what)""")
    attributes = ", ".join(f"('{what}', {id_})" for what, (id_, _) in _ATTRIBUTES.items())
    stage.execute(f"""
        INSERT INTO productattribute BY NAME
        SELECT file, line, productid, attributeid, says AS displayvalue, true AS isactive, {ANY_LOCALE} AS localeid,
            0 AS setnumber
        FROM said JOIN (VALUES {attributes}) AS ids (what, attributeid) USING (what)""")
    _sheets(stage)
    pictures = ", ".join(f"('{what}', '{size}')" for what, size in _PICTURES.items())
    stage.execute(f"""
        INSERT INTO picture_row BY NAME
        SELECT file, line, productid, type, 'Published' AS status,
            CASE WHEN regexp_matches(says, '^\\s*https?://', 'i') THEN trim(says) END AS address
        FROM said JOIN (VALUES {pictures}) AS types (what, type) USING (what)""")
    stage.execute(f"""
        INSERT INTO productkeywords BY NAME
        SELECT file, line, productid, says AS keywords, {ANY_LOCALE} AS localeid FROM said WHERE what = 'keywords'""")
    stage.execute(f"""
        INSERT INTO productskus BY NAME
        SELECT file, line, productid, name, sku, {ANY_LOCALE} AS localeid, true AS isactive FROM (
            SELECT file, line, productid, skutype AS name, sku FROM flat_row
            UNION ALL SELECT file, line, productid, skutype || ' Catalog', catalogsku FROM flat_row
            UNION ALL SELECT file, line, productid, 'UNSPSC', says FROM said WHERE what = 'unspsc'
        ) WHERE name IS NOT NULL AND sku IS NOT NULL""")


def _categories(stage: Stage) -> None:
    """A tree of the names, below a root: a class of the same name in two departments is two nodes. `leaf` (productid,
    categoryid) is the deepest node that a product's row names."""
    levels = ", ".join(f"('{level}', {depth})" for depth, level in enumerate(_LEVELS))
    stage.execute(f"""
        CREATE TEMP TABLE path AS
        SELECT productid, list(trim(says) ORDER BY depth) AS names
        FROM said JOIN (VALUES {levels}) AS levels (what, depth) USING (what) GROUP BY productid""")
    stage.execute(f"""
        CREATE TEMP TABLE branch AS
        SELECT names, dense_rank() OVER (ORDER BY names) + {_ROOT} AS categoryid
        FROM (SELECT DISTINCT names[1:depth] AS names
              FROM path, (VALUES (1), (2), (3), (4)) AS depths (depth) WHERE depth <= len(names))""")
    stage.execute(f"""
        INSERT INTO category BY NAME
        SELECT -1 AS file, 0 AS line, {_ROOT} AS categoryid, 0 AS parentcategoryid, true AS isactive
        UNION ALL SELECT -1, 0, b.categoryid, coalesce(up.categoryid, {_ROOT}), true
        FROM branch AS b LEFT JOIN branch AS up ON up.names = b.names[1:len(b.names) - 1]""")
    stage.execute(f"""
        INSERT INTO categorynames BY NAME
        SELECT -1 AS file, 0 AS line, categoryid, names[-1] AS name, {ANY_LOCALE} AS localeid FROM branch""")
    stage.execute("CREATE TEMP TABLE leaf AS SELECT productid, categoryid FROM path JOIN branch USING (names)")


def _sheets(stage: Stage) -> None:
    """Ready sheets, with the two faults repaired that they are known for, and a layout of the known attributes for
    products of a category in which no product brings a sheet."""
    stage.execute(r"""
        INSERT INTO specs_html
        SELECT file, line, productid, trim(regexp_replace(regexp_replace(
            lines(says), '\s*</span>\s*:', ':</span>', 'gi'), '</ul>\s*<br\s*/?>', '</ul>', 'gi'))
        FROM said WHERE what = 'specifications'""")
    bare = """(SELECT DISTINCT coalesce(categoryid, 0) AS categoryid FROM product
        EXCEPT SELECT coalesce(categoryid, 0) FROM product JOIN specs_html USING (productid))"""
    stage.execute(f"""
        INSERT INTO categoryheader BY NAME
        SELECT -1 AS file, 0 AS line, 1 AS headerid, categoryid, true AS isactive, 0 AS templatetype,
            0 AS defaultdisplayorder FROM {bare}""")
    for place, (attribute, name) in enumerate(_ATTRIBUTES.values()):
        stage.execute("INSERT INTO attributenames BY NAME SELECT -1 AS file, 0 AS line, ? AS attributeid, ? AS name, "
                      f"{ANY_LOCALE} AS localeid", (attribute, name))
        stage.execute(f"""
            INSERT INTO categorydisplayattributes BY NAME
            SELECT -1 AS file, 0 AS line, 1 AS headerid, categoryid, {attribute} AS attributeid, true AS isactive,
                0 AS templatetype, {place} AS defaultdisplayorder FROM {bare}""")
