"""Group commits: what many tasks want written at the same moment is written in one transaction.

A commit costs a flush of the disk, however much is in it, and a push wants two for each mutation; so what arrives while
one commit runs waits for the next and goes together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from shopsync_pipeline.db.database import Database

V = TypeVar("V")
R = TypeVar("R")

Job = Callable[[Connection, Sequence[V]], Sequence[R]]
"""Writes all values that were handed in together, in their order, and returns one result for each. It must be free of
effects outside its transaction, because it may run a second time."""

MOST = 50
"""Values in one transaction: enough to make the flush cheap, few enough that nobody waits long for the others: a push
that begins with a full bucket loses points until its first mutation leaves."""

_Waiting = tuple[Job[Any, Any], Any, asyncio.Future[Any]]


class GroupCommit:
    """Writes for the tasks of one event loop, in a thread of its own, so that the loop goes on meanwhile.

    Use as an async context manager; at its end everything that was handed in is written.
    """

    def __init__(self, database: Database) -> None:
        """Opens nothing yet."""
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shopsync-writes")
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        try:
            while self._writing is not None:
                await asyncio.shield(self._writing)
        finally:
            self._thread.shutdown(wait=True)

    async def write(self, job: Job[V, R], value: V) -> R:
        """Hands a value to `job` and returns its result once that is committed.

        The values of one job are handed to it together. Raises what the job raises for this value. What was handed in
        is written also when the caller is cancelled meanwhile.
        """
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, value, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            # One turn of the loop, so that all who are about to write do so together.
            await asyncio.sleep(0)
            while self._waiting:
                together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                outcomes = await loop.run_in_executor(self._thread, self._commit, together)
                for (_, _, done), (result, error) in zip(together, outcomes, strict=True):
                    if done.done():
                        continue  # Its caller was cancelled; it is written all the same.
                    if error is None:
                        done.set_result(result)
                    else:
                        done.set_exception(error)
        finally:
            self._writing = None

    def _commit(self, together: Sequence[_Waiting]) -> list[tuple[Any, BaseException | None]]:
        try:
            return [(result, None) for result in self._transaction(together)]
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller gets it
            if len(together) == 1:
                return [(None, error)]
        # One of them spoils the transaction: each gets its own, so that only that one fails.
        return [outcome for one in together for outcome in self._commit([one])]

    def _transaction(self, together: Sequence[_Waiting]) -> list[Any]:
        by_job: dict[Job[Any, Any], list[int]] = {}
        for place, (job, _, _) in enumerate(together):
            by_job.setdefault(job, []).append(place)
        results: list[Any] = [None] * len(together)
        with self._database.write() as connection:
            for job, places in by_job.items():
                found = job(connection, [together[place][1] for place in places])
                for place, result in zip(places, found, strict=True):
                    results[place] = result
        return results
