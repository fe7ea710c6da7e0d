"""One content record becomes one canonical document by the rules of the mapping file: values in, values out.

Every field of the document can say which rule made it and which rows were read. A product without a price, or one that
lacks what the rules require, is not shown: nothing may be sold for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from shopsync_pipeline.catalog.content.description import description
from shopsync_pipeline.catalog.content.facts import Facts
from shopsync_pipeline.catalog.content.images import Gallery
from shopsync_pipeline.catalog.content.metafields import Metafields, RelatedNames
from shopsync_pipeline.catalog.content.naming import Handles, family_handle, tags_of
from shopsync_pipeline.catalog.content.origins import DEFAULT, Origin, Origins
from shopsync_pipeline.catalog.content.placeholders import category_names
from shopsync_pipeline.catalog.content.record import ContentRecord, RefuseValue
from shopsync_pipeline.catalog.content.selling import Selling, status
from shopsync_pipeline.catalog.content.templates import Said, Template, attributes_read, templates
from shopsync_pipeline.catalog.markup import cut
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.core.product import DEFAULT_OPTION_VALUE, Product, ProductKey, VariantKey

_SKU_LIMIT = 255
_SEO_DESCRIPTION_LIMIT = 320


@dataclass(frozen=True, slots=True)
class Projected:
    """A product and the origin of each of its fields, by the paths of `core.documents.flatten`.

    Of a member of a family also: the family's name, the value of each declared option (`None` where the product does
    not say), and the title of the whole by its rule.
    """

    product: Product
    origins: Mapping[str, Origin]
    family: str | None = None
    choices: tuple[Said | None, ...] = ()
    family_title: Said | None = None


class Projection:
    """The projection by one set of rules, compiled once. Made for many products; it remembers what repeats in them."""

    def __init__(
        self, rules: CatalogRules, refuse: RefuseValue, counts: Counter[str], related: RelatedNames | None = None,
    ) -> None:
        """`refuse` takes values that cannot be used, `counts` what was left out, by reason. `related` knows the handle
        of every product by its id (see `handle_of`); it is asked where the rules relate products by handle. Raises
        `ValueError` for a text that is no template; `load_mapping` has checked them all."""
        product, images = rules.product, rules.images
        self._rules = rules
        self._counts = counts
        self._wanted = attributes_read(rules)
        self._title = templates(product.title)
        self._vendor = templates(product.vendor)
        self._product_type = templates(product.product_type)
        self._tags = templates(product.tags)
        self._sku = templates(product.sku)
        self._seo_title = templates(product.seo_title)
        self._seo_description = templates(product.seo_description)
        self._marketing = templates(product.marketing, str.strip, images)
        self._options = tuple(templates(several) for several in rules.variants.options.values())
        self._family_title = templates(rules.variants.title)
        self._hidden = frozenset().union(*(
            found.ids for template in self._marketing for found in template.placeholders))
        self._handles = Handles(product.handle, rules.handle_limit)
        self._gallery = Gallery(images, refuse)
        self._metafields = Metafields(rules, refuse, related)
        self._selling = Selling(rules, refuse, counts)

    def handle_of(self, record: ContentRecord) -> str:
        """The handle that the record's product gets, without the rest of the projection. For a member of a family that
        of the family's product, which it is part of as long as the family can be combined."""
        if record.family is not None:
            return family_handle(record.family, self._rules.handle_limit)
        facts = Facts(record, self._wanted)
        self._named(facts, {})
        return self._handles.of(facts)

    def of(self, record: ContentRecord) -> Projected:
        """The canonical document of one product, with the origin of every field."""
        facts = Facts(record, self._wanted)
        origins: Origins = {"options": DEFAULT}
        sku = self._named(facts, origins)
        title, vendor = facts.title[0], facts.vendor[0]
        handle = self._handles.of(facts)
        if handle:
            origins["handle"] = Origin("handle of title and number", (facts.title[1], facts.sku[1]))
        body = self._body(facts, origins)
        product_type = self._one(self._product_type, facts, origins, "product_type", 255)
        tags, left_out = tags_of(self._tags, facts, origins, "tags")
        if left_out:
            self._counts["products.tags_left_out"] += left_out
        images, rows = self._gallery.of(record, title)
        if images:
            origins["images"] = Origin("images", rows)
        key = VariantKey(sku[0] if sku else DEFAULT_OPTION_VALUE)
        variant = self._selling.variant(facts, key, sku, origins)
        has = {"image": bool(images), "description": bool(body), "vendor": bool(vendor),
               "category": bool(category_names(record.category))}
        state, why, origins["status"] = status(variant, record.offer, has, self._rules.publish)
        if why:
            self._counts[f"products.unpublished.{why}"] += 1
        metafields = self._metafields.of(facts, origins)
        seo_title = seo_description = None
        if self._seo_title or self._seo_description:
            seo_title = self._one(self._seo_title, facts, origins, "seo.title", self._rules.title_limit)
            seo_description = self._one(
                self._seo_description, facts, origins, "seo.description", _SEO_DESCRIPTION_LIMIT)
        product = Product(
            key=ProductKey(f"etilize:{record.productid}"), title=title, handle=handle or None, body_html=body or None,
            vendor=vendor or None, product_type=product_type, tags=tags, status=state, seo_title=seo_title,
            seo_description=seo_description, variants=(variant,), metafields=tuple(metafields), images=images,
        )
        if record.family is None:
            return Projected(product, origins)
        choices = tuple(_first(several, facts) for several in self._options)
        return Projected(product, origins, record.family, choices, _first(self._family_title, facts))

    def _named(self, facts: Facts, origins: Origins) -> tuple[str, Origin] | None:
        """Decides SKU, vendor and title, in this order, since a later one may be made of an earlier; gives the SKU."""
        sku = None
        for template in self._sku:
            if said := template.one(facts):
                sku = said[0][:_SKU_LIMIT], Origin(template.source, said[1])
                break
        facts.sku = (sku[0], sku[1].rows[0]) if sku else ("", facts.record.sku_row)
        vendor = self._one(self._vendor, facts, origins, "vendor", 255)
        facts.vendor = (vendor, origins["vendor"].rows[0]) if vendor else ("", facts.record.row)
        title = self._one(self._title, facts, origins, "title", self._rules.title_limit)
        if title is None:
            title = f"Product {facts.record.productid}"
            origins["title"] = Origin("title: the product's id", (facts.record.row,))
        facts.title = title, origins["title"].rows[0]
        return sku

    def _one(
        self, several: tuple[Template, ...], facts: Facts, origins: Origins, path: str, limit: int,
    ) -> str | None:
        for template in several:
            said = template.each(facts)
            if said:
                text, rows = said[0]
                origins[path] = Origin(template.source, rows)
                if len(text) > limit:
                    self._counts[f"products.{path}_cut"] += 1
                    return cut(text, limit)
                return text
        return None

    def _body(self, facts: Facts, origins: Origins) -> str:
        said: list[Said] = []
        rule = ""
        for template in self._marketing:
            said = template.each(facts)
            if said:
                rule = template.source
                break
        product = self._rules.product
        body, rows = description(said, facts.record, hidden=self._hidden, bullets=product.bullets,
                                 spec_table=product.spec_table)
        if body:
            origins["body_html"] = Origin(f"{rule}, features, specifications" if rule else "features, specifications",
                                    tuple(rows) or (facts.record.row,))
        return body


def _first(several: tuple[Template, ...], facts: Facts) -> Said | None:
    return next((said for template in several if (said := template.one(facts))), None)
