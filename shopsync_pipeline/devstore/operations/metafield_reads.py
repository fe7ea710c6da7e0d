"""Reads of metafields and their definitions."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_node
from shopsync_pipeline.devstore.records import Collection, Definition, Metafield, Product, Variant, gid
from shopsync_pipeline.devstore.registry import attributes, field, query
from shopsync_pipeline.devstore.values.metafield_types import digest, json_value

APP_NAMESPACE = "app--1000000001"
_OWNER_TYPES = {"Product": "PRODUCT", "ProductVariant": "PRODUCTVARIANT", "Collection": "COLLECTION"}


def owner_type_of(owner: str) -> str:
    """The MetafieldOwnerType of an owner's gid."""
    return _OWNER_TYPES[owner.removeprefix("gid://shopify/").split("/", 1)[0]]


def namespace_of(given: str | None) -> str:
    """The namespace a caller means: none is the app's own, "$app" starts the app's own."""
    if given is None:
        return APP_NAMESPACE
    if given == "$app" or given.startswith("$app:"):
        return APP_NAMESPACE + given.removeprefix("$app").replace(":", "--")
    return given


@field("Product", "metafield")
@field("ProductVariant", "metafield")
@field("Collection", "metafield")
def metafield(source: Product | Variant | Collection, context: Context, arguments: dict[str, Any]) -> Metafield | None:
    """One metafield of the owner."""
    namespace, key = namespace_of(arguments.get("namespace")), arguments["key"]
    if arguments.get("namespace") is None and "." in key:
        namespace, key = key.split(".", 1)
    return context.store.metafields_of(gid(source.KIND, source.id)).get((namespace, key))


@field("Product", "metafields")
@field("ProductVariant", "metafields")
@field("Collection", "metafields")
def metafields(source: Product | Variant | Collection, context: Context, arguments: dict[str, Any]) -> Any:
    """The owner's metafields, all or of a namespace or of "namespace.key" names."""
    rows = list(context.store.metafields_of(gid(source.KIND, source.id)).values())
    if arguments.get("namespace") is not None:
        wanted = namespace_of(arguments["namespace"])
        rows = [row for row in rows if row.namespace == wanted]
    if arguments.get("keys") is not None:
        names = set(arguments["keys"])
        rows = [row for row in rows if f"{row.namespace}.{row.key}" in names]
    rows.sort(key=lambda row: row.id, reverse=bool(arguments.get("reverse")))
    return page(rows, arguments, descending=bool(arguments.get("reverse")))


attributes("Metafield", createdAt="created_at", updatedAt="updated_at")
attributes("MetafieldDefinition", ownerType="owner_type")


@field("Metafield", "id")
@field("MetafieldDefinition", "id")
def metafield_id(source: Metafield | Definition, _context: Context, _arguments: dict[str, Any]) -> str:
    """The gid."""
    return gid(source.KIND, source.id)


@field("Metafield", "legacyResourceId")
def metafield_number(source: Metafield, _context: Context, _arguments: dict[str, Any]) -> str:
    """The number as text."""
    return str(source.id)


@field("Metafield", "compareDigest")
def compare_digest(source: Metafield, _context: Context, _arguments: dict[str, Any]) -> str:
    """What a guarded write must quote."""
    return digest(source.type, source.value)


@field("Metafield", "jsonValue")
def metafield_json(source: Metafield, _context: Context, _arguments: dict[str, Any]) -> Any:
    """The value as JSON."""
    return json_value(source.type, source.value)


@field("Metafield", "ownerType")
def metafield_owner_type(source: Metafield, _context: Context, _arguments: dict[str, Any]) -> str:
    """What kind of thing holds it."""
    return owner_type_of(source.owner)


@field("Metafield", "owner")
def metafield_owner(source: Metafield, context: Context, _arguments: dict[str, Any]) -> Any:
    """What holds it."""
    return find_node(context.store, source.owner)


@field("Metafield", "definition")
def metafield_definition(source: Metafield, context: Context, _arguments: dict[str, Any]) -> Definition | None:
    """Its definition, when it has one."""
    return context.store.definition(owner_type_of(source.owner), source.namespace, source.key)


@query("metafieldDefinitions")
def metafield_definitions(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """The definitions for one kind of owner, all or of a namespace and key."""
    rows = [
        row
        for row in context.store.definitions.values()
        if row.owner_type == arguments["ownerType"]
        and arguments.get("namespace") in (None, row.namespace)
        and arguments.get("key") in (None, row.key)
    ]
    rows.sort(key=lambda row: row.id, reverse=bool(arguments.get("reverse")))
    return page(rows, arguments, descending=bool(arguments.get("reverse")))


@field("MetafieldDefinition", "type")
def definition_type(source: Definition, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The type with its category."""
    name = source.type.removeprefix("list.")
    category = {"id": "ID", "boolean": "TRUE_FALSE", "json": "JSON", "url": "URL", "color": "COLOR"}.get(name)
    if category is None:
        category = next(
            (shown for part, shown in (("text", "TEXT"), ("number", "NUMBER"), ("date", "DATE_TIME")) if part in name),
            "MEASUREMENT" if name in ("weight", "volume", "dimension") else "REFERENCE",
        )
    return {"name": source.type, "category": category}


@field("MetafieldDefinition", "capabilities")
def definition_capabilities(source: Definition, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Whether values are unique, and could be."""
    eligible = source.type in ("id", "single_line_text_field", "url", "number_integer")
    return {"uniqueValues": {"enabled": source.unique, "eligible": eligible}}


@field("MetafieldDefinition", "metafieldsCount")
def definition_count(source: Definition, context: Context, _arguments: dict[str, Any]) -> int:
    """How many metafields follow the definition."""
    return sum(
        (row.namespace, row.key) == (source.namespace, source.key) and owner_type_of(row.owner) == source.owner_type
        for row in context.store.metafields_by_id.values()
    )
