"""Handles and keys that two products never share, and tags as Shopify takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from shopsync_pipeline.catalog.content.facts import Facts
from shopsync_pipeline.catalog.content.origins import Origin, Origins
from shopsync_pipeline.catalog.content.record import Row
from shopsync_pipeline.catalog.content.templates import Template, templates
from shopsync_pipeline.catalog.markup import cut, slug
from shopsync_pipeline.core.product import ProductKey

TAG_LIMIT = 255
TAGS_LIMIT = 250
"""Characters of one tag and tags of one product that Shopify takes."""


class Handles:
    """Makes the address of a product of its handle templates, the same whenever it is asked for the same product."""

    def __init__(self, sources: Iterable[str], limit: int) -> None:
        """Each template names the SKU or the product id, so that handles differ as these do."""
        self._limit = limit
        self._by_sku: list[tuple[bool, Template]] = [
            (any(found.name == "sku" for found in template.placeholders)
             and not any(found.name == "id" for found in template.placeholders), template)
            for template in templates(sources)]

    def of(self, facts: Facts) -> str:
        """The handle. A number that another product has as well is followed by the product id."""
        productid = str(facts.record.productid)
        for by_sku, template in self._by_sku:
            said = template.one(facts)
            if said is None:
                continue
            number = facts.sku[0] if by_sku else productid
            text = said[0]
            distinct = (number.isascii() and number.isalnum()) or slug(number)
            shared = by_sku and (facts.record.sku_shared or not distinct)
            head = text.removesuffix(number)
            # The number is kept whole when the text is too long, as long as it stands at the end.
            last = number if head != text else ""
            parts = (head, f"{last} {productid}".strip()) if shared else (head, last) if last else (text,)
            return slug(*parts, limit=self._limit)
        return slug(facts.title[0], productid, limit=self._limit)


def family_key(family: str) -> ProductKey:
    """The key of a family's product: of its name alone, so that it stays while members come and go.

    A name of more than plain words also carries a digest, because two such names can have the same slug.
    """
    words = slug(family, limit=200)
    if words.replace("-", " ") == " ".join(family.lower().split()):
        return ProductKey(f"family:{words}")
    digest = hashlib.blake2b(" ".join(family.casefold().split()).encode(), digest_size=4).hexdigest()
    return ProductKey(f"family:{f'{words}-{digest}'.lstrip('-')}")


def family_handle(family: str, limit: int) -> str:
    """The handle of a family's product, which goes by its key."""
    return slug(family_key(family).removeprefix("family:"), limit=limit)


def tags_of(
    several: tuple[Template, ...], facts: Facts, origins: Origins, path: str,
) -> tuple[tuple[str, ...], int]:
    """All that the templates say, once each without regard to case, and how many tags were left out as too many.

    Shopify takes a comma for the end of a tag, so a comma becomes a space.
    """
    found: dict[str, str] = {}
    rows: dict[Row, None] = {}
    sources: list[str] = []
    for template in several:
        said = template.each(facts)
        if said:
            sources.append(template.source)
        for text, from_rows in said:
            if "," in text:
                text = " ".join(text.replace(",", " ").split())
            if text:
                found.setdefault(text.casefold(), cut(text, TAG_LIMIT))
                for row in from_rows:
                    rows[row] = None
    if not found:
        return (), 0
    origins[path] = Origin(", ".join(sources), tuple(rows))
    tags = tuple(found.values())
    return tags[:TAGS_LIMIT], max(0, len(tags) - TAGS_LIMIT)
