"""The account that processes share, in either database: exchanges come one after the other and lose nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shopsync_pipeline.core.points import Report, Seen
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.points import account_of, exchange_points
from shopsync_pipeline_tests.db.samples import OTHER, SHOP


def told(database: Database, shop: str, available: float) -> None:
    """A process that asks for the first time, and reports the bucket."""
    with database.write() as connection:
        exchange_points(connection, shop, Report(holder="first", held=0, want=10, need=10))
        exchange_points(connection, shop, Report(holder="first", held=0, spent=10,
                                                 seen=Seen(20_000, 0.001, available, available + 10)))


def test_an_account_is_kept_from_exchange_to_exchange(database: Database) -> None:
    told(database, SHOP, 500)
    with database.write() as connection:
        grant = exchange_points(connection, SHOP, Report(holder="a", held=0, want=200, need=10))
        assert (grant.points, grant.ready, grant.maximum, grant.restore_rate) == (200, 200, 20_000, 0.001)
        assert grant.told is not None
        assert 0 <= grant.told < 60
    with database.write() as connection:
        grant = exchange_points(connection, SHOP, Report(holder="b", held=0, want=20_000, need=20_000))
        assert grant.refused
        account = account_of(connection, SHOP)
        assert account.level == pytest.approx(300, abs=0.1)
        assert {name: (one.held, one.needs) for name, one in account.holders.items()} == {
            "a": (200, 0), "b": (0, 20_000)}
        assert account.holders["b"].waiting_since == pytest.approx(account.at, abs=0.001)
        exchange_points(connection, SHOP, Report(holder="b", held=0))
        exchange_points(connection, SHOP, Report(holder="a", held=0, returned=150, spent=50))
        account = account_of(connection, SHOP)
        assert (account.holders, account.spent) == ({}, 60)
        assert account.level == pytest.approx(450, abs=0.1)


def test_each_shop_has_its_own(database: Database) -> None:
    told(database, SHOP, 500)
    with database.write() as connection:
        assert account_of(connection, OTHER).maximum is None
        exchange_points(connection, SHOP, Report(holder="a", held=0, want=1, need=1))
        assert account_of(connection, OTHER).holders == {}


def test_exchanges_at_the_same_time_share_one_account(database: Database) -> None:
    told(database, SHOP, 1000)

    def take(number: int) -> float:
        points = 0.0
        for _ in range(10):
            with database.write() as connection:
                points += exchange_points(
                    connection, SHOP, Report(holder=f"h{number}", held=points, want=10, need=10)).ready
        return points

    with ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(take, range(4)))
    with database.read() as connection:
        account = account_of(connection, SHOP)
    assert taken == 400
    assert account.level == pytest.approx(600, abs=0.1)
    assert sum(one.held for one in account.holders.values()) == 400


def test_two_that_begin_at_once_make_one_account(database: Database) -> None:
    def begin(number: int) -> float:
        with database.write() as connection:
            return exchange_points(connection, SHOP, Report(holder=f"h{number}", held=0, want=5, need=5)).points

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(begin, range(4))) == [0, 0, 0, 5]
