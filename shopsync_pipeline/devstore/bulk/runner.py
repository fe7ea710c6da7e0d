"""Runs the bulk operations of a shop beside its requests: short turns on the event loop, one operation after another.

An operation found RUNNING after a restart has FAILED with INTERNAL_SERVER_ERROR, what it had written is its partial
result, and its lines stay done; one that was only CREATED starts now, one that was CANCELING is CANCELED.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from shopsync_pipeline.devstore.bulk.export import Export
from shopsync_pipeline.devstore.bulk.files import BulkFiles
from shopsync_pipeline.devstore.bulk.lines import Produced, run_lines
from shopsync_pipeline.devstore.bulk.records import BulkOperation
from shopsync_pipeline.devstore.documents import Documents
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.persistence import Change
from shopsync_pipeline.devstore.store import Store

TURN_SECONDS: Final = 0.002
# Between two turns the loop goes round often enough for a request to be read, answered and sent.
_ROUNDS_BETWEEN: Final = 4
_SAVE_SECONDS: Final = 0.25
_IDLE_SECONDS: Final = 0.01
# The platform's limits: a day for a mutation, ten days for a query, in the shop's time.
TIME_LIMITS: Final = {"MUTATION": 24 * 3_600, "QUERY": 10 * 24 * 3_600}


@dataclass(slots=True)
class Order:
    """Trouble ordered for an operation: "fail", "stall" or "cancel" after so many lines or objects.

    `type` narrows it to MUTATION or QUERY, `id` to one operation; `error_code` belongs to "fail".
    """

    action: str
    after: int = 0
    type: str | None = None
    id: int | None = None
    error_code: str = "INTERNAL_SERVER_ERROR"

    def meets(self, record: BulkOperation, done: int) -> bool:
        """Whether it strikes this operation now."""
        return done >= self.after and self.type in (None, record.type) and self.id in (None, record.id)


@dataclass(slots=True)
class _Job:
    """An operation that has work to do. The record is looked up anew each turn: a failed request reads it all again."""

    id: int
    secret: str
    steps: Iterator[Produced | None] | None = None
    out: BinaryIO | None = None
    objects: int = 0
    roots: int = 0
    size: int = 0
    credit: float = 0.0
    at: float = 0.0
    saved_at: float = 0.0
    stalled: bool = False


@dataclass(slots=True)
class BulkRunner:
    """The bulk operations of one shop."""

    store: Store
    files: BulkFiles
    orders: list[Order] = field(default_factory=list)
    documents: Documents = field(default_factory=Documents)
    _jobs: dict[int, _Job] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def attach(self) -> None:
        """Begins to listen for operations that requests start."""
        self.store.observers.append(self._observe)
        self.store.reset_observers.append(self.forget)
        self.store.restore_observers.append(self._settle_restored)

    def recover(self) -> None:
        """Settles what an earlier process left, and starts what it had not begun. Needs a running event loop."""
        for record in list(self.store.bulk_operations.values()):
            if record.status == "CREATED":
                self._begin(record)
            elif record.status in ("RUNNING", "CANCELING"):
                self._settle_left(record)

    def _settle_restored(self) -> None:
        """Another state of the shop is in place: it is treated as after a restart. Files are not part of a snapshot."""
        for job in self._jobs.values():
            _close(job)
        self._jobs.clear()
        self.recover()

    def forget(self) -> None:
        """Drops all work and every file: the shop was reset."""
        for job in self._jobs.values():
            _close(job)
        self._jobs.clear()
        self.orders.clear()
        self.files.clear()

    async def stop(self) -> None:
        """Ends the work where it stands; the next start of the dev store settles it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        for job in self._jobs.values():
            _close(job)
        self._jobs.clear()

    def release(self) -> None:
        """Lets stalled operations go on."""
        for job in self._jobs.values():
            job.stalled = False

    def _observe(self, changes: list[Change]) -> None:
        for change in changes:
            if change.kind == BulkOperation.KIND and change.before is None:
                self._begin(self.store.bulk_operations[change.id])

    def _begin(self, record: BulkOperation) -> None:
        self._jobs[record.id] = _Job(record.id, record.secret)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._jobs:
            busy = False
            for job in list(self._jobs.values()):
                try:
                    busy |= self._turn(job)
                except Exception:
                    # A fault of the dev store itself: the operation ends, and the error is told by the task.
                    self._end(job, "FAILED", "INTERNAL_SERVER_ERROR")
                    self._work_on_after_error()
                    raise
                for _ in range(_ROUNDS_BETWEEN):
                    await asyncio.sleep(0)
            if not busy:
                await asyncio.sleep(_IDLE_SECONDS)

    def _work_on_after_error(self) -> None:
        if self._jobs:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def _turn(self, job: _Job) -> bool:
        """One turn of an operation; says whether it got anything done."""
        record = self._record(job)
        if record is None:
            _close(self._jobs.pop(job.id, job))
            return False
        if record.status == "CANCELING":
            self._end(job, "CANCELED")
            return True
        clock = self.store.clock()
        if record.status == "CREATED":
            if clock < record.started_at + self.store.settings.bulk_start_ms / 1_000:
                return False
            return self._start(job, record)
        if clock - record.started_at > TIME_LIMITS[record.type]:
            self._end(job, "FAILED", "TIMEOUT")
            return True
        if job.stalled:
            return False
        if not self._upload_untouched(record):
            return self._end(job, "FAILED", "INTERNAL_SERVER_ERROR")
        return self._steps(job, record)

    def _start(self, job: _Job, record: BulkOperation) -> bool:
        upload = self.store.uploads.get(record.upload_id) if record.upload_id is not None else None
        if record.type == "MUTATION" and (upload is None or not self.files.upload(upload).is_file()):
            return self._end(job, "FAILED", "INTERNAL_SERVER_ERROR")
        record.status = "RUNNING"
        self._save(job, record)
        job.out = self.files.result(record).open("wb")
        job.at = self.store.clock()
        if upload is None:
            job.steps = Export(self.store, self.documents, record).steps()
        else:
            job.steps = run_lines(self.store, self.documents, record, self.files.upload(upload))
        return True

    def _upload_untouched(self, record: BulkOperation) -> bool:
        """A file that is replaced while it runs ends the operation, as the platform's checksum does."""
        if record.upload_id is None:
            return True
        upload = self.store.uploads.get(record.upload_id)
        return upload is not None and upload.etag == record.upload_etag

    def _steps(self, job: _Job, record: BulkOperation) -> bool:
        assert job.steps is not None
        assert job.out is not None
        rate = self._credit(job, record)
        until = time.perf_counter() + TURN_SECONDS
        worked = False
        while time.perf_counter() < until:
            if self._struck(job, record):
                if job.stalled:
                    worked = False  # nothing follows this turn, so what was done is shown now
                    break
                return True
            if rate and job.credit < 1:
                break
            try:
                produced = next(job.steps, _DONE)
            except PlatformError as error:
                denied = error.code == "ACCESS_DENIED"
                return self._end(job, "FAILED", "ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR")
            worked = True
            if produced is _DONE:
                return self._end(job, "COMPLETED")
            if produced is not None:
                job.out.write(produced.line)
                job.size += len(produced.line)
                job.objects += 1
                job.roots += produced.root
                job.credit -= 1
        job.out.flush()
        current = self._record(job)
        unsaved = current is not None and current.object_count != job.objects
        if current is not None and unsaved and (not worked or time.monotonic() - job.saved_at > _SAVE_SECONDS):
            self._save(job, current)
        return worked

    def _credit(self, job: _Job, record: BulkOperation) -> float:
        """Adds what the rate has allowed since the last turn, by the shop's time; a rate of 0 is no limit."""
        settings = self.store.settings
        mutation = record.type == "MUTATION"
        rate = settings.bulk_lines_per_second if mutation else settings.bulk_query_objects_per_second
        now = self.store.clock()
        job.credit = job.credit + (now - job.at) * rate if rate else 0.0
        job.at = now
        return rate

    def _struck(self, job: _Job, record: BulkOperation) -> bool:
        order = next((order for order in self.orders if order.meets(record, job.objects)), None)
        if order is None:
            return False
        self.orders.remove(order)
        if order.action == "stall":
            job.stalled = True
            self._save(job, record)
            return True
        return self._end(job, "CANCELED") if order.action == "cancel" else self._end(job, "FAILED", order.error_code)

    def _end(self, job: _Job, status: str, error_code: str | None = None) -> bool:
        _close(job)
        self._jobs.pop(job.id, None)
        record = self._record(job)
        if record is None:
            return True
        now = self.store.clock()
        record.status, record.error_code, record.ended_at = status, error_code, now
        record.result = job.size > 0
        if status == "COMPLETED":
            record.completed_at = self.store.now()
            record.file_size = job.size or None
        self._save(job, record)
        return True

    def _settle_left(self, record: BulkOperation) -> None:
        path = self.files.result(record)
        kept = path.read_bytes() if path.is_file() else b""
        whole = kept[: kept.rfind(b"\n") + 1]
        if whole != kept:
            path.write_bytes(whole)
        canceled = record.status == "CANCELING"
        record.status = "CANCELED" if canceled else "FAILED"
        record.error_code = None if canceled else "INTERNAL_SERVER_ERROR"
        record.ended_at = self.store.clock()
        record.object_count = max(record.object_count, whole.count(b"\n"))
        record.result = bool(whole)
        self.store.touch(record)
        self.store.commit(actor="shop", action="bulkOperation")

    def _record(self, job: _Job) -> BulkOperation | None:
        found = self.store.bulk_operations.get(job.id)
        return found if found is not None and found.secret == job.secret else None

    def _save(self, job: _Job, record: BulkOperation) -> None:
        record.object_count, record.root_count = job.objects, job.roots
        job.saved_at = time.monotonic()
        self.store.touch(record)
        self.store.commit(actor="shop", action="bulkOperation")


_DONE: Final = Produced(b"")


def _close(job: _Job) -> None:
    if job.out is not None:
        job.out.close()
        job.out = None
    job.steps = None
