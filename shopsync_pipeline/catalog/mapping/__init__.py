"""The mapping file (`catalog.toml`): what a shop decides about its catalog, read into `CatalogRules` or refused."""

from __future__ import annotations

from shopsync_pipeline.catalog.mapping.load import load_mapping

__all__ = ["load_mapping"]
