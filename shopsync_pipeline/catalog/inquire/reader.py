"""Reads an inQuire delivery: stages its tables, arranges them, and streams its products."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.matching import match_feeds
from shopsync_pipeline.catalog.feeds.offers import stage_feeds
from shopsync_pipeline.catalog.inquire.arrange import arrange, choose_locale
from shopsync_pipeline.catalog.inquire.project import project
from shopsync_pipeline.catalog.inquire.slices import gather
from shopsync_pipeline.catalog.inquire.tables import BY_NAME, TABLES, inquire_name
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.rules import CatalogRules, ProjectionRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.product import Product

_NO_BACKSLASH = re.compile(r"_(?:mssql|oracle)\.zip(?:/|$)", re.IGNORECASE)


def read_products(
    stage: Stage, members: list[tuple[str, int, Member]], feeds: list[tuple[str, Member]], rules: ProjectionRules,
    account: Account,
) -> Iterator[Product]:
    """Streams the products of recognised members, given as (encoding, lines, member), in the order of their keys."""
    scopes: set[str] = set()
    detailed = False
    for table in TABLES:
        stage.create(table)
    for encoding, lines, member in members:
        name = inquire_name(member.basename)
        if name is None:
            continue
        scopes.add(name.scope.upper())
        if name.table not in BY_NAME:
            account.counts[f"{name.table}.lines"] += lines
            continue
        detailed = detailed or (name.table == "productattribute" and name.block == "D")
        dialect = Dialect(backslash=_NO_BACKSLASH.search(member.name) is None)
        stage.load(BY_NAME[name.table], member, encoding, dialect)
    locale = choose_locale(stage, rules.locale, scopes)
    products = arrange(stage, rules, locale, detailed, account)
    feed_rules = CatalogRules(code_systems=rules.code_systems, default_weight_unit=rules.default_weight_unit)
    stage_feeds(stage, feeds, feed_rules, account)
    match_feeds(stage, feed_rules, account)
    for source in gather(stage, locale, products):
        product = project(source, rules, account.refuse_value)
        account.counts["products"] += 1
        if source.offer is None or source.offer.price is None:
            account.counts["products.without_price"] += 1
        if not source.texts:
            account.counts["products.without_description"] += 1
        yield product
