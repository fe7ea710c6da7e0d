"""The routes of the catalog's imports: what each changed and could not use, approving one, going back to one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, JsonValue

from shopsync_pipeline.api.access import PROBLEMS, Opened
from shopsync_pipeline.api.models import Approval, Id
from shopsync_pipeline.core.fields import Group
from shopsync_pipeline.db.history import ChangeKind
from shopsync_pipeline.db.imports import Import, Switch
from shopsync_pipeline.db.quarantine import Quarantined
from shopsync_pipeline.engine.changes import Change, changes
from shopsync_pipeline.engine.imports import approve_import, one_import, quarantined_rows, recent_imports
from shopsync_pipeline.engine.rollback import roll_back

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

Skip = Annotated[int, Query(ge=0, le=10**9)]
Most = Annotated[int, Query(ge=1, le=1000)]


class ImportFile(BaseModel):
    """A file of a delivery: bytes, encoding as found, physical lines, column names where it has them."""

    name: str
    size: int
    sha256: str
    encoding: str
    role: str
    lines: int
    header: list[str]
    made_at: datetime | None


class Changed(BaseModel):
    """What an import changed, as counts of products; `groups`: changed products by field group."""

    appeared: int
    changed: int
    vanished: int
    unchanged: int
    groups: dict[str, int]

    @classmethod
    def of(cls, switch: Switch) -> Self:
        """From what is stored."""
        return cls(**switch.to_json())


class ImportOut(BaseModel):
    """One import. `refusals`: guards that it broke; `changes` is `null` where it never became the catalog."""

    import_id: str
    kind: str
    state: str
    source: str
    started_at: datetime
    finished_at: datetime | None
    products: int | None
    counts: dict[str, int]
    changes: Changed | None
    files: list[ImportFile]
    refusals: list[str]
    notices: list[str]
    error: str | None
    approved_by: str | None
    approval_reason: str | None
    rolled_back_by: str | None
    rollback_reason: str | None
    restores: str | None

    @classmethod
    def of(cls, found: Import) -> Self:
        """From what is stored."""
        names = ("import_id", "source", "started_at", "finished_at", "products", "error", "approved_by",
                 "approval_reason", "rolled_back_by", "rollback_reason", "restores")
        return cls(
            **{name: getattr(found, name) for name in names}, kind=found.kind.value, state=found.state.value,
            counts=dict(found.counts), changes=Changed.of(found.switch) if found.switch else None,
            files=[ImportFile(**file) for file in found.files], refusals=list(found.refusals),
            notices=list(found.notices),
        )


class FieldChangeOut(BaseModel):
    """One field of a product. `null` before or after stands for absent."""

    field: str
    group: str
    before: JsonValue
    after: JsonValue


class ChangeOut(BaseModel):
    """One product that an import changed; `fields` is empty where it appeared or vanished."""

    product: str
    kind: str
    groups: list[str]
    fields: list[FieldChangeOut]

    @classmethod
    def of(cls, change: Change) -> Self:
        """From a use case's row."""
        fields: list[dict[str, Any]] = [
            {"field": field.path, "group": field.group.value, "before": field.before, "after": field.after}
            for field in change.fields
        ]
        return cls(product=change.product_key, kind=change.kind.value, groups=[group.value for group in change.groups],
                   fields=[FieldChangeOut(**field) for field in fields])


class QuarantinedOut(BaseModel):
    """What of a delivery could not be used, where it stands (lines count from 1) and why."""

    kind: str
    file: str
    line: int
    column: str
    value: str
    reason: str

    @classmethod
    def of(cls, row: Quarantined) -> Self:
        """From what is stored."""
        return cls(**asdict(row))


@router.get("/imports")
def list_imports(context: Opened, most: Annotated[int, Query(ge=1, le=200)] = 20) -> list[ImportOut]:
    """The last imports, newest first."""
    return [ImportOut.of(found) for found in recent_imports(context, most)]


@router.get("/imports/{import_id}/changes")
def import_changes(context: Opened, import_id: Id, kind: ChangeKind | None = None, group: Group | None = None,
                   skip: Skip = 0, most: Most = 100) -> list[ChangeOut]:
    """What an import changed, product by product in order of key, `most` at a time."""
    return [ChangeOut.of(row) for row in changes(context, import_id, kind=kind, group=group, skip=skip, most=most)]


@router.get("/imports/{import_id}/quarantine")
def import_quarantine(context: Opened, import_id: Id, kind: Literal["row", "value", "unmatched"] | None = None,
                      skip: Skip = 0, most: Most = 100) -> list[QuarantinedOut]:
    """What of an import could not be used, in file order, `most` at a time."""
    return [QuarantinedOut.of(row) for row in quarantined_rows(context, import_id, most, kind=kind, skip=skip)]


@router.post("/imports/{import_id}/approval")
def approve_delivery(context: Opened, import_id: Id, approval: Approval) -> ImportOut:
    """Allows the delivery of a refused or rolled back import; name and reason are kept."""
    return ImportOut.of(approve_import(context, import_id, by=approval.by, reason=approval.reason))


@router.post("/imports/{import_id}/rollback")
def roll_back_to(context: Opened, import_id: Id, approval: Approval) -> ImportOut:
    """Makes the catalog what it was after an import. Answers with the rollback, which is an import too."""
    done = roll_back(context, import_id, by=approval.by, reason=approval.reason)
    return ImportOut.of(one_import(context, done.import_id))
