"""The catalog's side: the delivery that lies ready, and the local catalog made from it."""

import dagster as dg

from shopsync_pipeline.engine.ingest import IngestReport, ingest, quarantined_rows, recognise
from shopsync_pipeline.orchestration.keys import EXPORT, LOCAL_CATALOG, OWNERS, SOURCE_GROUP
from shopsync_pipeline.orchestration.metadata import MOST_ROWS, counts, markdown_table
from shopsync_pipeline.orchestration.resources import Shopsync


@dg.asset(key=EXPORT, group_name=SOURCE_GROUP, kinds={"csv"}, owners=OWNERS)
def export(shopsync: dg.ResourceParam[Shopsync]) -> dg.MaterializeResult[None]:
    """The Etilize export and the price and stock feeds, recognised by content, named by digest."""
    with shopsync.opened() as context:
        delivery = recognise(context)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(delivery.digest),
        metadata={
            "path": dg.MetadataValue.path(str(delivery.path)),
            "shape": delivery.shape,
            "megabytes": round(sum(file.size for file in delivery.files) / 1e6, 3),
            "files": markdown_table(
                ("file", "bytes", "encoding", "sha256"),
                [(file.name, file.size, file.encoding, file.sha256[:16]) for file in delivery.files[:MOST_ROWS]],
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
        f"{report.source}: " + ("the catalog stays as it is" if report.unchanged else
                                f"{report.switch.appeared} new, {report.switch.changed} changed, "
                                f"{report.switch.vanished} gone, {report.switch.unchanged} as before")
    )
    for notice in report.notices:
        context.log.warning(notice)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.digest),
        metadata={
            "dagster/row_count": report.products,
            "import": report.import_id,
            "unchanged_delivery": report.unchanged,
            "new": report.switch.appeared,
            "changed": report.switch.changed,
            "gone": report.switch.vanished,
            "changed_by_group": counts(report.switch.groups),
            "quarantined_rows": report.quarantined,
            "seconds": round(report.seconds, 2),
            "rows_read": counts(report.counts),
            "files": markdown_table(
                ("file", "role", "encoding", "lines", "bytes"),
                [(file["name"], file["role"], file["encoding"], file["lines"], file["size"])
                 for file in report.files[:MOST_ROWS]],
            ),
            "approved_refusals": dg.MetadataValue.md(_approved(report)),
            "notices": dg.MetadataValue.md("\n".join(f"- {notice}" for notice in report.notices) or "none"),
            "first_quarantined_rows": markdown_table(
                ("file", "line", "column", "value", "reason"),
                [(row.file, row.line, row.column, row.value, row.reason) for row in rows],
            ),
        },
    )


def _approved(report: IngestReport) -> str:
    if not report.refusals:
        return "none"
    return "\n".join([f"approved by {report.approved_by}:", "", *[f"- {refusal}" for refusal in report.refusals]])
