"""One account of a shop's points for several processes: each takes a lease, spends it by itself, and reports later.

Pure: what an exchange between a process and the account changes. What the account still has to give, and all that
processes hold, never exceeds together what the shop's bucket surely holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

LEASE_SECONDS = 10.0
"""How long what a process holds is reckoned with after its last report; it must not spend it any later."""

ROUNDING = 1e-6
"""Points below which two figures are the same."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process with a lease. `held`: points that it may still spend, or whose requests are on their way. `seen`: when
    it last reported. `waiting_since`: since when it waits for room for `needs` points, `None` if it does not. Instants
    in seconds."""

    held: float
    seen: float
    waiting_since: float | None = None
    needs: float = 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """What is left to give. `level` is negative where points were promised that the shop will only have restored later;
    it stood so at `at` (seconds). `spent`: all charges that were ever reported. `told_at`: when the shop's answers last
    had a say in it (seconds), `None` for never. `maximum` and `restore_rate` are those
    of the part of the bucket that is ours, `None` before any process had an answer."""

    maximum: float | None = None
    restore_rate: float | None = None
    level: float = 0.0
    at: float = 0.0
    spent: float = 0.0
    told_at: float | None = None
    holders: Mapping[str, Holder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer of the shop told. `proven`: what answers prove the bucket to have held, with all charges that had
    been made by then (`proof.Proof`; compare `Account.spent`), `None` where the account must not be raised. `age`:
    seconds in which points may have come back since; `rested`: those in which they surely have, unless the bucket was
    full."""

    maximum: float
    restore_rate: float
    available: float
    proven: float | None
    age: float = 0.0
    rested: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a process tells and asks. `held`: what it keeps; `returned`: what it gives back (negative: what it spent
    beyond its lease); `spent`: what was charged since its last report. It asks for `want` points and has no use for
    less than `need`; with `want` 0 it asks for nothing."""

    holder: str
    held: float
    returned: float = 0.0
    spent: float = 0.0
    want: float = 0.0
    need: float = 0.0
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer: `points` are leased. `ready` of them may be spent at once; the others come back at `restore_rate`,
    beginning in `starts_in` seconds. `there`: points of what the report held that are in the bucket by now. `refused`:
    there is no room for what is needed; give everything back and ask again. `level` and `spent` are the account's;
    `told`: seconds since an answer of the shop had a say in it; `rivals`: other processes with a lease."""

    points: float
    ready: float
    starts_in: float
    there: float
    refused: bool
    level: float
    spent: float
    maximum: float | None
    restore_rate: float | None
    rivals: int
    told: float | None


def exchange(account: Account, report: Report, now: float) -> tuple[Account, Grant]:
    """The account after a process's report at `now`, and what it gets.

    Laws (with S what the shop's bucket really holds for us): `level` + all `held` ≤ S, so that even points promised
    ahead are there when they fall due; and all `held` ≤ `maximum`, so that none of them can be lost at the brim.
    """
    alive = {name: one for name, one in account.holders.items() if now - one.seen < LEASE_SECONDS}
    account = _restored(account, now, sum(one.held for one in alive.values()))
    mine = alive.pop(report.holder, None)
    others = sum(one.held for one in alive.values())
    account = replace(account, level=account.level + report.returned, spent=account.spent + report.spent)
    least = _least(account, report.seen)
    if report.seen is not None:
        account = replace(_corrected(account, report.seen, least, others + report.held), told_at=now)
    # What is proven belongs to the others first, then to the account, then to what this process holds.
    there = 0.0 if least is None else max(0.0, min(report.held, least - others - max(0.0, account.level)))
    account, grant, waiting = _granted(account, report, mine, alive, now, there)
    held = report.held + grant.points
    if held > ROUNDING or waiting is not None:
        alive[report.holder] = Holder(held, now, waiting, 0.0 if waiting is None else report.need)
    return replace(account, holders=alive), grant


def _restored(account: Account, now: float, held: float) -> Account:
    if account.maximum is None or account.restore_rate is None:
        return replace(account, at=now)
    # What is held may be in the bucket still, and the bucket takes no more than its size.
    level = min(account.level + max(0.0, now - account.at) * account.restore_rate, account.maximum - held)
    return replace(account, level=level, at=now)


def _corrected(account: Account, seen: Seen, least: float | None, held: float) -> Account:
    """Raised to the `least` that the answer proves, lowered to what it shows when others have spent."""
    if account.maximum != seen.maximum:
        # Nobody knew the bucket, or the shop changed its plan: what was reckoned with means nothing any more.
        level = (seen.available if least is None else least) - held
    else:
        level = account.level if least is None else max(account.level, least - held)
    level = min(level, seen.available + seen.age * seen.restore_rate, seen.maximum - held)
    return replace(account, level=level, maximum=seen.maximum, restore_rate=seen.restore_rate)


def _least(account: Account, seen: Seen | None) -> float | None:
    """What an answer proves to be in the bucket by now, all that is held included."""
    if seen is None or seen.proven is None:
        return None
    return seen.proven + min(seen.rested * seen.restore_rate, seen.maximum - seen.available) - account.spent


def _granted(account: Account, report: Report, mine: Holder | None, others: Mapping[str, Holder], now: float,
             there: float) -> tuple[Account, Grant, float | None]:
    """The account, the grant, and since when the process waits for room."""
    points = ready = starts_in = 0.0
    waiting: float | None = None
    if report.want > 0:
        since = mine.waiting_since if mine is not None and mine.waiting_since is not None else now
        rate = account.restore_rate
        if account.maximum is None or rate is None:
            # Nobody knows the bucket: one request may go and find out, while the others wait.
            room = 0.0 if any(one.held > 0 for one in others.values()) else report.need
        else:
            room = account.maximum - report.held - sum(one.held for one in others.values())
            if rate <= 0:
                room = min(room, account.level)
            # Small leases must not keep a large one from ever finding room.
            room -= sum(one.needs for name, one in others.items()
                        if one.waiting_since is not None and (one.waiting_since, name) < (since, report.holder))
        if room < report.need - ROUNDING:
            waiting = since
        else:
            points = min(report.want, max(room, 0.0))
            if rate is None:
                ready = points
            else:
                ready = min(points, max(0.0, account.level))
                starts_in = max(0.0, -account.level) / rate if rate > 0 else 0.0
                account = replace(account, level=account.level - points)
    return account, Grant(points, ready, starts_in, there, waiting is not None, account.level, account.spent,
                          account.maximum, account.restore_rate, len(others),
                          None if account.told_at is None else now - account.told_at), waiting
