"""Distributor feeds: what a product costs, how many there are, and whether it may be sold."""

from __future__ import annotations
