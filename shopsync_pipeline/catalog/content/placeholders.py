"""The placeholders that a template may have, each with the reader that finds its values in a product's facts.

A reader that finds nothing answers no pair: the product does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import orjson

from shopsync_pipeline.catalog.content.facts import Facts, Values, attribute_ids
from shopsync_pipeline.catalog.content.images import document_address, is_published
from shopsync_pipeline.catalog.content.record import NOWHERE, Row
from shopsync_pipeline.catalog.markup import plain_text
from shopsync_pipeline.catalog.rules import ImageRules

Reader = Callable[[Facts], Values]

FEATURES = range(20, 30)
"""Description types that are features and benefits, several of a type."""

_FEED_FACTS = ("name", "title", "barcode", "uom", "units", "weight", "stock", "stock_at")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name}` or `{name:argument}` of a template.

    `column` is what its values are called in their file. `ready`: its values are clean text already, whose entities
    must not be decoded a second time. `ids`: the attributes that it reads.
    """

    text: str
    name: str
    column: str
    read: Reader
    ready: bool = False
    ids: frozenset[int] = frozenset()


def placeholder(text: str, images: ImageRules) -> Placeholder:
    """The placeholder that stands between two braces. Raises `ValueError` with the reason, a sentence's end."""
    name, colon, argument = text.partition(":")
    name, argument = name.strip(), argument.strip()
    if name in _PLAIN:
        if colon:
            raise ValueError(f"{{{name}}} takes nothing after it")
        column, read = _PLAIN[name]
        return Placeholder(text, name, column, read, ready=name in _READY)
    if name not in _WITH_ARGUMENT:
        raise LookupError(name)
    if not argument:
        raise ValueError(f"{{{name}:…}} needs {_WITH_ARGUMENT[name][0]} after the colon")
    if name == "attribute":
        ids = attribute_ids(_number(name, argument))
        return Placeholder(text, name, "displayvalue", _attribute(ids), ids=frozenset(ids))
    if name == "description":
        return Placeholder(text, name, "description", _description(_number(name, argument)))
    if name == "feed" and argument not in _FEED_FACTS:
        raise ValueError(f"a feed has no {argument}; {{feed:…}} takes {', '.join(_FEED_FACTS)}, and a price or another "
                         "amount is {amount:NAME}")
    if name == "document":
        return Placeholder(text, name, "type", _documents(argument, images.host))
    return Placeholder(text, name, _WITH_ARGUMENT[name][1], _MAKERS[name](argument))


def names() -> list[str]:
    """Every placeholder as it is written, with an example where it takes something after a colon."""
    return [*(f"{{{name}}}" for name in _PLAIN), *(f"{{{name}:…}}" for name in _WITH_ARGUMENT)]


def _number(name: str, argument: str) -> int:
    if not (argument.isascii() and argument.isdigit() and len(argument) <= 16):
        raise ValueError(f"{{{name}:…}} takes {_WITH_ARGUMENT[name][0]}, and {argument} is none")
    return int(argument)


def _attribute(ids: tuple[int, ...]) -> Reader:
    def read(facts: Facts) -> Values:
        attributes = facts.attributes
        for id_ in ids:
            if id_ in attributes:
                return attributes[id_]
        return ()
    return read


def _description(kind: int) -> Reader:
    if kind in FEATURES:
        return lambda facts: [(text.text, text.row) for text in facts.record.texts if text.type == kind]
    return lambda facts: facts.texts.get(kind, ())


def _code(system: str) -> Reader:
    return lambda facts: facts.codes.get(system, ())


def _resource(kind: str) -> Reader:
    folded = kind.casefold()
    return lambda facts: [(resource.address, resource.row) for resource in facts.record.resources
                          if resource.kind.casefold() == folded]


def _documents(kind: str, host: str) -> Reader:
    folded = kind.casefold()

    def read(facts: Facts) -> Values:
        return [(picture.address or document_address(host, picture.type, facts.record.productid), picture.row)
                for picture in facts.record.pictures
                if picture.type.strip().casefold() == folded and is_published(picture)]
    return read


def _feed(fact: str) -> Reader:
    def read(facts: Facts) -> Values:
        offer = facts.record.offer
        if offer is None:
            return ()
        row = Row(*offer.rows.get(fact, NOWHERE))
        if fact == "name":
            return ((offer.feed, row),)
        if fact == "stock":
            return ((str(sum(level.available for level in offer.stock)), row),) if offer.counted else ()
        if fact == "weight":
            weight = offer.weight
            return () if weight is None else ((f"{weight.value} {weight.unit.lower()}", row),)
        value = getattr(offer, fact)
        return () if value is None else ((str(value), row),)
    return read


def _amount(name: str) -> Reader:
    def read(facts: Facts) -> Values:
        offer = facts.record.offer
        if offer is None or name not in offer.amounts:
            return ()
        return ((str(offer.amounts[name]), Row(*offer.rows.get(name, offer.rows.get("price", NOWHERE)))),)
    return read


@lru_cache(maxsize=8192)
def category_names(path: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a category's path as plain text, without empty ones."""
    return tuple(name for name in map(plain_text, path) if name)


def _category(facts: Facts) -> Values:
    path = category_names(facts.record.category)
    return ((path[-1], facts.record.category_row),) if path else ()


def _category_each(facts: Facts) -> Values:
    row = facts.record.category_row
    return [(name, row) for name in category_names(facts.record.category)]


def _category_path(facts: Facts) -> Values:
    path = category_names(facts.record.category)
    return ((" > ".join(path), facts.record.category_row),) if path else ()


def _said(attribute: str) -> Reader:
    def read(facts: Facts) -> Values:
        text = getattr(facts.record, attribute)
        return ((text, facts.record.row),) if text else ()
    return read


def _made(attribute: str) -> Reader:
    def read(facts: Facts) -> Values:
        said: tuple[str, Row] = getattr(facts, attribute)
        return (said,) if said[0] else ()
    return read


def _specs(facts: Facts) -> Values:
    sheet: dict[str, dict[str, list[str]]] = {}
    first = NOWHERE
    for spec in facts.record.specs:
        if spec.name and spec.value.strip():
            first = spec.row if first is NOWHERE else first
            values = sheet.setdefault(plain_text(spec.header or ""), {}).setdefault(plain_text(spec.name), [])
            values.append(plain_text(spec.value))
    return ((orjson.dumps(sheet).decode(), first),) if sheet else ()


_PLAIN: dict[str, tuple[str, Reader]] = {
    "id": ("productid", lambda facts: ((str(facts.record.productid), facts.record.row),)),
    "sku": ("sku", _made("sku")),
    "vendor": ("vendor", _made("vendor")),
    "title": ("title", _made("title")),
    "mpn": ("mfgpartno", _said("mfgpartno")),
    "manufacturer": ("manufacturerid", _said("manufacturer")),
    "brand": ("brand", _said("brand")),
    "keywords": ("keywords", _said("keywords")),
    "category": ("categoryid", _category),
    "category.each": ("categoryid", _category_each),
    "category.path": ("categoryid", _category_path),
    "bullets": ("bullettext", lambda facts: [(bullet.text, bullet.row) for bullet in facts.record.bullets]),
    "specs": ("displayvalue", _specs),
}
_READY = frozenset({"id", "sku", "vendor", "title", "category", "category.each", "category.path", "specs"})
_WITH_ARGUMENT: dict[str, tuple[str, str]] = {
    "attribute": ("an attribute's number", "displayvalue"), "description": ("a description's type", "description"),
    "code": ("a code system's name", "sku"), "feed": ("a fact's name", "feed"),
    "amount": ("an amount's name", "amount"), "resource": ("a kind of resource", "url"),
    "document": ("a kind of document", "type"),
}
_MAKERS: dict[str, Callable[[str], Reader]] = {
    "code": _code, "feed": _feed, "amount": _amount, "resource": _resource,
}
