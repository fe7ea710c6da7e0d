"""Values the API shows that are not records of their own: a stock level seen with its item, an image of a file.

Views hold references and nothing else; they are made while a request is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from shopsync_pipeline.devstore import records
from shopsync_pipeline.devstore.records import Item, Level, MediaFile, Option, Product, Variant
from shopsync_pipeline.devstore.registry import TYPE_OF


class LevelView(NamedTuple):
    """One item's stock at one location."""

    item: Item
    location_id: int
    level: Level


class OptionView(NamedTuple):
    """An option with its place (from 1) among the product's options."""

    option: Option
    position: int


class SelectedOption(NamedTuple):
    """One option value of one variant."""

    name: str
    value: str
    product: Product
    place: int


@dataclass(frozen=True, slots=True)
class CatalogView:
    """The catalog behind a sales channel."""

    publication: records.Publication


@dataclass(frozen=True, slots=True)
class ImageView:
    """The image inside a file; it was recorded as a ProductImage where a product lists its images."""

    file: MediaFile
    kind: str = "ImageSource"

    @property
    def id(self) -> int:
        """The number of the file."""
        return self.file.id


for _record, _name in (
    (Product, "Product"),
    (Variant, "ProductVariant"),
    (Item, "InventoryItem"),
    (records.Location, "Location"),
    (records.Publication, "Publication"),
    (records.Collection, "Collection"),
    (records.PriceList, "PriceList"),
    (records.Metafield, "Metafield"),
    (records.Definition, "MetafieldDefinition"),
    (MediaFile, "MediaImage"),
    (records.AdjustmentGroup, "InventoryAdjustmentGroup"),
    (LevelView, "InventoryLevel"),
    (CatalogView, "AppCatalog"),
):
    TYPE_OF[_record] = _name
