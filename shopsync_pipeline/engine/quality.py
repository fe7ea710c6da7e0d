"""Data quality of the catalog: what an import found is kept with it, and held to the shop's thresholds when asked.

Nothing here keeps a plan from being sent: the guards of the import and the bounds of the plan do that. Only a check
whose threshold says `blocking` has the import itself refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.observer import Observer
from shopsync_pipeline.core.quality import (
    DEFAULTS,
    STALE_STOCK,
    STOCK_HOURS,
    Example,
    Finding,
    Threshold,
    Verdict,
    aged,
    judge,
    refusals,
)
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.quality import Findings
from shopsync_pipeline.db.quarantine import Quarantined
from shopsync_pipeline.engine.context import Context


@dataclass(frozen=True, slots=True)
class Quality:
    """The verdicts on one import, by the name of the check; none for an import that was not looked at."""

    import_id: str
    verdicts: Mapping[str, Verdict]


def keep_findings(
    connection: Connection, shop_id: str, import_id: str, observer: Observer, counts: Mapping[str, int], *,
    quarantine: Iterable[Quarantined] = (), stock_at: datetime | None = None,
    thresholds: Mapping[str, Threshold] = DEFAULTS, now: datetime | None = None, stock_hours: float = STOCK_HOURS,
) -> None:
    """Completes what was observed of an import's products with what its readers counted, and keeps it.

    `stock_at`: the time of the stock figures, where it is known. Raises `CatalogError` when a check that is to block
    fails; the caller's transaction, and with it the switch, is then undone.
    """
    refused = list(quarantine)
    observer.account(
        counts, stock_at=stock_at, rows=_of_kind(refused, "row"), values=_of_kind(refused, "value"),
        unmatched=_of_kind(refused, "unmatched"))
    findings = observer.findings()
    instant = now or datetime.now(UTC)
    reasons = refusals(_as_of(findings, instant, stock_hours), thresholds)
    if reasons:
        raise CatalogError(
            f"The catalog stays as it was, because checks that block it failed. {' '.join(reasons)} Correct the "
            "delivery, or raise the threshold or set blocking = false under [quality] in the mapping file."
        )
    Findings(connection, shop_id).put(import_id, findings)


def _of_kind(rows: Iterable[Quarantined], kind: str) -> Iterator[Example]:
    return (_example(row) for row in rows if row.kind == kind)


def _example(row: Quarantined) -> Example:
    return Example(f"{row.file}:{row.line}", row.column, row.value, row.reason)


def quality(
    context: Context, thresholds: Mapping[str, Threshold] = DEFAULTS, *, now: datetime | None = None,
    stock_hours: float = STOCK_HOURS,
) -> Quality | None:
    """The verdicts on the current catalog as of `now`; `None` while there is no catalog."""
    with context.database.read() as connection:
        current = Imports(connection, context.shop_id).current()
        if current is None:
            return None
        findings = Findings(connection, context.shop_id).of(current.import_id)
    instant = now or datetime.now(UTC)
    return Quality(current.import_id, {
        finding.check: judge(finding, thresholds) for finding in _as_of(findings, instant, stock_hours)})


def _as_of(findings: Iterable[Finding], now: datetime, stock_hours: float) -> list[Finding]:
    return [aged(finding, now, stock_hours) if finding.check == STALE_STOCK else finding for finding in findings]
