"""The shared account: exchanges conserve points, promise them in order, and give room to whoever waited longest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.points import LEASE_SECONDS, Account, Holder, Report, Seen, exchange
from shopsync_pipeline_tests.core.samples import LAW

FULL = Account(1000.0, 100.0, 1000.0, 0.0)


def asks(holder: str, want: float, *, held: float = 0.0, need: float | None = None, **told: float) -> Report:
    return Report(holder=holder, held=held, want=want, need=want if need is None else need, **told)


def test_the_first_one_may_ask_and_the_others_wait_until_the_bucket_is_known() -> None:
    account, grant = exchange(Account(), asks("a", 500, need=7), 1.0)
    assert (grant.points, grant.ready, grant.maximum, grant.refused) == (7, 7, None, False)
    account, other = exchange(account, asks("b", 10), 1.1)
    assert other.refused
    told = Report(holder="a", held=0.0, spent=5.0, seen=Seen(1000, 100, 900, 900))
    account, _ = exchange(account, told, 1.2)
    assert (account.maximum, account.restore_rate, account.level, account.spent) == (1000, 100, 895, 5)
    _, other = exchange(account, asks("b", 10), 1.3)
    assert (other.points, other.ready) == (10, 10)


def test_points_are_promised_in_the_order_in_which_they_were_asked_for() -> None:
    account = Account(1000.0, 100.0, 50.0, 0.0)
    account, first = exchange(account, asks("a", 150), 0.0)
    account, second = exchange(account, asks("b", 100), 0.0)
    assert (first.points, first.ready, first.starts_in) == (150, 50, 0)
    assert (second.points, second.ready, second.starts_in) == (100, 0, pytest.approx(1.0))
    account, third = exchange(account, asks("c", 10), 0.5)
    assert third.starts_in == pytest.approx(1.5)


def test_what_is_held_may_be_in_the_bucket_still_so_the_rest_stays_below_the_brim() -> None:
    account, _ = exchange(FULL, asks("a", 300), 0.0)
    assert account.level == 700
    account, _ = exchange(account, asks("a", 0, held=300), 5.0)
    assert account.level == 700
    account, _ = exchange(account, Report(holder="a", held=0, spent=300), 6.0)
    account, _ = exchange(account, Report(holder="a", held=0), 8.0)
    assert account.level == 900


def test_nothing_a_holder_has_is_reckoned_with_after_its_lease_ran_out() -> None:
    account, _ = exchange(FULL, asks("a", 300), 0.0)
    account, grant = exchange(account, asks("b", 0), LEASE_SECONDS - 0.1)
    assert (account.level, grant.rivals) == (700, 1)
    account, grant = exchange(account, asks("b", 0), LEASE_SECONDS + 0.9)
    assert (account.level, grant.rivals) == (pytest.approx(800), 0), "they come back with time, not by themselves"
    account, _ = exchange(account, asks("b", 0), LEASE_SECONDS + 3)
    assert account.level == 1000


def test_room_is_given_to_whoever_waited_longest() -> None:
    account, _ = exchange(FULL, asks("a", 600), 0.0)
    account, refused = exchange(account, asks("large", 900), 1.0)
    assert refused.refused
    account, small = exchange(account, asks("b", 10), 2.0)
    assert small.refused, "there would be room, but not for the large one as well"
    account, _ = exchange(account, Report(holder="a", held=0, spent=600), 3.0)
    account, small = exchange(account, asks("b", 10), 3.1)
    assert small.points == 10, "there is room for both"
    account, large = exchange(account, asks("large", 900), 3.2)
    assert (large.points, large.refused) == (900, False)
    account, small = exchange(account, asks("b", 10, held=10), 3.3)
    assert small.points == 10


def test_more_than_is_wanted_at_least_is_given_as_far_as_there_is_room() -> None:
    account, _ = exchange(FULL, asks("a", 900), 0.0)
    _, grant = exchange(account, asks("b", 200, need=50), 0.0)
    assert (grant.points, grant.refused) == (100, False)


@pytest.mark.parametrize(("seen", "level"), [
    (Seen(1000, 100, 300, None), 300), (Seen(1000, 100, 300, None, 0.5), 350), (Seen(1000, 100, 990, None), 500),
    (Seen(1000, 100, 990, 990), 790), (Seen(1000, 100, 990, 890), 690), (Seen(400, 50, 390, 390), 190),
], ids=["others spent", "and some came back since", "not raised", "raised by proof", "less what was spent since",
        "a smaller bucket"])
def test_an_answer_lowers_the_account_to_what_it_shows_and_raises_it_to_what_it_proves(seen: Seen,
                                                                                        level: float) -> None:
    account = Account(1000.0, 100.0, 500.0, 0.0, holders={"b": Holder(200, 0.0)})
    account, grant = exchange(account, Report(holder="a", held=0, seen=seen), 0.0)
    assert (account.level, account.maximum, account.restore_rate) == (level, seen.maximum, seen.restore_rate)
    assert grant.told == 0


@pytest.mark.parametrize(("seen", "others", "level", "there"), [
    (None, 0, -100, 0), (Seen(1000, 100, 120, None), 0, -100, 0), (Seen(1000, 100, 120, 120), 0, -100, 120),
    (Seen(1000, 100, 120, 120, 0.5, 0.2), 0, -100, 140), (Seen(1000, 100, 990, 990, 0.5, 0.2), 0, 0, 150),
    (Seen(1000, 100, 120, 120), 90, -100, 30), (Seen(1000, 100, 300, 300), 90, 100, 110),
    (Seen(1000, 100, 120, 90), 0, -100, 90),
], ids=["no answer", "no proof", "proven", "and rested since", "never more than it holds", "others hold some",
        "some is left to give", "some was spent since"])
def test_a_holder_learns_how_much_of_its_lease_an_answer_proves_to_be_there(seen: Seen | None, others: float,
                                                                           level: float, there: float) -> None:
    account = Account(1000.0, 100.0, level, 0.0, holders={"b": Holder(others, 0.0)} if others else {})
    _, grant = exchange(account, Report(holder="a", held=150, seen=seen), 0.0)
    assert grant.there == pytest.approx(there)


def test_a_shop_that_changed_its_plan_is_reckoned_with_anew() -> None:
    account = Account(40_000.0, 2000.0, 36_000.0, 0.0, spent=50.0)
    account, grant = exchange(account, Report(holder="a", held=1500, spent=500, seen=Seen(2000, 100, 1990, 2040)), 0.0)
    assert account.level == 1490 - 1500, "500 of the 1,990 are spent, and 1,500 are held"
    assert (grant.maximum, grant.there) == (2000, 1490)


def test_a_clock_that_went_back_gives_nothing_away() -> None:
    account = Account(1000.0, 100.0, 500.0, 100.0)
    account, _ = exchange(account, asks("a", 0), 50.0)
    assert (account.level, account.at) == (500, 50)


_step = st.tuples(st.sampled_from("abc"), st.floats(0, 3), st.integers(0, 400), st.floats(0, 1), st.booleans())


@LAW
@given(st.lists(_step, max_size=40), st.sampled_from([0.0, 20.0, 100.0]), st.integers(0, 1000))
def test_what_is_left_and_what_is_held_never_exceed_the_bucket(steps: list[tuple[str, float, int, float, bool]],
                                                               rate: float, start: int) -> None:
    """Whatever processes ask, spend and give back; `shop` is the bucket as the shop itself would count it."""
    account, shop, now = Account(1000.0, rate, float(start), 0.0), float(start), 0.0
    held = dict.fromkeys("abc", 0.0)
    for holder, later, want, part, gives_back in steps:
        now += later
        shop = min(1000.0, shop + later * rate)
        if now - account.holders.get(holder, Holder(0, -LEASE_SECONDS)).seen >= LEASE_SECONDS:
            held[holder] = 0.0
        mine = held[holder]
        # Only what has come back by now can have been spent.
        spent = min(mine * part, shop)
        shop -= spent
        returned = (mine - spent) if gives_back else 0.0
        keeps = mine - spent - returned
        report = Report(holder=holder, held=keeps, returned=returned, spent=spent, want=want, need=want / 2)
        account, grant = exchange(account, report, now)
        held[holder] = keeps + grant.points
        alive = sum(one.held for one in account.holders.values())
        assert alive <= 1000 + 1e-6
        assert account.level + alive <= shop + 1e-6
        assert grant.points == 0 or grant.points >= want / 2 - 1e-6
        assert grant.refused == (want > 0 and grant.points < want / 2 - 1e-6) or want == 0
