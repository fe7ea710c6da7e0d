"""What goes in and out of the API, as pydantic models; the OpenAPI document is made from them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, JsonValue, model_validator

from shopsync_pipeline.db.conflicts import Conflict
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.db.shops import Progress
from shopsync_pipeline.engine.review import ChangeRow

NO_NUL = r"^[^\x00]+$"
"""Any text but the character that PostgreSQL cannot store."""

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
PersonName = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]


class Problem(BaseModel):
    """Why a request was not served: sentences for the person who made it."""

    error: str


class Health(BaseModel):
    """The service is well."""

    shop: str
    database: str
    version: str


class PlanOut(BaseModel):
    """A plan without its changes. `refusals` is empty where no bound was broken."""

    plan_id: str
    hash: str
    state: str
    created_at: datetime
    run_id: str | None
    summary: dict[str, JsonValue]
    refusals: list[str]
    approved_by: str | None
    approval_reason: str | None
    continued_by: str | None
    continue_reason: str | None

    @classmethod
    def of(cls, plan: SavedPlan) -> Self:
        """From what is stored."""
        return cls(plan_id=plan.plan_id, hash=plan.hash, state=plan.state.value, created_at=plan.created_at,
                   run_id=plan.run_id, summary=dict(plan.summary), refusals=list(plan.refusals),
                   approved_by=plan.approved_by, approval_reason=plan.approval_reason,
                   continued_by=plan.continued_by, continue_reason=plan.continue_reason)


class PlanChange(BaseModel):
    """One field that a plan writes. `null` before or after stands for absent."""

    lane: str
    operation: str
    risk: str
    state: str
    product: str
    field: str
    before: JsonValue
    after: JsonValue
    why: str
    note: str

    @classmethod
    def of(cls, row: ChangeRow) -> Self:
        """From a use case's row."""
        return cls(**asdict(row))


class Consent(BaseModel):
    """Who lets a halted plan go on, and why."""

    by: PersonName
    reason: str = Field(min_length=1, max_length=2000, pattern=NO_NUL)


class Approval(Consent):
    """Who allows a refused plan, and why; with `hash`, only while it is the plan of that content."""

    hash: str | None = Field(None, min_length=64, max_length=64, pattern="^[0-9a-f]+$")


class ConflictOut(BaseModel):
    """One field on which catalog and store differ; `agreed` is the store's value when both last agreed."""

    conflict_id: str
    state: str
    product: str
    field: str
    agreed: JsonValue
    catalog: JsonValue
    store: JsonValue
    why: str
    first_seen: datetime

    @classmethod
    def of(cls, row: Conflict) -> Self:
        """From what is stored."""
        faces = row.faces
        values: dict[str, Any] = {"agreed": faces.base_remote, "catalog": faces.local, "store": faces.remote}
        return cls(conflict_id=row.conflict_id, state=row.state.value, product=row.product_key, field=row.path,
                   why=row.dispute, first_seen=row.first_seen, **values)


class Choice(BaseModel):
    """A person's decision on conflicts."""

    conflicts: list[Id] = Field(min_length=1, max_length=1000)
    take: Literal["etilize", "shopify"]
    by: PersonName


class Decided(BaseModel):
    """How many conflicts were decided."""

    decided: int


class Job(BaseModel):
    """A job to launch. `products` (SKUs, handles, ids) belong to sync_products and to no other."""

    job: Literal["full_sync", "incremental_sync", "sync_products"]
    products: list[Id] = Field(default=[], max_length=10_000)
    requested_by: PersonName = "api"

    @model_validator(mode="after")
    def _products_fit(self) -> Self:
        if bool(self.products) != (self.job == "sync_products"):
            raise ValueError("name products for sync_products, and only for it")
        return self

    def launch_config(self) -> tuple[str, dict[str, Any]]:
        """The job's name and its run config."""
        return self.job, {"products": self.products} if self.products else {}


class Launched(BaseModel):
    """A run that Dagster took on."""

    run_id: str
    job: str


class LaneProgress(BaseModel):
    """How far one lane of a push has got; points as charged, seconds since the lane began."""

    lane: str
    total: int
    confirmed: int
    failed: int
    set_aside: int
    points: float
    throttled: int
    seconds: float
    finished: bool

    @classmethod
    def of(cls, progress: Progress) -> Self:
        """From what is stored."""
        values = asdict(progress)
        return cls(**{name: values[name] for name in cls.model_fields})


class JobState(BaseModel):
    """A run: Dagster's status, reasons of a failure, progress of each lane."""

    run_id: str
    status: str
    seconds: float
    reasons: list[str]
    lanes: list[LaneProgress]
