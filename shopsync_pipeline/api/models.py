"""What goes in and out of the API, as pydantic models; the OpenAPI document is made from them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, JsonValue, model_validator

from shopsync_pipeline.core.ownership import Explanation, rule_document
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.conflicts import Conflict
from shopsync_pipeline.db.field_rules import StoredRule
from shopsync_pipeline.db.overrides import StoredOverride
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.engine.health import HealthReport
from shopsync_pipeline.engine.resolve import Chosen
from shopsync_pipeline.engine.review import ChangeRow

NO_NUL = r"^[^\x00]+$"
"""Any text but the character that PostgreSQL cannot store."""

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
PersonName = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]


class Problem(BaseModel):
    """Why a request was not served: sentences for the person who made it."""

    error: str


class Health(BaseModel):
    """The service is well. `shop_serves` is false while no request goes to the shop; `shop_says` tells why, since when,
    and when the next probe goes."""

    shop: str
    database: str
    version: str
    shop_serves: bool
    shop_says: str


class ShopOut(BaseModel):
    """Whether requests go to the shop, and why not. `paused`: it refused us as a whole; else it is left alone for a
    while after faults in a row."""

    shop_id: str
    serves: bool
    paused: bool
    since: datetime | None
    probe_at: datetime | None
    says: str

    @classmethod
    def of(cls, found: HealthReport) -> Self:
        """From a use case's report."""
        return cls(**asdict(found))


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
    rule: str
    suggestion: str
    suggestion_why: str
    decided_by: str | None
    decided_for: str | None

    @classmethod
    def of(cls, row: Conflict) -> Self:
        """From what is stored."""
        faces = row.faces
        values: dict[str, Any] = {"agreed": faces.base_remote, "catalog": faces.local, "store": faces.remote}
        return cls(conflict_id=row.conflict_id, state=row.state.value, product=row.product_key, field=row.path,
                   why=row.dispute, first_seen=row.first_seen, rule=row.rule,
                   suggestion=row.suggestion.take if row.suggestion else "",
                   suggestion_why=row.suggestion.why if row.suggestion else "",
                   decided_by=row.resolved_by or row.strategy, decided_for=row.resolution, **values)


Word = Annotated[str, Field(max_length=1024, pattern=r"^[^\x00]*$")]


class About(BaseModel):
    """What conflicts are about: all that fit everything that is said. `*` in `field` stands for any text."""

    field: Word = ""
    group: Word = ""
    vendor: Word = ""
    dispute: Word = ""

    def chosen(self) -> Chosen:
        """As a use case takes it."""
        return Chosen(field=self.field, group=self.group, vendor=self.vendor, dispute=self.dispute)


class Choice(BaseModel):
    """A person's decision on conflicts, named by id or by what they are `about` (with `kept` also edits that stand).
    `always`: a rule decides so from now on."""

    conflicts: list[Id] = Field(default=[], max_length=1000)
    about: About | None = None
    take: Literal["etilize", "shopify"]
    by: PersonName
    always: bool = False
    kept: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.conflicts) == (self.about is not None):
            raise ValueError("name conflicts by id or say what they are about, not both")
        return self


class Flip(BaseModel):
    """A person's second thoughts on one conflict."""

    take: Literal["etilize", "shopify"]
    by: PersonName


class RuleOut(BaseModel):
    """A stored rule in the words of the rule file, with who made it, when and why."""

    rule_id: str
    rule: dict[str, JsonValue]
    created_by: str
    created_at: datetime
    reason: str

    @classmethod
    def of(cls, row: StoredRule) -> Self:
        """From what is stored."""
        return cls(rule_id=row.rule_id, rule=rule_document(row.rule), created_by=row.created_by,
                   created_at=row.created_at, reason=row.reason)


class RuleExplained(BaseModel):
    """What holds for a field of a product. `rule` is empty where none is about it; `why` is in sentences."""

    rule: str
    owner: str
    strategy: str
    drift: str
    why: str

    @classmethod
    def of(cls, found: Explanation) -> Self:
        """From a use case's answer."""
        return cls(rule=found.policy.rule, owner=found.policy.owner.value, strategy=found.policy.strategy.value,
                   drift=found.policy.drift.value, why=found.why)


class OverrideOut(BaseModel):
    """A value of the store that stands in for the catalog's own. `null` stands for absent."""

    product: str
    field: str
    value: JsonValue
    catalog: JsonValue
    since: datetime
    source: str

    @classmethod
    def of(cls, row: StoredOverride) -> Self:
        """From what is stored."""
        values: dict[str, Any] = {"value": row.override.value, "catalog": row.override.catalog_value}
        return cls(product=row.product_key, field=row.path, since=row.since, source=row.source, **values)


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
    """How far one lane of a push has got; points as charged, seconds since the lane began.

    `estimate`: points for the whole lane by the plan; `rate`: points a second; `share`: of the shop's limit in use (0
    to 1); `seconds_left`: until it is through. Those are null where they are not known. `stopped`: why it ended early.
    """

    lane: str
    total: int
    confirmed: int
    failed: int
    set_aside: int
    left: int
    points: float
    estimate: float
    rate: float
    share: float | None
    throttled: int
    seconds: float
    seconds_left: float | None
    finished: bool
    stopped: str | None

    @classmethod
    def of(cls, progress: Progress) -> Self:
        """From what is stored."""
        return cls(**{name: getattr(progress, name) for name in cls.model_fields})


class JobState(BaseModel):
    """A run: Dagster's status, reasons of a failure, progress of each lane."""

    run_id: str
    status: str
    seconds: float
    reasons: list[str]
    lanes: list[LaneProgress]
