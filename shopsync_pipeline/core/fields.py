"""The field registry: one table that says, for each field, its group, risk, merge kind, owner and writing operation.

Diff, merge, plan and every page walk this table; nobody else keeps a list of fields. A path is where a field's value
lies in a product (`place`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NewType, TypeAlias

Path = NewType("Path", str)
"""Where a value lives in a product: `title`, `variants[SKU-1].price`, `variants[SKU-1].stock[default]`,
`metafields[custom.brand]`, `collections[summer-sale]`."""

Value: TypeAlias = "str | int | bool | list[Value] | dict[str, Value]"
"""A canonical value: what `json` writes and reads back the same. Absence is the lack of the path, never `None`."""

Fields: TypeAlias = Mapping[Path, Value]


class Group(StrEnum):
    """What a field is about. Digests are kept per group, in this order: append, never reorder."""

    CONTENT = "content"
    SEO = "seo"
    TAXONOMY = "taxonomy"
    PRICING = "pricing"
    INVENTORY = "inventory"
    MEDIA = "media"
    IDENTITY = "identity"
    PUBLICATION = "publication"
    LIFECYCLE = "lifecycle"


class Risk(StrEnum):
    """How much harm a wrong value does to a shopper or to the merchant."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class MergeKind(StrEnum):
    """The shape of a field's value, which decides how two versions of it could be combined."""

    SCALAR = "scalar"
    SET = "set"
    ORDERED_LIST = "ordered list"
    MAP = "map"


CanonicalForm: TypeAlias = Literal[
    "text", "html", "decimal", "weight", "tags", "handle", "gtin", "json", "list", "flag", "exact"
]
"""What makes two spellings of a value the same value; `exact`: nothing does."""


class Owner(StrEnum):
    """Who has the last word on a field.

    `etilize`: the catalog and the feeds. `merchant`: the people in the store; the catalog only fills a gap. `shared`:
    both; an edit made in the store is kept, and is a conflict once the catalog changes too. `app`: another app, which
    the rule names; what it writes is accepted, and shopsync never writes. `locked`: never written by shopsync, and what
    differs is on record.
    """

    ETILIZE = "etilize"
    MERCHANT = "merchant"
    SHARED = "shared"
    APP = "app"
    LOCKED = "locked"


class Drift(StrEnum):
    """What happens when only the store changed a field: put the catalog's value back, keep the edit and go on
    remembering it as an edit, or accept it as the newly agreed value."""

    RESTORE = "restore"
    KEEP = "keep"
    ACCEPT = "accept"


class Strategy(StrEnum):
    """What happens when the catalog and the store both changed a field, differently.

    `etilize_priority`, `shopify_priority`: that side wins. `manual_review`: a person decides. `merge_fields`: sets,
    lists and maps keep what each side added and removed; text goes to the field's owner, and to a person where both own
    it. `timestamp_based`: the side that was seen to change last wins; a person decides where that is not known.
    """

    ETILIZE_PRIORITY = "etilize_priority"
    SHOPIFY_PRIORITY = "shopify_priority"
    MANUAL_REVIEW = "manual_review"
    MERGE_FIELDS = "merge_fields"
    TIMESTAMP_BASED = "timestamp_based"


class GonePolicy(StrEnum):
    """What becomes of a store product that the catalog no longer has: out of sale as archived or as a draft, on show
    with no stock, deleted, or left as it is."""

    ARCHIVE = "archive"
    DRAFT = "draft"
    ZERO_STOCK = "zero_stock"
    DELETE = "delete"
    KEEP = "keep"


class Operation(StrEnum):
    """What can be done to a product in Shopify; each is one GraphQL document of the shopify room.

    Creation, deletion and new variants are operations on the whole; the others write the fields that name them as
    their `writer`.
    """

    PRODUCT_CREATE = "product_create"
    PRODUCT_UPDATE = "product_update"
    METAFIELDS_SET = "metafields_set"
    METAFIELDS_DELETE = "metafields_delete"
    VARIANTS_CREATE = "variants_create"
    VARIANTS_UPDATE = "variants_update"
    INVENTORY_SET = "inventory_set"
    MEDIA_SET = "media_set"
    PRODUCT_DELETE = "product_delete"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row of the registry.

    `name` is the path with its keys left out (`variants[].price`); a name that ends in `[]` has a path for each
    element, so that elements are decided one by one, and only those that the catalog names. `canonical` is the form in
    which values are compared. `strategy` and `drift` are set where the shop-wide strategy, or the owner's usual drift,
    must not apply. `writer` is `None` where no operation can change the field once the product exists without
    rebuilding its variants. `says` is what the field is, for people.
    """

    name: str
    group: Group
    risk: Risk
    owner: Owner
    writer: Operation | None
    canonical: CanonicalForm
    says: str
    kind: MergeKind = MergeKind.SCALAR
    strategy: Strategy | None = None
    drift: Drift | None = None
    attribute: str = ""

    @property
    def is_variant(self) -> bool:
        """Whether the field belongs to a variant."""
        return self.name.startswith("variants[]")

    @property
    def usual_drift(self) -> Drift:
        """What an edit made only in the store means where no rule says otherwise: as the row says, or as the owner."""
        return self.drift or USUAL_DRIFT[self.owner]


USUAL_DRIFT = {Owner.ETILIZE: Drift.RESTORE, Owner.SHARED: Drift.KEEP, Owner.MERCHANT: Drift.ACCEPT,
               Owner.APP: Drift.ACCEPT, Owner.LOCKED: Drift.ACCEPT}
"""What an edit made only in the store means, by who owns the field."""


def _product(name: str, group: Group, risk: Risk, owner: Owner, canonical: CanonicalForm, says: str,
             writer: Operation | None = Operation.PRODUCT_UPDATE, *, attribute: str = "",
             kind: MergeKind = MergeKind.SCALAR) -> Field:
    return Field(name=name, group=group, risk=risk, owner=owner, writer=writer, canonical=canonical, says=says,
                 kind=kind, attribute=attribute or name.removesuffix("[]"))


def _variant(attribute: str, group: Group, risk: Risk, canonical: CanonicalForm, says: str,
             owner: Owner = Owner.ETILIZE, *, kind: MergeKind = MergeKind.SCALAR) -> Field:
    return Field(name=f"variants[].{attribute}", group=group, risk=risk, owner=owner, writer=Operation.VARIANTS_UPDATE,
                 canonical=canonical, says=says, kind=kind, attribute=attribute)


REGISTRY: tuple[Field, ...] = (
    _product("title", Group.CONTENT, Risk.LOW, Owner.SHARED, "text", "Name of the product"),
    _product("body_html", Group.CONTENT, Risk.LOW, Owner.SHARED, "html", "Description, as HTML"),
    _product("seo.title", Group.SEO, Risk.LOW, Owner.SHARED, "text", "Title for search engines", attribute="seo_title"),
    _product("seo.description", Group.SEO, Risk.LOW, Owner.SHARED, "text", "Description for search engines",
             attribute="seo_description"),
    _product("vendor", Group.TAXONOMY, Risk.LOW, Owner.SHARED, "text", "Brand or manufacturer"),
    _product("product_type", Group.TAXONOMY, Risk.LOW, Owner.SHARED, "text", "The shop's own kind of product"),
    _product("category", Group.TAXONOMY, Risk.LOW, Owner.SHARED, "exact",
             "Id in Shopify's product taxonomy (`el-2-2`)"),
    _product("tags", Group.TAXONOMY, Risk.LOW, Owner.SHARED, "tags", "Tags, without regard to case and order",
             kind=MergeKind.SET),
    # Smart collections fill themselves, and people put products into collections of their own: neither is the catalog's
    # business, so each membership is decided for itself.
    _product("collections[]", Group.TAXONOMY, Risk.LOW, Owner.SHARED, "flag",
             "Membership in one collection that is filled by hand, by the collection's handle", kind=MergeKind.SET),
    # A handle is the product's address: it is given once, and a title that changes later must not break links.
    _product("handle", Group.IDENTITY, Risk.HIGH, Owner.MERCHANT, "handle", "The product's part of its address"),
    _product("status", Group.LIFECYCLE, Risk.HIGH, Owner.SHARED, "exact", "ACTIVE, DRAFT, ARCHIVED or UNLISTED"),
    _product("publications[]", Group.PUBLICATION, Risk.HIGH, Owner.SHARED, "flag",
             "Whether one sales channel has the product, by the channel's name", Operation.PUBLISH, kind=MergeKind.SET),
    # Which template a theme has for a product is known to the people who made the theme.
    _product("template_suffix", Group.CONTENT, Risk.LOW, Owner.MERCHANT, "exact", "The theme's template for it"),
    _product("options", Group.IDENTITY, Risk.HIGH, Owner.ETILIZE, "list", "Names of the options, in order", None,
             kind=MergeKind.ORDERED_LIST),
    _product("images", Group.MEDIA, Risk.LOW, Owner.SHARED, "list", "Pictures with their alternative texts, in order",
             Operation.MEDIA_SET, kind=MergeKind.ORDERED_LIST),
    _product("metafields[]", Group.CONTENT, Risk.LOW, Owner.ETILIZE, "json",
             "One custom field with its type, by namespace and key", kind=MergeKind.MAP),
    _variant("options", Group.IDENTITY, Risk.HIGH, "list", "Option values, in the order of the options",
             kind=MergeKind.ORDERED_LIST),
    _variant("sku", Group.IDENTITY, Risk.HIGH, "exact", "Stock keeping unit"),
    _variant("barcode", Group.IDENTITY, Risk.MEDIUM, "gtin", "GTIN (UPC, EAN) or another barcode"),
    _variant("price", Group.PRICING, Risk.MEDIUM, "decimal", "Price, in the shop's currency"),
    _variant("compare_at_price", Group.PRICING, Risk.MEDIUM, "decimal", "Price struck out beside it, same currency"),
    _variant("cost", Group.PRICING, Risk.MEDIUM, "decimal", "What a unit costs the merchant, in the shop's currency"),
    _variant("taxable", Group.PRICING, Risk.MEDIUM, "flag", "Whether tax is charged", Owner.SHARED),
    _variant("weight", Group.INVENTORY, Risk.LOW, "weight",
             "Shipping weight, with GRAMS, KILOGRAMS, OUNCES or POUNDS", kind=MergeKind.MAP),
    _variant("requires_shipping", Group.INVENTORY, Risk.LOW, "flag", "Whether it is shipped", Owner.SHARED),
    _variant("country_of_origin", Group.INVENTORY, Risk.LOW, "exact", "Where it was made (ISO 3166, two letters)"),
    _variant("hs_code", Group.INVENTORY, Risk.LOW, "exact", "Harmonized System code for customs, digits only"),
    _variant("tracked", Group.INVENTORY, Risk.MEDIUM, "flag", "Whether Shopify counts its stock"),
    _variant("inventory_policy", Group.INVENTORY, Risk.MEDIUM, "exact",
             "Whether it is sold without stock: DENY or CONTINUE", Owner.SHARED),
    _variant("image", Group.MEDIA, Risk.LOW, "exact", "Which of the product's pictures shows it", Owner.SHARED),
    # Orders move stock in the store all day, so a difference there is no edit to defend: the store's figure stands
    # until the feed speaks again, and then the feed is right.
    Field(name="variants[].stock[]", group=Group.INVENTORY, risk=Risk.MEDIUM, owner=Owner.ETILIZE,
          writer=Operation.INVENTORY_SET, canonical="exact", says="Units that can be sold at one location",
          strategy=Strategy.ETILIZE_PRIORITY, drift=Drift.ACCEPT),
)

_BY_NAME = {field.name: field for field in REGISTRY}


@dataclass(frozen=True, slots=True)
class Place:
    """A path taken apart: its field, and the variant and item (location, metafield) that it names, where it does."""

    field: Field
    variant: str | None = None
    item: str | None = None


@lru_cache(maxsize=4096)  # Planning asks for the same few paths of a product many times over.
def place(path: Path) -> Place:
    """Takes a path apart. Keys may hold any text but `].`. Raises `KeyError` for a path that no field has."""
    variant = item = None
    rest: str = path
    prefix = ""
    if rest.startswith("variants["):
        end = rest.rindex("].")
        variant, rest, prefix = rest[len("variants["):end], rest[end + 2:], "variants[]."
    if rest.endswith("]"):
        rest, _, item = rest[:-1].partition("[")
        rest += "[]"
    return Place(_BY_NAME[prefix + rest], variant, item)


def variant_path(key: str, attribute: str) -> Path:
    """The path of one attribute of one variant."""
    return Path(f"variants[{key}].{attribute}")


def metafield_path(namespace: str, key: str) -> Path:
    """The path of one metafield."""
    return Path(f"metafields[{namespace}.{key}]")


def element_path(name: str, key: str) -> Path:
    """The path of one element of a product's field: `element_path("collections", "lamps")` is `collections[lamps]`."""
    return Path(f"{name}[{key}]")


def stock_path(variant: str, location: str) -> Path:
    """The path of one variant's stock at one location key."""
    return Path(f"variants[{variant}].stock[{location}]")
