"""Settings: one name each, read from the environment and `.env`, refused in sentences, and silent about secrets."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import ValidationError

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.core.fields import Risk
from shopsync_pipeline.core.rollout import RollOut
from shopsync_pipeline.settings import Settings, load

DEFAULTS = {
    "SHOPIFY_SHOP_URL": "", "SHOPIFY_ACCESS_TOKEN": "", "SHOPIFY_CLIENT_ID": "",
    "SHOPIFY_CLIENT_SECRET": "", "SHOPIFY_LOCATION": "", "SHOPIFY_API_VERSION": "2026-10",
    "SHOPSYNC_DATABASE_URL": "sqlite:///.shopsync/shopsync.db", "SHOPSYNC_DAGSTER_POSTGRES_URL": "",
    "SHOPSYNC_EXPORT_PATH": ".shopsync/export", "SHOPSYNC_FEED_PATHS": "", "SYNC_BATCH_SIZE": "250",
    "SHOPSYNC_MAPPING_PATH": "None", "SYNC_CATALOG_PROCESSES": "2",
    "SHOPSYNC_SOURCE_USER": "", "SHOPSYNC_SOURCE_PASSWORD": "", "SHOPSYNC_SOURCE_NETRC": "None",
    "SHOPSYNC_SOURCE_KEY": "None", "SHOPSYNC_SOURCE_KNOWN_HOSTS": "None", "SHOPSYNC_SOURCE_CA": "None",
    "SHOPSYNC_SOURCE_TIMEOUT": "30.0", "SHOPSYNC_SPOOL_PATH": ".shopsync/deliveries",
    "SYNC_MAX_CONCURRENT": "100", "SYNC_BASE_DELAY": "0.0", "SYNC_HEADROOM": "0.0",
    "SYNC_CONFLICT_RESOLUTION": "manual_review", "SYNC_AUTO_RESOLVE": "True",
    "SYNC_BIDIRECTIONAL": "False", "SYNC_COLLECTIONS": "False", "SYNC_PUBLICATIONS": "False",
    "SYNC_RULES_PATH": "None", "SYNC_GONE_POLICY": "draft",
    "SYNC_MAX_UPDATED_SHARE": "0.5", "SYNC_MAX_CONFLICT_SHARE": "0.5",
    "SYNC_MAX_UNPUBLISHED_SHARE": "0.1", "SYNC_MAX_CATALOG_SHRINK": "0.2", "SYNC_REREAD_AFTER": "5.0",
    "SYNC_MAX_TABLE_SHRINK": "0.5", "SYNC_MAX_QUARANTINE_SHARE": "0.05", "SYNC_MAX_DELIVERY_SPREAD_HOURS": "20.0",
    "SYNC_IMPORTS_KEPT": "10",
    "SYNC_MAX_ARCHIVED_SHARE": "0.1", "SYNC_MAX_DELETED_SHARE": "0.02", "SYNC_MAX_ZERO_STOCK_SHARE": "0.3",
    "SYNC_MAX_PRICE_RISE": "8.0", "SYNC_MAX_PRICE_DROP": "0.8", "SYNC_MAX_MEDIAN_PRICE_MOVE": "0.5",
    "SYNC_MAX_CREATION_DAYS": "7.0", "SYNC_BOUNDS_FROM": "20", "SYNC_VARIANT_WALL": "50000",
    "SYNC_DAILY_VARIANTS": "1000", "SYNC_MONITORING": "False", "SYNC_PHASE": "high", "SYNC_CATEGORIES": "",
    "SYNC_CANARY_SHARE": "0.0", "SYNC_CANARY_MAX_FAILED": "0.1",
    "SYNC_MAX_RUNTIME": "0.0", "SYNC_MAX_POINTS": "0.0", "SYNC_REQUEST_TIMEOUT": "30.0",
    "SHOPSYNC_API_TOKEN": "", "SHOPSYNC_DAGSTER_URL": "http://127.0.0.1:47300",
}
SECRETS = {
    "SHOPIFY_ACCESS_TOKEN": "shpat_hush", "SHOPSYNC_DATABASE_URL": "postgresql://me:hush@db.example/shop",
    "SHOPSYNC_DAGSTER_POSTGRES_URL": "postgresql://me:hush@db.example/dagster", "SHOPSYNC_API_TOKEN": "hush-hush",
    "SHOPSYNC_SOURCE_PASSWORD": "hush-password", "SHOPIFY_CLIENT_SECRET": "shpss_hush",
}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours is set, and the working directory is empty."""
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def by_variable(settings: Settings) -> dict[str, str]:
    found = {}
    for name, info in Settings.model_fields.items():
        value = getattr(settings, name)
        value = value.get_secret_value() if hasattr(value, "get_secret_value") else getattr(value, "value", value)
        found[str(info.alias)] = str(value)
    return found


def test_every_variable_has_its_name_and_default() -> None:
    assert by_variable(load()) == DEFAULTS


def test_what_is_not_asked_for_is_not_synced() -> None:
    assert Settings(SYNC_COLLECTIONS=True, SYNC_PUBLICATIONS=True).unsynced == ()
    assert Settings(SYNC_PUBLICATIONS=True).unsynced == ("collections[]",)
    assert load().unsynced == ("collections[]", "publications[]")


def test_every_variable_says_what_it_is_for() -> None:
    assert all(info.description for info in Settings.model_fields.values())


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"SHOPIFY_SHOP_URL": " my-shop ", "SYNC_BATCH_SIZE": "10", "SYNC_CONFLICT_RESOLUTION": "etilize_priority",
             "SYNC_AUTO_RESOLVE": "false", "SYNC_MAX_UPDATED_SHARE": "0.25",
             "SHOPSYNC_FEED_PATHS": "a.csv, feeds/b.csv ,"}
    for name, text in given.items():
        monkeypatch.setenv(name, text)

    settings = load()

    assert settings.shopify_shop_url == "my-shop"
    assert settings.batch_size == 10
    assert settings.bounds.max_updated_share == 0.25
    assert settings.feeds == (Path("a.csv"), Path("feeds/b.csv"))
    assert settings.rules.default_strategy.value == "manual_review", "auto-resolve is off"


def test_every_bound_comes_from_its_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"SYNC_MAX_UPDATED_SHARE": 0.11, "SYNC_MAX_ARCHIVED_SHARE": 0.12, "SYNC_MAX_DELETED_SHARE": 0.13,
             "SYNC_MAX_UNPUBLISHED_SHARE": 0.14, "SYNC_MAX_PRICE_RISE": 0.15, "SYNC_MAX_PRICE_DROP": 0.16,
             "SYNC_MAX_MEDIAN_PRICE_MOVE": 0.17, "SYNC_MAX_ZERO_STOCK_SHARE": 0.18, "SYNC_MAX_CONFLICT_SHARE": 0.19,
             "SYNC_MAX_CREATION_DAYS": 20.0, "SYNC_BOUNDS_FROM": 21}
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))
    assert asdict(load().bounds) == {
        {"SYNC_BOUNDS_FROM": "smallest"}.get(name, name.removeprefix("SYNC_").lower()): value
        for name, value in given.items()}


def test_the_roll_out_comes_from_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SYNC_PHASE": "low", "SYNC_CATEGORIES": " Lamps, desk* ,,", "SYNC_CANARY_SHARE": "0.05",
                        "SYNC_CANARY_MAX_FAILED": "0.2"}.items():
        monkeypatch.setenv(name, value)
    assert load().roll_out == RollOut(phase=Risk.LOW, categories=("Lamps", "desk*"), canary_share=0.05,
                                      canary_max_failed=0.2)


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SHOPIFY_SHOP_URL=from-file\nSYNC_BATCH_SIZE=7\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("SYNC_BATCH_SIZE", "9")

    assert (load().shopify_shop_url, load().batch_size) == ("from-file", 9)


def test_a_dotenv_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("SHOPIFY_SHOP_URL=läden".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"\.env here is not UTF-8 text"):
        load()


def test_a_variable_set_to_nothing_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DEFAULTS:
        monkeypatch.setenv(name, "")
    assert by_variable(load()) == DEFAULTS


def test_a_password_in_the_shops_address_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPIFY_SHOP_URL", "https://me:hush@shop.example")
    with pytest.raises(SettingsError, match="SHOPIFY_SHOP_URL: its value cannot be used") as error:
        load()
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(("written", "expected"), [
    (" /data/etilize ", Path("/data/etilize")), ("file:///data/a%20b", Path("/data/a b")), ("me@home", Path("me@home")),
    ("ftp://me@ftp.etilize.com/Enhanced_Content/**/*.zip", "ftp://me@ftp.etilize.com/Enhanced_Content/**/*.zip"),
    (" sftp://host/~/in ", "sftp://host/~/in"), ("ftps://host", "ftps://host"),
])
def test_the_export_is_a_path_or_an_address(monkeypatch: pytest.MonkeyPatch, written: str,
                                            expected: Path | str) -> None:
    monkeypatch.setenv("SHOPSYNC_EXPORT_PATH", written)
    assert load().export_path == expected


def test_feeds_are_paths_and_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPSYNC_FEED_PATHS", "a.csv, ftp://host/b%2Cc.csv ,file:///d.csv,")
    assert load().feeds == (Path("a.csv"), "ftp://host/b%2Cc.csv", Path("/d.csv"))


@pytest.mark.parametrize("name", ["SHOPSYNC_EXPORT_PATH", "SHOPSYNC_FEED_PATHS"])
@pytest.mark.parametrize(("written", "told"), [
    ("ftp://me:hush@host/x", "holds a password"), ("me:hush@host/x", "holds a user and a password"),
    ("http://me:hush@host/x", "holds a password"), ("ftp://host:hush/x", "names no host"),
    ("https://host/x", "begins with https://"),
])
def test_an_address_that_cannot_be_used_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, name: str,
                                                                     written: str, told: str) -> None:
    monkeypatch.setenv(name, written)
    with pytest.raises(SettingsError) as error:
        load()
    assert str(error.value).startswith(f"{name}: ")
    assert told in str(error.value)
    assert "me:hush" not in str(error.value)


def test_a_refusal_of_the_settings_themselves_repeats_no_password() -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate({"SHOPSYNC_EXPORT_PATH": "ftp://me:hush@host/x"})
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(("name", "text"), [
    ("SYNC_BATCH_SIZE", "0"), ("SYNC_BATCH_SIZE", "251"), ("SYNC_BATCH_SIZE", "many"), ("SYNC_MAX_CONCURRENT", "0"),
    ("SYNC_MAX_CONCURRENT", "1001"), ("SYNC_HEADROOM", "0.95"), ("SYNC_BASE_DELAY", "-1"),
    ("SYNC_CONFLICT_RESOLUTION", "coin_toss"), ("SYNC_AUTO_RESOLVE", "perhaps"), ("SYNC_GONE_POLICY", "burn"),
    ("SYNC_MAX_RUNTIME", "-1"), ("SYNC_MAX_POINTS", "-1"),
    ("SYNC_MAX_UPDATED_SHARE", "1.5"), ("SYNC_MAX_UPDATED_SHARE", "-0.1"), ("SYNC_MAX_CONFLICT_SHARE", "50%"),
    ("SYNC_REQUEST_TIMEOUT", "0"), ("SHOPSYNC_SOURCE_TIMEOUT", "0"), ("SHOPSYNC_SOURCE_TIMEOUT", "soon"),
])
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError) as error:
        load()
    assert str(error.value).startswith(f"{name}: '{text}' cannot be used (")
    assert str(error.value).endswith(").")


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_BATCH_SIZE", "0")
    monkeypatch.setenv("SYNC_MAX_CONCURRENT", "0")
    with pytest.raises(SettingsError, match=r"SYNC_BATCH_SIZE: .*SYNC_MAX_CONCURRENT: "):
        load()


@pytest.mark.parametrize("strategy", ["etilize_priority", "shopify_priority", "manual_review", "merge_fields",
                                      "timestamp_based"])
def test_every_strategy_can_be_the_shops(monkeypatch: pytest.MonkeyPatch, strategy: str) -> None:
    monkeypatch.setenv("SYNC_CONFLICT_RESOLUTION", strategy)
    monkeypatch.setenv("SYNC_BIDIRECTIONAL", "true")
    assert (load().rules.default_strategy.value, load().bidirectional) == (strategy, True)


def test_nothing_is_deleted_by_default_and_the_rules_say_what_is_done_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().rules.gone.value == "draft"
    monkeypatch.setenv("SYNC_GONE_POLICY", "zero_stock")
    assert load().rules.gone.value == "zero_stock"


def test_no_secret_is_shown_by_any_form_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in SECRETS.items():
        monkeypatch.setenv(name, text)
    settings = load()
    assert settings.shopify_access_token.get_secret_value() == "shpat_hush"

    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.model_dump()}"):
        assert "hush" not in shown


def test_no_secret_is_shown_by_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in SECRETS.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("SYNC_BATCH_SIZE", "0")
    with pytest.raises(SettingsError) as error:
        load()
    assert "hush" not in str(error.value)
    assert error.value.__cause__ is None, "the cause would show what was read"


@pytest.mark.parametrize(("given", "told"), [
    ({}, "SHOPIFY_SHOP_URL and SHOPIFY_ACCESS_TOKEN are not set"),
    ({"SHOPIFY_SHOP_URL": "my-shop"}, "SHOPIFY_ACCESS_TOKEN is not set"),
    ({"SHOPIFY_ACCESS_TOKEN": "shpat_hush"}, "SHOPIFY_SHOP_URL is not set"),
    ({"SHOPIFY_SHOP_URL": "my-shop"}, "(or SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET instead of the token)"),
    ({"SHOPIFY_SHOP_URL": "my-shop", "SHOPIFY_CLIENT_ID": "app"}, "SHOPIFY_CLIENT_SECRET is not set."),
    ({"SHOPIFY_CLIENT_SECRET": "hush"}, "SHOPIFY_SHOP_URL and SHOPIFY_CLIENT_ID are not set."),
])
def test_a_missing_shop_is_told_with_the_way_out(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)) as error:
        Settings.model_validate(given).require_shop()
    assert ".env" in str(error.value)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("given", [
    {"SHOPIFY_ACCESS_TOKEN": "shpat_hush"}, {"SHOPIFY_CLIENT_ID": "app", "SHOPIFY_CLIENT_SECRET": "hush"},
    {"SHOPIFY_ACCESS_TOKEN": "shpat_hush", "SHOPIFY_CLIENT_ID": "app"},
])
def test_a_token_or_an_apps_id_and_secret_will_do(given: dict[str, str]) -> None:
    Settings.model_validate({"SHOPIFY_SHOP_URL": "my-shop", **given}).require_shop()


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load()
    with pytest.raises(ValueError, match="frozen"):
        settings.batch_size = 3  # type: ignore[misc]
    monkeypatch.setenv("SYNC_BATCH_SIZE", "3")
    assert (settings.batch_size, load().batch_size) == (250, 3)


def test_the_page_on_plans_names_every_bound_with_its_default() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "plans.md").read_text(encoding="utf-8")
    bounds = {name: default for name, default in DEFAULTS.items()
              if name.startswith("SYNC_MAX_") and name.endswith(("_SHARE", "_MOVE", "_DAYS"))
              and "QUARANTINE" not in name and "DELIVERY" not in name}
    assert len(bounds) == 8
    for name, default in bounds.items():
        assert f"| `{name}` | {float(default):g} |" in page
    for name in ("SYNC_MONITORING", "SYNC_PHASE", "SYNC_CATEGORIES", "SYNC_CANARY_SHARE", "SYNC_CANARY_MAX_FAILED",
                 "SYNC_VARIANT_WALL", "SYNC_DAILY_VARIANTS", "SYNC_BOUNDS_FROM"):
        assert f"`{name}" in page
