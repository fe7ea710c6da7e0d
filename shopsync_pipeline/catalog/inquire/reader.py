"""Reads an inQuire delivery: stages its tables, arranges them, and streams its products."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.content.project import Projection
from shopsync_pipeline.catalog.content.record import Bullet, Code, ContentRecord, Picture, Row, Spec, Text
from shopsync_pipeline.catalog.feeds.offers import match_feeds, stage_feeds
from shopsync_pipeline.catalog.inquire.arrange import arrange, choose_locale
from shopsync_pipeline.catalog.inquire.record import InquireProduct
from shopsync_pipeline.catalog.inquire.slices import gather
from shopsync_pipeline.catalog.inquire.tables import BY_NAME, TABLES, inquire_name
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.rules import CatalogRules, ImageRules, ProjectionRules
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
    stage_feeds(stage, feeds, rules, account)
    match_feeds(stage, account)
    files: list[str] = []

    def refuse(row: Row, column: str, value: str, reason: str) -> None:
        account.refuse_value(files[row.file] if row.file >= 0 else "", row.line, column, value, reason)

    projection = Projection(_catalog_rules(rules), refuse, account.counts)
    for source in gather(stage, locale, products):
        record = _record(source, files)
        product = projection.of(record).product
        account.counts["products"] += 1
        if source.offer is None or source.offer.price is None:
            account.counts["products.without_price"] += 1
        if not source.texts:
            account.counts["products.without_description"] += 1
        yield product


def _catalog_rules(rules: ProjectionRules) -> CatalogRules:
    return CatalogRules(
        code_systems=rules.code_systems, barcode_systems=rules.barcode_systems, locale=rules.locale,
        images=ImageRules(host=rules.image_host, size_limit=rules.image_size_limit, limit=rules.image_limit),
        title_limit=rules.title_limit, handle_limit=rules.handle_limit, default_weight_unit=rules.default_weight_unit)


def _record(source: InquireProduct, files: list[str]) -> ContentRecord:
    def row(code: str, line: int) -> Row:
        if code not in files:
            files.append(code)
        return Row(files.index(code), line)

    offer = source.offer
    if offer is not None and offer.price is None:
        # A product whose price is "call" must not be sold at its list price.
        offer = replace(offer, amounts={})
    return ContentRecord(
        productid=source.productid, mfgpartno=source.mfgpartno, manufacturer=source.manufacturer,
        category=source.category, texts=tuple(Text(kind, text) for kind, text in source.texts),
        specs=tuple(Spec(spec.header, spec.name, spec.attribute, spec.value) for spec in source.specs),
        codes=tuple(Code(code.system, code.value, row(code.file, code.line)) for code in source.codes),
        pictures=tuple(Picture(picture.type, picture.status) for picture in source.pictures),
        bullets=tuple(Bullet(text) for text in source.bullets), sku=source.sku, sku_shared=source.sku_shared,
        offer=offer,
    )
