"""A snapshot of a real shop, from the JSONL of a bulk query to records: every id, time and value as it stands.

A line is one object; a child names its parent in `__parentId` and comes somewhere after it.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore.config import DevStoreError
from shopsync_pipeline.devstore.persistence import StateFile
from shopsync_pipeline.devstore.records import (
    Item,
    Level,
    Location,
    MediaFile,
    Metafield,
    Option,
    OptionValue,
    Product,
    Publication,
    Record,
    Variant,
)
from shopsync_pipeline.devstore.values.normalise import mime_type_of

# Numbers given to what the snapshot does not number start where a new shop's do.
_FIRST_NUMBER: Final = 1_000_000_000_000
# The bulk queries whose results are read here; each is a .graphql file beside this module.
QUERIES: Final = ("products", "inventory")
_GID: Final = re.compile(r"gid://shopify/(\w+)/\d+")


class Snapshot:
    """The records of one shop, built line by line. `left_out` counts lines of kinds the dev store does not have."""

    def __init__(self) -> None:
        """An empty shop that was seen now."""
        self.now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.items: dict[int, Item] = {}
        self.metafields: dict[int, Metafield] = {}
        self.media: dict[int, MediaFile] = {}
        self.locations: dict[int, Location] = {}
        self.counters: dict[str, int] = {}
        self.left_out: Counter[str] = Counter()
        self.publication = Publication(self._number(Publication.KIND, None), "Online Store")

    def add(self, line: Mapping[str, Any]) -> None:
        """Takes one line of the products query; raises KeyError, TypeError or ValueError for one that is no record."""
        kind = _kind(line["id"])
        parent = line.get("__parentId")
        if kind == Product.KIND:
            self._add_product(line)
        elif kind == Variant.KIND:
            self._add_variant(line, self.products[_number(parent)])
        elif kind == Metafield.KIND:
            self._add_metafield(line, str(parent))
        elif kind == MediaFile.KIND:
            self._add_file(line, self.products[_number(parent)])
        else:
            self.left_out[kind] += 1

    def add_stock(self, line: Mapping[str, Any]) -> None:
        """Takes one line of the inventory query; items of variants that the products file lacks are left out."""
        if "location" not in line:
            return
        item = self.items.get(_number(line["__parentId"]))
        if item is None:
            self.left_out["InventoryLevel"] += 1
            return
        location = self._location(line["location"])
        held = {row["name"]: int(row["quantity"]) for row in line["quantities"]}
        available = held["available"]
        seen = line.get("updatedAt") or self.now
        item.levels[location] = Level(
            available, held.get("on_hand", available), seen, seen, active=line.get("isActive", True)
        )

    def finish(self) -> None:
        """Puts lists in order and gives stock a place; to be called after the last line."""
        if not self.locations:
            self._location({"id": f"gid://shopify/Location/{_FIRST_NUMBER + 1}", "name": "Main warehouse"})
        place = min(self.locations)
        for product in self.products.values():
            product.variant_ids.sort(key=lambda number: (self.variants[number].position, number))
            used: list[set[str]] = [set() for _ in product.options]
            for position, number in enumerate(product.variant_ids, 1):
                variant = self.variants[number]
                variant.position = position
                for names, name in zip(used, variant.values, strict=True):
                    names.add(name)
                if not variant.item.levels:
                    variant.item.levels[place] = Level(0, 0, variant.created_at, variant.updated_at)
            for option, names in zip(product.options, used, strict=True):
                for value in option.values:
                    value.has_variants = value.name in names
            if not product.variant_ids:
                raise DevStoreError(f"product {product.handle} has no variants: select variants in the bulk query")

    def records(self) -> Iterator[Record]:
        """Everything, in an order that can be written."""
        yield self.publication
        for held in (self.locations, self.products, self.variants, self.metafields, self.media):
            yield from held.values()

    # -- one record each --------------------------------------------------------------------------

    def _add_product(self, line: Mapping[str, Any]) -> None:
        number = self._number(Product.KIND, line["id"])
        seo = line.get("seo") or {}
        published = line.get("publishedAt")
        made = line.get("createdAt") or self.now
        self.products[number] = Product(
            id=number,
            handle=line["handle"],
            title=line["title"],
            created_at=made,
            updated_at=line.get("updatedAt") or made,
            description_html=line.get("descriptionHtml") or "",
            vendor=line.get("vendor") or "",
            product_type=line.get("productType") or "",
            tags=list(line.get("tags") or ()),
            status=line.get("status") or "ACTIVE",
            template_suffix=line.get("templateSuffix"),
            seo_title=seo.get("title"),
            seo_description=seo.get("description"),
            category=(line.get("category") or {}).get("id"),
            published_at=published,
            options=[self._option(row) for row in sorted(line.get("options") or (), key=lambda row: row["position"])],
            publications={self.publication.id: published} if published else {},
        )

    def _option(self, row: Mapping[str, Any]) -> Option:
        values = row.get("optionValues") or [{"name": name} for name in row.get("values") or ()]
        return Option(
            self._number(Option.KIND, row.get("id")),
            row["name"],
            [OptionValue(self._number(OptionValue.KIND, value.get("id")), value["name"]) for value in values],
        )

    def _add_variant(self, line: Mapping[str, Any], product: Product) -> None:
        number = self._number(Variant.KIND, line["id"])
        selected = line.get("selectedOptions") or [{"name": "Title", "value": "Default Title"}]
        if not product.options:
            product.options = [self._option({"name": row["name"]}) for row in selected]
        for option, row in zip(product.options, selected, strict=True):
            if all(value.name != row["value"] for value in option.values):
                option.values.append(OptionValue(self._number(OptionValue.KIND, None), row["value"]))
        updated = line.get("updatedAt") or product.updated_at
        made = line.get("createdAt") or product.created_at
        self.variants[number] = Variant(
            id=number,
            product_id=product.id,
            values=[row["value"] for row in selected],
            price=Decimal(line.get("price") or "0"),
            created_at=made,
            updated_at=updated,
            item=self._item(line.get("inventoryItem") or {}, number, made, updated),
            position=line.get("position") or len(product.variant_ids) + 1,
            sku=line.get("sku"),
            barcode=line.get("barcode"),
            compare_at_price=Decimal(line["compareAtPrice"]) if line.get("compareAtPrice") else None,
            taxable=line.get("taxable", True),
            tax_code=line.get("taxCode"),
            inventory_policy=line.get("inventoryPolicy") or "DENY",
        )
        product.variant_ids.append(number)

    def _item(self, row: Mapping[str, Any], variant: int, made: str, updated: str) -> Item:
        weight = (row.get("measurement") or {}).get("weight") or {}
        cost = (row.get("unitCost") or {}).get("amount")
        item = Item(
            id=self._number(Item.KIND, row.get("id")),
            variant_id=variant,
            created_at=made,
            updated_at=row.get("updatedAt") or updated,
            tracked=row.get("tracked", False),
            requires_shipping=row.get("requiresShipping", True),
            cost=Decimal(cost) if cost is not None else None,
            weight=float(weight.get("value") or 0),
            weight_unit=weight.get("unit") or "KILOGRAMS",
            country=row.get("countryCodeOfOrigin"),
            province=row.get("provinceCodeOfOrigin"),
            harmonized_code=row.get("harmonizedSystemCode"),
        )
        self.items[item.id] = item
        return item

    def _add_metafield(self, line: Mapping[str, Any], owner: str) -> None:
        owners: dict[str, Mapping[int, Product | Variant]] = {
            Product.KIND: self.products,
            Variant.KIND: self.variants,
        }
        at = line.get("updatedAt") or owners[_kind(owner)][_number(owner)].updated_at
        number = self._number(Metafield.KIND, line["id"])
        self.metafields[number] = Metafield(
            number, owner, line["namespace"], line["key"], line["type"], line["value"], line.get("createdAt") or at, at
        )

    def _add_file(self, line: Mapping[str, Any], product: Product) -> None:
        number = self._number(MediaFile.KIND, line["id"])
        product.media_ids.append(number)
        if number in self.media:  # one file can be shown by several products
            return
        image = line.get("image") or (line.get("preview") or {}).get("image") or {}
        url = image.get("url") or f"https://cdn.example/files/{number}.jpg"
        at = line.get("updatedAt") or product.updated_at
        self.media[number] = MediaFile(
            number, url, url, at, at, line.get("alt"), mime_type_of(url.split("?", 1)[0].rsplit("/", 1)[-1])
        )

    def _location(self, row: Mapping[str, Any]) -> int:
        number = _number(row["id"])
        if number not in self.locations:
            self._number(Location.KIND, row["id"])
            name = row.get("name") or f"Location {number}"
            self.locations[number] = Location(number, name, self.now, self.now)
        return number

    def _number(self, kind: str, gid: str | None) -> int:
        """The number of a gid, or a new one when there is none; counters stay above every number in use."""
        last = self.counters.get(kind, _FIRST_NUMBER)
        number = _number(gid) if gid else last + 1
        self.counters[kind] = max(last, number)
        return number


def _kind(gid: str) -> str:
    match = _GID.match(gid)
    if match is None:
        raise ValueError(f"{gid!r} is no global id")
    return match[1]


def _number(gid: str | None) -> int:
    return int(str(gid).split("?", 1)[0].rsplit("/", 1)[-1])


def query(name: str) -> str:
    """The text of a bulk query: "products" or "inventory"."""
    return files("shopsync_pipeline.devstore.seed").joinpath(f"{name}.graphql").read_text(encoding="utf-8")


def read_snapshot(products: Path, inventory: Path | None = None) -> Snapshot:
    """Reads the JSONL files (plain or .gz); raises DevStoreError naming the file and line that cannot be used."""
    snapshot = Snapshot()
    _read(products, snapshot.add)
    if inventory is not None:
        _read(inventory, snapshot.add_stock)
    snapshot.finish()
    return snapshot


def _read(path: Path, take: Callable[[Mapping[str, Any]], None]) -> None:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            _take_lines(path, lines, take)
    except OSError as error:
        raise DevStoreError(f"{path} cannot be read ({error}): name the JSONL file of a bulk query") from error


def _take_lines(path: Path, lines: Iterable[bytes], take: Callable[[Mapping[str, Any]], None]) -> None:
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            take(orjson.loads(line))
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise DevStoreError(
                f"{path} line {row} is not a line of the bulk query this reads ({type(error).__name__}: {error}): "
                "run the query that --print-query prints, and do not sort or cut its result"
            ) from error


def seed(snapshot: Snapshot, state: Path, shop: str) -> None:
    """Writes a snapshot into a state file that has no shop yet; raises DevStoreError for one that has."""
    file = StateFile(state)
    try:
        held = file.setting("shop")
        if held is not None:
            raise DevStoreError(f"the state file {state} already holds the shop {held}: name a new file to seed")
        file.write(snapshot.records(), (), snapshot.counters, actor="shop", action="seed", at=snapshot.now)
        file.set_setting("shop", shop)
    finally:
        file.close()
