"""The plain fields of a product: checked first, written after, the same way by all mutations that take them.

`check` changes nothing; `write` cannot fail. Fields that are absent from the input stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.records import Product
from shopsync_pipeline.devstore.values.normalise import clean_html, free_handle, handle_from, tags_from
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

MAXIMUM_TEXT: Final = 255
MAXIMUM_TAGS: Final = 250
_CATEGORY: Final = "gid://shopify/TaxonomyCategory/"


@dataclass(slots=True)
class ProductFields:
    """What a good input says: values by record attribute, and the handle to take (None keeps the present one)."""

    values: dict[str, Any] = field(default_factory=dict)
    handle: str | None = None


def check(
    context: Context, given: dict[str, Any], existing: Product | None, *, productset: bool
) -> tuple[ProductFields, list[UserError]]:
    """Reads the input; `existing` is the product to be changed. The paths of refusals differ between the mutations."""
    found = ProductFields()
    errors: list[UserError] = []
    _texts(given, existing, found, errors, productset=productset)
    if "tags" in given:
        _tags(given["tags"] or [], found, errors, productset=productset)
    if given.get("descriptionHtml") is not None:
        found.values["description_html"] = clean_html(given["descriptionHtml"])
    if given.get("status") is not None:
        found.values["status"] = given["status"]
    if "templateSuffix" in given:
        found.values["template_suffix"] = given["templateSuffix"]
    for name, attribute in (("title", "seo_title"), ("description", "seo_description")):
        seo = given.get("seo") or {}
        if name in seo:
            found.values[attribute] = seo[name] or None
    if "category" in given:
        category = given["category"]
        if category is not None and not category.startswith(_CATEGORY):
            raise PlatformError(f"Invalid product_taxonomy_node_id: {category}", "INVALID_PRODUCT_TAXONOMY_NODE_ID")
        found.values["category"] = category
    _handle(context, given, existing, found, errors, productset=productset)
    return found, errors


def _texts(
    given: dict[str, Any], existing: Product | None, found: ProductFields, errors: list[UserError], *, productset: bool
) -> None:
    if "title" in given or existing is None:
        title = (given.get("title") or "").strip()
        if not title:
            errors.append(
                user_error(["input", "title"] if productset else ["title"], "Title can't be blank", "INVALID_PRODUCT")
            )
        elif len(title) > MAXIMUM_TEXT:
            sentence = f"is too long (maximum is {MAXIMUM_TEXT} characters)"
            where = ["input", "title"] if productset else ["title"]
            errors.append(user_error(where, sentence if productset else f"Title {sentence}", "INVALID_PRODUCT"))
        found.values["title"] = title
    for name, attribute, labels in (
        ("vendor", "vendor", ("Vendor",)),
        ("productType", "product_type", ("Product type", "Custom product type")),
    ):
        if given.get(name) is None:
            continue
        if len(given[name]) > MAXIMUM_TEXT:
            where = ["input"] if productset else [name]
            errors.extend(
                user_error(where, f"{label} is too long (maximum is {MAXIMUM_TEXT} characters)", "INVALID_PRODUCT")
                for label in labels
            )
        found.values[attribute] = given[name]


def _tags(given: list[str], found: ProductFields, errors: list[UserError], *, productset: bool) -> None:
    where = ["input", "tags"] if productset else ["tags"]
    tags = tags_from(given)
    errors.extend(check_tags(tags, where))
    found.values["tags"] = tags


def check_tags(tags: list[str], where: list[str]) -> list[UserError]:
    """Refusals for too many tags or one too long."""
    errors = []
    if len(tags) > MAXIMUM_TAGS:
        errors.append(user_error(where, f"Product tags cannot have more than {MAXIMUM_TAGS} tags.", "INVALID_PRODUCT"))
    if any(len(tag) > MAXIMUM_TEXT for tag in tags):
        errors.append(user_error(where, "Product tags is invalid", "INVALID_PRODUCT"))
    return errors


def _handle(
    context: Context,
    given: dict[str, Any],
    existing: Product | None,
    found: ProductFields,
    errors: list[UserError],
    *,
    productset: bool,
) -> None:
    """Takes the asked handle, or makes one of the title; only a handle that was asked for can collide."""
    store = context.store
    raw = given.get("handle")

    def taken(handle: str) -> bool:
        holder = store.by_handle.get(handle)
        return holder is not None and (existing is None or holder != existing.id)

    if raw is None and existing is not None:
        return
    title = found.values.get("title") or (existing.title if existing else "")
    asked = (raw or "").strip()
    made = handle_from(asked or title)
    if len(made) > MAXIMUM_TEXT:
        where = ["input"] if productset else ["handle"]
        errors.append(
            user_error(where, f"Handle is too long (maximum is {MAXIMUM_TEXT} characters)", "INVALID_PRODUCT")
        )
        return
    if asked and any(sign.isalnum() for sign in asked):
        if taken(made):
            sentence = f"Handle '{raw}' already in use. Please provide a new handle."
            errors.append(user_error(["input", "handle"], sentence, "HANDLE_NOT_UNIQUE"))
            return
        found.handle = made
    else:
        found.handle = free_handle(made, taken)


def write(context: Context, product: Product, fields: ProductFields) -> None:
    """Puts checked values into the product and marks it changed now."""
    for attribute, value in fields.values.items():
        setattr(product, attribute, value)
    if fields.handle is not None and fields.handle != product.handle:
        context.store.rename_handle(product, fields.handle)
    product.updated_at = context.now
    context.store.touch(product)


def make(context: Context, fields: ProductFields) -> Product:
    """A new product with checked values and no variants yet."""
    store = context.store
    assert fields.handle is not None
    product = Product(
        id=store.next_id(Product.KIND),
        handle=fields.handle,
        title=fields.values["title"],
        created_at=context.now,
        updated_at=context.now,
        vendor=context.config.shop.removesuffix(".myshopify.com"),
    )
    write(context, product, fields)
    return product
