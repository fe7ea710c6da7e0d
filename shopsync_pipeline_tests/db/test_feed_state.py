"""Feeds that deliver changes only: what is known of each SKU after an import, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.feed_state import FeedRow, FeedState, StagedFeeds
from shopsync_pipeline.db.schema import catalog_feed_change, catalog_feed_row
from shopsync_pipeline_tests.db.samples import OTHER, SHOP


def fact(sku: str, facts: str = "{}", *, feed: str = "ingram", mpn: str | None = None) -> FeedRow:
    return FeedRow(feed, sku, mpn, None, facts)


def know(connection: Connection, number: int, rows: list[FeedRow], shop: str = SHOP) -> int:
    state = FeedState(connection, shop)
    with StagedFeeds(state.digests()) as staged:
        staged.add_all(rows)
        return state.switch(number, staged)


def known(connection: Connection, shop: str = SHOP) -> list[FeedRow]:
    return list(FeedState(connection, shop).rows())


def kept(connection: Connection) -> dict[int, int]:
    column = catalog_feed_change.c.number
    return dict(connection.execute(select(column, func.count()).group_by(column)).all())


def test_rows_come_back_by_feed_and_sku_in_the_order_of_each_sku(database: Database) -> None:
    rows = [fact("B", '{"a":"é\\n"}', mpn="M"), fact("A", "2"), fact("A", "1"), fact("A", "3", feed="dandh")]
    with database.write() as connection:
        assert know(connection, 1, rows) == 3
        know(connection, 1, [fact("X")], OTHER)
        assert known(connection) == [rows[3], rows[1], rows[2], rows[0]]
        assert known(connection, OTHER) == [fact("X")]


def test_only_skus_whose_rows_differ_are_written_and_kept(database: Database) -> None:
    with database.write() as connection:
        know(connection, 1, [fact(f"S{number}") for number in range(1200)])
        assert know(connection, 2, [fact(f"S{number}", "new" if number == 7 else "{}") for number in range(1199)]) == 2
        assert kept(connection) == {1: 1200, 2: 2}
        assert know(connection, 3, known(connection)) == 0
        assert FeedState(connection, SHOP).go_back(1, 4) == 2
        assert len(known(connection)) == 1200
        FeedState(connection, SHOP).forget(2)
        assert kept(connection) == {4: 2}


SKUS = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.lists(st.sampled_from(["1", "2"]), min_size=1, max_size=3))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(states=st.lists(SKUS, min_size=1, max_size=5), to=st.integers(0, 4))
def test_every_earlier_state_can_be_had_again(database: Database, states: list[dict[str, list[str]]], to: int) -> None:
    with database.write() as connection:
        connection.execute(delete(catalog_feed_row))
        connection.execute(delete(catalog_feed_change))
        after = []
        for number, state in enumerate(states, start=1):
            know(connection, number, [fact(sku, facts) for sku, rows in state.items() for facts in rows])
            after.append(known(connection))
        chosen = to % len(after)
        FeedState(connection, SHOP).go_back(chosen + 1, len(states) + 1)
        assert known(connection) == after[chosen]
        FeedState(connection, SHOP).go_back(len(states), len(states) + 2)
        assert known(connection) == after[-1]


def test_rows_of_one_sku_that_stand_apart_are_a_bug() -> None:
    with StagedFeeds({}) as staged, pytest.raises(ValueError, match="the rows of A in the feed ingram do not stand"):
        staged.add_all([fact("A"), fact("B"), fact("A")])
