"""The commands do what they say, and a failure is one sentence on stderr with status 1."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.cli.conftest import Operator
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, sync

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_doctor_finds_all_well_and_hides_secrets(operator: Operator) -> None:
    out = operator.told("doctor", SHOPSYNC_API_TOKEN="hush")
    assert [line[:3] for line in out.splitlines() if line.startswith(("ok ", "BAD"))] == ["ok "] * 3
    assert "SHOPIFY_ACCESS_TOKEN = set (hidden)" in out
    assert "hush" not in out
    assert TOKEN not in out
    assert list(operator.cwd.iterdir()) == [], "looking leaves nothing behind"


def test_doctor_tells_what_is_bad_and_fails(operator: Operator) -> None:
    ended = operator.run("doctor", SHOPIFY_ACCESS_TOKEN="wrong", SHOPSYNC_EXPORT_PATH="nowhere")
    bad = [line for line in ended.stdout.splitlines() if line.startswith("BAD")]
    assert ended.returncode == 1
    assert [line.split(":")[0] for line in bad] == ["BAD shop", "BAD export"]
    assert "Traceback" not in ended.stderr


def test_db_upgrade_makes_the_tables_and_can_be_repeated(operator: Operator, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/sub/fresh.db"
    first = operator.told("db", "upgrade", SHOPSYNC_DATABASE_URL=address)
    assert operator.told("db", "upgrade", SHOPSYNC_DATABASE_URL=address) == first
    engine = create_engine(address)
    assert {"plan", "ledger", "sync_conflict"} <= set(inspect(engine).get_table_names())
    engine.dispose()
    assert operator.told("plan", "list", SHOPSYNC_DATABASE_URL=address) == ""


def test_sample_export_writes_the_same_bytes_each_time(operator: Operator) -> None:
    out = operator.told("sample-export", "one", "--products", "5")
    operator.told("sample-export", "two", "--products", "5")
    assert out.startswith("5 products in one")
    files = {path.relative_to(operator.cwd / "one"): path.read_bytes()
             for path in (operator.cwd / "one").rglob("*") if path.is_file()}
    assert files == {path.relative_to(operator.cwd / "two"): path.read_bytes()
                     for path in (operator.cwd / "two").rglob("*") if path.is_file()}
    assert len(files) > 5


def test_plans_are_listed_shown_and_approved(operator: Operator, synced: Context, shelf: Shelf,
                                             tmp_path: Path) -> None:
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")
    plan = planned(synced).plan_id

    listed = operator.told("plan", "list")
    assert listed.startswith(plan)
    assert "0 to create, 5 to update" in listed
    assert "needs approval: 5 of 20 linked products (25%)" in listed
    shown = operator.run_apart("plan", "show", plan)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "variants[L1].price" in shown.stdout
    file = tmp_path / "changes.csv"
    assert f"5 changes of plan {plan} are in" in operator.told("plan", "show", plan, "--csv", str(file))
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["product"], row["before"], row["after"]) for row in rows] == [
        (f"handle:lamp-{n}", f"{10 + n}.00", "99.00") for n in range(1, 6)]
    assert f"Plan {plan} may be sent" in operator.told("plan", "approve", plan, "--by", "Ada", "--reason", "new list")
    assert "there is nothing to approve" in operator.refused("plan", "approve", plan, "--reason", "again")


def test_conflicts_are_listed_and_resolved(operator: Operator, synced: Context, dev_store: DevStore) -> None:
    assert operator.told("conflicts", "list") == "No conflict waits.\n"
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})
    dev_store.control("merchant", {"action": "edit_product", "sku": "L2", "fields": {"title": "[bold]Staff[/bold]"}})
    planned(synced)

    listed = operator.told("conflicts", "list")
    conflict = listed.split()[0]
    assert "handle:lamp-1  variants[L1].price" in listed
    assert "catalog 11.00, store 1.00, agreed before 11.00: edited in the store" in listed
    assert "[bold]Staff[/bold]" not in listed
    assert "[bold]Staff[/bold]" in operator.told("conflicts", "list", "--kept"), "a title is no markup"
    assert "1 decided for etilize" in operator.told("conflicts", "resolve", conflict, "--take", "etilize")
    assert operator.told("conflicts", "list") == "No conflict waits.\n"
    assert "There is no open conflict nope" in operator.refused("conflicts", "resolve", "nope", "--take", "shopify")
    assert '"both" is no side' in operator.refused("conflicts", "resolve", conflict, "--take", "both")


def test_rules_and_overrides_are_told_made_and_taken_back(operator: Operator, synced: Context,
                                                          dev_store: DevStore) -> None:
    assert operator.told("rules", "list") == "There is no rule; SYNC_CONFLICT_RESOLUTION and the registry decide.\n"
    assert operator.told("overrides", "list") == "There is no override.\n"
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})
    planned(synced)
    listed = operator.told("conflicts", "list", "--field", "variants[].price", "--vendor", "acme")
    assert "suggested: etilize. The catalog owns this field." in listed
    assert operator.told("conflicts", "list", "--group", "content") == "No conflict waits.\n"

    told = operator.told("conflicts", "resolve", "--field", "variants[].price", "--take", "etilize", "--always")

    assert told.startswith("1 decided for etilize.")
    assert "Always etilize for variants[].price" in operator.told("explain-rule", "L2", "price")
    rule = operator.told("rules", "list").split()[0]
    assert operator.told("rules", "remove", rule).startswith("Removed.")
    sync(synced)
    sync(synced)
    conflict = operator.told("conflicts", "list", "--decided").split()[0]
    assert operator.told("conflicts", "flip", conflict, "--take", "shopify").startswith("Decided for shopify after all")
    assert "handle:lamp-1  variants[L1].price  1.00" in operator.told("overrides", "list", "L1")
    assert operator.told("overrides", "remove", "L1", "price").startswith("Removed.")
    assert "L1 has no override of price" in operator.refused("overrides", "remove", "L1", "price")


@pytest.mark.parametrize(("arguments", "changed", "told"), [
    (("plan", "list"), {"SHOPSYNC_DATABASE_URL": "sqlite:///fresh.db"}, "Run `shopsync db upgrade`"),
    (("plan", "list"), {"SHOPSYNC_DATABASE_URL": "postgresql://me:hush@127.0.0.1:1/x"}, "cannot be opened"),
    (("plan", "list"), {"SHOPSYNC_DATABASE_URL": "mysql://me:hush@db/x"}, "begins with mysql"),
    (("db", "upgrade"), {"SHOPSYNC_DATABASE_URL": "postgresql://me:hush@127.0.0.1:1/x"}, "cannot be opened"),
    (("plan", "list"), {"SHOPIFY_SHOP_URL": ""}, "SHOPIFY_SHOP_URL is not set"),
    (("plan", "list"), {"SYNC_BATCH_SIZE": "9999"}, "SYNC_BATCH_SIZE: '9999' cannot be used"),
    (("doctor",), {"SYNC_GONE_POLICY": "burn"}, "SYNC_GONE_POLICY: 'burn' cannot be used"),
    (("rules", "list"), {"SYNC_RULES_PATH": "nowhere.toml"}, "The rule file nowhere.toml cannot be read"),
    (("rules", "remove", "nope"), {}, "There is no stored rule nope"),
    (("explain-rule", "nope", "title"), {}, "The catalog has no product nope"),
    (("overrides", "remove", "nope", "title"), {}, "The catalog has no product nope"),
    (("conflicts", "flip", "nope", "--take", "etilize"), {}, "There is no conflict nope"),
    (("conflicts", "resolve", "--take", "etilize"), {}, "Say which conflicts"),
    (("conflicts", "resolve", "x", "--field", "title", "--take", "etilize"), {}, "not both"),
    (("conflicts", "resolve", "--group", "prices", "--take", "etilize"), {}, '"prices" is no group of fields'),
    (("conflicts", "list", "--dispute", "war"), {}, '"war" is no dispute; there are: both sides changed'),
    (("plan", "show", "nope"), {}, "This shop has no plan nope"),
    (("plan", "approve", "nope", "--reason", "x"), {}, "This shop has no plan nope"),
    (("api", "--host", "0.0.0.0"), {}, "Set SHOPSYNC_API_TOKEN, or listen on 127.0.0.1"),
    (("devstore", "--plan", "golden"), {}, "golden"),
])
def test_what_cannot_be_done_is_one_sentence(operator: Operator, arguments: tuple[str, ...], changed: dict[str, str],
                                             told: str) -> None:
    sentence = operator.refused(*arguments, **changed)
    assert told in sentence
    assert "hush" not in sentence


def test_a_failure_in_a_process_of_its_own_is_the_same_sentence(operator: Operator) -> None:
    ended = operator.run_apart("plan", "show", "nope")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "shopsync: This shop has no plan nope. `shopsync plan list` shows those there are.\n"


@pytest.mark.parametrize(("changed", "told"), [
    ({"SHOPIFY_SHOP_URL": "http://127.0.0.1:1"}, "No connection to 127.0.0.1:1 could be made"),
    ({"SHOPIFY_ACCESS_TOKEN": "wrong"}, "check SHOPIFY_ACCESS_TOKEN"),
    ({"SHOPSYNC_EXPORT_PATH": "nowhere"}, "nowhere does not exist"),
    ({"SHOPSYNC_EXPORT_PATH": "empty.zip"}, "is a zip without any file in it"),
    ({"SHOPSYNC_EXPORT_PATH": "broken.zip"}, "is not a readable zip"),
])
def test_doctor_tells_in_a_sentence(operator: Operator, changed: dict[str, str], told: str) -> None:
    with zipfile.ZipFile(operator.cwd / "empty.zip", "w"):
        pass
    (operator.cwd / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    ended = operator.run("doctor", **changed)
    (bad,) = [line for line in ended.stdout.splitlines() if line.startswith("BAD")]
    assert told in bad
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("command", [
    (), ("db",), ("catalog",), ("plan",), ("conflicts",), ("rules",), ("overrides",),
])
def test_a_command_without_a_verb_lists_its_verbs(operator: Operator, command: tuple[str, ...]) -> None:
    ended = operator.run(*command)
    assert "Usage:" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
