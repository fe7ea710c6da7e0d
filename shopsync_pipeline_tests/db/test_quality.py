"""The findings of imports: kept with their import, in the order of the checks, apart by shop."""

from __future__ import annotations

from shopsync_pipeline.core.quality import Example, Finding
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.quality import Findings
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

IMAGE = Finding("missing_image", 2, 9, (Example("etilize:1", "images", "", "none | \x00 “é”"),
                                        Example("etilize:2", "images", "x", "none")))
SKU = Finding("duplicate_sku", 0, 9)


def test_findings_come_back_as_they_were_in_the_order_of_the_checks(database: Database) -> None:
    with database.write() as connection:
        Findings(connection, SHOP).put("i1", [IMAGE, SKU])
    with database.read() as connection:
        assert Findings(connection, SHOP).of("i1") == [SKU, IMAGE]
        assert Findings(connection, SHOP).of("i2") == []
        assert Findings(connection, OTHER).of("i1") == []


def test_findings_of_an_import_can_be_replaced_and_forgotten(database: Database) -> None:
    with database.write() as connection:
        findings = Findings(connection, SHOP)
        for import_id in ("i1", "i2", "i3"):
            findings.put(import_id, [IMAGE])
        findings.put("i3", [Finding("missing_image", 1, 9)])
        Findings(connection, OTHER).put("i1", [SKU])
        findings.remove(["i1", "i2", "unknown"])
        assert [len(findings.of(import_id)) for import_id in ("i1", "i2", "i3")] == [0, 0, 1]
        assert findings.of("i3") == [Finding("missing_image", 1, 9)]
        assert Findings(connection, OTHER).of("i1") == [SKU]


def test_a_check_of_another_version_is_passed_over(database: Database) -> None:
    with database.write() as connection:
        Findings(connection, SHOP).put("i1", [SKU, Finding("a_check_of_tomorrow", 1, 1)])
        assert Findings(connection, SHOP).of("i1") == [SKU]
