"""One verb: read a delivery into products, with an account of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.content.record import ContentRecord
from shopsync_pipeline.catalog.delivery import Delivery, SourceFile
from shopsync_pipeline.catalog.flat_file.reader import read_records as read_flat_file
from shopsync_pipeline.catalog.inquire.project import project
from shopsync_pipeline.catalog.inquire.reader import read_records as read_inquire
from shopsync_pipeline.catalog.inquire.record import Code as OldCode
from shopsync_pipeline.catalog.inquire.record import InquireProduct
from shopsync_pipeline.catalog.inquire.record import Picture as OldPicture
from shopsync_pipeline.catalog.inquire.record import Spec as OldSpec
from shopsync_pipeline.catalog.reading import Account, Reading
from shopsync_pipeline.catalog.recognise import CONQUIRE, EXTRA, FEED, FLAT_FILE, INQUIRE, SHOPIFY_TEMPLATE
from shopsync_pipeline.catalog.rules import CatalogRules, MetafieldRule, ProjectionRules
from shopsync_pipeline.catalog.shopify_template.reader import read_products as read_template
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.product import Product

Given = Sequence[tuple[SourceFile, Member]]
Reader = Callable[[Stage, Given, Given, CatalogRules, Account], Iterator[ContentRecord]]

READERS: dict[str, Reader] = {INQUIRE: read_inquire, CONQUIRE: read_inquire, FLAT_FILE: read_flat_file}
"""Shape → its reader, for those that end in records."""

_DEFAULTS = ProjectionRules()


def read(delivery: Delivery, rules: ProjectionRules = _DEFAULTS) -> Reading:
    """Reads a delivery. Nothing is opened before the first product is asked for.

    Use the answer in a `with`, or exhaust its products: either removes the temporary files. Raises `CatalogError`,
    while products are iterated, when a file cannot be read as a whole; a bad row is quarantined instead.
    """
    account = Account()
    counts: dict[str, int] = account.counts
    encodings = {file.name: file.encoding for file in delivery.files}
    for encoding in encodings.values():
        counts[f"files.{encoding}"] = counts.get(f"files.{encoding}", 0) + 1
    return Reading(_products(delivery, rules, account), account.quarantine, counts, encodings)


def _products(delivery: Delivery, rules: ProjectionRules, account: Account) -> Iterator[Product]:
    members = [*delivery.members(delivery.shape), *delivery.members(EXTRA)]
    feeds = delivery.members(FEED)
    stage = Stage(account)
    try:
        if delivery.shape == SHOPIFY_TEMPLATE:
            yield from read_template(stage, members, feeds, rules, account)
            return
        for record in READERS[delivery.shape](stage, members, feeds, catalog_rules(rules), account):
            product = project(_source(stage, record), rules, account.refuse_value)
            account.counts["products"] += 1
            if record.offer is None or record.offer.price is None:
                account.counts["products.without_price"] += 1
            if not record.texts:
                account.counts["products.without_description"] += 1
            yield product
    finally:
        stage.close()


def catalog_rules(rules: ProjectionRules) -> CatalogRules:
    """What the older rules say, as far as it concerns reading."""
    return CatalogRules(
        code_systems=rules.code_systems, barcode_systems=rules.barcode_systems, locale=rules.locale,
        default_weight_unit=rules.default_weight_unit,
        metafields=tuple(MetafieldRule(namespace=rules.metafield_namespace, key=spec.key, type=spec.type,
                                       values=(f"{{attribute:{spec.tail}}}",)) for spec in rules.spec_metafields))


def _source(stage: Stage, record: ContentRecord) -> InquireProduct:
    """A record as the projection of today takes it."""
    return InquireProduct(
        productid=record.productid, mfgpartno=record.mfgpartno, manufacturer=record.manufacturer,
        category=record.category, texts=tuple((text.type, text.text) for text in record.texts),
        specs=tuple(OldSpec(spec.header, spec.name, spec.attribute, spec.value) for spec in record.specs),
        codes=tuple(OldCode(code.system, code.value, stage.file_name(code.row.file), code.row.line)
                    for code in record.codes),
        pictures=tuple(OldPicture(picture.type, picture.status) for picture in record.pictures),
        bullets=tuple(bullet.text for bullet in record.bullets), sku=record.sku, sku_shared=record.sku_shared,
        offer=record.offer)
