"""The application, and the routes of plans, jobs and health. Each opens the shop, calls one use case and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import JsonValue
from starlette.exceptions import HTTPException as StarletteHTTPException

from shopsync_pipeline import __version__
from shopsync_pipeline.api.access import PROBLEMS, Opened, asked_settings
from shopsync_pipeline.api.dead_letters import router as dead_letters_router
from shopsync_pipeline.api.decisions import router as decisions_router
from shopsync_pipeline.api.imports import router as imports_router
from shopsync_pipeline.api.jobs import DagsterApi, DagsterUnreachableError
from shopsync_pipeline.api.models import (
    Approval,
    Consent,
    Health,
    Id,
    Job,
    JobState,
    LaneProgress,
    Launched,
    PlanChange,
    PlanOut,
    ShopOut,
)
from shopsync_pipeline.api.undo import router as undo_router
from shopsync_pipeline.core.errors import DatabaseError, PlanRefusedError, SettingsError, ShopBusyError, ShopsyncError
from shopsync_pipeline.core.report import markdown
from shopsync_pipeline.engine.approve import approve, resume
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.health import health_of
from shopsync_pipeline.engine.health import resume as resume_after_pause
from shopsync_pipeline.engine.report import plan_csv, plan_json, plan_report
from shopsync_pipeline.engine.review import one_plan, plan_changes, progress_of_run, recent_plans
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.errors import ShopPaused

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

STATUS_OF: tuple[tuple[type[ShopsyncError], int], ...] = (
    (PlanRefusedError, 409),
    (ShopBusyError, 409),
    (DagsterUnreachableError, 503),
    (DatabaseError, 503),
    (ShopPaused, 503),
    (SettingsError, 503),
)
"""HTTP status of each kind of error, first match; 400 for all others."""

_TEXT = {"schema": {"type": "string"}}


def create_app(settings: Callable[[], Settings]) -> FastAPI:
    """The application. `settings` is asked once per request."""
    app = FastAPI(title="shopsync", version=__version__, docs_url="/api/docs", openapi_url="/api/openapi.json")
    app.state.settings = settings
    app.add_exception_handler(ShopsyncError, _told)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.include_router(router)
    app.include_router(imports_router)
    app.include_router(decisions_router)
    app.include_router(dead_letters_router)
    app.include_router(undo_router)
    return app


async def _told(_: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUS_OF if isinstance(error, kind)), 400)
    return JSONResponse({"error": str(error)}, status_code=status)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


async def _misunderstood(_: Request, error: Exception) -> JSONResponse:
    """Names what is wrong and where, and never repeats the values that were sent."""
    assert isinstance(error, RequestValidationError)
    told = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}."
            for problem in error.errors()]
    return JSONResponse({"error": " ".join(told)}, status_code=422)


@router.get("/health")
def health(settings: Annotated[Settings, Depends(asked_settings)]) -> Health:
    """Whether the shop's data can be opened; 503 with the reason otherwise. Also whether requests go to the shop. Needs
    no token and tells no secret."""
    context = Context.open(settings)
    found = health_of(context)
    return Health(shop=context.shop_id, database=context.database.dialect, version=__version__,
                  shop_serves=found.serves, shop_says=found.says)


@router.post("/shop/resumption")
def resume_shop(context: Opened, consent: Consent) -> ShopOut:
    """Lets the next request to a shop that is paused or left alone go as a probe, at once; name and reason are kept."""
    return ShopOut.of(resume_after_pause(context, by=consent.by, reason=consent.reason))


@router.get("/plans")
def list_plans(context: Opened, most: Annotated[int, Query(ge=1, le=200)] = 20) -> list[PlanOut]:
    """The newest plans, newest first."""
    return [PlanOut.of(plan) for plan in recent_plans(context, most)]


@router.get("/plans/{plan_id}")
def show_plan(context: Opened, plan_id: Id) -> PlanOut:
    """One plan: its counts, estimate, and why it needs approval where it does."""
    return PlanOut.of(one_plan(context, plan_id))


@router.get("/plans/{plan_id}/changes")
def show_changes(context: Opened, plan_id: Id, skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
                 most: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[PlanChange]:
    """The changes of a plan in sending order, field by field, `most` at a time (at most 1000)."""
    one_plan(context, plan_id)
    return [PlanChange.of(row) for row in plan_changes(context, plan_id, skip=skip, most=most)]


@router.post("/plans/{plan_id}/approval")
def approve_plan(context: Opened, plan_id: Id, approval: Approval) -> PlanOut:
    """Allows a plan that broke a safety bound; name and reason are kept. The approval is for the plan's hash."""
    return PlanOut.of(approve(context, plan_id, by=approval.by, reason=approval.reason, expected_hash=approval.hash))


@router.post("/plans/{plan_id}/continuation")
def continue_plan(context: Opened, plan_id: Id, consent: Consent) -> PlanOut:
    """Lets the rest of a plan go whose first part did not go well; name and reason are kept."""
    return PlanOut.of(resume(context, plan_id, by=consent.by, reason=consent.reason)[0])


@router.get("/plans/{plan_id}/report.json")
def report_json(context: Opened, plan_id: Id) -> dict[str, JsonValue]:
    """All that people want to know of a plan: walls ahead, refusals, cost, counts, what waits, examples, conflicts."""
    return plan_json(context, plan_id)


@router.get("/plans/{plan_id}/report.md", responses={200: {"content": {"text/markdown": _TEXT}}})
def report_markdown(context: Opened, plan_id: Id) -> PlainTextResponse:
    """The same report to read, as Markdown."""
    return PlainTextResponse(markdown(plan_report(context, plan_id)), media_type="text/markdown")


@router.get("/plans/{plan_id}/report.csv", responses={200: {"content": {"text/csv": _TEXT}}})
def report_csv(context: Opened, plan_id: Id) -> StreamingResponse:
    """Every change of a plan as CSV: values that are no text are JSON."""
    one_plan(context, plan_id)
    return StreamingResponse(plan_csv(context, plan_id), media_type="text/csv")


@router.post("/jobs", status_code=202)
def launch_job(context: Opened, job: Job) -> Launched:
    """Launches full_sync, incremental_sync or (with `products`) sync_products in Dagster."""
    name, config = job.launch_config()
    with DagsterApi(context.settings.dagster_url) as dagster:
        run_id = dagster.launch(name, config=config, tags={"shopsync/requested_by": job.requested_by})
    return Launched(run_id=run_id, job=name)


@router.get("/jobs/{run_id}")
def job_state(context: Opened, run_id: Id) -> JobState:
    """A run's status, why it failed if it did, and how far each lane of its push has got."""
    with DagsterApi(context.settings.dagster_url) as dagster:
        state = dagster.run(run_id)
        reasons = dagster.why_failed(run_id) if state.status == "FAILURE" else []
    lanes = [LaneProgress.of(progress) for progress in progress_of_run(context, run_id)]
    return JobState(run_id=run_id, status=state.status, seconds=state.seconds, reasons=reasons, lanes=lanes)


@router.delete("/jobs/{run_id}", status_code=202)
def stop_job(context: Opened, run_id: Id) -> dict[str, Any]:
    """Asks a run to stop. What was already sent stays, and is in the ledger."""
    with DagsterApi(context.settings.dagster_url) as dagster:
        dagster.terminate(run_id)
    return {"run_id": run_id, "stopping": True}
