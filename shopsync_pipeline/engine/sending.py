"""What both ways of sending items share: their key, under which Shopify executes them once, and option names."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from shopsync_pipeline.core.fields import Fields
from shopsync_pipeline.core.merge import OPTIONS
from shopsync_pipeline.core.plan import PlanItem


def idempotency_key(plan_id: str, items: Iterable[PlanItem], *, attempt: int = 0) -> str:
    """The key under which Shopify executes what these items of a plan carry once, however often it is sent.

    The plan is part of it: the same change may be due again in a later plan, and is then executed again. So is the
    `attempt`, but only where Shopify asked for a new key: a lost answer is asked for under the same one.
    """
    again = [f"attempt {attempt}"] if attempt else []
    named = ",".join([plan_id, *(item.item_id for item in items), *again])
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"shopsync:{named}"))


def option_names(document: Fields) -> list[str]:
    """The product's option names as the store shows them, under which variants name their option values."""
    names = document.get(OPTIONS, [])
    return [str(name) for name in names] if isinstance(names, list) else []
