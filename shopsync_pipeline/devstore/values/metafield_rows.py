"""Rows of metafield input: checked against type, definition and uniqueness, then written.

Used by metafieldsSet and by the metafields folded into product and variant writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.ids import find_node, find_product, find_variant, number_of
from shopsync_pipeline.devstore.operations.metafield_reads import namespace_of, owner_type_of
from shopsync_pipeline.devstore.records import Collection, Metafield, gid
from shopsync_pipeline.devstore.values.metafield_types import is_type, kept_value, problem, references
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

_LENGTHS: Final = (("namespace", "Namespace", 3, 255), ("key", "Key", 2, 64))

_RESERVED: Final = {"shopify_standard", "protected", "shopify-l10n-fields"}


@dataclass(slots=True)
class MetafieldRow:
    """One good row: what will stand where."""

    namespace: str
    key: str
    type: str
    value: str


def check_row(
    context: Context,
    row: dict[str, Any],
    owner: str | None,
    owner_type: str,
    where: list[str],
    *,
    code: str | None = None,
) -> tuple[MetafieldRow | None, list[UserError]]:
    """Reads one row for an owner (None when it is still to be made). `code` replaces the codes of metafieldsSet."""
    store = context.store
    held = store.metafields_of(owner) if owner else {}
    present: Metafield | None = None
    if row.get("id"):
        present = next((one for one in held.values() if gid(one.KIND, one.id) == row["id"]), None)
    namespace = present.namespace if present else namespace_of(row.get("namespace"))
    key = present.key if present else row.get("key") or ""
    errors: list[UserError] = []
    for (name, label, least, most), text in zip(_LENGTHS, (namespace, key), strict=True):
        if len(text) < least:
            sentence = f"{label} is too short (minimum is {least} characters)"
            errors.append(user_error([*where, name], sentence, code or "TOO_SHORT"))
        elif len(text) > most:
            sentence = f"{label} is too long (maximum is {most} characters)"
            errors.append(user_error([*where, name], sentence, code or "TOO_LONG"))
    if namespace in _RESERVED:
        errors.append(user_error([*where, "namespace"], f"Namespace {namespace} is a reserved namespace"))
    if errors:
        return None, errors
    present = present or held.get((namespace, key))
    definition = store.definition(owner_type, namespace, key)
    kind = row.get("type") or (definition.type if definition else present.type if present else None)
    if kind is None:
        return None, [user_error([*where, "type"], "Type can't be blank", code or "BLANK")]
    if definition is not None and kind != definition.type:
        sentence = f"Type must be consistent with the definition's type: {definition.type}"
        return None, [user_error([*where, "type"], sentence, code or "INVALID_TYPE")]
    if not is_type(kind):
        return None, [user_error([*where, "type"], f"Type '{kind}' is not a known metafield type", code or "INCLUSION")]
    value = row.get("value")
    if value is None:
        return None, [user_error([*where, "value"], "Value can't be blank", code or "BLANK")]
    wrong = problem(kind, value)
    if wrong is not None:
        sentence, element = wrong
        error = user_error([*where, "value"], sentence, code or "INVALID_VALUE")
        error["elementIndex"] = element
        return None, [error]
    for target in references(kind, value):
        if not _exists(context, target):
            sentence = f"Value references non-existent resource {target}."
            return None, [user_error([*where, "value"], sentence, code or "INVALID_VALUE")]
    kept = kept_value(kind, value)
    if definition is not None and definition.unique:
        holder = store.by_unique.get((namespace, key, kept))
        if holder is not None and holder != owner:
            return None, [
                user_error([*where, "value"], "Value has already been assigned to another metafield", code or "TAKEN")
            ]
    return MetafieldRow(namespace, key, kind, kept), []


def _exists(context: Context, target: str) -> bool:
    try:
        return find_node(context.store, target) is not None
    except PlatformError:
        return False


def check_rows(
    context: Context,
    rows: list[dict[str, Any]],
    owner: str | None,
    owner_type: str,
    where: list[str],
    *,
    code: str | None,
) -> tuple[list[MetafieldRow], list[UserError]]:
    """Reads all rows of one owner."""
    good: list[MetafieldRow] = []
    errors: list[UserError] = []
    for index, row in enumerate(rows):
        read, wrong = check_row(context, row, owner, owner_type, [*where, str(index)], code=code)
        errors.extend(wrong)
        if read is not None:
            good.append(read)
    return good, errors


def write_row(context: Context, owner: str, row: MetafieldRow) -> Metafield:
    """Stores one row; a row that says what is already there changes nothing, not even the time."""
    store = context.store
    present = store.metafields_of(owner).get((row.namespace, row.key))
    if present is None:
        number = store.next_id(Metafield.KIND)
        present = Metafield(number, owner, row.namespace, row.key, row.type, row.value, context.now, context.now)
        store.touch(present)
    elif (present.type, present.value) != (row.type, row.value):
        store.touch(present)
        store.set_metafield_value(present, row.type, row.value)
        present.updated_at = context.now
    return present


def write_rows(context: Context, owner: str, rows: list[MetafieldRow], *, replace: bool = False) -> None:
    """Stores the rows of one owner; `replace` deletes the owner's other metafields, whoever made them."""
    named = {(row.namespace, row.key) for row in rows}
    if replace:
        for name, metafield in list(context.store.metafields_of(owner).items()):
            if name not in named:
                context.store.remove(metafield)
    for row in rows:
        write_row(context, owner, row)


def owner_exists(context: Context, owner: str) -> bool:
    """Whether a gid names something that can hold metafields here."""
    if find_product(context.store, owner) is not None or find_variant(context.store, owner) is not None:
        return True
    return number_of(owner, Collection.KIND) in context.store.collections


__all__ = [
    "MetafieldRow",
    "check_row",
    "check_rows",
    "owner_exists",
    "owner_type_of",
    "write_row",
    "write_rows",
]
