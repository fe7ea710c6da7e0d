"""Whether the whole store is read sooner page by page or by bulk queries: seconds of both ways, foreseen. Pure.

Pages cost points, so they are paced by the shop's restore rate; bulk queries cost none, but take long to begin. What
the last reads of this shop took is better than any figure here.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGE = 250
"""Products in a page."""
PAGE_SECONDS = 1.0
"""What a page takes where points abound: an answer of this size is some megabytes of JSON. A guess."""
POINTS_PER_PRODUCT = 0.8
"""What a product costs in a page after the refund: 200 points for 250 products with three connections (recorded)."""
BULK_START = 8.0
"""Seconds until a bulk query writes its first line and its end is noticed: 1 to 3 s, and the asking (recorded)."""
BULK_OBJECTS_PER_SECOND = 2_700.0
"""Lines that a bulk query writes in a second: 18,919 in 7 s (recorded)."""
OBJECTS_PER_PRODUCT = 6.0
"""Lines of a product with its variants, metafields and pictures. A guess for a shop that was never read."""
MEASURED_FROM = 1_000
"""Products that a read must have met to be a measure for others."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the last whole read of this shop by one way took: `products` met in `seconds`."""

    products: int
    seconds: float

    @property
    def counts(self) -> bool:
        """Whether it was long enough to be a measure."""
        return self.products >= MEASURED_FROM and self.seconds > 0


def seconds_by_pages(products: int, *, restore_rate: float, bucket: float, last: Measured | None = None) -> float:
    """What reading page by page takes. `restore_rate` in points per second, `bucket` in points at hand."""
    if last is not None and last.counts:
        return products * last.seconds / last.products
    return max(products / PAGE * PAGE_SECONDS, (products * POINTS_PER_PRODUCT - bucket) / restore_rate)


def seconds_in_bulk(products: int, *, last: Measured | None = None) -> float:
    """What reading by bulk queries takes, from the start to the last line here."""
    if last is not None and last.counts:
        return BULK_START + products * max(0.0, last.seconds - BULK_START) / last.products
    return BULK_START + products * OBJECTS_PER_PRODUCT / BULK_OBJECTS_PER_SECOND


def in_bulk(products: int, *, restore_rate: float, bucket: float, last_pages: Measured | None = None,
            last_bulk: Measured | None = None) -> bool:
    """Whether bulk queries are the way to read a store of so many products."""
    return (seconds_in_bulk(products, last=last_bulk)
            < seconds_by_pages(products, restore_rate=restore_rate, bucket=bucket, last=last_pages))
