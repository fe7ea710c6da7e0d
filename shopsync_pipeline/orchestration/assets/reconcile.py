"""Where both sides meet: the three-way difference, and the plan that follows from it."""

import dagster as dg
from pydantic import Field

from shopsync_pipeline.core.report import markdown
from shopsync_pipeline.engine.diff import diff as make_diff
from shopsync_pipeline.engine.names import keys_of
from shopsync_pipeline.engine.report import plan_report
from shopsync_pipeline.engine.resolve import open_conflicts
from shopsync_pipeline.engine.review import first_items
from shopsync_pipeline.orchestration.keys import DIFF, LOCAL_CATALOG, OWNERS, PLAN_TAG, RECONCILE_GROUP, SNAPSHOT
from shopsync_pipeline.orchestration.metadata import MOST_ROWS, markdown_table, plan_metadata, shown
from shopsync_pipeline.orchestration.resources import Shopsync


class DiffConfig(dg.Config):
    """What is compared."""

    only: list[str] = Field([], description=(
        "Limit to these products: SKUs, handles, Etilize ids, product keys or Shopify ids. Empty: all."))


@dg.asset(key=DIFF, deps=[LOCAL_CATALOG, SNAPSHOT], group_name=RECONCILE_GROUP, kinds={"sql"}, owners=OWNERS)
def diff(context: dg.AssetExecutionContext, config: DiffConfig,
         shopsync: dg.ResourceParam[Shopsync]) -> dg.MaterializeResult[None]:
    """The plan: what would be sent, why, and what it costs; the conflicts that wait; the store edits that are kept."""
    with shopsync.opened() as opened:
        only = keys_of(opened, config.only) if config.only else None
        plan = make_diff(opened, only=only, run_id=context.run.run_id)
        items = first_items(opened, plan.plan_id, MOST_ROWS)
        report = markdown(plan_report(opened, plan.plan_id))
        conflicts = open_conflicts(opened, kept=True, most=MOST_ROWS)
    context.instance.add_run_tags(context.run.run_id, {PLAN_TAG: plan.plan_id})
    rows = [
        (conflict.state.value, conflict.product_key, conflict.path, shown(conflict.faces.base_remote),
         shown(conflict.faces.local), shown(conflict.faces.remote), conflict.dispute)
        for conflict in conflicts
    ]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(plan.hash),
        metadata={
            "first_conflicts": markdown_table(
                ("state", "product", "field", "agreed before", "catalog", "store", "why"), rows
            ),
            **plan_metadata(plan, items),
            "report": dg.MetadataValue.md(report),
        },
    )
