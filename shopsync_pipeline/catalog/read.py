"""One verb: read a delivery into products, with an account of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.content.project import Projected
from shopsync_pipeline.catalog.delivery import Delivery, SourceFile
from shopsync_pipeline.catalog.documents import (
    CatalogDocument,
    Projector,
    Refused,
    Work,
    document_of,
    documents_of,
)
from shopsync_pipeline.catalog.feeds.offers import CarriedRow, feed_state, stage_feeds
from shopsync_pipeline.catalog.flat_file.reader import read_content as read_flat_file
from shopsync_pipeline.catalog.inquire.reader import Content
from shopsync_pipeline.catalog.inquire.reader import read_content as read_inquire
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.recognise import CONQUIRE, EXTRA, FEED, FLAT_FILE, INQUIRE, SHOPIFY_TEMPLATE
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.shopify_template.reader import read_products as read_template
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.workers import in_children
from shopsync_pipeline.core.product import Product

Reader = Callable[[Stage, Sequence[tuple[SourceFile, Member]], CatalogRules, Account], Content]

READERS: dict[str, Reader] = {INQUIRE: read_inquire, CONQUIRE: read_inquire, FLAT_FILE: read_flat_file}
"""Shape → its reader, for those that end in records."""

WORTH_CHILDREN = 6_000
"""Products from which child processes save more time than it takes to start them."""

_DEFAULTS = CatalogRules()


class Reading:
    """A delivery that is read while its products or documents are iterated, once; use it in a `with` or exhaust it.

    `quarantine` and `counts` are complete once they are exhausted, and so is `carried`: what the feeds of changes say
    by now, for the next reading. `counts` has `<table>.read` = `<table>.used` + `<table>.quarantined` for every table,
    the same sums under `rows.…`, `products`, and one entry for each thing that was skipped or did not match.
    `encodings` says how each file was decoded.
    """

    def __init__(self, delivery: Delivery, rules: CatalogRules, carried: Iterable[CarriedRow]) -> None:
        """Opens nothing yet."""
        self._delivery = delivery
        self._rules = rules
        self._given = carried
        self._account = Account()
        self._stage: Stage | None = None
        self.encodings = {file.name: file.encoding for file in delivery.files}
        self.carried: list[CarriedRow] = []
        self.counts: Counter[str] = self._account.counts
        self.quarantine: list[QuarantinedRow] = self._account.quarantine
        for encoding in self.encodings.values():
            self.counts[f"files.{encoding}"] += 1
        self.products: Iterator[Product] = (projected.product for projected in self._projected())

    def documents(self, *, children: int = 0) -> Iterator[CatalogDocument]:
        """Every product as it is kept; origins name files by their place in `Delivery.files`.

        `children`: processes that project a large delivery.
        """
        with self._opened() as stage:
            if self._delivery.shape == SHOPIFY_TEMPLATE:
                files: list[int] = []
                for projected in read_template(stage, self._members(), self._rules, self._account):
                    # Every file has been read once the first product comes.
                    files = files or self._places(stage)
                    yield document_of(projected, files)
                return
            content = READERS[self._delivery.shape](stage, self._members(), self._rules, self._account)
            work = Work(self._rules, content.names, self._related(content), self._places(stage))
            if children and content.products >= WORTH_CHILDREN:
                answers = in_children(documents_of, work, content.slices(), children=children)
            else:
                answers = map(documents_of(work), content.slices())
            for done in answers:
                self._take(stage, done.refused, done.counts)
                yield from done.documents

    def close(self) -> None:
        """Ends the reading and removes its temporary files. May be called any number of times."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None,
    ) -> None:
        self.close()

    def _projected(self) -> Iterator[Projected]:
        with self._opened() as stage:
            if self._delivery.shape == SHOPIFY_TEMPLATE:
                yield from read_template(stage, self._members(), self._rules, self._account)
                return
            content = READERS[self._delivery.shape](stage, self._members(), self._rules, self._account)
            projector = Projector(self._rules, self._related(content))
            for part in content.slices():
                yield from projector.projected(part.records(content.names))
                self._take(stage, projector.refused, projector.counts)
                projector.refused.clear()
                projector.counts.clear()

    @contextmanager
    def _opened(self) -> Iterator[Stage]:
        """The stage with the feeds in it; removed when the reading ends, however it ends."""
        self._stage = Stage(self._account, size=sum(file.size for file in self._delivery.files))
        try:
            feeds = [(file.encoding, member) for file, member in self._delivery.members(FEED)]
            stage_feeds(self._stage, feeds, self._rules, self._account, self._given)
            self.carried = list(feed_state(self._stage))
            yield self._stage
        finally:
            self.close()

    def _members(self) -> list[tuple[SourceFile, Member]]:
        return [*self._delivery.members(self._delivery.shape), *self._delivery.members(EXTRA)]

    def _related(self, content: Content) -> dict[int, str] | None:
        """Product id → handle of all products, where the rules relate products by handle: a pass of its own."""
        relations = self._rules.relations
        if not relations.metafields or relations.value != "handle":
            return None
        projector = Projector(self._rules, None)
        return {productid: handle for part in content.slices()
                for productid, handle in projector.handles(part.records(content.names))}

    def _places(self, stage: Stage) -> list[int]:
        """For each file of the stage its place in `Delivery.files`; -1 for what no file of the delivery says."""
        places = {file.name: place for place, file in enumerate(self._delivery.files)}
        return [places.get(name, -1) for name in stage.files()]

    def _take(self, stage: Stage, refused: Iterable[Refused], counts: Counter[str]) -> None:
        self._account.counts.update(counts)
        for row, column, value, reason in refused:
            name = stage.file_name(row.file) if row.file >= 0 else ""
            self._account.refuse_value(name, row.line, column, value, reason)


def read(delivery: Delivery, rules: CatalogRules = _DEFAULTS, *, carried: Iterable[CarriedRow] = ()) -> Reading:
    """Reads a delivery. Nothing is opened before the first product or document is asked for.

    `carried`: what the last reading handed on. Raises `CatalogError`, while it is iterated, when a file cannot be read
    as a whole; a bad row is quarantined instead.
    """
    return Reading(delivery, rules, carried)
