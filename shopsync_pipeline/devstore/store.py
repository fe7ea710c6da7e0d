"""The shop's state in memory, with the indexes the API reads by, and the list of what a request has changed.

Mutations edit records and call `touch` or `remove`; nothing reaches the disk before `commit` writes all of it at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from sys import intern

from shopsync_pipeline.devstore.bulk.records import BulkOperation, StagedUpload
from shopsync_pipeline.devstore.clock import Clock
from shopsync_pipeline.devstore.config import DevStoreConfig, DevStoreError
from shopsync_pipeline.devstore.faults import Refusal
from shopsync_pipeline.devstore.persistence import Change, StateFile
from shopsync_pipeline.devstore.records import (
    AdjustmentGroup,
    Collection,
    Definition,
    FixedPrice,
    IdempotencyKey,
    Item,
    Location,
    MediaFile,
    Metafield,
    Operation,
    PriceList,
    Product,
    Publication,
    Record,
    Variant,
    gid,
)
from shopsync_pipeline.devstore.search.index import SearchIndex
from shopsync_pipeline.devstore.settings import Settings
from shopsync_pipeline.devstore.webhooks.records import Subscription

Observer = Callable[[list[Change]], None]


class Store:
    """One shop's records. `observers` hear every committed change, which is where webhooks attach."""

    def __init__(self, config: DevStoreConfig) -> None:
        """Opens (or makes) the state file of `config`; raises DevStoreError when it is not one of ours."""
        self.config = config
        self.settings = Settings.of(config)
        self.file = StateFile(config.state_path)
        self.observers: list[Observer] = []
        self.busy_keys: set[tuple[str, str]] = set()
        self.refusals: list[Refusal] = []
        self.reset_observers: list[Callable[[], None]] = []
        self.restore_observers: list[Callable[[], None]] = []
        # Kept with the shop: after a restart its time must not lie before what it has already written.
        self.time = Clock(float(self.file.setting("clock_advanced") or 0))
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
        self.pending: dict[int, Operation] = {}
        self.collections: dict[int, Collection] = {}
        self.members: dict[int, set[int]] = {}
        self.price_lists: dict[int, PriceList] = {}
        self.fixed_prices: dict[tuple[int, int], FixedPrice] = {}
        self.uploads: dict[int, StagedUpload] = {}
        self.bulk_operations: dict[int, BulkOperation] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self.keys: dict[tuple[str, str], IdempotencyKey] = {}
        self.metafields: dict[str, dict[tuple[str, str], Metafield]] = {}
        self.metafields_by_id: dict[int, Metafield] = {}
        self.by_handle: dict[str, int] = {}
        self.file_addresses: set[str] = set()
        self.by_unique: dict[tuple[str, str, str], str] = {}
        self._names: dict[tuple[str, str], tuple[str, str]] = {}
        self.product_ids: list[int] = []
        self._dirty: dict[tuple[str, int], Record] = {}
        self._removed: dict[tuple[str, int], Record] = {}
        self._counters, records = self.file.read()
        for record in records:
            self._index(record)
        self.product_ids.sort()
        self.index = SearchIndex(self.products, self.variants)
        today = self.now()[:10]
        self.made_on = today, sum(1 for row in self.variants.values() if row.created_at.startswith(today))
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

    def now(self) -> str:
        """The present as the API writes it: UTC, second precision."""
        return self.time.now()

    def clock(self) -> float:
        """The present in epoch seconds, for whatever expires or ripens."""
        return self.time.epoch()

    def advance_clock(self, seconds: float) -> None:
        """Moves the shop's time forward for good; raises ValueError for a step back."""
        self.time.advance(seconds)
        self.file.set_setting("clock_advanced", str(self.time.advanced))

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

    @property
    def touched(self) -> bool:
        """Whether anything has been changed since the last commit."""
        return bool(self._dirty or self._removed)

    def remove(self, record: Record) -> None:
        """Forgets a record, in memory now and on disk at the next commit."""
        key = (record.KIND, record.id)
        self._dirty.pop(key, None)
        self._removed[key] = record
        match record:
            case Product():
                self.products.pop(record.id, None)
                self.by_handle.pop(record.handle, None)
                for number in record.collection_ids:
                    self.members[number].discard(record.id)
                place = bisect_left(self.product_ids, record.id)
                if self.product_ids[place : place + 1] == [record.id]:
                    del self.product_ids[place]
            case Variant():
                self.variants.pop(record.id, None)
                self.items.pop(record.item.id, None)
                for number in self.price_lists:
                    if (number, record.id) in self.fixed_prices:
                        self.remove(self.fixed_prices[(number, record.id)])
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
            case Subscription():
                self.subscriptions.pop(record.id, None)
            case FixedPrice():
                self.fixed_prices.pop((record.price_list_id, record.variant_id), None)
            case Location():
                self.locations.pop(record.id, None)
            case _:
                raise AssertionError(f"a {record.KIND} is never removed")

    def place_in_collections(self, product: Product, numbers: list[int]) -> None:
        """Puts the product into exactly these collections, keeping the index of members right."""
        for number in product.collection_ids:
            self.members[number].discard(product.id)
        product.collection_ids = numbers
        for number in numbers:
            self.members.setdefault(number, set()).add(product.id)

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
        self._count_made(changes)
        self.index.note(changes, self.clock(), self.settings.index_lag_ms / 1_000)
        for observer in self.observers:
            observer(changes)

    def made_today(self) -> int:
        """How many variants have been made on this UTC day of the shop's time."""
        day, count = self.made_on
        return count if day == self.now()[:10] else 0

    def _count_made(self, changes: list[Change]) -> None:
        made = sum(1 for change in changes if change.kind == Variant.KIND and change.before is None and change.after)
        if made:
            self.made_on = self.now()[:10], made + self.made_today()

    def reset(self) -> None:
        """Empties the shop to what it was on its first day; its time is the machine's again."""
        self.file.clear()
        self.time = Clock()
        self.load()
        for forget in self.reset_observers:
            forget()

    def snapshot(self, path: Path) -> None:
        """Writes the whole shop to a file; raises DevStoreError for a place or a file that cannot be used."""
        self.file.copy_to(path)

    def restore(self, path: Path) -> None:
        """Makes the shop what a snapshot says; raises DevStoreError for a file that is none of this shop's."""
        self.file.copy_from(path, self.config.shop)
        self.time = Clock(float(self.file.setting("clock_advanced") or 0))
        self.load()
        for settle in self.restore_observers:
            settle()

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
                for number in record.collection_ids:
                    self.members.setdefault(number, set()).add(record.id)
            case Variant():
                self.variants[record.id] = record
                self.items[record.item.id] = record.item
            case Metafield():
                self._index_metafield(record)
            case MediaFile():
                self.files[record.id] = record
                self.file_addresses.add(record.url.split("?", 1)[0])
            case Location():
                self.locations[record.id] = record
            case Publication():
                self.publications[record.id] = record
            case Collection():
                self.collections[record.id] = record
            case PriceList():
                self.price_lists[record.id] = record
            case FixedPrice():
                self.fixed_prices[(record.price_list_id, record.variant_id)] = record
            case StagedUpload():
                self.uploads[record.id] = record
            case BulkOperation():
                self.bulk_operations[record.id] = record
            case Subscription():
                self.subscriptions[record.id] = record
            case Definition():
                self.definitions[record.id] = record
            case AdjustmentGroup():
                self.groups[record.id] = record
            case IdempotencyKey():
                self.keys[(record.root, record.key)] = record
            case Operation():
                self.operations[record.id] = record
                if record.asked is not None:
                    self.pending[record.id] = record

    def _index_metafield(self, record: Metafield) -> None:
        # A large shop repeats few names and types very often: one text each keeps it at half the memory.
        record.namespace, record.key = intern(record.namespace), intern(record.key)
        record.type, record.created_at, record.updated_at = (
            intern(record.type), intern(record.created_at), intern(record.updated_at)
        )  # fmt: skip
        name = (record.namespace, record.key)
        held = self.metafields.get(record.owner)
        if held is None:
            held = self.metafields[record.owner] = {}
        elif held:
            record.owner = next(iter(held.values())).owner
        held[self._names.setdefault(name, name)] = record
        self.metafields_by_id[record.id] = record
        self._index_unique(record)

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
