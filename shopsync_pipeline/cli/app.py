"""The commands. Each opens what it needs, calls one use case and prints its answer; errors are sentences, status 1."""

from __future__ import annotations

import asyncio
import getpass
import signal
import sys
from pathlib import Path
from typing import Annotated

import stamina.instrumentation
import typer
from rich.console import Console
from rich.table import Table

from shopsync_pipeline.cli import demo as demo_run
from shopsync_pipeline.cli import dev as dev_run
from shopsync_pipeline.cli.local_shop import STORE_PORT, UI_PORT, settings_or_demo
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.doctor import examine, shown_settings
from shopsync_pipeline.engine.overrides import list_overrides, remove_override
from shopsync_pipeline.engine.resolve import Chosen, decided_conflicts, flip, open_conflicts, resolve, resolve_where
from shopsync_pipeline.engine.review import one_plan, plan_frame, recent_plans
from shopsync_pipeline.engine.rules import explain_rule, file_rules, remove_rule, stored_rules
from shopsync_pipeline.orchestration.metadata import shown
from shopsync_pipeline.settings import load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Keeps a Shopify store in step with a distributor-content catalog.")
db_app = typer.Typer(no_args_is_help=True, help="The database.")
plan_app = typer.Typer(no_args_is_help=True, help="Plans: what would be sent, what was sent.")
conflicts_app = typer.Typer(no_args_is_help=True, help="Fields on which catalog and store differ.")
app.add_typer(db_app, name="db")
app.add_typer(plan_app, name="plan")
rules_app = typer.Typer(no_args_is_help=True, help="Rules: who owns which field of which products.")
overrides_app = typer.Typer(no_args_is_help=True, help="Values of the store that stand in for the catalog's own.")
app.add_typer(conflicts_app, name="conflicts")
app.add_typer(rules_app, name="rules")
app.add_typer(overrides_app, name="overrides")
console = Console()

FieldOption = Annotated[str, typer.Option("--field", help="Only this field: a name or path, * for any text.")]
GroupOption = Annotated[str, typer.Option("--group", help="Only fields of this group: content, pricing, media …")]
VendorOption = Annotated[str, typer.Option("--vendor", help="Only products of this vendor.")]
DisputeOption = Annotated[str, typer.Option("--dispute", help="Only this reason, as the list writes it.")]


def main() -> None:
    """Runs the command line; a `ShopsyncError` becomes its text and exit status 1.

    SIGTERM ends it like Ctrl-C does, so that the processes that it started are stopped too.
    """
    stamina.instrumentation.set_on_retry_hooks([])  # what is tried again in vain ends as a sentence
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        app()
    except ShopsyncError as error:
        print(f"shopsync: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        if error.filename is None:
            raise
        print(f"shopsync: {error.filename}: {error.strerror}.", file=sys.stderr)
        raise SystemExit(1) from None


def _told(*lines: str) -> None:
    """Prints text as it is: nothing in it is markup, and no line is broken, so that ids can be copied."""
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _opened() -> Context:
    return Context.open(settings_or_demo())


@app.command()
def demo(
    products: Annotated[int, typer.Option(min=20, help="Products in the sample export.")] = 300,
    store_port: Annotated[int, typer.Option(help="Port of the dev store.")] = STORE_PORT,
    ui_port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = UI_PORT,
) -> None:
    """The first sync from end to end, on a local store: three runs and what each did."""
    demo_run.run(console, products=products, store_port=store_port, ui_port=ui_port)


@app.command()
def dev(
    store_port: Annotated[int, typer.Option(help="Port of the dev store.")] = STORE_PORT,
    ui_port: Annotated[int, typer.Option(help="Port of Dagster's UI.")] = UI_PORT,
) -> None:
    """Dagster's UI until Ctrl-C: on the configured shop, or on the demo's dev store if none is configured."""
    raise SystemExit(dev_run.run(console, load(), store_port=store_port, ui_port=ui_port))


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def devstore(context: typer.Context) -> None:
    """A local Shopify Admin API on loopback, to develop, test and rehearse against; --help tells its options."""
    from shopsync_pipeline.devstore.__main__ import run as serve_until_stopped
    from shopsync_pipeline.devstore.config import DevStoreError

    state = Path(".shopsync/devstore.db")
    if not any(given.split("=")[0] == "--state" for given in context.args):
        state.parent.mkdir(parents=True, exist_ok=True)
    try:
        serve_until_stopped(["--port", str(STORE_PORT), "--state", str(state), *context.args])
    except DevStoreError as error:
        raise ShopsyncError(str(error)) from None


@app.command("sample-export")
def sample_export(
    directory: Annotated[Path, typer.Argument(help="Where the export's folders and zips go.")],
    products: Annotated[int, typer.Option(min=1, help="How many products.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 7,
) -> None:
    """Writes a believable Etilize export and a price and stock feed, in the real file layout."""
    from shopsync_pipeline.catalog import write_sample_export

    made = write_sample_export(directory, products=products, seed=seed)
    console.print(f"{made.products} products in {made.directory}; prices and stock in {made.feed}")


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on; another than loopback needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 47400,
) -> None:
    """The REST API: plans, conflicts, approvals, and launching jobs."""
    from shopsync_pipeline.api.server import serve

    serve(settings_or_demo(), host=host, port=port)


@app.command()
def doctor() -> None:
    """What is set (secrets hidden), what is missing, and whether database, shop and export answer."""
    settings = settings_or_demo()
    for name, value, purpose in shown_settings(settings):
        _told(f"{name} = {value or '(not set)'}", f"    {purpose}")
    findings = asyncio.run(examine(settings))
    for finding in findings:
        _told(f"{'ok ' if finding.well else 'BAD'} {finding.name}: {finding.says}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Makes or updates the tables. Safe to repeat."""
    database = Database(load().database_url.get_secret_value())
    revision = database.upgrade()
    console.print(f"{database.dialect} has the tables of schema revision {revision}.")


@plan_app.command("list")
def plan_list() -> None:
    """The newest plans."""
    for plan in recent_plans(_opened()):
        products, points = plan.summary["products"], plan.summary["estimate"]["points"]
        _told(f"{plan.plan_id}  {plan.created_at:%Y-%m-%d %H:%M:%S}  {plan.state.value}",
              f"    {products['create']} to create, {products['update']} to update, about {points:g} points",
              *[f"    needs approval: {reason}" for reason in plan.refusals])


@plan_app.command("show")
def plan_show(
    plan_id: Annotated[str, typer.Argument(help="A plan's id, from `shopsync plan list`.")],
    csv: Annotated[Path | None, typer.Option(help="Write every change to this CSV file instead.")] = None,
) -> None:
    """Every change of a plan: before, after and why."""
    context = _opened()
    plan = one_plan(context, plan_id)
    frame = plan_frame(context, plan_id)
    if csv is not None:
        frame.to_csv(csv, index=False)
        console.print(f"{len(frame)} changes of plan {plan.plan_id} are in {csv}.")
        return
    table = Table(*frame.columns)
    for row in frame.head(200).itertuples(index=False):
        table.add_row(*[str(cell)[:60] for cell in row])
    console.print(table)
    if len(frame) > 200:
        console.print(f"… and {len(frame) - 200} more; --csv FILE writes them all.")


@plan_app.command("approve")
def plan_approve(
    plan_id: Annotated[str, typer.Argument(help="A refused plan's id.")],
    reason: Annotated[str, typer.Option(help="Why it may be sent; kept with the plan.")],
    by: Annotated[str, typer.Option(help="Who takes the responsibility.")] = "",
) -> None:
    """Allows a plan that broke a safety bound."""
    plan = approve(_opened(), plan_id, by=by or getpass.getuser(), reason=reason)
    console.print(f"Plan {plan.plan_id} may be sent. Materialize shopify/applied_mutations to send it.")


@conflicts_app.command("list")
def conflicts_list(
    kept: Annotated[bool, typer.Option("--kept", help="Also store edits that stand as they are.")] = False,
    decided: Annotated[bool, typer.Option("--decided", help="Those that were decided and carried out.")] = False,
    field: FieldOption = "", group: GroupOption = "", vendor: VendorOption = "", dispute: DisputeOption = "",
) -> None:
    """Conflicts that wait for a decision."""
    chosen = Chosen(field=field, group=group, vendor=vendor, dispute=dispute)
    context = _opened()
    rows = decided_conflicts(context) if decided else open_conflicts(context, kept=kept, chosen=chosen)
    for row in rows:
        _told(f"{row.conflict_id}  {row.state.value}  {row.product_key}  {row.path}",
              f"    catalog {shown(row.faces.local)}, store {shown(row.faces.remote)}, agreed before "
              f"{shown(row.faces.base_remote)}: {row.dispute}",
              *([f"    decided by {row.resolved_by or row.strategy}" + (f", rule {row.rule}" if row.rule else "")]
                if decided else []),
              *([f"    suggested: {row.suggestion.take or 'neither side'}. {row.suggestion.why}"]
                if row.suggestion and not decided else []))
    if not rows:
        _told("No conflict was decided." if decided else "No conflict waits.")


@conflicts_app.command("resolve")
def conflicts_resolve(
    take: Annotated[str, typer.Option(help="Whose value the field shall have: etilize or shopify.")],
    conflict_ids: Annotated[list[str] | None, typer.Argument(help="Ids from `shopsync conflicts list`.")] = None,
    field: FieldOption = "", group: GroupOption = "", vendor: VendorOption = "", dispute: DisputeOption = "",
    kept: Annotated[bool, typer.Option("--kept", help="Also store edits that stand, where no id is given.")] = False,
    always: Annotated[bool, typer.Option("--always", help="Store a rule that decides so from now on.")] = False,
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Decides conflicts, named by id or by what they are about; the next run carries it out."""
    who = by or getpass.getuser()
    chosen = Chosen(field=field, group=group, vendor=vendor, dispute=dispute)
    if conflict_ids and chosen:
        raise ShopsyncError("Name conflicts by id or say what they are about, not both.")
    count = (resolve(_opened(), conflict_ids, take, by=who, always=always) if conflict_ids else
             resolve_where(_opened(), chosen, take, by=who, always=always, kept=kept))
    rule = " A rule decides so from now on: shopsync rules list." if always else ""
    console.print(f"{count} decided for {take}. The next run carries it out.{rule}")


@conflicts_app.command("flip")
def conflicts_flip(
    conflict_id: Annotated[str, typer.Argument(help="An id from `shopsync conflicts list --decided`.")],
    take: Annotated[str, typer.Option(help="Whose value the field shall have after all: etilize or shopify.")],
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Decides a conflict otherwise that was carried out already; the next run changes this field and no other."""
    flip(_opened(), conflict_id, take, by=by or getpass.getuser())
    console.print(f"Decided for {take} after all. The next run carries it out.")


@app.command("explain-rule")
def explain_rule_of(
    sku: Annotated[str, typer.Argument(help="A product: SKU, handle, Etilize id, product key or Shopify id.")],
    field: Annotated[str, typer.Argument(help="A field: title, price, variants[SKU].cost, metafields[custom.brand].")],
) -> None:
    """Which rule decides about a field of a product, and why."""
    _told(explain_rule(_opened(), sku, field).why)


@rules_app.command("list")
def rules_list() -> None:
    """All rules in their order: those that people stored, then those of the rule file."""
    context = _opened()
    stored = stored_rules(context)
    for row in stored:
        _told(f"{row.rule_id}  {row.rule.name}", f"    {row.rule.origin}")
    for rule in file_rules(context.settings).rules:
        _told(rule.name, f"    {rule.origin}")
    if not stored and not file_rules(context.settings).rules:
        _told("There is no rule; SYNC_CONFLICT_RESOLUTION and the registry decide.")


@rules_app.command("remove")
def rules_remove(rule_id: Annotated[str, typer.Argument(help="An id from `shopsync rules list`.")]) -> None:
    """Removes a stored rule."""
    remove_rule(_opened(), rule_id)
    _told("Removed. What it decided stays as it is.")


@overrides_app.command("list")
def overrides_list(sku: Annotated[str, typer.Argument(help="A product; empty: all.")] = "") -> None:
    """Values of the store that stand in for the catalog's own."""
    rows = list_overrides(_opened(), sku or None)
    for row in rows:
        _told(f"{row.product_key}  {row.path}  {shown(row.override.value)}",
              f"    instead of the catalog's {shown(row.override.catalog_value)}, since {row.since:%Y-%m-%d %H:%M:%S}: "
              f"{row.source}")
    if not rows:
        _told("There is no override.")


@overrides_app.command("remove")
def overrides_remove(
    sku: Annotated[str, typer.Argument(help="A product: SKU, handle, Etilize id, product key or Shopify id.")],
    field: Annotated[str, typer.Argument(help="The field, as `shopsync overrides list` writes it.")],
) -> None:
    """Gives a field back to the catalog; the next run writes the catalog's value."""
    remove_override(_opened(), sku, field)
    _told("Removed. The next run writes the catalog's own value.")
