"""The steps of an undo, and what a store shows, without what differs between two stores of the same content."""

from __future__ import annotations

import asyncio
from typing import Any

from shopsync_pipeline.core.undo import Wish
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.engine.apply import ApplyReport
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.undo import Asked, plan_undo, send_undo
from shopsync_pipeline_tests.conftest import DevStore

NAMES = {"id", "url", "image"}
"""What a picture or product that is made anew has another of."""


def plan_of(context: Context, *, fields: tuple[str, ...] = (), forced: tuple[str, ...] = (), stock: bool = False,
            **asked: Any) -> SavedPlan:
    """Plans an undo; `asked` are the fields of `Asked`."""
    return asyncio.run(plan_undo(context, Asked(**asked, wish=Wish(fields=fields, forced=forced, stock=stock))))


def send(context: Context, plan: SavedPlan) -> ApplyReport:
    """Sends it."""
    return asyncio.run(send_undo(context, plan.plan_id, run_id="test undo"))


def undo(context: Context, **asked: Any) -> ApplyReport:
    """Plans an undo and sends it."""
    return send(context, plan_of(context, **asked))


def shown(store: DevStore) -> dict[str, Any]:
    """Handle → everything that the store shows of a product."""
    return {node["handle"]: _bare(node) for node in store.products()}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(part) for name, part in value.items() if name not in NAMES}
    return [_bare(part) for part in value] if isinstance(value, list) else value


def edit(store: DevStore, handle: str, **fields: object) -> None:
    """A merchant edits a product."""
    store.control("merchant", {"action": "edit_product", "handle": handle, "fields": fields})
