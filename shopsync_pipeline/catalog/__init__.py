"""The local side: exports and feeds are recognised by content, read out of core and projected to canonical products."""

from __future__ import annotations

from shopsync_pipeline.catalog.delivery import Delivery, SourceFile, find_delivery
from shopsync_pipeline.catalog.read import read
from shopsync_pipeline.catalog.reading import QuarantinedRow, Reading
from shopsync_pipeline.catalog.rules import ProjectionRules, SpecMetafield
from shopsync_pipeline.catalog.sample import SampleExport, write_sample_export
from shopsync_pipeline.catalog.sample_tables import SampleDialect

__all__ = [
    "Delivery", "ProjectionRules", "QuarantinedRow", "Reading", "SampleDialect", "SampleExport", "SourceFile",
    "SpecMetafield", "find_delivery", "read", "write_sample_export",
]
