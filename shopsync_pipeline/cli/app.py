"""The commands. Each opens what it needs, calls one use case and prints its answer; errors are sentences, status 1."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import stamina.instrumentation
import typer

from shopsync_pipeline.catalog import SampleDialect
from shopsync_pipeline.cli import demo as demo_run
from shopsync_pipeline.cli import dev as dev_run
from shopsync_pipeline.cli.catalog import catalog_app
from shopsync_pipeline.cli.conflicts import conflicts_app
from shopsync_pipeline.cli.dead_letters import dead_letters_app
from shopsync_pipeline.cli.local_shop import STORE_PORT, UI_PORT, settings_or_demo
from shopsync_pipeline.cli.plan import plan_app
from shopsync_pipeline.cli.rules import explain_rule_of, overrides_app, rules_app
from shopsync_pipeline.cli.shop import shop_app
from shopsync_pipeline.cli.terminal import console, opened, told
from shopsync_pipeline.cli.undo import blame, undo_app
from shopsync_pipeline.core.compare import markdown
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.engine.compare import compare as compare_catalog
from shopsync_pipeline.engine.doctor import examine, shown_settings
from shopsync_pipeline.settings import load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Keeps a Shopify store in step with a distributor-content catalog.")
db_app = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(db_app, name="db")
app.add_typer(catalog_app, name="catalog")
app.add_typer(plan_app, name="plan")
app.add_typer(conflicts_app, name="conflicts")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(rules_app, name="rules")
app.add_typer(overrides_app, name="overrides")
app.command("explain-rule")(explain_rule_of)
app.add_typer(undo_app, name="undo")
app.add_typer(shop_app, name="shop")
app.command()(blame)


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
    dialect: Annotated[
        SampleDialect, typer.Option(help="The database that the zips are written for.")] = SampleDialect.MYSQL,
    lean: Annotated[bool, typer.Option("--lean", help=(
        "20 attribute rows and short texts a product, no add-ons; otherwise as much as a full catalog has."))] = False,
    extras: Annotated[bool, typer.Option("--extras", help="With the distributor's own category tree.")] = False,
) -> None:
    """Writes a believable Etilize export and a price and stock feed, in the real file layout."""
    from shopsync_pipeline.catalog import write_sample_export

    made = write_sample_export(
        directory, products=products, seed=seed, full=not lean, dialect=dialect, extras=extras)
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
        told(f"{name} = {value or '(not set)'}", f"    {purpose}")
    findings = asyncio.run(examine(settings))
    for finding in findings:
        told(f"{'ok ' if finding.well else 'BAD'} {finding.name}: {finding.says}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="Product CSV of the old system, in Shopify's columns.")],
    report: Annotated[Path | None, typer.Option(help="Write the agreement per field to this Markdown file.")] = None,
    differences: Annotated[Path | None, typer.Option(help="Write every difference to this CSV file.")] = None,
) -> None:
    """How far the catalog agrees with what an older, file-based system put out; changes nothing."""
    found = compare_catalog(opened(), old, differences)
    if report is not None:
        report.write_text(markdown(found, source=old.name), encoding="utf-8")
        told(f"The comparison is in {report}.")
    if differences is not None:
        told(f"The differences are in {differences}.")
    told(f"{found.share:.1%} of the values are the same, over {found.both} products that both have; {found.only_ours} "
         f"only ours, {found.only_theirs} only theirs.")
    for name, agreement in sorted(found.fields.items(), key=lambda row: (row[1].share, row[0])):
        if agreement.spoken_of and agreement.share < 1:
            told(f"    {name}: " + ", ".join(f"{count} {verdict.value}" for verdict, count in agreement.counts.items()))


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Makes or updates the tables. Safe to repeat."""
    database = Database(load().database_url.get_secret_value())
    revision = database.upgrade()
    console.print(f"{database.dialect} has the tables of schema revision {revision}.")


