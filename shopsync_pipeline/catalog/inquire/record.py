"""Everything that an inQuire export says about one product, gathered in one value: the input of the projection."""

from __future__ import annotations

from dataclasses import dataclass

from shopsync_pipeline.catalog.feeds.offer import Offer


@dataclass(frozen=True, slots=True)
class Spec:
    """One attribute value. `header` and `name` are `None` when the category's sheet has no place for it."""

    header: str | None
    name: str | None
    attribute: int
    value: str


@dataclass(frozen=True, slots=True)
class Code:
    """A number of the product in one code system (`UPC`, `UNSPSC`, a distributor's), with the row it came from."""

    system: str
    value: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A row of productimages: the type is a size in pixels, an angle, or a document."""

    type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InquireProduct:
    """One product. `category` is its path of names from below the root to the leaf; `specs` are in display order;
    `texts` are (description type, text), where the last of a type
    counts; `sku_shared` says that another product is sold under the same SKU."""

    productid: int
    mfgpartno: str | None = None
    manufacturer: str | None = None
    category: tuple[str, ...] = ()
    texts: tuple[tuple[int, str], ...] = ()
    specs: tuple[Spec, ...] = ()
    codes: tuple[Code, ...] = ()
    pictures: tuple[Picture, ...] = ()
    bullets: tuple[str, ...] = ()
    sku: str | None = None
    sku_shared: bool = False
    offer: Offer | None = None
