"""Dead letters on record: one row for each content, found by all that they have, with every step that followed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from shopsync_pipeline.core.dead_letters import LetterState
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.root_cause import RootCause
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.dead_letters import DeadLetters, Wanted
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, item, stock

OPEN, RETRYING, DISCARDED, RESOLVED = (
    LetterState.OPEN, LetterState.RETRYING, LetterState.DISCARDED, LetterState.RESOLVED)
LONG, SHORT = RootCause("aaaa", "title too long"), RootCause("bbbb", "title too short")


def bury(connection: Connection, what: PlanItem, shop: str = SHOP, **given: Any) -> str:
    told = {"sent": what, "named": False, "plan_id": "p1", "run_id": "r1", "cause": "rejected", "codes": ["X"],
            "why": "No.", "root": LONG, **given}
    return DeadLetters(connection, shop).bury(what, **told)


def test_a_letter_comes_back_as_it_was_buried(database: Database) -> None:
    what, sent = item("a"), item("a", after={"x": [True, 1, "é"]})
    with database.write() as connection:
        letter_id = bury(connection, what, sent=sent, named=True, codes=["X", "Y"], why="Nö\x00.")
        found = DeadLetters(connection, SHOP).get(letter_id)
        assert (found.item, found.sent, found.named, found.codes, found.why) == (what, sent, True, ("X", "Y"), "Nö.")
        assert (found.state, found.cause, found.root, found.plan_id, found.run_id, found.times) == (
            OPEN, "rejected", LONG, "p1", "r1", 1)
        assert found.first_refused == found.last_refused
        assert DeadLetters(connection, SHOP).history(letter_id) == []


def test_the_same_content_is_the_same_letter_and_counts_on(database: Database) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        first = bury(connection, item("a"))
        assert bury(connection, item("a"), plan_id="p2", run_id="r2", why="Still no.", root=SHORT) == first
        found = letters.get(first)
        assert (found.times, found.plan_id, found.run_id, found.why, found.root) == (2, "p2", "r2", "Still no.", SHORT)
        assert found.first_refused <= found.last_refused
        assert len({first, bury(connection, item("a", after="newer")), bury(connection, item("b")),
                    bury(connection, stock("a", 1)), bury(connection, item("a"), OTHER)}) == 5


@pytest.mark.parametrize(("was", "becomes"), [
    (RETRYING, OPEN), (LetterState.EDITED, OPEN), (RESOLVED, OPEN), (DISCARDED, DISCARDED), (OPEN, OPEN)])
def test_what_is_refused_again_is_open_again_unless_somebody_discarded_it(database: Database, was: LetterState,
                                                                         becomes: LetterState) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        letter_id = bury(connection, item("a"))
        letters.move([letter_id], was, by="Ada", why="because")
        bury(connection, item("a"), plan_id="p2")
        assert (letters.get(letter_id).state, letters.get(letter_id).times) == (becomes, 2)
        steps = [(step.state, step.by, step.why) for step in letters.history(letter_id)]
        assert steps == [(was, "Ada", "because")] + (
            [] if was in (OPEN, DISCARDED) else [(OPEN, "shopsync", "refused again in plan p2")])


def test_without_a_run_it_is_the_run_that_made_the_plan(database: Database) -> None:
    with database.write() as connection:
        plan_id = Plans(connection, SHOP).save(hash_="h", inputs="i", scope="all", run_id="maker", items=[],
                                               summary={}, refusals=[])
        letters = DeadLetters(connection, SHOP)
        assert letters.get(bury(connection, item("a"), plan_id=plan_id, run_id=None)).run_id == "maker"
        assert letters.get(bury(connection, item("b"), plan_id="none", run_id=None)).run_id is None


def test_letters_are_found_by_what_they_have(database: Database) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        a = bury(connection, item("a"))
        b = bury(connection, item("b"), root=SHORT, cause="lost")
        c = bury(connection, stock("c", 5))
        bury(connection, item("a"), OTHER)
        letters.move([c], RETRYING, by="Ada", why="x")

        def ids(**said: Any) -> list[str]:
            assert [row.letter_id for row in letters.find(Wanted(**said))] == letters.ids(Wanted(**said))
            return letters.ids(Wanted(**said))

        assert ids() == [c, b, a], "the last refused first"
        assert ids(states=(OPEN,)) == [b, a]
        assert ids(states=(OPEN, RETRYING), cause="rejected") == [c, a]
        assert ids(operation=Operation.INVENTORY_SET.value) == [c]
        assert ids(group="bbbb") == [b]
        assert ids(products={"a", "b"}) == [b, a]
        assert ids(products=set()) == []
        assert [row.letter_id for row in letters.find(Wanted(), most=1, skip=1)] == [b]
        assert letters.counts() == {"open": 2, "retrying": 1}
        with pytest.raises(ShopsyncError, match="There is no dead letter nope"):
            letters.get("nope")
        with pytest.raises(ShopsyncError, match="There is no dead letter"):
            DeadLetters(connection, OTHER).get(a)


def test_letters_are_grouped_by_root_cause_the_largest_first(database: Database) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        ids = [bury(connection, item(f"p{number}"), why=f"Nr. {number}") for number in range(7)]
        few = bury(connection, item("z"), root=SHORT)
        bury(connection, item("y"), OTHER)
        large, small = letters.groups(Wanted(states=(OPEN,)))
        assert (large.root, large.count, large.products) == (LONG, 7, ("p0", "p1", "p2", "p3", "p4"))
        assert (large.example.letter_id, large.last_refused) == (ids[-1], letters.get(ids[-1]).last_refused)
        assert large.first_refused == letters.get(ids[0]).first_refused
        assert (small.root, small.count, small.example.letter_id) == (SHORT, 1, few)
        assert [group.root for group in letters.groups(Wanted(), most=1)] == [LONG]
        letters.move(ids[:6], RESOLVED, by="x", why="x")
        assert {group.count for group in letters.groups(Wanted(states=(OPEN,)))} == {1}


def test_active_letters_by_product_whether_few_or_many_are_asked_for(database: Database) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        first, second = bury(connection, item("a")), bury(connection, stock("a", 1))
        closed, other = bury(connection, item("b")), bury(connection, item("c"))
        letters.move([closed], RESOLVED, by="x", why="x")
        letters.move([other], DISCARDED, by="x", why="x")
        wanted = {"a": [first, second]}
        for keys in ({"a", "b"}, {"a", "b", *(f"k{number}" for number in range(600))}):
            assert {key: [row.letter_id for row in rows] for key, rows in letters.active(keys).items()} == wanted
        assert set(letters.active()) == {"a", "c"}
        assert letters.active(set()) == {}


def test_many_letters_move_at_once_each_with_its_own_history(database: Database) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        ids = [bury(connection, item(f"p{number}")) for number in range(1100)]
        letters.move(ids[:1], RETRYING, by="Ada", why="first")
        assert letters.move([*ids, ids[0]], DISCARDED, by="Bo", why="all") == 1100
        assert letters.counts() == {"discarded": 1100}
        assert [(step.state, step.by) for step in letters.history(ids[0])] == [(RETRYING, "Ada"), (DISCARDED, "Bo")]
        assert [(step.state, step.by) for step in letters.history(ids[-1])] == [(DISCARDED, "Bo")]
        assert DeadLetters(connection, OTHER).history(ids[0]) == []


def test_what_a_plan_is_told_of_a_letter(database: Database) -> None:
    with database.write() as connection:
        letters = DeadLetters(connection, SHOP)
        letter_id = bury(connection, item("a"), sent=item("a", after="other"), named=True)
        told = letters.get(letter_id).letter()
        assert (told.item_id, told.changes, told.named, told.holds) == (
            item("a").item_id, item("a").changes, True, True)
        assert told.sent == item("a", after="other").changes
        assert told.why == "refused before, dead letter group aaaa: title too long"
        letters.move([letter_id], DISCARDED, by="x", why="x")
        assert letters.get(letter_id).letter().why == "discarded, dead letter group aaaa: title too long"
