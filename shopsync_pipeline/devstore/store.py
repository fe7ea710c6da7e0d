"""The shop's state in memory, with the indexes the API reads by, and the list of what a request has changed.

Mutations edit records and call `touch` or `remove`; nothing reaches the disk before `commit` writes all of it at once.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from shopsync_pipeline.devstore.config import DevStoreConfig, DevStoreError
from shopsync_pipeline.devstore.persistence import Change, StateFile
from shopsync_pipeline.devstore.records import (
    AdjustmentGroup,
    Definition,
    IdempotencyKey,
    Item,
    Location,
    MediaFile,
    Metafield,
    Operation,
    Product,
    Publication,
    Record,
    Variant,
    gid,
)

Observer = Callable[[list[Change]], None]


class Store:
    """One shop's records. `observers` hear every committed change, which is where webhooks attach."""

    def __init__(self, config: DevStoreConfig) -> None:
        """Opens (or makes) the state file of `config`; raises DevStoreError when it is not one of ours."""
        self.config = config
        self.file = StateFile(config.state_path)
        self.observers: list[Observer] = []
        self.load()

    def load(self) -> None:
        """Reads everything from the state file again, dropping whatever was not committed."""
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.items: dict[int, Item] = {}
        self.files: dict[int, MediaFile] = {}
        self.locations: dict[int, Location] = {}
        self.publications: dict[int, Publication] = {}
        self.definitions: dict[int, Definition] = {}
        self.groups: dict[int, AdjustmentGroup] = {}
        self.operations: dict[int, Operation] = {}
        self.keys: dict[tuple[str, str], IdempotencyKey] = {}
        self.metafields: dict[str, dict[tuple[str, str], Metafield]] = {}
        self.metafields_by_id: dict[int, Metafield] = {}
        self.by_handle: dict[str, int] = {}
        self.file_addresses: set[str] = set()
        self.by_unique: dict[tuple[str, str, str], str] = {}
        self.product_ids: list[int] = []
        self._dirty: dict[tuple[str, int], Record] = {}
        self._removed: dict[tuple[str, int], Record] = {}
        self._counters, records = self.file.read()
        for record in records:
            self._index(record)
        self.product_ids.sort()
        shop = self.file.setting("shop")
        if shop is None:
            self._found()
        elif shop != self.config.shop:
            raise DevStoreError(
                f"the state file {self.file.path} holds the shop {shop}, and this dev store was asked to be "
                f"{self.config.shop}: start it with that shop or name another state file"
            )

    def _found(self) -> None:
        """Opens a new shop: its locations and its one sales channel."""
        for setup in self.config.locations:
            self.touch(Location(self.next_id("Location"), setup.name, self.now(), self.now()))
        self.touch(Publication(self.next_id("Publication"), "Online Store"))
        self.file.set_setting("shop", self.config.shop)
        self.commit(actor="shop", action="open")

    # -- time and numbers -------------------------------------------------------------------------

    @staticmethod
    def now() -> str:
        """The present as the API writes it: UTC, second precision."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def clock() -> float:
        """The present in epoch seconds, for key memory."""
        return time.time()

    def next_id(self, kind: str) -> int:
        """A number never used before for `kind`, even by something deleted since."""
        number = self._counters.get(kind, 1_000_000_000_000) + 1
        self._counters[kind] = number
        return number

    # -- reading ----------------------------------------------------------------------------------

    def product_by_handle(self, handle: str) -> Product | None:
        """The product with exactly this handle."""
        number = self.by_handle.get(handle)
        return self.products.get(number) if number is not None else None

    def variants_of(self, product: Product) -> list[Variant]:
        """The product's variants in position order."""
        return [self.variants[number] for number in product.variant_ids]

    def metafields_of(self, owner: str) -> dict[tuple[str, str], Metafield]:
        """The owner's metafields by (namespace, key), in the order they were made."""
        return self.metafields.get(owner, {})

    def definition(self, owner_type: str, namespace: str, key: str) -> Definition | None:
        """The definition of one metafield, when somebody made one."""
        for definition in self.definitions.values():
            if (definition.owner_type, definition.namespace, definition.key) == (owner_type, namespace, key):
                return definition
        return None

    def variants_with_sku(self, sku: str) -> Iterator[Variant]:
        """Every variant with this sku; the platform does not make skus unique."""
        return (variant for variant in self.variants.values() if variant.sku == sku)

    # -- writing ----------------------------------------------------------------------------------

    def touch(self, record: Record) -> None:
        """Marks a new or edited record for the next commit, and indexes it when it is new."""
        key = (record.KIND, record.id)
        if key not in self._dirty:
            self._index(record)
            self._dirty[key] = record

    def remove(self, record: Record) -> None:
        """Forgets a record, in memory now and on disk at the next commit."""
        key = (record.KIND, record.id)
        self._dirty.pop(key, None)
        self._removed[key] = record
        match record:
            case Product():
                self.products.pop(record.id, None)
                self.by_handle.pop(record.handle, None)
                place = bisect_left(self.product_ids, record.id)
                if self.product_ids[place : place + 1] == [record.id]:
                    del self.product_ids[place]
            case Variant():
                self.variants.pop(record.id, None)
                self.items.pop(record.item.id, None)
            case Metafield():
                self.metafields_by_id.pop(record.id, None)
                held = self.metafields.get(record.owner, {})
                held.pop((record.namespace, record.key), None)
                if not held:
                    self.metafields.pop(record.owner, None)
                self._forget_unique(record)
            case MediaFile():
                self.files.pop(record.id, None)
            case IdempotencyKey():
                self.keys.pop((record.root, record.key), None)
            case _:
                raise AssertionError(f"a {record.KIND} is never removed")

    def rename_handle(self, product: Product, handle: str) -> None:
        """Gives the product another handle; the caller has made sure that it is free."""
        self.by_handle.pop(product.handle, None)
        product.handle = handle
        self.by_handle[handle] = product.id

    def set_metafield_value(self, metafield: Metafield, kind: str, value: str) -> None:
        """Changes type and value, keeping the index of unique values right."""
        self._forget_unique(metafield)
        metafield.type, metafield.value = kind, value
        self._index_unique(metafield)

    def commit(self, *, actor: str, action: str) -> None:
        """Writes everything touched since the last commit in one transaction, then tells the observers."""
        if not self._dirty and not self._removed:
            return
        changes = self.file.write(
            self._dirty.values(), self._removed.values(), self._counters, actor=actor, action=action, at=self.now()
        )
        self._dirty, self._removed = {}, {}
        for observer in self.observers:
            observer(changes)

    def reset(self) -> None:
        """Empties the shop to what it was on its first day."""
        self.file.clear()
        self.load()

    def close(self) -> None:
        """Closes the state file."""
        self.file.close()

    # -- indexes ----------------------------------------------------------------------------------

    def _index(self, record: Record) -> None:
        match record:
            case Product():
                if record.id not in self.products:
                    self.product_ids.append(record.id)
                self.products[record.id] = record
                self.by_handle[record.handle] = record.id
            case Variant():
                self.variants[record.id] = record
                self.items[record.item.id] = record.item
            case Metafield():
                self.metafields_by_id[record.id] = record
                self.metafields.setdefault(record.owner, {})[(record.namespace, record.key)] = record
                self._index_unique(record)
            case MediaFile():
                self.files[record.id] = record
                self.file_addresses.add(record.url.split("?", 1)[0])
            case Location():
                self.locations[record.id] = record
            case Publication():
                self.publications[record.id] = record
            case Definition():
                self.definitions[record.id] = record
            case AdjustmentGroup():
                self.groups[record.id] = record
            case IdempotencyKey():
                self.keys[(record.root, record.key)] = record
            case Operation():
                self.operations[record.id] = record

    def _forget_unique(self, metafield: Metafield) -> None:
        # A variant may hold the same name and value as a product: only the owner's own entry goes.
        name = (metafield.namespace, metafield.key, metafield.value)
        if self.by_unique.get(name) == metafield.owner:
            del self.by_unique[name]

    def _index_unique(self, metafield: Metafield) -> None:
        if metafield.owner.startswith("gid://shopify/Product/"):
            definition = self.definition("PRODUCT", metafield.namespace, metafield.key)
            if definition is not None and definition.unique:
                self.by_unique[(metafield.namespace, metafield.key, metafield.value)] = metafield.owner

    def index_definition(self, definition: Definition) -> None:
        """Indexes the values that already exist under a definition that has just been made unique."""
        for metafield in _all(self.metafields):
            if (metafield.namespace, metafield.key) == (definition.namespace, definition.key):
                self._index_unique(metafield)

    def drop_owner(self, owner_kind: str, number: int) -> None:
        """Removes every metafield of an owner that is going away."""
        for metafield in list(self.metafields_of(gid(owner_kind, number)).values()):
            self.remove(metafield)


def _all(metafields: dict[str, dict[tuple[str, str], Metafield]]) -> Iterable[Metafield]:
    for held in metafields.values():
        yield from held.values()
