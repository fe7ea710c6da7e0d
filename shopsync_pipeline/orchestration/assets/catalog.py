"""The catalog's side: the delivery that lies ready, and the local catalog made from it."""

import dagster as dg

from shopsync_pipeline.engine.ingest import delivery_of, ingest, quarantined_rows
from shopsync_pipeline.orchestration.keys import EXPORT, LOCAL_CATALOG, OWNERS, SOURCE_GROUP
from shopsync_pipeline.orchestration.metadata import MOST_ROWS, counts, markdown_table
from shopsync_pipeline.orchestration.resources import Shopsync


@dg.asset(key=EXPORT, group_name=SOURCE_GROUP, kinds={"csv"}, owners=OWNERS)
def export(shopsync: dg.ResourceParam[Shopsync]) -> dg.MaterializeResult[None]:
    """The Etilize export and the price and stock feeds, recognised by content, named by digest."""
    with shopsync.opened() as context:
        delivery = delivery_of(context)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(delivery.digest),
        metadata={
            "path": dg.MetadataValue.path(str(delivery.path)),
            "shape": delivery.shape,
            "megabytes": round(sum(file.size for file in delivery.files) / 1e6, 3),
            "files": markdown_table(
                ("file", "bytes", "sha256"),
                [(file.name, file.size, file.sha256[:16]) for file in delivery.files[:MOST_ROWS]],
            ),
        },
    )


@dg.asset(key=LOCAL_CATALOG, deps=[EXPORT], group_name=SOURCE_GROUP, kinds={"sql"}, owners=OWNERS)
def local_catalog(context: dg.AssetExecutionContext,
                  shopsync: dg.ResourceParam[Shopsync]) -> dg.MaterializeResult[None]:
    """The catalog as the last accepted delivery says it is, one document a product. Switched in one transaction."""
    with shopsync.opened() as opened:
        report = ingest(opened)
        rows = quarantined_rows(opened, report.import_id, MOST_ROWS)
    context.log.info(
        f"{report.source}: " + ("unchanged since the last import" if report.unchanged else
                                f"{report.switch.appeared} new, {report.switch.changed} changed, "
                                f"{report.switch.vanished} gone, {report.switch.unchanged} as before")
    )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.digest),
        metadata={
            "dagster/row_count": report.products,
            "unchanged_delivery": report.unchanged,
            "new": report.switch.appeared,
            "changed": report.switch.changed,
            "gone": report.switch.vanished,
            "quarantined_rows": report.quarantined,
            "seconds": round(report.seconds, 2),
            "rows_read": counts(report.counts),
            "first_quarantined_rows": markdown_table(
                ("file", "line", "column", "value", "reason"),
                [(row.file, row.line, row.column, row.value, row.reason) for row in rows],
            ),
        },
    )
