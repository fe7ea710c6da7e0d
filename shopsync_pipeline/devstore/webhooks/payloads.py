"""The bodies of deliveries: REST-style resources with plain numbers, and the gid as admin_graphql_api_id.

A body shows the record as it is when the change is committed; includeFields and metafields are applied later.
"""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.bulk.records import BulkOperation
from shopsync_pipeline.devstore.records import Collection, Item, Level, Location, MediaFile, Product, Variant, gid
from shopsync_pipeline.devstore.store import Store

Payload = dict[str, Any]
_WEIGHT_UNITS: Final = {"KILOGRAMS": "kg", "GRAMS": "g", "POUNDS": "lb", "OUNCES": "oz"}


def product_payload(store: Store, product: Product) -> Payload:
    """products/create and products/update."""
    variants = store.variants_of(product)
    images = [
        _image(product, store.files[number], place, variants) for place, number in enumerate(product.media_ids, 1)
    ]
    return {
        "admin_graphql_api_id": gid(Product.KIND, product.id),
        "body_html": product.description_html,
        "created_at": product.created_at,
        "handle": product.handle,
        "id": product.id,
        "product_type": product.product_type,
        "published_at": product.published_at,
        "template_suffix": product.template_suffix,
        "title": product.title,
        "updated_at": product.updated_at,
        "vendor": product.vendor,
        "status": product.status.lower(),
        "published_scope": "web",
        "tags": ", ".join(product.tags),
        "variants": [_variant(product, variant) for variant in variants],
        "options": [
            {
                "name": option.name,
                "id": option.id,
                "product_id": product.id,
                "position": place,
                "values": [value.name for value in option.values if value.has_variants],
            }
            for place, option in enumerate(product.options, 1)
        ],
        "images": images,
        "image": images[0] if images else None,
        "variant_gids": [
            {"admin_graphql_api_id": gid(Variant.KIND, variant.id), "updated_at": variant.updated_at}
            for variant in variants
        ],
        "has_variants_that_requires_components": False,
        "category": {"admin_graphql_api_id": product.category} if product.category else None,
    }


def deleted_payload(number: int) -> Payload:
    """products/delete and collections/delete say which one, and nothing else."""
    return {"id": number}


def metafield_payloads(
    store: Store, owner: str, namespaces: list[str], names: list[list[str]]
) -> list[Payload]:
    """The owner's metafields of these namespaces and of these (namespace, key) names."""
    number = int(owner.rsplit("/", 1)[-1])
    return [
        {
            "id": held.id,
            "namespace": held.namespace,
            "key": held.key,
            "value": held.value,
            "type": held.type,
            "description": None,
            "owner_id": number,
            "owner_resource": owner.split("/")[-2].lower(),
            "created_at": held.created_at,
            "updated_at": held.updated_at,
            "admin_graphql_api_id": gid(held.KIND, held.id),
        }
        for held in store.metafields_of(owner).values()
        if held.namespace in namespaces or [held.namespace, held.key] in names
    ]


def _variant(product: Product, variant: Variant) -> Payload:
    stock = sum(level.available for level in variant.item.levels.values() if level.active)
    options = {f"option{place}": value for place, value in enumerate([*variant.values, None, None][:3], 1)}
    return {
        "admin_graphql_api_id": gid(Variant.KIND, variant.id),
        "barcode": variant.barcode,
        "compare_at_price": None if variant.compare_at_price is None else str(variant.compare_at_price),
        "created_at": variant.created_at,
        "id": variant.id,
        "inventory_policy": variant.inventory_policy.lower(),
        "position": variant.position,
        "price": str(variant.price),
        "product_id": product.id,
        "sku": variant.sku,
        "taxable": variant.taxable,
        "title": variant.title,
        "updated_at": variant.updated_at,
        **options,
        "image_id": variant.media_ids[0] if variant.media_ids else None,
        "inventory_item_id": variant.item.id,
        "inventory_quantity": stock,
        "old_inventory_quantity": stock,
    }


def _image(product: Product, file: MediaFile, place: int, variants: list[Variant]) -> Payload:
    return {
        "id": file.id,
        "product_id": product.id,
        "position": place,
        "created_at": file.created_at,
        "updated_at": file.updated_at,
        "alt": file.alt,
        "src": file.url,
        "variant_ids": [variant.id for variant in variants if file.id in variant.media_ids],
        "admin_graphql_api_id": gid(MediaFile.KIND, file.id),
    }


def item_payload(variant: Variant) -> Payload:
    """inventory_items/create and inventory_items/update."""
    item = variant.item
    return {
        "id": item.id,
        "sku": variant.sku,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "requires_shipping": item.requires_shipping,
        "cost": None if item.cost is None else str(item.cost),
        "country_code_of_origin": item.country,
        "province_code_of_origin": item.province,
        "harmonized_system_code": item.harmonized_code,
        "tracked": item.tracked,
        "country_harmonized_system_codes": [],
        "weight_value": item.weight,
        "weight_unit": _WEIGHT_UNITS.get(item.weight_unit, item.weight_unit.lower()),
        "admin_graphql_api_id": gid(Item.KIND, item.id),
    }


def deleted_item_payload(number: int) -> Payload:
    """inventory_items/delete."""
    return {"id": number, "admin_graphql_api_id": gid(Item.KIND, number)}


def level_payload(item_id: int, location_id: int, level: Level) -> Payload:
    """inventory_levels/update and inventory_levels/connect."""
    return {
        "inventory_item_id": item_id,
        "location_id": location_id,
        "available": level.available,
        "updated_at": level.updated_at,
        "admin_graphql_api_id": f"{gid('InventoryLevel', location_id)}?inventory_item_id={item_id}",
    }


def disconnected_payload(item_id: int, location_id: int) -> Payload:
    """inventory_levels/disconnect."""
    return {"inventory_item_id": item_id, "location_id": location_id}


def location_payload(location: Location) -> Payload:
    """locations/create, /update, /activate and /deactivate; this shop's locations have no address."""
    return {
        "id": location.id,
        "name": location.name,
        "address1": None,
        "address2": None,
        "city": None,
        "zip": None,
        "province": None,
        "country": None,
        "phone": None,
        "created_at": location.created_at,
        "updated_at": location.updated_at,
        "legacy": False,
        "active": location.active,
        "admin_graphql_api_id": gid(Location.KIND, location.id),
    }


def collection_payload(collection: Collection) -> Payload:
    """collections/create and collections/update."""
    return {
        "id": collection.id,
        "handle": collection.handle,
        "title": collection.title,
        "updated_at": collection.updated_at,
        "body_html": collection.description_html,
        "published_at": min(collection.publications.values(), default=None),
        "sort_order": "manual",
        "template_suffix": None,
        "published_scope": "web",
        "admin_graphql_api_id": gid(Collection.KIND, collection.id),
    }


def bulk_payload(record: BulkOperation) -> Payload:
    """bulk_operations/finish: status and type are in small letters here."""
    return {
        "admin_graphql_api_id": gid(BulkOperation.KIND, record.id),
        "completed_at": record.completed_at,
        "created_at": record.created_at,
        "error_code": record.error_code.lower() if record.error_code else None,
        "status": record.status.lower(),
        "type": record.type.lower(),
    }
