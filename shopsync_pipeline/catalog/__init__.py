"""The local side: exports and feeds are recognised by content, read out of core and projected to canonical products."""

from __future__ import annotations

from shopsync_pipeline.catalog.delivery import Delivery, SourceFile, find_delivery
from shopsync_pipeline.catalog.documents import CatalogDocument
from shopsync_pipeline.catalog.feeds.offers import CarriedRow
from shopsync_pipeline.catalog.mapping import load_mapping
from shopsync_pipeline.catalog.read import Reading, read
from shopsync_pipeline.catalog.reading import QuarantinedRow
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.sample import SampleExport, write_sample_export
from shopsync_pipeline.catalog.sample_tables import SampleDialect

__all__ = [
    "CarriedRow", "CatalogDocument", "CatalogRules", "Delivery", "QuarantinedRow", "Reading", "SampleDialect",
    "SampleExport", "SourceFile", "find_delivery", "load_mapping", "read", "write_sample_export",
]
