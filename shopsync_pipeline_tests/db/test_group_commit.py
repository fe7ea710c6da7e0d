"""Group commits: many tasks, few transactions, and nobody pays for another's mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, select

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.group_commit import MOST, GroupCommit
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.schema import delivery_file
from shopsync_pipeline_tests.db.samples import SHOP


class Writing:
    """A job that keeps the names it is given, refuses "bad", and remembers what came together."""

    def __init__(self) -> None:
        self.together: list[list[str]] = []

    def __call__(self, connection: Connection, names: Sequence[str]) -> Sequence[str]:
        self.together.append(list(names))
        for name in names:
            connection.execute(delivery_file.insert().values(
                shop_id=SHOP, file=name, size=1, mtime_ns=1, surveys="{}", seen_at=now()))
            if name == "bad":
                raise ValueError("bad is refused")
        return [f"{name} is kept" for name in names]


def kept(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.execute(select(delivery_file.c.file)).scalars())


def test_what_arrives_together_is_written_together_and_each_gets_its_own_result(database: Database) -> None:
    job = Writing()
    names = [f"file-{number:03}" for number in range(200)]

    async def write_all() -> list[str]:
        async with GroupCommit(database) as commit:
            return await asyncio.gather(*(commit.write(job, name) for name in names))

    assert asyncio.run(write_all()) == [f"{name} is kept" for name in names]
    assert kept(database) == names
    assert len(job.together) == len(names) // MOST, "many writes, but hardly any transactions"


def test_a_write_is_committed_when_it_returns(database: Database) -> None:
    async def write_one() -> None:
        async with GroupCommit(database) as commit:
            await commit.write(Writing(), "first")
            assert kept(database) == ["first"]

    asyncio.run(write_one())


def test_only_the_one_that_fails_fails(database: Database) -> None:
    job = Writing()

    async def write_all() -> list[str | BaseException]:
        async with GroupCommit(database) as commit:
            return await asyncio.gather(*(commit.write(job, name) for name in ("a", "bad", "b")),
                                        return_exceptions=True)

    first, second, third = asyncio.run(write_all())
    assert (first, third) == ("a is kept", "b is kept")
    assert isinstance(second, ValueError)
    assert kept(database) == ["a", "b"]


def test_what_was_handed_in_is_written_although_its_caller_was_called_off(database: Database) -> None:
    async def call_off() -> None:
        async with GroupCommit(database) as commit:
            writing = asyncio.create_task(commit.write(Writing(), "called-off"))
            await asyncio.sleep(0)
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing

    asyncio.run(call_off())
    assert kept(database) == ["called-off"]


def test_different_jobs_share_a_transaction_in_the_order_in_which_they_came(database: Database) -> None:
    one, other = Writing(), Writing()

    async def write_all() -> None:
        async with GroupCommit(database) as commit:
            await asyncio.gather(commit.write(one, "a"), commit.write(other, "b"), commit.write(one, "c"))

    asyncio.run(write_all())
    assert (one.together, other.together) == ([["a", "c"]], [["b"]])
    assert kept(database) == ["a", "b", "c"]
