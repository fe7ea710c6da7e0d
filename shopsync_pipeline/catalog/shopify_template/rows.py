"""One row of a template file: its cells by what their columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shopsync_pipeline.catalog.feeds.offer import Offer


@dataclass(frozen=True, slots=True)
class MetafieldCell:
    """The metafield that a column holds, with the cell's text."""

    namespace: str
    key: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One row: `cells` by column meaning (see `columns`), without the empty ones; `names` gives the written column."""

    file: str
    line: int
    cells: Mapping[str, str]
    metafields: Sequence[MetafieldCell] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    offer: Offer | None = None
    index: int = -1

    def get(self, name: str) -> str:
        """The cell's text without surrounding space, or empty text."""
        return self.cells.get(name, "").strip()
