"""Which parts of a product a read by id asks for, what they cost, and how they are put into what is known already.

The product's own plain fields (title, tags, status, …) cost nothing and come with every read; objects and connections
are asked for only where they are needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shopsync_pipeline.core.fields import Fields, Path, Value, place
from shopsync_pipeline.core.plan import Change
from shopsync_pipeline.core.prices import ANSWERED_COLLECTIONS, PAGE, connection

ITEM_ATTRIBUTES = frozenset({"cost", "tracked", "requires_shipping", "weight", "country_of_origin", "hs_code"})
"""Variant attributes that Shopify keeps on the inventory item, an object of its own."""

_CHANNELS = 12
"""Sales channels of a product that are asked for at once; few shops have as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Parts of products: sizes of connections (0: not asked for) and objects. `keys`: the metafields, `custom.brand`;
    `items`, `stock` and `pictures`: the variants' inventory items, their levels, the pictures that show them."""

    seo: bool = False
    category: bool = False
    options: bool = False
    variants: int = 0
    items: bool = False
    stock: bool = False
    pictures: bool = False
    keys: frozenset[str] = frozenset()
    media: int = 0
    collections: int = 0
    publications: int = 0

    def __or__(self, other: Parts) -> Parts:
        """What either asks for."""
        return Parts(
            seo=self.seo or other.seo, category=self.category or other.category,
            options=self.options or other.options, variants=max(self.variants, other.variants),
            items=self.items or other.items, stock=self.stock or other.stock,
            pictures=self.pictures or other.pictures, keys=self.keys | other.keys, media=max(self.media, other.media),
            collections=max(self.collections, other.collections),
            publications=max(self.publications, other.publications),
        )

    @property
    def metafields(self) -> int:
        """The size of the connection of metafields."""
        return min(len(self.keys), PAGE)

    @property
    def asked_keys(self) -> list[str] | None:
        """The metafields to ask for by name; `None`: all of them, because they are too many to name."""
        return sorted(self.keys) if len(self.keys) <= PAGE else None

    @property
    def answer_cost(self) -> float:
        """Points that these parts of one product add to an answer."""
        variant = 2 + self.items + 2 * self.stock + (connection(1, 1) if self.pictures else 0)
        return (self.seo + self.category + self.options
                + (connection(self.variants, variant) if self.variants else 0)
                + (connection(self.metafields, 1) if self.keys else 0)
                + (connection(self.media, 1) if self.media else 0)
                + (connection(self.collections, 1) if self.collections else 0)
                + (connection(self.publications, 2) if self.publications else 0))

    @property
    def read_cost(self) -> float:
        """Points of one `nodes` request for these parts, of one product or of 250: recorded answers ask the same for
        one id as for seven (637 points each time), so the list counts once."""
        return 1 + self.answer_cost

    def cover(self, path: Path) -> bool:
        """Whether a read of these parts tells the value at a path, be it that there is none."""
        where = place(path)
        name = where.field.name
        if where.variant is not None:
            told = self.items if where.field.attribute in ITEM_ATTRIBUTES else {
                "variants[].stock[]": self.stock, "variants[].image": self.pictures}.get(name, True)
            return self.variants > 0 and told
        if name == "metafields[]":
            return where.item in self.keys
        return {
            "category": self.category, "options": self.options, "images": self.media > 0,
            "collections[]": self.collections > 0, "publications[]": self.publications > 0,
        }.get(name, self.seo if name.startswith("seo.") else True)


def parts_of(changes: Iterable[Change]) -> Parts:
    """The parts that tell what the fields of `changes` show."""
    variants: set[str] = set()
    attributes: set[str] = set()
    keys: set[str] = set()
    names: set[str] = set()
    pictures = 0
    for change in changes:
        # Paths are taken apart by hand here: it is asked of every change of a plan.
        path = change.path
        if path.startswith("variants["):
            end = path.rindex("].")
            variants.add(path[len("variants["):end])
            attributes.add(path[end + 2:].partition("[")[0])
        elif path.startswith("metafields["):
            keys.add(path[len("metafields["):-1])
        else:
            names.add(path.partition("[")[0])
            if path == "images":
                pictures = max(len(value) for value in (change.before, change.after, []) if isinstance(value, list))
    pictured, stock = "image" in attributes, "stock" in attributes
    return Parts(
        seo=not names.isdisjoint(("seo.title", "seo.description")), category="category" in names,
        # Variants name their option values in the order of the product's options.
        options="options" in names or bool(variants), variants=min(len(variants), PAGE),
        items=stock or not attributes.isdisjoint(ITEM_ATTRIBUTES), stock=stock, pictures=pictured,
        keys=frozenset(keys),
        # The picture that shows a variant has its name from the product's pictures.
        media=min(max(pictures, 1 if pictured or "images" in names else 0), PAGE),
        collections=ANSWERED_COLLECTIONS if "collections" in names else 0,
        publications=_CHANNELS if "publications" in names else 0,
    )


def merged(document: Fields, read: Fields, parts: Parts) -> dict[Path, Value]:
    """What is known of a product after a read of parts of it: those as read, all else as it was known."""
    found: dict[Path, Value] = {}
    for path, value in document.items():
        if not parts.cover(path):
            found[path] = value
        elif path in read:
            found[path] = read[path]
    found.update((path, value) for path, value in read.items() if path not in found and parts.cover(path))
    return found


def all_parts(each: Iterable[Parts]) -> Parts:
    """What any of them asks for."""
    found = Parts()
    for parts in each:
        found |= parts
    return found
