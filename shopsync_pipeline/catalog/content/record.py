"""Everything that a content export says about one product, gathered in one value: the input of the projection.

inQuire, conQuire and flat-file deliveries all end in this record; what differs between them ends before it. Every part
keeps the row that it came from, as the index of its file (see `Stage.file_name`) and a line from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shopsync_pipeline.catalog.feeds.offer import Offer


class Row(NamedTuple):
    """Where something was read: the index of its file and its line; (-1, 0) where no row can be named."""

    file: int = -1
    line: int = 0


NOWHERE = Row()

RefuseValue = Callable[[Row, str, str, str], None]
"""Takes (row, column, value, reason) of a value that was set aside while the rest of its row was used."""


class Text(NamedTuple):
    """A description by its type: 0 distributor's, 1 full, 2 title, 3 sub-title, 4 marketing, 5 brand,
    20-29 features."""

    type: int
    text: str
    row: Row = NOWHERE


class Spec(NamedTuple):
    """One attribute value, in display order. `header` and `name` are `None` where the category's sheet has no place
    for it; `attribute` is the whole id with its two-digit prefix. `unit` and `absolute` (in that unit) are given where
    the source has a number."""

    header: str | None
    name: str | None
    attribute: int
    value: str
    row: Row = NOWHERE


class Code(NamedTuple):
    """A number of the product in one code system (`UPC`, `UNSPSC`, a distributor's)."""

    system: str
    value: str
    row: Row = NOWHERE


class Picture(NamedTuple):
    """A picture or document: `type` is a size in pixels, an angle or a kind of document; `status` as delivered.

    `address` is given where the source has a complete one; otherwise it is made of the image host, type and product id.
    """

    type: str
    status: str
    row: Row = NOWHERE
    address: str | None = None


class Bullet(NamedTuple):
    """One feature bullet, in order."""

    text: str
    row: Row = NOWHERE


class RelationKind(StrEnum):
    """What another product is to this one."""

    REQUIRED = "required"
    ACCESSORY = "accessory"
    ALSO_BOUGHT = "also_bought"
    SIMILAR = "similar"
    UPSELL = "upsell"


class Relation(NamedTuple):
    """Another product of this catalog that can be sold: its product id, and its SKU if it has one. Best first
    within a kind."""

    kind: RelationKind
    productid: int
    sku: str | None
    row: Row = NOWHERE


class Resource(NamedTuple):
    """A document about the product with its complete address: `kind` is MSDS, Rebate1, …"""

    kind: str
    address: str
    text: str
    row: Row = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRecord:
    """One product. `category` is its path of names from below the root to the leaf; of `texts` with the same type the
    last counts; `specs_html` is a ready specification sheet where the source has no single values;
    `sku_shared` says that another product is sold under the same SKU; `family` names the group of products that are
    variants of one another, by the variant rule, or is `None`."""

    productid: int
    row: Row = NOWHERE
    mfgpartno: str | None = None
    manufacturer: str | None = None
    brand: str | None = None
    category: tuple[str, ...] = ()
    category_row: Row = NOWHERE
    texts: tuple[Text, ...] = ()
    specs: tuple[Spec, ...] = ()
    specs_html: str | None = None
    codes: tuple[Code, ...] = ()
    pictures: tuple[Picture, ...] = ()
    bullets: tuple[Bullet, ...] = ()
    relations: tuple[Relation, ...] = ()
    resources: tuple[Resource, ...] = ()
    keywords: str | None = None
    sku: str | None = None
    sku_row: Row = NOWHERE
    sku_shared: bool = False
    family: str | None = None
    offer: Offer | None = None
