"""Projects one record by some rules and keeps everything that came of it."""

from __future__ import annotations

from collections import Counter

from shopsync_pipeline.catalog.content.metafields import RelatedNames
from shopsync_pipeline.catalog.content.project import Projected, Projection
from shopsync_pipeline.catalog.content.record import ContentRecord, Row
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.core.product import Product

RULES = CatalogRules()


class Outcome:
    """A projected record: the product, where its fields are from, what was refused and what was counted."""

    def __init__(
        self, record: ContentRecord, rules: CatalogRules = RULES, related: RelatedNames | None = None,
    ) -> None:
        self.refused: list[tuple[Row, str, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.projection = Projection(rules, lambda *row: self.refused.append(row), self.counts, related)
        self.projected: Projected = self.projection.of(record)
        self.product: Product = self.projected.product

    @property
    def reasons(self) -> list[str]:
        """The sentences about refused values."""
        return [reason for _, _, _, reason in self.refused]

    @property
    def metafields(self) -> dict[str, str]:
        """Values by key."""
        return {metafield.key: metafield.value for metafield in self.product.metafields}

    def origin(self, path: str) -> tuple[str, tuple[Row, ...]]:
        """The rule and the rows of a field."""
        origin = self.projected.origins[path]
        return origin.rule, origin.rows


def product_of(record: ContentRecord, rules: CatalogRules = RULES) -> Product:
    """The product of a record whose values are all good."""
    outcome = Outcome(record, rules)
    assert outcome.refused == []
    return outcome.product
