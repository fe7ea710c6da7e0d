"""The typed metafields of a product, by the rules of the mapping file. What is not of its type is set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from shopsync_pipeline.catalog.content.facts import Facts
from shopsync_pipeline.catalog.content.metafield_values import LIST_PREFIX, joins, list_text, value_reader
from shopsync_pipeline.catalog.content.origins import Origin, Origins
from shopsync_pipeline.catalog.content.record import ContentRecord, RefuseValue, Row
from shopsync_pipeline.catalog.content.templates import Said, Template, templates
from shopsync_pipeline.catalog.markup import plain_text
from shopsync_pipeline.catalog.rules import LIST, SINGLE, CatalogRules, ImageRules, MetafieldRule
from shopsync_pipeline.core.fields import Path, metafield_path
from shopsync_pipeline.core.product import Metafield

RelatedNames = Callable[[int], "str | None"]
"""The handle (or SKU, as the rules say) of another product by its product id, if it has one."""

_UNIQUE_LINES = {"single_line_text_field": ", ", "multi_line_text_field": "\n"}


@dataclass(frozen=True, slots=True)
class _Made:
    """One rule made ready."""

    rule: MetafieldRule
    path: Path
    templates: tuple[Template, ...]
    read: Callable[[str], str]
    text: bool
    metafield: Callable[[str], Metafield]


class Metafields:
    """The metafields of products by one set of rules."""

    def __init__(self, rules: CatalogRules, refuse: RefuseValue, related: RelatedNames | None) -> None:
        """`related` is asked for the names of related products; without it only SKUs can be given."""
        self._refuse = refuse
        self._related = related
        self._relations = rules.relations
        self._kinds: dict[str, list[str]] = {}
        for kind, name in rules.relations.metafields.items():
            self._kinds.setdefault(name, []).append(kind)
        self._made = [_made(rule, rules.images) for rule in sorted(
            rules.metafields, key=lambda rule: (rule.namespace, rule.key))]

    def of(self, facts: Facts, origins: Origins) -> list[Metafield]:
        """The metafields that the product has something to say for; where each is from goes to `origins`."""
        found: list[Metafield] = []
        for made in self._made:
            for template in made.templates:
                said = template.each(facts)
                if said:
                    break
            else:
                continue
            value, rows = said[0] if made.text and len(said) == 1 else self._value(made, template, said, facts.record)
            if value:
                found.append(made.metafield(value))
                origins[made.path] = Origin(template.source, rows)
        if self._kinds and facts.record.relations:
            self._related_products(facts.record, origins, found)
        return found

    def _value(
        self, made: _Made, template: Template, said: list[Said], record: ContentRecord,
    ) -> tuple[str, tuple[Row, ...]]:
        kind = made.rule.type
        if made.text:
            texts = dict(said)
            return _UNIQUE_LINES[kind].join(texts), _rows(texts)
        items: dict[str, tuple[Row, ...]] = {}
        for text, rows in said if kind.startswith(LIST_PREFIX) else said[:1]:
            try:
                items.setdefault(made.read(text), rows)
            except ValueError as error:
                self._refuse(rows[0], template.column, text,
                             f'{made.rule.namespace}.{made.rule.key} of product {record.productid} is "{text[:200]}": '
                             f"{error}; the value is left out")
        if not items:
            return "", ()
        if kind.startswith(LIST_PREFIX):
            return list_text(kind, list(items)), _rows(items)
        return next(iter(items.items()))

    def _related_products(self, record: ContentRecord, origins: Origins, found: list[Metafield]) -> None:
        by_sku = self._relations.value == "sku"
        for name, kinds in self._kinds.items():
            items: dict[str, Row] = {}
            for kind in kinds:
                for relation in record.relations:
                    if relation.kind != kind or len(items) >= self._relations.limit:
                        continue
                    text = relation.sku if by_sku else self._related and self._related(relation.productid)
                    if text:
                        items.setdefault(text, relation.row)
            if items:
                namespace, _, key = name.partition(".")
                found.append(Metafield(namespace=namespace, key=key, type=LIST, value=list_text(LIST, list(items))))
                origins[metafield_path(namespace, key)] = Origin(
                    f"relations {', '.join(kinds)}", tuple(dict.fromkeys(items.values())))


# Colours, countries and flags repeat from product to product.
_remembered = lru_cache(maxsize=1 << 15)(plain_text)


def _made(rule: MetafieldRule, images: ImageRules) -> _Made:
    read = value_reader(rule.type)
    text = joins(rule.type)
    clean = read if text else plain_text if rule.type == LIST else str.strip
    if rule.type in (SINGLE, LIST):
        clean = _remembered

    @lru_cache(maxsize=2048)
    def metafield(value: str) -> Metafield:
        return Metafield(namespace=rule.namespace, key=rule.key, type=rule.type, value=value)

    return _Made(rule, metafield_path(rule.namespace, rule.key), templates(rule.values, clean, images),
                 str if rule.type == LIST else read, text, metafield)


def _rows(said: dict[str, tuple[Row, ...]]) -> tuple[Row, ...]:
    return tuple(dict.fromkeys(row for rows in said.values() for row in rows))
