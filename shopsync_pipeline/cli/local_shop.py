"""The local shop on which the demo works, and every command when no real one is set: where it is, how to reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shopsync_pipeline.cli.processes import HOST
from shopsync_pipeline.settings import Settings, load

STORE_PORT = 47210
UI_PORT = 47300
TOKEN = "devstore-token"
ROOT = Path(".shopsync/demo")


@dataclass(frozen=True, slots=True)
class LocalShop:
    """A dev store with its own export and database, all under one folder."""

    root: Path = ROOT
    port: int = STORE_PORT

    @property
    def url(self) -> str:
        """Where the dev store answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def export(self) -> Path:
        """The folder of the sample export."""
        return self.root / "export"

    @property
    def state(self) -> Path:
        """The dev store's own file."""
        return self.root / "devstore.db"

    @property
    def database(self) -> Path:
        """The database of shopsync for this shop."""
        return self.root / "shopsync.db"

    @property
    def exists(self) -> bool:
        """Whether a demo has run here."""
        return self.database.exists()

    def environment(self) -> Mapping[str, str]:
        """The settings that point shopsync at this shop."""
        return {
            "SHOPIFY_SHOP_URL": self.url,
            "SHOPIFY_ACCESS_TOKEN": TOKEN,
            "SHOPSYNC_DATABASE_URL": f"sqlite:///{self.database.absolute()}",
            "SHOPSYNC_EXPORT_PATH": str(self.export.absolute()),
        }


def settings_or_demo() -> Settings:
    """The configured settings; those of the demo's shop where none is configured and a demo has run here."""
    settings, shop = load(), LocalShop()
    if settings.shopify_shop_url or not shop.exists:
        return settings
    return Settings.model_validate(shop.environment())
