"""First contact: which product of the store is which product of the catalog, before anything links them.

By custom id, then SKU, then barcode, then handle. Whatever could be two things is linked to none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """What a catalog product can be recognised by; `barcodes` in canonical form."""

    key: str
    skus: tuple[str, ...]
    handle: str | None
    barcodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteIdentity:
    """What a store product can be recognised by; `custom_id` is a catalog key that the store carries."""

    product_id: str
    custom_id: str | None
    skus: tuple[str, ...]
    handle: str


@dataclass(frozen=True, slots=True)
class Matches:
    """`linked`: catalog key → store product id. `ambiguous`: catalog key → the store product ids that it could be."""

    linked: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Barcodes = Callable[[], Iterable[tuple[str, str]]]


def match(local: Iterable[LocalIdentity], remote: Iterable[RemoteIdentity],
          barcodes: Barcodes = tuple) -> Matches:
    """Matches products that are linked on neither side. A store product goes to one catalog product at most.

    A store product that carries a custom id belongs to that catalog key and to no other. `barcodes` gives (barcode in
    canonical form, product id) of the store's products; it is asked only where neither custom ids nor SKUs tell.
    """
    by_custom: defaultdict[str, set[str]] = defaultdict(set)
    by_sku: defaultdict[str, set[str]] = defaultdict(set)
    by_handle: dict[str, str] = {}
    free = set()
    for product in remote:
        if product.custom_id:
            by_custom[product.custom_id].add(product.product_id)
            continue
        free.add(product.product_id)
        by_handle[product.handle] = product.product_id
        for sku in product.skus:
            by_sku[sku].add(product.product_id)
    by_barcode: defaultdict[str, set[str]] | None = None
    candidates: dict[str, tuple[str, ...]] = {}
    for identity in local:
        if identity.key in by_custom:
            candidates[identity.key] = tuple(sorted(by_custom[identity.key]))
            continue
        found = set().union(*(by_sku[sku] for sku in identity.skus if sku in by_sku))
        if not found and identity.barcodes and free:
            if by_barcode is None:
                by_barcode = defaultdict(set)
                for barcode, product_id in barcodes():
                    if product_id in free:
                        by_barcode[barcode].add(product_id)
            found = set().union(*(by_barcode[code] for code in identity.barcodes if code in by_barcode))
        if not found and identity.handle in by_handle:
            found = {by_handle[identity.handle]}
        if found:
            candidates[identity.key] = tuple(sorted(found))
    claims: defaultdict[str, list[str]] = defaultdict(list)
    for key, products in candidates.items():
        for product_id in products:
            claims[product_id].append(key)
    linked, ambiguous = {}, {}
    for key, products in candidates.items():
        alone = len(products) == 1 and len(claims[products[0]]) == 1
        if alone:
            linked[key] = products[0]
        else:
            ambiguous[key] = products
    return Matches(linked, ambiguous)
