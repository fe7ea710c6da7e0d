"""The flat-file shape: one CSV with a header, a row for each SKU of a product, already joined by its sender."""

from __future__ import annotations
