"""`shopsync shop`: whether requests go to the shop, and letting them go again after a pause."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from shopsync_pipeline.cli.terminal import opened, told
from shopsync_pipeline.engine.health import health_of, resume

shop_app = typer.Typer(no_args_is_help=True, help="The shop: whether it is served, and going on after a pause.")


@shop_app.command("health")
def shop_health() -> None:
    """Whether requests go to the shop; if not, since when, why, and when the next probe goes. Exit status 1 if not."""
    found = health_of(opened())
    told(found.says)
    if not found.serves:
        raise SystemExit(1)


@shop_app.command("resume")
def shop_resume(
    reason: Annotated[str, typer.Option(help="Why it may go on: what was settled, and with whom.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
) -> None:
    """Lets the next request to a paused shop go at once, as a probe; if it is answered, all others follow."""
    told(resume(opened(), by=by or getpass.getuser(), reason=reason).says)
