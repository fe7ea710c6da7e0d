"""What tests of dead letters share: a store that refuses a lamp, and what the letters and the store then show."""

from __future__ import annotations

from shopsync_pipeline.db.dead_letters import StoredLetter
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.letter_decisions import Chosen, list_letters
from shopsync_pipeline.engine.review import plan_changes
from shopsync_pipeline_tests.conftest import DevStore


def refuse(store: DevStore, sku: str = "L1", *, field: list[str] | None = None, root: str = "productUpdate",
           message: str = "The title is not allowed", count: int | None = None, code: str | None = None) -> None:
    store.control("refusals", {"sku": sku, "message": message, "field": field, "root": root, "count": count,
                               "code": code})


def allow(store: DevStore) -> None:
    store.control("refusals", {})


def letters(context: Context, state: str = "open", **about: str) -> list[StoredLetter]:
    return list_letters(context, Chosen(state=state, **about))


def states(context: Context) -> list[tuple[str, str, int]]:
    """(state, the refused paths, times) of all letters, the first refused first."""
    return [(row.state.value, " ".join(change.path for change in row.item.changes), row.times)
            for row in sorted(letters(context, "all"), key=lambda row: row.first_refused)]


def rows(context: Context, plan: SavedPlan) -> dict[str, str]:
    """Path → state, of every change of a plan."""
    return {row.field: row.state for row in plan_changes(context, plan.plan_id)}


def title(store: DevStore, number: int = 1) -> str:
    return str(next(node["title"] for node in store.products() if node["handle"] == f"lamp-{number}"))


def tags(store: DevStore, number: int = 1) -> list[str]:
    found: list[str] = next(node["tags"] for node in store.products() if node["handle"] == f"lamp-{number}")
    return found
