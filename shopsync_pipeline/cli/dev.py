"""`shopsync dev`: Dagster's UI, daemon and code server until Ctrl-C; the demo's dev store too if no shop is set."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from shopsync_pipeline.cli.local_shop import TOKEN, LocalShop
from shopsync_pipeline.cli.processes import answers, dagster, devstore, require_free_port
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.settings import Settings

LOG = Path(".shopsync/dagster.log")


def run(console: Console, settings: Settings, *, store_port: int, ui_port: int) -> int:
    """Runs until Dagster ends or Ctrl-C; returns the exit status."""
    environment: Mapping[str, str] = {}
    LOG.parent.mkdir(exist_ok=True)
    with ExitStack() as children:
        if settings.shopify_shop_url:
            Database(settings.database_url.get_secret_value()).upgrade()
            console.print(f"Shop: {settings.shopify_shop_url}")
        else:
            shop = LocalShop(port=store_port)
            if not shop.exists:
                raise ShopsyncError(
                    "No shop is configured and the demo has not run here yet. Run `make demo` once, or set "
                    "SHOPIFY_SHOP_URL and SHOPIFY_ACCESS_TOKEN."
                )
            environment = shop.environment()
            Database(environment["SHOPSYNC_DATABASE_URL"]).upgrade()
            require_free_port(store_port, "the dev store", "--store-port")
            store = children.enter_context(devstore(store_port, shop.state, TOKEN, shop.root / "devstore.log"))
            store.wait_until(lambda: answers(shop.url), seconds=60)
            console.print(f"Dev store: {shop.url} (what the demo left in it)")
        require_free_port(ui_port, "Dagster's UI", "--ui-port")
        child = children.enter_context(dagster(ui_port, environment, LOG))
        url = f"http://127.0.0.1:{ui_port}"
        console.print(f"Dagster starts; its log is {LOG}.")
        child.wait_until(lambda: answers(f"{url}/server_info"), seconds=120)
        console.print(f"Dagster's UI: [bold]{url}[/bold]   (Ctrl-C stops everything)")
        try:
            return child.wait()
        except KeyboardInterrupt:
            console.print("Stopping…")
            return 0
