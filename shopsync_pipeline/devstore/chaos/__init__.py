"""Trouble on order: slow answers, a seeded share of faults, refused skus, and other people editing the shop."""
