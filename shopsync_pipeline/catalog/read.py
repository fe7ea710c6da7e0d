"""One verb: read a delivery into products, with an account of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.delivery import FEED, INQUIRE, SHOPIFY_TEMPLATE, Delivery
from shopsync_pipeline.catalog.inquire.reader import read_products as read_inquire
from shopsync_pipeline.catalog.reading import Account, Reading
from shopsync_pipeline.catalog.rules import ProjectionRules
from shopsync_pipeline.catalog.shopify_template.reader import read_products as read_template
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.product import Product

Reader = Callable[
    [Stage, list[tuple[str, int, Member]], list[tuple[str, Member]], ProjectionRules, Account], Iterator[Product],
]

READERS: dict[str, Reader] = {INQUIRE: read_inquire, SHOPIFY_TEMPLATE: read_template}
"""Shape → its reader."""

_DEFAULTS = ProjectionRules()


def read(delivery: Delivery, rules: ProjectionRules = _DEFAULTS) -> Reading:
    """Reads a delivery. Nothing is opened before the first product is asked for.

    Use the answer in a `with`, or exhaust its products: either removes the temporary files. Raises `CatalogError`,
    while products are iterated, when a file cannot be read as a whole; a bad row is quarantined instead.
    """
    account = Account()
    counts: dict[str, int] = account.counts
    encodings = {file.name: file.encoding for file in delivery.files}
    for encoding in encodings.values():
        counts[f"files.{encoding}"] = counts.get(f"files.{encoding}", 0) + 1
    return Reading(_products(delivery, rules, account), account.quarantine, counts, encodings)


def _products(delivery: Delivery, rules: ProjectionRules, account: Account) -> Iterator[Product]:
    members = [(file.encoding, file.lines, member) for file, member in delivery.members(delivery.shape)]
    feeds = [(file.encoding, member) for file, member in delivery.members(FEED)]
    stage = Stage(account)
    try:
        yield from READERS[delivery.shape](stage, members, feeds, rules, account)
    finally:
        stage.close()
