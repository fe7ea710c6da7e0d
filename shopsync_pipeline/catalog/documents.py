"""Slices of content become documents as they are kept: flat, digested, as text, each with the origin of its fields.

The same work is done here or in child processes; nothing in it knows which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import orjson

from shopsync_pipeline.catalog.content.family import combine
from shopsync_pipeline.catalog.content.origins import encode
from shopsync_pipeline.catalog.content.project import Projected, Projection
from shopsync_pipeline.catalog.content.record import ContentRecord, Row
from shopsync_pipeline.catalog.inquire.slices import Names, Slice, uncollected
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.documents import flatten

PROJECTION = 1
"""Counts the ways in which versions of this program project. To be raised when the same delivery comes out otherwise
than before, so that an unchanged delivery is read again after an upgrade."""


class CatalogDocument(NamedTuple):
    """One product as it is kept. `digests`: of its field groups, packed; `document`: its flat map as JSON text;
    `origins`: path → [rule, [file, line], …] as JSON text (see `content.origins.encode`)."""

    key: str
    digests: str
    document: str
    origins: str


class Refused(NamedTuple):
    """A value that was set aside: its row, column, the value and the reason."""

    row: Row
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Work:
    """What projecting needs besides the slices. `related`: product id → handle, where the rules relate products by
    handle; `files`: for each file of the rows the number under which origins name it."""

    rules: CatalogRules
    names: Names
    related: Mapping[int, str] | None
    files: Sequence[int]


@dataclass(frozen=True, slots=True)
class Done:
    """The documents of a slice, the values that were refused, and what was counted."""

    documents: list[CatalogDocument]
    refused: list[Refused]
    counts: Counter[str]


class Projector:
    """Projects records by rules and keeps what it refuses and counts until it is asked for them."""

    def __init__(self, rules: CatalogRules, related: Mapping[int, str] | None) -> None:
        """Compiles the rules once."""
        self._rules = rules
        self.refused: list[Refused] = []
        self.counts: Counter[str] = Counter()
        self._projection = Projection(
            rules, lambda *refused: self.refused.append(Refused(*refused)), self.counts,
            related.get if related is not None else None)

    def projected(self, records: Iterable[ContentRecord]) -> Iterator[Projected]:
        """The products of records in their order; the members of a family lie together and become one product."""
        for family, group in groupby(records, key=lambda record: record.family):
            members = []
            for record in group:
                if not record.texts:
                    self.counts["products.without_description"] += 1
                members.append(self._projection.of(record))
            for product in combine(members, self._rules, self.counts) if family is not None else members:
                self.counts["products"] += 1
                if any(variant.price is None for variant in product.product.variants):
                    self.counts["products.without_price"] += 1
                yield product

    def handles(self, records: Iterable[ContentRecord]) -> Iterator[tuple[int, str]]:
        """Product id and handle of every record, without the rest of the projection."""
        for record in records:
            yield record.productid, self._projection.handle_of(record)


def documents_of(work: Work) -> Callable[[Slice], Done]:
    """The function that projects slices; made once, because it remembers what repeats."""
    projector = Projector(work.rules, work.related)

    def done(part: Slice) -> Done:
        with uncollected():
            made = [document_of(product, work.files) for product in projector.projected(part.records(work.names))]
        refused, projector.refused = projector.refused, []
        counts = Counter(projector.counts)
        projector.counts.clear()
        return Done(made, refused, counts)

    return done


def document_of(projected: Projected, files: Sequence[int]) -> CatalogDocument:
    """A product as it is kept."""
    fields = flatten(projected.product)
    return CatalogDocument(
        projected.product.key, digests(fields), orjson.dumps(fields).decode(), encode(projected.origins, files))
