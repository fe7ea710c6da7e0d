"""Points that the inputs of a mutation add to its ten, and the row limits of its lists.

Each rule reads the coerced arguments of one root field; a root field without a rule adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from shopsync_pipeline.devstore.errors import PlatformError

VARIANT: Final = 0.2
METAFIELD: Final = 0.4
PRODUCT_FILE: Final = 1.9
VARIANT_FILE: Final = 0.6
# Since 2026-09-15 metafieldsSet costs by the distinct owners it touches; a product weighs 4, other owners 2.
OWNER_WEIGHTS: Final = {"Product": 4, "Order": 10}
OTHER_OWNER: Final = 2
MAXIMUM_ROWS: Final = 250
MAXIMUM_VARIANTS: Final = 2_048

_Rule = Callable[[dict[str, Any]], float]


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _product_set(arguments: dict[str, Any]) -> float:
    given = arguments.get("input") or {}
    variants = _rows(given.get("variants"))
    metafields = len(_rows(given.get("metafields"))) + sum(len(_rows(row.get("metafields"))) for row in variants)
    files = len(_rows(given.get("files")))
    variant_files = sum(1 for row in variants if row.get("file") is not None)
    return VARIANT * len(variants) + METAFIELD * metafields + PRODUCT_FILE * files + VARIANT_FILE * variant_files


def _variants_bulk(arguments: dict[str, Any]) -> float:
    variants = _rows(arguments.get("variants"))
    metafields = sum(len(_rows(row.get("metafields"))) for row in variants)
    variant_media = sum(1 for row in variants if row.get("mediaId") or row.get("mediaSrc"))
    media = len(_rows(arguments.get("media")))
    return VARIANT * len(variants) + METAFIELD * metafields + VARIANT_FILE * variant_media + PRODUCT_FILE * media


def _product_write(arguments: dict[str, Any]) -> float:
    given = arguments.get("product") or {}
    return METAFIELD * len(_rows(given.get("metafields"))) + PRODUCT_FILE * len(_rows(arguments.get("media")))


def _metafields_set(arguments: dict[str, Any]) -> float:
    owners = {str(row.get("ownerId")) for row in _rows(arguments.get("metafields"))}
    kinds = (owner.removeprefix("gid://shopify/").split("/", 1)[0] for owner in owners)
    return float(sum(OWNER_WEIGHTS.get(kind, OTHER_OWNER) for kind in kinds))


_RULES: Final[dict[str, _Rule]] = {
    "productSet": _product_set,
    "productVariantsBulkCreate": _variants_bulk,
    "productVariantsBulkUpdate": _variants_bulk,
    "productCreate": _product_write,
    "productUpdate": _product_write,
    "metafieldsSet": _metafields_set,
}


def input_points(root: str, arguments: dict[str, Any]) -> float:
    """Points that the arguments add to a root field."""
    rule = _RULES.get(root)
    return rule(arguments) if rule else 0.0


def refuse_oversized(root: str, arguments: dict[str, Any], locations: list[dict[str, int]]) -> None:
    """Raises MAX_INPUT_SIZE_EXCEEDED for the first list over its limit (2048 variants, 250 of anything else)."""
    for path, size, limit in _oversized(arguments, [root]):
        raise PlatformError(
            f"The input array size of {size} is greater than the maximum allowed of {limit}.",
            "MAX_INPUT_SIZE_EXCEEDED",
            path=list(path),
            locations=locations,
        )


def _oversized(value: Any, path: list[str]) -> Iterable[tuple[list[str], int, int]]:
    if isinstance(value, list):
        limit = MAXIMUM_VARIANTS if path[-1] in ("variants", "variantsIds") else MAXIMUM_ROWS
        if len(value) > limit:
            yield path, len(value), limit
        if value and isinstance(value[0], dict):
            for item in value:
                yield from _oversized(item, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, list | dict):
                yield from _oversized(item, [*path, name])
