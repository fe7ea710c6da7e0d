"""Specifications in the order of their category's sheet, and those that a rule wants although no sheet shows them.

A fact stands on the basic sheet and on the detailed one; one sheet is shown, so that no fact is shown twice.
"""

from __future__ import annotations

from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.wanted import Wanted


def arrange_sheets(stage: Stage, wanted: Wanted, template: int) -> None:
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
            LEFT JOIN headernames AS h ON h.headerid = places.headerid AND here(h.localeid)
            JOIN attributenames AS a USING (attributeid) WHERE here(a.localeid) AND a.name IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY categoryid, attributeid ORDER BY position, a.localeid DESC,
                h.localeid DESC) = 1
        )
        SELECT row_number() OVER (ORDER BY categoryid, position) - 1 AS place, * FROM named""")
    ids = sorted(wanted.attributes)
    stage.execute(f"""
        CREATE TABLE spec AS
        SELECT p.ord, coalesce(layout.place, -1) AS place, a.attributeid, a.displayvalue, a.setnumber, a.file, a.line
        FROM productattribute AS a JOIN published AS p USING (productid)
        LEFT JOIN layout ON layout.categoryid = p.categoryid AND layout.attributeid = a.attributeid
        WHERE a.isactive AND here(a.localeid) AND a.displayvalue IS NOT NULL
            AND (layout.place IS NOT NULL OR a.attributeid IN ({', '.join(map(str, ids))}))
        ORDER BY p.ord""")
