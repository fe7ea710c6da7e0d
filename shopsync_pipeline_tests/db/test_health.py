"""The shared state of a shop's health: what one process writes another reads, and one of many gets the probe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import select

from shopsync_pipeline.core.breaker import Breaker, Phase
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.health import ShopHealth, resume
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.schema import shop_health
from shopsync_pipeline_tests.db.samples import NOON, OTHER, SHOP

HOUR = timedelta(hours=1)


def test_a_shop_that_was_never_in_trouble_is_served(database: Database) -> None:
    assert ShopHealth(database, SHOP).read() == Breaker()


def test_what_one_process_writes_another_reads(database: Database) -> None:
    paused = ShopHealth(database, SHOP).change(lambda state: state.refused(NOON, "HTTP 402. Überfällig.", HOUR))
    assert paused.paused
    assert ShopHealth(database, SHOP).read() == paused
    assert ShopHealth(database, OTHER).read() == Breaker()
    probing = ShopHealth(database, SHOP).change(lambda state: state.claimed(NOON + HOUR, "a" * 32))
    assert ShopHealth(database, SHOP).read() == probing
    assert ShopHealth(database, SHOP).change(lambda state: state.probe_answered("a" * 32)) == Breaker()
    assert ShopHealth(database, SHOP).read() == Breaker()


def test_the_step_sees_the_state_of_now(database: Database) -> None:
    mine, other = ShopHealth(database, SHOP), ShopHealth(database, SHOP)
    opened = Breaker(phase=Phase.OPEN, why="HTTP 503.", since=NOON, rest=timedelta(seconds=5), probe_at=NOON)
    assert mine.read().phase is Phase.CLOSED
    other.change(lambda _: opened)
    seen: list[Breaker] = []
    mine.change(lambda state: seen.append(state) or state)
    assert seen == [opened]


def test_of_many_that_want_to_probe_one_does(database: Database) -> None:
    ShopHealth(database, SHOP).change(lambda state: state.refused(NOON, "HTTP 402.", HOUR))
    start, later = Barrier(6), NOON + HOUR

    def claim(name: str) -> bool:
        start.wait(30)
        return ShopHealth(database, SHOP).change(lambda state: state.claimed(later, name)).prober == name

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, "abcdef")) == 1


def test_of_many_that_are_the_first_none_is_lost(database: Database) -> None:
    start = Barrier(6)

    def count(number: int) -> None:
        start.wait(30)
        ShopHealth(database, SHOP).change(lambda state: state.refused(NOON, f"{state.why}{number}", HOUR))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(count, range(6)))
    assert sorted(ShopHealth(database, SHOP).read().why) == list("012345")


def test_a_persons_word_is_kept_and_the_next_request_may_go(database: Database) -> None:
    ShopHealth(database, SHOP).change(lambda state: state.refused(now(), "HTTP 423.", HOUR))
    before = now()
    with database.write() as connection:
        resumed = resume(connection, SHOP, by="Ada", reason="support has unlocked it")
    assert resumed.probe_due(now())
    with database.read() as connection:
        row = connection.execute(select(shop_health)).mappings().one()
    assert (row["resumed_by"], row["resumed_for"]) == ("Ada", "support has unlocked it")
    assert before <= row["resumed_at"] <= now()
    ShopHealth(database, SHOP).change(lambda _: Breaker())
    with database.read() as connection:
        assert connection.execute(select(shop_health.c.resumed_by)).scalar_one() == "Ada", "it stays on record"


def test_nothing_is_written_when_nothing_changes(database: Database) -> None:
    health = ShopHealth(database, SHOP)
    health.change(lambda state: state.refused(NOON, "HTTP 402.", HOUR))
    with database.read() as connection:
        first = connection.execute(select(shop_health.c.changed_at)).scalar_one()
    health.change(lambda state: state)
    with database.read() as connection:
        assert connection.execute(select(shop_health.c.changed_at)).scalar_one() == first
