"""Products that are variants of one another become one product with options; the rules say which and by what.

A family that cannot be told apart by its options stays separate products, and the account says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import orjson

from shopsync_pipeline.catalog.content.metafield_values import LIST_PREFIX, list_text
from shopsync_pipeline.catalog.content.naming import TAGS_LIMIT, family_handle, family_key
from shopsync_pipeline.catalog.content.origins import Origin, Origins
from shopsync_pipeline.catalog.content.project import Projected
from shopsync_pipeline.catalog.content.record import NOWHERE
from shopsync_pipeline.catalog.markup import cut
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.core.fields import metafield_path, variant_path
from shopsync_pipeline.core.product import Image, Metafield, Product, Variant, variant_keys

OPTIONS_LIMIT = 3
VARIANTS_LIMIT = 2048
OPTION_VALUE_LIMIT = 255
"""What Shopify takes of one product."""

_PRODUCT_FIELDS = ("body_html", "vendor", "product_type", "seo.title", "seo.description")


def combine(members: Sequence[Projected], rules: CatalogRules, counts: Counter[str]) -> list[Projected]:
    """One family's members as one product, or as they are where they cannot be one.

    `members` are in the order of their product ids, and of one family. Those that are not to be shown (without a price,
    say) stay products of their own, because a variant cannot be hidden; when none is to be shown they are combined all
    the same. `counts` takes `families.combined`, or `families.separate.<reason>` and how many products it concerns.
    """
    shown = [member for member in members if member.product.status == "ACTIVE"]
    hidden = [member for member in members if member.product.status != "ACTIVE"] if shown else []
    kept = shown or list(members)
    reason = _why_separate(kept, rules)
    if reason:
        counts[f"families.separate.{reason}"] += 1
        counts["families.separate.products"] += len(members)
        return list(members)
    counts["families.combined"] += 1
    counts["families.combined.variants"] += len(kept)
    if hidden:
        counts["families.members_not_shown"] += len(hidden)
    return [_combined(kept, rules), *hidden]


def _why_separate(members: Sequence[Projected], rules: CatalogRules) -> str:
    names = len(rules.variants.options)
    if not 0 < names <= OPTIONS_LIMIT:
        return "no_options" if not names else "too_many_options"
    if len(members) > VARIANTS_LIMIT:
        return "too_many_variants"
    seen: set[tuple[str, ...]] = set()
    for member in members:
        if len(member.choices) != names or None in member.choices:
            return "without_option_value"
        values = tuple(value.casefold() for value in _values(member))
        if values in seen:
            return "equal_options"
        seen.add(values)
    return ""


def _values(member: Projected) -> tuple[str, ...]:
    return tuple(cut(choice[0], OPTION_VALUE_LIMIT) for choice in member.choices if choice is not None)


def _combined(members: Sequence[Projected], rules: CatalogRules) -> Projected:
    first = members[0]
    origins: Origins = {path: first.origins[path] for path in _PRODUCT_FIELDS if path in first.origins}
    title, origins["title"] = first.product.title, first.origins["title"]
    if first.family_title is not None:
        title = cut(first.family_title[0], rules.title_limit)
        origins["title"] = Origin("variants title", first.family_title[1])
    family = first.family or ""
    key, handle = family_key(family), family_handle(family, rules.handle_limit)
    origins["handle"] = Origin("handle of the family", origins["title"].rows)
    origins["options"] = Origin("variants options")
    product = replace(
        first.product, key=key, title=title, handle=handle, options=tuple(rules.variants.options),
        tags=_tags(members, origins), images=_images(members, rules, origins),
        metafields=_metafields(members, origins),
    )
    origins["status"] = first.origins["status"]
    return Projected(replace(product, variants=_variants(members, product, origins)), origins, family)


def _variants(members: Sequence[Projected], product: Product, origins: Origins) -> tuple[Variant, ...]:
    values = [_values(member) for member in members]
    alone = [member.product.variants[0] for member in members]
    keys = variant_keys([(variant.sku, options) for variant, options in zip(alone, values, strict=True)])
    sources = {image.source for image in product.images}
    variants: list[Variant] = []
    for member, variant, options, key in zip(members, alone, values, keys, strict=True):
        before, after = variant_path(variant.key, ""), variant_path(key, "")
        for path, origin in member.origins.items():
            if path.startswith(before):
                origins[after + path.removeprefix(before)] = origin
        said = [choice for choice in member.choices if choice is not None]
        origins[after + "options"] = Origin(
            "variants options", tuple(dict.fromkeys(row for _, rows in said for row in rows)) or (NOWHERE,))
        pictures = member.product.images
        image = pictures[0].source if pictures and pictures[0].source in sources else None
        if image is not None:
            origins[after + "image"] = Origin("images: its first", member.origins["images"].rows[:1])
        variants.append(replace(variant, key=key, options=options, image=image))
    return tuple(variants)


def _tags(members: Sequence[Projected], origins: Origins) -> tuple[str, ...]:
    tags: dict[str, str] = {}
    for member in members:
        for tag in member.product.tags:
            tags.setdefault(tag.casefold(), tag)
    _gathered("tags", members, origins)
    return tuple(tags.values())[:TAGS_LIMIT]


def _images(members: Sequence[Projected], rules: CatalogRules, origins: Origins) -> tuple[Image, ...]:
    """Every member's first image comes before the limit is reached by the others', so that each variant has one."""
    first: dict[str, Image] = {}
    others: dict[str, Image] = {}
    for member in members:
        for image in member.product.images[:1]:
            first.setdefault(image.source, image)
        for image in member.product.images[1:]:
            others.setdefault(image.source, image)
    limit = rules.images.limit
    leading = list(first)[:limit]
    following = [source for source in others if source not in first][:limit - len(leading)]
    wanted = {*leading, *following}
    _gathered("images", members, origins)
    return tuple(image for source, image in _in_order(members).items() if source in wanted)


def _in_order(members: Sequence[Projected]) -> dict[str, Image]:
    images: dict[str, Image] = {}
    for member in members:
        for image in member.product.images:
            images.setdefault(image.source, image)
    return images


def _metafields(members: Sequence[Projected], origins: Origins) -> tuple[Metafield, ...]:
    """Lists are joined; any other metafield is kept where all members agree, because it belongs to the whole."""
    found: dict[tuple[str, str], list[Metafield]] = {}
    for member in members:
        for metafield in member.product.metafields:
            found.setdefault((metafield.namespace, metafield.key), []).append(metafield)
    kept: list[Metafield] = []
    for (namespace, key), several in sorted(found.items()):
        metafield = several[0]
        if metafield.type.startswith(LIST_PREFIX):
            items = dict.fromkeys(orjson.dumps(item).decode() for one in several for item in orjson.loads(one.value))
            metafield = replace(metafield, value=list_text("", list(items)))
        elif len(several) < len(members) or any(one.value != metafield.value for one in several):
            continue
        kept.append(metafield)
        _gathered(metafield_path(namespace, key), members, origins)
    return tuple(kept)


def _gathered(path: str, members: Sequence[Projected], origins: Origins) -> None:
    """The origin of what all members say together: the first one's rule and everyone's rows."""
    found = [member.origins[path] for member in members if path in member.origins]
    if found:
        origins[path] = Origin(found[0].rule, tuple(dict.fromkeys(row for origin in found for row in origin.rows)))
