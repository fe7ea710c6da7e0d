"""metafieldsSet, metafieldsDelete and metafieldDefinitionCreate."""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product, find_variant
from shopsync_pipeline.devstore.operations.metafield_reads import namespace_of, owner_type_of
from shopsync_pipeline.devstore.records import Definition
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.metafield_rows import MetafieldRow, check_row, owner_exists, write_row
from shopsync_pipeline.devstore.values.metafield_types import digest, is_type
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

MAXIMUM_METAFIELDS: Final = 25


@mutation("metafieldsSet")
def metafields_set(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Sets up to 25 metafields of any owners, all or none, each guarded by its compareDigest when it has one."""
    given = arguments["metafields"]
    if len(given) > MAXIMUM_METAFIELDS:
        sentence = f"Exceeded the maximum metafields input limit of {MAXIMUM_METAFIELDS}."
        return {"metafields": None, "userErrors": [user_error(["metafields"], sentence, "LESS_THAN_OR_EQUAL_TO")]}
    rows: list[tuple[str, MetafieldRow]] = []
    errors: list[UserError] = []
    for index, row in enumerate(given):
        where = ["metafields", str(index)]
        owner = row["ownerId"]
        if not owner_exists(context, owner):
            errors.append(user_error([*where, "ownerId"], "Owner does not exist.", "INVALID_VALUE"))
            continue
        read, wrong = check_row(context, row, owner, owner_type_of(owner), where)
        errors.extend(wrong)
        if read is not None:
            errors.extend(_check_digest(context, row, owner, read, where))
            rows.append((owner, read))
    if errors:
        return {"metafields": [], "userErrors": errors}
    written = {}
    for owner, read in rows:
        metafield = write_row(context, owner, read)
        written[metafield.id] = metafield
    _bump_owners(context, {owner for owner, _ in rows})
    return {"metafields": list(written.values()), "userErrors": []}


def _check_digest(
    context: Context, row: dict[str, Any], owner: str, read: MetafieldRow, where: list[str]
) -> list[UserError]:
    """An absent digest writes blindly, null only creates, text must equal; the same value always passes."""
    if "compareDigest" not in row:
        return []
    present = context.store.metafields_of(owner).get((read.namespace, read.key))
    asked = row["compareDigest"]
    if present is None:
        return [] if asked is None else [user_error(where, "Invalid `compareDigest` value.", "INVALID_COMPARE_DIGEST")]
    if (present.type, present.value) == (read.type, read.value):
        return []
    if asked is None or asked != digest(present.type, present.value):
        sentence = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
        return [user_error(where, sentence, "STALE_OBJECT")]
    return []


def _bump_owners(context: Context, owners: set[str]) -> None:
    """A metafield write shows in the time of its product or variant."""
    for owner in owners:
        found = find_product(context.store, owner) or find_variant(context.store, owner)
        if found is not None:
            found.updated_at = context.now
            context.store.touch(found)


@mutation("metafieldsDelete")
def metafields_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Deletes metafields by owner, namespace and key; null stands for one that was not there."""
    deleted: list[dict[str, str] | None] = []
    owners = set()
    for row in arguments["metafields"]:
        namespace = namespace_of(row["namespace"])
        present = context.store.metafields_of(row["ownerId"]).get((namespace, row["key"]))
        if present is None:
            deleted.append(None)
            continue
        context.store.remove(present)
        owners.add(present.owner)
        deleted.append({"ownerId": present.owner, "namespace": present.namespace, "key": present.key})
    _bump_owners(context, owners)
    return {"deletedMetafields": deleted, "userErrors": []}


@mutation("metafieldDefinitionCreate")
def metafield_definition_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Defines a metafield; type id makes its values unique by itself and cannot be told not to."""
    given = arguments["definition"]
    namespace, key, kind = namespace_of(given.get("namespace")), given["key"], given["type"]
    errors: list[UserError] = []
    if given["ownerType"] not in ("PRODUCT", "PRODUCTVARIANT"):
        sentence = "The owner type is not one this shop keeps metafields for."
        errors.append(user_error(["definition", "ownerType"], sentence, "INVALID"))
    if not is_type(kind):
        errors.append(user_error(["definition", "type"], f"Type name {kind} is not a valid type.", "INCLUSION"))
    if context.store.definition(given["ownerType"], namespace, key) is not None:
        owners = "Product" if given["ownerType"] == "PRODUCT" else "ProductVariant"
        sentence = f"Key is in use for {owners} metafields on the '{namespace}' namespace."
        errors.append(user_error(["definition", "key"], sentence, "TAKEN"))
    asked = ((given.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled")
    if kind == "id" and asked is False:
        sentence = "The capability uniqueValues is required for the type id."
        errors.append(user_error(["definition"], sentence, "CAPABILITY_REQUIRED_BUT_DISABLED"))
    if errors:
        return {"createdDefinition": None, "userErrors": errors}
    definition = Definition(
        id=context.store.next_id(Definition.KIND),
        owner_type=given["ownerType"],
        namespace=namespace,
        key=key,
        name=given["name"],
        type=kind,
        description=given.get("description"),
        unique=kind == "id" or bool(asked),
    )
    context.store.touch(definition)
    context.store.index_definition(definition)
    return {"createdDefinition": definition, "userErrors": []}
