"""Reads the mapping file into `CatalogRules`. What it does not say has its default; nothing in it is passed over."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from shopsync_pipeline.catalog.mapping.check import check
from shopsync_pipeline.catalog.mapping.convert import convert
from shopsync_pipeline.catalog.mapping.problems import Problems, instead
from shopsync_pipeline.catalog.rules import (
    USUAL_METAFIELDS,
    CatalogRules,
    FeedRule,
    ImageRules,
    MetafieldRule,
    PriceRule,
    ProductRules,
    PublishRules,
    RelationRules,
    VariantRules,
)
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.quality import DEFAULTS, Threshold

_SECTIONS: Mapping[str, type[Any]] = {
    "product": ProductRules, "images": ImageRules, "relations": RelationRules, "variants": VariantRules,
    "publish": PublishRules,
}
"""Sections that are one table each, and the rules that they become; the field has the section's name."""

_LISTS = ("metafield", "pricing", "feed")
_OTHERS = ("catalog", "manufacturers", "quality")
_NOT_IN_CATALOG = frozenset({*_SECTIONS, "metafields", "pricing", "feeds", "manufacturers", "quality"})


def load_mapping(path: Path | None) -> CatalogRules:
    """The rules that a mapping file says; without a file the defaults.

    Raises `CatalogError` when the file cannot be read, is no TOML, or has a key, value, placeholder or type that cannot
    be used; the message has a sentence for each, with the key's path and the way out.
    """
    if path is None:
        return CatalogRules()
    document = _document(path)
    problems = Problems(path)
    sections = (*_SECTIONS, *_LISTS, *_OTHERS)
    for name in document:
        if name not in sections:
            problems.say(f"[{name}]", f"is no section that is known; {instead(name, sections)}")
    given: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        if name in document:
            found = convert(kind, document[name], name, problems)
            if found is not None:
                given[name] = found
    given["metafields"] = _metafields(_tables(document, "metafield", problems), problems)
    pricing = tuple(found for index, table in _tables(document, "pricing", problems)
                    if (found := _price_rule(table, f"pricing[{index}]", index, problems)) is not None)
    if pricing:
        given["pricing"] = pricing
    given["feeds"] = tuple(
        found for index, table in _tables(document, "feed", problems)
        if (found := convert(FeedRule, table, f"feed[{index}]", problems)) is not None)
    if "manufacturers" in document:
        given["manufacturers"] = _manufacturers(document["manufacturers"], problems)
    if "quality" in document:
        given["quality"] = _quality(document["quality"], problems)
    catalog = document.get("catalog", {})
    rules = convert(CatalogRules, catalog, "catalog", problems, given=given, left_out=_NOT_IN_CATALOG)
    if rules is not None:
        if isinstance(catalog, dict) and "feed_systems" in catalog:
            rules = replace(rules, feed_systems={**CatalogRules().feed_systems, **rules.feed_systems})
        check(rules, problems)
    problems.raise_if_any()
    if rules is None:
        raise CatalogError(f"{path}: the mapping could not be read.")
    return rules


def _document(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CatalogError(f"The mapping file {path} does not exist; write it, or unset the setting that names it "
                           "to use the usual mapping.") from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"The mapping file {path} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    except OSError as error:
        raise CatalogError(f"The mapping file {path} cannot be read: {error.strerror}.") from error
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ArithmeticError) as error:
        raise CatalogError(f"The mapping file {path} is not TOML: {error}. Text must be in quotes, and a key may be "
                           "given once only.") from error


def _tables(document: Mapping[str, Any], name: str, problems: Problems) -> list[tuple[int, dict[str, Any]]]:
    """The tables of `[[name]]`, counted from 1."""
    value = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        problems.say(name, f"must be written [[{name}]], with two brackets, because there can be several")
        return []
    return list(enumerate(value, 1))


def _metafields(tables: list[tuple[int, dict[str, Any]]], problems: Problems) -> tuple[MetafieldRule, ...]:
    """The usual metafields with those of the file: a name that is usual is replaced, or dropped by `values = []`."""
    rules = {f"{rule.namespace}.{rule.key}": rule for rule in USUAL_METAFIELDS}
    said: set[str] = set()
    for index, table in tables:
        key = f"metafield[{index}]"
        name = table.get("name")
        if not isinstance(name, str):
            problems.say(key, 'must have a name such as "custom.color"')
            continue
        namespace, dot, rest = name.partition(".")
        if not dot or not namespace or not rest:
            problems.wrong(f"{key}.name", name, 'it must be a namespace, a dot and a key, such as "custom.color"')
            continue
        if name in said:
            problems.wrong(f"{key}.name", name, "another [[metafield]] has it already; keep one of them")
        said.add(name)
        others = {other: value for other, value in table.items() if other != "name"}
        if others.get("values") == []:
            if name not in rules:
                problems.wrong(f"{key}.values", [], f"nothing feeds {name}; give it a template, or take it out")
            rules.pop(name, None)
            continue
        if name in rules and "type" not in others:
            others["type"] = rules[name].type
        found = convert(MetafieldRule, others, key, problems, given={"namespace": namespace, "key": rest})
        if found is not None:
            rules[name] = found
    return tuple(rules.values())


def _price_rule(table: dict[str, Any], key: str, index: int, problems: Problems) -> PriceRule | None:
    table = dict(table)
    table.setdefault("name", f"rule {index}")
    markup = table.get("markup")
    if isinstance(markup, int | Decimal) and not isinstance(markup, bool):
        table["markup"] = {"*": markup}
    return convert(PriceRule, table, key, problems)


def _manufacturers(value: object, problems: Problems) -> dict[str, str]:
    if not isinstance(value, dict):
        problems.wrong("manufacturers", value, 'it must be a table, with a line "Name in the feed" = "Name in the '
                       'catalog" for each')
        return {}
    for name, item in value.items():
        if not isinstance(item, str):
            problems.wrong(f"manufacturers.{name}", item, "it must be text in quotes")
    return {name: item for name, item in value.items() if isinstance(item, str)}


def _quality(value: object, problems: Problems) -> dict[str, Threshold]:
    thresholds = dict(DEFAULTS)
    if not isinstance(value, dict):
        problems.wrong("quality", value, "it must be a table, with a line missing_price = { warn = 0.05, fail = 0.5 } "
                       "for each check")
        return thresholds
    for name, table in value.items():
        if name not in DEFAULTS:
            problems.unknown(f"quality.{name}", name, DEFAULTS)
            continue
        found = convert(Threshold, table, f"quality.{name}", problems)
        if found is not None:
            thresholds[name] = found
    return thresholds
