"""The extras of a delivery: the distributor's own category tree, further relations, texts and documents."""

from __future__ import annotations
