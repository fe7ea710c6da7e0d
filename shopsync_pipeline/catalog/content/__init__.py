"""Etilize content, whatever shape it came in: one record per product, and its projection to the canonical document."""

from __future__ import annotations
