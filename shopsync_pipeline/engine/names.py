"""Names: what people call products (SKU, handle, Etilize id, Shopify id) and the catalog keys that they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shopsync_pipeline.core.canonical import gtin
from shopsync_pipeline.core.documents import variants_of
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Fields, Path
from shopsync_pipeline.core.matching import LocalIdentity
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.engine.context import Context


def keys_of(context: Context, wanted: Iterable[str]) -> list[str]:
    """Catalog keys for what an operator names: product keys, Etilize product ids, Shopify ids, handles or SKUs.

    Raises `ShopsyncError` that names each one that the catalog does not have.
    """
    names = _cleaned(wanted)
    by_name = _names(context)
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ShopsyncError(
            f"The catalog has no product {', '.join(unknown[:10])}. Name products by SKU, handle, Etilize id, product "
            "key (etilize:…) or Shopify id."
        )
    return sorted({by_name[name] for name in names})


def linked_ids(context: Context, wanted: Iterable[str]) -> list[str]:
    """Shopify ids of those named products that are in the store already."""
    by_name = _names(context)
    keys = {by_name[name] for name in _cleaned(wanted) if name in by_name}
    with context.database.read() as connection:
        linked = BaseStore(connection, context.shop_id).linked()
    return sorted(linked[key] for key in keys if key in linked)


def _cleaned(wanted: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in wanted if name.strip()))


def _names(context: Context) -> dict[str, str]:
    """Everything that a product can be called by → its catalog key."""
    by_name: dict[str, str] = {}
    with context.database.read() as connection:
        for key, document in Catalog(connection, context.shop_id).all_documents():
            identity = identity_of(key, document)
            for name in (key, key.partition(":")[2], identity.handle, *identity.skus):
                if name:
                    by_name.setdefault(name, key)
        for key, product_id in BaseStore(connection, context.shop_id).linked().items():
            by_name.setdefault(product_id, key)
            by_name.setdefault(product_id.rpartition("/")[2], key)
    return by_name


def identity_of(key: str, document: Fields) -> LocalIdentity:
    """What a catalog product can be recognised by."""
    variants = variants_of(document).values()
    handle = document.get(Path("handle"))
    return LocalIdentity(key, tuple(str(values["sku"]) for values in variants if "sku" in values),
                         handle if isinstance(handle, str) else None, tuple(barcodes_of(document)))


def barcodes_of(document: Fields) -> Iterator[str]:
    """The barcodes of a product's variants that identify it anywhere: of 12 to 14 digits, in canonical form."""
    for values in variants_of(document).values():
        barcode = str(gtin(values.get("barcode", "")))
        if barcode.isdecimal() and len(barcode) == 14:
            yield barcode
