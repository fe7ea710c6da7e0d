"""The inQuire shape: positional CSV tables in zips, joined and projected to products."""

from __future__ import annotations
