"""What can be wrong with rules whose values are all of the right type: templates, names, limits, and what contradicts.

Each check adds sentences to the problems of the file; none of them changes the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from shopsync_pipeline.catalog.content.family import OPTION_VALUE_LIMIT, OPTIONS_LIMIT
from shopsync_pipeline.catalog.content.metafield_values import LIST_LIMIT, TYPES
from shopsync_pipeline.catalog.content.record import RelationKind
from shopsync_pipeline.catalog.content.templates import Template
from shopsync_pipeline.catalog.feeds.columns import MEANINGS
from shopsync_pipeline.catalog.mapping.problems import Problems, instead
from shopsync_pipeline.catalog.pricing import AS_PRICED, PIECES
from shopsync_pipeline.catalog.rules import REQUIREMENTS, CatalogRules, FeedRule, MetafieldRule, PriceRule
from shopsync_pipeline.catalog.values import weight_unit

_MADE_LATER = {"sku": ("vendor", "title"), "vendor": ("vendor", "title"), "title": ("title",)}
"""Field → placeholders that are decided after it, so that it cannot be made of them."""

_GROUPING = ("attribute", "manufacturer", "category")
_EXTRAS = ("mapped_category", "productresources", "productalsobought", "featuresnbenefits")
_WEIGHT_UNITS = ("GRAMS", "KILOGRAMS", "OUNCES", "POUNDS")
_NAMESPACE = re.compile(r"[A-Za-z0-9_-]{3,255}")
_KEY = re.compile(r"[A-Za-z0-9_-]{2,64}")
_CENT = Decimal("0.01")


def check(rules: CatalogRules, problems: Problems) -> None:
    """Adds a sentence for everything that is wrong."""
    _catalog(rules, problems)
    _product(rules, problems)
    _metafields(rules, problems)
    _variants(rules, problems)
    _one_of("publish.otherwise", rules.publish.otherwise, ("DRAFT", "ARCHIVED"), problems)
    _one_of("publish.inventory_policy", rules.publish.inventory_policy, ("DENY", "CONTINUE"), problems)
    _each_of("publish.requires", rules.publish.requires, REQUIREMENTS, problems)
    for index, price_rule in enumerate(rules.pricing, 1):
        _price_rule(price_rule, f"pricing[{index}]", problems)
        if index < len(rules.pricing) and not (price_rule.vendors or price_rule.categories or price_rule.feeds):
            problems.say(f"pricing[{index + 1}]", f"is never reached, because pricing[{index}] fits every product; put "
                         "the rule that has no vendors, categories or feeds last")
    for index, feed in enumerate(rules.feeds, 1):
        _feed(feed, f"feed[{index}]", problems)
    for name, threshold in rules.quality.items():
        for part in ("warn", "fail"):
            share = getattr(threshold, part)
            if share is not None and not 0 <= share <= 1:
                problems.wrong(f"quality.{name}.{part}", share, "it must be a share of the products, from 0 to 1")
        if threshold.warn is not None and threshold.fail is not None and threshold.warn > threshold.fail:
            problems.say(f"quality.{name}", f"warns at {threshold.warn:g} and fails at {threshold.fail:g}; a check "
                         "must warn before it fails")


def _catalog(rules: CatalogRules, problems: Problems) -> None:
    _one_of("catalog.category_tree", rules.category_tree, ("auto", "etilize", "mapped"), problems)
    _one_of("catalog.default_weight_unit", rules.default_weight_unit, _WEIGHT_UNITS, problems)
    _each_of("catalog.extras", rules.extras, _EXTRAS, problems)
    _between("catalog.title_limit", rules.title_limit, 1, 255, problems)
    _between("catalog.handle_limit", rules.handle_limit, 32, 255, problems)
    if rules.locale is not None and not re.fullmatch(r"[A-Za-z]{2}_[A-Za-z]{2}", rules.locale):
        problems.wrong("catalog.locale", rules.locale, 'it must be a language and a country, such as "EN_US"')
    _between("images.limit", rules.images.limit, 1, 250, problems)
    _between("images.size_limit", rules.images.size_limit, 1, 100_000, problems)
    if not re.fullmatch(r"https?://[^\s\"'<>]+", rules.images.host):
        problems.wrong("images.host", rules.images.host, "it must be an address that starts with https://")
    _one_of("relations.value", rules.relations.value, ("handle", "sku"), problems)
    _between("relations.limit", rules.relations.limit, 1, LIST_LIMIT, problems)
    kinds = [kind.value for kind in RelationKind]
    declared = {f"{rule.namespace}.{rule.key}" for rule in rules.metafields}
    for kind, name in rules.relations.metafields.items():
        key = f"relations.metafields.{kind}"
        if kind not in kinds:
            problems.say(key, f"is no kind of relation; {instead(kind, kinds)}")
        namespace, _, rest = name.partition(".")
        _metafield_name(namespace, rest, key, problems)
        if name in declared:
            problems.wrong(key, name, "a [[metafield]] has this name; relations need one of their own")


def _product(rules: CatalogRules, problems: Problems) -> None:
    product = rules.product
    for field in ("title", "vendor", "product_type", "tags", "marketing", "handle", "sku", "seo_title",
                  "seo_description"):
        key = f"product.{field}"
        for template in _templates(key, getattr(product, field), problems):
            names = {found.name for found in template.placeholders}
            for name in _MADE_LATER.get(field, ()):
                if name in names:
                    problems.wrong(key, template.source, f"the {field} is decided before the {name}, so it cannot be "
                                   f"made of {{{name}}}")
            if field == "handle" and not names & {"sku", "id"}:
                problems.wrong(key, template.source, "two products could get the same address; add {sku} or {id}")
    if not product.title:
        problems.wrong("product.title", [], "a product must have a title; give it a template")


def _metafields(rules: CatalogRules, problems: Problems) -> None:
    for rule in rules.metafields:
        key = f"metafield {rule.namespace}.{rule.key}"
        _metafield_name(rule.namespace, rule.key, key, problems)
        if rule.type not in TYPES:
            problems.wrong(f"{key}: type", rule.type, f"it is no metafield type that can be filled; "
                           f"{instead(rule.type, TYPES)}")
        _metafield_templates(rule, f"{key}: values", problems)


def _metafield_templates(rule: MetafieldRule, key: str, problems: Problems) -> None:
    for template in _templates(key, rule.values, problems):
        if any(found.name == "specs" for found in template.placeholders) and rule.type != "json":
            problems.wrong(key, template.source, 'the whole specification sheet is JSON; set type = "json"')


def _metafield_name(namespace: str, key: str, path: str, problems: Problems) -> None:
    if not _NAMESPACE.fullmatch(namespace):
        problems.wrong(path, f"{namespace}.{key}", "a namespace has 3 to 255 letters, digits, hyphens and underscores")
    if not _KEY.fullmatch(key):
        problems.wrong(path, f"{namespace}.{key}", "a key has 2 to 64 letters, digits, hyphens and underscores")


def _variants(rules: CatalogRules, problems: Problems) -> None:
    variants = rules.variants
    for template in _templates("variants.group_by", variants.group_by, problems):
        others = [found.text for found in template.placeholders if found.name not in _GROUPING]
        if others:
            problems.wrong("variants.group_by", template.source, f"products cannot be grouped by {{{others[0]}}}; use "
                           "{attribute:NUMBER}, {manufacturer} or {category}")
    for name, sources in variants.options.items():
        key = f"variants.options.{name}"
        list(_templates(key, sources, problems))
        if not name.strip() or len(name) > OPTION_VALUE_LIMIT or " / " in name:
            problems.say(key, 'is no name that Shopify takes for an option: it must have a letter, at most 255 signs, '
                         'and no " / "')
        if not sources:
            problems.wrong(key, [], "an option must have a template that says its value")
    _templates("variants.title", variants.title, problems)
    if len(variants.options) > OPTIONS_LIMIT:
        problems.say("variants.options", f"has {len(variants.options)} options; Shopify takes {OPTIONS_LIMIT}")
    if len({name.casefold() for name in variants.options}) < len(variants.options):
        problems.say("variants.options", "has the same name twice")
    if variants.group_by and not variants.options:
        problems.say("variants.group_by", "groups products and nothing tells the variants apart; add "
                     "[variants.options]")
    if (variants.options or variants.title) and not variants.group_by:
        problems.say("variants", "has no group_by, so no products are grouped; say what they must have in common")


def _price_rule(rule: PriceRule, key: str, problems: Problems) -> None:
    _one_of(f"{key}.rounding", rule.rounding, ("up", "down", "nearest"), problems)
    if not rule.sources:
        problems.wrong(f"{key}.sources", [], "a price must be made of something; name an amount of the feed")
    for name, share in rule.markup.items():
        if share <= -1:
            problems.wrong(f"{key}.markup", share, "it must be above -1; 0.35 adds 35 %, -0.1 takes 10 % off")
        if name != "*" and name not in rule.sources:
            problems.say(f"{key}.markup.{name}",
                         f"is not in sources, so it never counts; {instead(name, rule.sources)}")
    margin = rule.minimum_margin
    if margin is not None and not 0 <= margin < 1:
        problems.wrong(f"{key}.minimum_margin", margin, "it must be a share of the price, from 0 to below 1")
    for ending in rule.endings:
        if not 0 <= ending < 1 or ending % _CENT:
            problems.wrong(f"{key}.endings", ending, "an ending is the cents of a price, from 0.00 to 0.99")
    if rule.step is not None and (rule.step <= 0 or rule.step % _CENT):
        problems.wrong(f"{key}.step", rule.step, "a step is an amount of whole cents above zero")
    if rule.step is not None and rule.endings:
        problems.say(key, "has endings and a step; keep one of them")
    for unit, pieces in rule.units.items():
        if pieces <= 0:
            problems.wrong(f"{key}.units.{unit}", pieces, "a unit must have more than zero pieces")
        if unit != unit.upper():
            problems.say(f"{key}.units.{unit}", f'must be in capitals, as units are compared: "{unit.upper()}"')
    if rule.uom != AS_PRICED and rule.uom.upper() not in (rule.units.keys() | PIECES.keys()):
        problems.wrong(f"{key}.uom", rule.uom, f"nothing says how many pieces it has; add it to units, or use one of "
                       f"{AS_PRICED}, {', '.join(PIECES)}")


def _feed(rule: FeedRule, key: str, problems: Problems) -> None:
    if not rule.files:
        problems.wrong(f"{key}.files", [], 'it must name files, such as "novexco*.xlsx"')
    if rule.delimiter is not None and len(rule.delimiter) != 1:
        problems.wrong(f"{key}.delimiter", rule.delimiter, "it must be one sign")
    for meaning in rule.columns:
        if meaning not in MEANINGS:
            problems.unknown(f"{key}.columns.{meaning}", meaning, MEANINGS)
    if rule.columns and not rule.columns.get("sku"):
        problems.wrong(f"{key}.columns", sorted(rule.columns), "it must say which column has the SKU (sku)")
    if rule.weight_unit is not None:
        try:
            weight_unit(rule.weight_unit)
        except ValueError as error:
            if rule.weight_unit not in _WEIGHT_UNITS:
                problems.wrong(f"{key}.weight_unit", rule.weight_unit, f"it is {error}")


def _templates(key: str, sources: Sequence[str], problems: Problems) -> list[Template]:
    """Those that are templates; the others become problems."""
    found: list[Template] = []
    for source in sources:
        try:
            found.append(Template(source))
        except ValueError as error:
            problems.wrong(key, source, str(error))
    return found


def _one_of(key: str, value: str, allowed: Iterable[str], problems: Problems) -> None:
    names = list(allowed)
    if value not in names:
        problems.wrong(key, value, instead(value, names))


def _each_of(key: str, values: Iterable[str], allowed: Iterable[str], problems: Problems) -> None:
    for value in values:
        _one_of(key, value, allowed, problems)


def _between(key: str, value: int, least: int, most: int, problems: Problems) -> None:
    if not least <= value <= most:
        problems.wrong(key, value, f"it must be from {least:,} to {most:,}")
