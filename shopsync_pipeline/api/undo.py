"""The routes of undo and blame: planning to take something back, sending that, and who set a product's values."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field, JsonValue, model_validator

from shopsync_pipeline.api.access import PROBLEMS, Opened
from shopsync_pipeline.api.jobs import DagsterApi
from shopsync_pipeline.api.models import NO_NUL, Id, Launched, PersonName, PlanOut
from shopsync_pipeline.core.blame import Blame, Event
from shopsync_pipeline.core.undo import Wish
from shopsync_pipeline.engine.blame import blame, in_a_sentence
from shopsync_pipeline.engine.hold import Held, held_by_undo
from shopsync_pipeline.engine.review import one_plan
from shopsync_pipeline.engine.undo import Asked, plan_undo, require_undo, sentences

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

UNDO_JOB = "undo_run"


class UndoWanted(BaseModel):
    """What to take back: the writes of a run, of a plan, or of a span of time, to `products` only if any are named.

    `products` alone mean the last write to each. `since` counts, `until` does not. `force_fields`: take these back even
    where they were edited in the store since. `stock`: stock too, which orders move.
    """

    run: Id | None = None
    plan: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    products: list[Id] = Field(default=[], max_length=1000)
    fields: list[Id] = Field(default=[], max_length=100)
    force_fields: list[Id] = Field(default=[], max_length=100)
    stock: bool = False

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        spanned = self.since is not None or self.until is not None
        if sum((self.run is not None, self.plan is not None, spanned)) > 1:
            raise ValueError("name a run, a plan or a span of time, not several of them")
        if not (self.run or self.plan or spanned or self.products):
            raise ValueError("name a run, a plan, a span of time, or products")
        return self

    def asked(self) -> Asked:
        """The same for the use case."""
        return Asked(run=self.run, plan=self.plan, since=self.since, until=self.until, products=tuple(self.products),
                     wish=Wish(fields=tuple(self.fields), forced=tuple(self.force_fields), stock=self.stock))


class UndoPlan(BaseModel):
    """An undo plan, and in sentences what becomes of whole products, what clashes, and what is left."""

    plan: PlanOut
    told: list[str]


class Sender(BaseModel):
    """Who has an undo plan sent."""

    requested_by: PersonName = "api"


class HeldOut(BaseModel):
    """A field whose catalog value is not sent because it was undone. `null` stands for absent."""

    product: str
    field: str
    catalog: JsonValue
    store: JsonValue
    plan_id: str | None
    conflict_id: str | None

    @classmethod
    def of(cls, held: Held) -> Self:
        """From a use case's row."""
        values: dict[str, Any] = {"catalog": held.catalog, "store": held.store}
        return cls(product=held.product_key, field=held.path, plan_id=held.plan_id, conflict_id=held.conflict_id,
                   **values)


class EventOut(BaseModel):
    """One thing that happened to a field; `told` says it in a sentence. An edit in the store happened between
    `not_before` and `at`."""

    who: str
    told: str
    at: datetime | None
    not_before: datetime | None
    before: JsonValue
    after: JsonValue
    sent: JsonValue
    run_id: str | None
    plan_id: str | None
    item_id: str | None
    reason: str | None
    decided_by: str | None
    approved_by: str | None
    import_id: str | None
    rule: str | None
    rows: list[str]

    @classmethod
    def of(cls, event: Event) -> Self:
        """From what is known."""
        values = asdict(event) | {"who": event.who.value, "rows": list(event.rows), "told": in_a_sentence(event)}
        return cls(**{name: values[name] for name in cls.model_fields})


class BlameOut(BaseModel):
    """One field: what the store shows, what explains it, and with `history` everything that happened to it."""

    product: str
    field: str
    value: JsonValue
    by: EventOut
    held_by: str | None
    history: list[EventOut]

    @classmethod
    def of(cls, found: Blame, *, history: bool) -> Self:
        """From a use case's answer."""
        value: Any = found.value
        return cls(product=found.product_key, field=found.path, value=value, by=EventOut.of(found.by),
                   held_by=found.held_by, history=[EventOut.of(event) for event in found.history] if history else [])


@router.post("/undo", status_code=201)
def plan_an_undo(context: Opened, wanted: UndoWanted) -> UndoPlan:
    """Plans to take something back and sends nothing. The plan is approved, where it must be, like any other."""
    plan = asyncio.run(plan_undo(context, wanted.asked()))
    return UndoPlan(plan=PlanOut.of(plan), told=sentences(context, plan))


@router.get("/undo/held")
def list_held(context: Opened) -> list[HeldOut]:
    """What is not sent because it was undone, until the catalog's value changes."""
    return [HeldOut.of(row) for row in held_by_undo(context)]


@router.get("/undo/{plan_id}")
def show_undo(context: Opened, plan_id: Id) -> UndoPlan:
    """An undo plan; once it was sent, with the new ids of products that were made anew."""
    plan = require_undo(one_plan(context, plan_id))
    return UndoPlan(plan=PlanOut.of(plan), told=sentences(context, plan))


@router.post("/undo/{plan_id}/launch", status_code=202)
def launch_undo(context: Opened, plan_id: Id, sender: Sender) -> Launched:
    """Has Dagster send an undo plan. 409 where it needs approval or was superseded."""
    require_undo(one_plan(context, plan_id)).require_sendable()
    with DagsterApi(context.settings.dagster_url) as dagster:
        run_id = dagster.launch(UNDO_JOB, config={"send": plan_id}, tags={"shopsync/requested_by": sender.requested_by})
    return Launched(run_id=run_id, job=UNDO_JOB)


@router.get("/products/{key:path}/blame")
def blame_product(
    context: Opened, key: Annotated[str, Path(min_length=1, max_length=512, pattern=NO_NUL)],
    field: Annotated[str | None, Query(min_length=1, max_length=1000, pattern=NO_NUL)] = None, history: bool = False,
) -> list[BlameOut]:
    """Who set each value that the store shows of a product (named by key, SKU, handle or id), when and why."""
    return [BlameOut.of(found, history=history) for found in blame(context, key, field)]
