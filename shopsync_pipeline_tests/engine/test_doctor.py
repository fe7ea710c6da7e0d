"""The doctor looks at everything, changes nothing, and tells each fault in a sentence that holds no secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.sources import Credentials
from shopsync_pipeline.engine.doctor import Finding, examine, shown_settings
from shopsync_pipeline.engine.fetch import local_paths
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.catalog.sources.conftest import behaviour, start
from shopsync_pipeline_tests.catalog.sources.servers import Behaviour, Server
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Make = Callable[..., Settings]
Start = Callable[..., tuple[Server, Credentials]]

__all__ = ["behaviour", "start"]


@pytest.fixture
def folder(shelf: Shelf) -> Path:
    """What the servers serve: the shelf's folder."""
    return shelf.file.parent


def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in asyncio.run(examine(settings))}


def test_all_is_well(make_settings: Make, shelf: Shelf) -> None:
    found = findings(make_settings())
    assert {name: finding.well for name, finding in found.items()} == {"database": True, "shop": True, "export": True}
    assert "stock is kept at Main warehouse" in found["shop"].says
    assert "shape shopify_template: 1 files" in found["export"].says


def test_all_three_faults_are_told_at_once(make_settings: Make, tmp_path: Path) -> None:
    found = findings(make_settings(SHOPSYNC_DATABASE_URL=f"sqlite:///{tmp_path}/none.db", SHOPIFY_ACCESS_TOKEN="hush"))
    assert not any(finding.well for finding in found.values())
    assert "shopsync db upgrade" in found["database"].says
    assert "check SHOPIFY_ACCESS_TOKEN" in found["shop"].says
    assert "does not exist" in found["export"].says
    assert "hush" not in str(found)


def test_looking_at_a_database_that_is_not_there_does_not_make_it(make_settings: Make, tmp_path: Path) -> None:
    settings = make_settings(SHOPSYNC_DATABASE_URL=f"sqlite:///{tmp_path}/new/none.db")
    before = sorted(tmp_path.rglob("*"))
    findings(settings)
    shown_settings(settings)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("given", "name", "told"), [
    ({"SHOPSYNC_DATABASE_URL": "mysql://me:hush@db/x"}, "database", "begins with mysql"),
    ({"SHOPSYNC_DATABASE_URL": "postgresql://me:hush@127.0.0.1:1/x"}, "database", "cannot be opened"),
    ({"SHOPIFY_SHOP_URL": ""}, "shop", "SHOPIFY_SHOP_URL is not set"),
    ({"SHOPIFY_SHOP_URL": "https://shop.example/admin"}, "shop", "cannot be used: write the shop as"),
    ({"SHOPIFY_LOCATION": "Moon"}, "shop", 'no active location "Moon"'),
    ({"SHOPIFY_API_VERSION": "latest"}, "shop", 'API version is "latest"'),
    ({"SHOPSYNC_FEED_PATHS": "no-such-feed.csv"}, "export", "no-such-feed.csv does not exist"),
])
def test_a_fault_is_told_and_hides_no_other(make_settings: Make, shelf: Shelf, given: dict[str, str], name: str,
                                            told: str) -> None:
    found = findings(make_settings(**given))
    assert {one: finding.well for one, finding in found.items()} == {
        one: one != name for one in ("database", "shop", "export")}
    assert told in found[name].says
    assert "hush" not in found[name].says


def test_a_shop_that_does_not_answer_is_told(make_settings: Make, shelf: Shelf, dev_store: DevStore) -> None:
    dev_store.control("fault", {"kind": "http_status", "status": 423})
    assert "locked by Shopify" in findings(make_settings())["shop"].says


def test_a_delivery_on_a_server_is_looked_at_and_not_fetched(make_settings: Make, shelf: Shelf, start: Start,
                                                             tmp_path: Path, behaviour: Behaviour) -> None:
    server, credentials = start("ftps")
    settings = make_settings(
        SHOPSYNC_EXPORT_PATH=server.address, SHOPSYNC_SOURCE_USER=credentials.user,
        SHOPSYNC_SOURCE_PASSWORD=credentials.password, SHOPSYNC_SOURCE_CA=credentials.authorities,
        SHOPSYNC_SPOOL_PATH=tmp_path / "spool")

    found = findings(settings)["export"]

    assert found == Finding("export", True, (
        f"{server.address}/ answers: 1 files, 0.0 MB; what is new is fetched by the next import"))
    assert not (tmp_path / "spool").exists()
    local_paths(settings)
    told = findings(settings)["export"].says
    assert "is an export of shape shopify_template: 1 files" in told
    assert told.endswith(f"; {server.address}/ answers, with nothing new")
    assert behaviour.sent == ["shop.csv"]


def test_a_source_that_refuses_is_told_without_its_password(make_settings: Make, shelf: Shelf, start: Start,
                                                            tmp_path: Path) -> None:
    server, credentials = start("sftp")
    found = findings(make_settings(
        SHOPSYNC_EXPORT_PATH=server.address, SHOPSYNC_SOURCE_USER="dealer", SHOPSYNC_SOURCE_PASSWORD="not-this-one",
        SHOPSYNC_SOURCE_KNOWN_HOSTS=credentials.known_hosts, SHOPSYNC_SPOOL_PATH=tmp_path / "spool"))["export"]
    assert not found.well
    assert "refuses to let user dealer in" in found.says
    assert "not-this-one" not in found.says


def test_settings_are_shown_with_secrets_masked(make_settings: Make) -> None:
    settings = make_settings(
        SHOPSYNC_API_TOKEN="hush-hush", SHOPSYNC_SOURCE_PASSWORD="hush", SHOPSYNC_EXPORT_PATH="ftp://me@host/x",

        SHOPSYNC_DATABASE_URL="postgres://me:hush@db.example:5432/shop?sslpassword=hush",
        SHOPSYNC_DAGSTER_POSTGRES_URL="nothing like an address: hush", SHOPSYNC_DAGSTER_URL="http://me:hush@dagster:1")
    shown = {name: value for name, value, _ in shown_settings(settings)}

    for secret in ("SHOPSYNC_API_TOKEN", "SHOPSYNC_SOURCE_PASSWORD", "SHOPIFY_ACCESS_TOKEN",
                   "SHOPSYNC_DAGSTER_POSTGRES_URL"):
        assert shown[secret] == "set (hidden)"
    assert shown["SHOPSYNC_DATABASE_URL"] == "postgresql+psycopg2://me:***@db.example:5432/shop"
    assert shown["SYNC_CONFLICT_RESOLUTION"] == "manual_review"
    assert (shown["SHOPSYNC_EXPORT_PATH"], shown["SHOPSYNC_SOURCE_KEY"]) == ("ftp://…@host/x", "")
    assert not any(secret in value for value in shown.values() for secret in ("hush", TOKEN))
    assert len(shown) == len(Settings.model_fields)
    assert all(purpose for *_, purpose in shown_settings(settings))
