"""One writer a shop: across threads, processes and hosts, on either database. And what a shop and a push say of
themselves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, event, select

from shopsync_pipeline.core.errors import ShopBusyError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.rows import now, upsert
from shopsync_pipeline.db.schema import writer_lock
from shopsync_pipeline.db.shops import (
    SILENT_AFTER,
    TOKEN,
    KnownShop,
    known_shop,
    remember_shop,
    still_writing,
    writing_to,
)
from shopsync_pipeline_tests.db.samples import NOON, OTHER, SHOP

HOST, PID = socket.gethostname(), os.getpid()
WAIT = 60


def holder_of(database: Database, shop: str = SHOP) -> str | None:
    with database.read() as connection:
        query = select(writer_lock.c.holder).where(writer_lock.c.shop_id == shop)
        return connection.execute(query).scalar_one_or_none()


def leave_lock(database: Database, *, process: int, host: str = HOST, seen_at: datetime | None = None,
               token: str = "another process") -> None:
    """A lock as somebody else has left it."""
    with database.write() as connection:
        upsert(connection, writer_lock, [{
            "shop_id": SHOP, "holder": "run 7", "host": host, "process": process, "token": token, "taken_at": NOON,
            "seen_at": seen_at or now(),
        }])


@pytest.fixture
def dead_process() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait(WAIT)
    return process.pid


def test_a_writer_holds_its_shop_while_it_writes_and_lets_go_afterwards(database: Database) -> None:
    with writing_to(database, SHOP, "run 1"):
        assert holder_of(database) == "run 1"
    assert holder_of(database) is None
    with writing_to(database, SHOP, "run 2"):
        assert holder_of(database) == "run 2"


def test_a_writer_that_fails_lets_go_too(database: Database) -> None:
    def fail() -> None:
        with writing_to(database, SHOP, "run 1"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert holder_of(database) is None


def test_a_second_writer_is_refused_and_told_who_is_writing(database: Database) -> None:
    with writing_to(database, SHOP, "run 1"):
        with pytest.raises(ShopBusyError) as refused, writing_to(database, SHOP, "run 2"):
            pass
        assert holder_of(database) == "run 1"
    said = str(refused.value)
    assert said.startswith(f"{SHOP} is being written to by run 1 (process {PID} on {HOST}, since ")
    assert said.endswith(" UTC). Wait for it to end, or terminate that run.")


def test_each_shop_has_its_own_writer(database: Database) -> None:
    with writing_to(database, SHOP, "run 1"), writing_to(database, OTHER, "run 2"):
        assert (holder_of(database), holder_of(database, OTHER)) == ("run 1", "run 2")


@pytest.mark.parametrize("silent", [timedelta(0), SILENT_AFTER * 2], ids=["seen just now", "silent for long"])
def test_a_process_of_this_host_that_ended_is_replaced_at_once(database: Database, dead_process: int,
                                                               silent: timedelta) -> None:
    leave_lock(database, process=dead_process, seen_at=now() - silent)
    with writing_to(database, SHOP, "run 8"):
        assert holder_of(database) == "run 8"


def test_a_process_of_this_host_that_runs_is_never_replaced(database: Database) -> None:
    leave_lock(database, process=os.getppid(), seen_at=now() - SILENT_AFTER * 2)
    with pytest.raises(ShopBusyError, match=f"run 7 .process {os.getppid()} on "), writing_to(database, SHOP, "run 8"):
        pass


def test_an_earlier_process_that_had_our_number_is_replaced_at_once(database: Database) -> None:
    leave_lock(database, process=PID)
    with writing_to(database, SHOP, "run 8"):
        assert holder_of(database) == "run 8"


@pytest.mark.parametrize(("silent", "replaced"), [
    (timedelta(0), False), (SILENT_AFTER - timedelta(seconds=60), False), (SILENT_AFTER + timedelta(seconds=1), True),
], ids=["seen just now", "seen lately", "silent"])
def test_a_writer_on_another_host_is_replaced_once_it_is_silent(database: Database, dead_process: int,
                                                                silent: timedelta, replaced: bool) -> None:
    leave_lock(database, process=dead_process, host="elsewhere", seen_at=now() - silent)
    if replaced:
        with writing_to(database, SHOP, "run 8"):
            assert holder_of(database) == "run 8"
    else:
        with pytest.raises(ShopBusyError, match=r"on elsewhere, since 12:00:00 UTC"), writing_to(database, SHOP, "8"):
            pass


def test_a_writer_that_was_replaced_does_not_let_go_of_what_is_anothers(database: Database) -> None:
    with writing_to(database, SHOP, "run 1"):
        leave_lock(database, process=PID, host="elsewhere")
    assert holder_of(database) == "run 7"


def test_a_writer_reports_that_it_is_still_there(database: Database) -> None:
    with writing_to(database, SHOP, "run 1"), database.write() as connection:
        before = connection.execute(select(writer_lock.c.seen_at)).scalar_one()
        still_writing(connection, SHOP)
        after = connection.execute(select(writer_lock.c.seen_at)).scalar_one()
    assert after > before


@pytest.mark.parametrize(("host", "process"), [("elsewhere", PID), (HOST, os.getppid())], ids=["elsewhere", "here"])
def test_a_report_does_not_keep_anothers_lock_alive(database: Database, host: str, process: int) -> None:
    leave_lock(database, process=process, host=host, seen_at=NOON)
    with database.write() as connection:
        still_writing(connection, SHOP)
        assert connection.execute(select(writer_lock.c.seen_at)).scalar_one() == NOON


@pytest.mark.parametrize("left_behind", [False, True], ids=["free", "left by a dead process"])
def test_of_threads_that_race_for_a_shop_one_wins(database: Database, dead_process: int, left_behind: bool) -> None:
    if left_behind:
        leave_lock(database, process=dead_process)
    rivals = 4
    start, end = Barrier(rivals), Barrier(rivals)

    def compete(number: int) -> str:
        start.wait(WAIT)
        try:
            with writing_to(database, SHOP, f"thread {number}"):
                end.wait(WAIT)
                return "won"
        except ShopBusyError:
            end.wait(WAIT)
            return "refused"

    with ThreadPoolExecutor(rivals) as pool:
        results = list(pool.map(compete, range(rivals)))
    assert sorted(results) == ["refused"] * (rivals - 1) + ["won"]
    assert holder_of(database) is None


RIVAL = """
import sys
from shopsync_pipeline.core.errors import ShopBusyError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.shops import writing_to

database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    with writing_to(database, sys.argv[2], "rival"):
        print("won", flush=True)
        sys.stdin.readline()
except ShopBusyError:
    print("refused", flush=True)
"""


@contextmanager
def rivals(url: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that will try to write to the shop as soon as they are sent a line, and let go at the next."""
    running = [subprocess.Popen([sys.executable, "-c", RIVAL, url, SHOP], stdin=subprocess.PIPE, text=True,
                                stdout=subprocess.PIPE) for _ in range(count)]
    try:
        assert [read(process) for process in running] == ["ready"] * count
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate(timeout=WAIT)


def read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_of_processes_that_race_for_a_shop_one_wins_and_when_killed_is_replaced_at_once(
        database: Database) -> None:
    with rivals(database.url.render_as_string(hide_password=False), 3) as processes:
        for process in processes:
            tell(process)
        results = [read(process) for process in processes]
        assert sorted(results) == ["refused", "refused", "won"]
        winner = processes[results.index("won")]
        with pytest.raises(ShopBusyError, match=f"rival .process {winner.pid} on "), writing_to(database, SHOP, "us"):
            pass
        winner.send_signal(signal.SIGKILL)
        winner.wait(WAIT)
        with writing_to(database, SHOP, "us"):
            assert holder_of(database) == "us"


def test_who_comes_while_the_holder_lets_go_does_not_push_a_quicker_rival_aside(postgres_url: str) -> None:
    """The holder lets go between a rival's two statements, and a third writer takes the shop before it goes on."""
    database, elsewhere = Database(postgres_url), Database(f"{postgres_url}&application_name=elsewhere")
    database.upgrade()
    leave_lock(database, process=PID, token=TOKEN)
    seen: list[str] = []

    def interfere(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)
        if "FOR UPDATE" in statement and sum("FOR UPDATE" in one for one in seen) == 1:
            with elsewhere.write() as connection:
                connection.execute(delete(writer_lock))

    def interfere_again(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FOR UPDATE" in statement and sum("FOR UPDATE" in one for one in seen) == 1:
            leave_lock(elsewhere, process=PID, token=TOKEN)

    engine = database._engine
    event.listen(engine, "before_cursor_execute", interfere)
    event.listen(engine, "after_cursor_execute", interfere_again)
    with pytest.raises(ShopBusyError, match="run 7"), writing_to(database, SHOP, "run 8"):
        pass
    assert holder_of(elsewhere) == "run 7"


KNOWN = KnownShop(shop_id=SHOP, name="Clay & Co", currency="EUR", location_id="gid/1", location_name="Main")


def test_a_shop_is_known_as_it_last_described_itself(database: Database) -> None:
    with database.write() as connection:
        assert known_shop(connection, SHOP) is None
        remember_shop(connection, KNOWN)
        assert known_shop(connection, SHOP) == KNOWN
        again = replace(KNOWN, name="Clay", restore_rate=100.0, bucket_size=2000.0)
        remember_shop(connection, again)
        assert known_shop(connection, SHOP) == again
        assert known_shop(connection, OTHER) is None
