"""Dead letters on record: one for each content that Shopify refused, how often, and every step that followed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from shopsync_pipeline.core.dead_letters import ACTIVE, Letter, LetterState
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.root_cause import RootCause
from shopsync_pipeline.db.rows import CHUNK, chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import dead_letter, dead_letter_action, plan

OURSELVES = "shopsync"
"""Who acted, where no person did."""

FIRST_PRODUCTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """One content that was refused. `item` is the refused part; `named` says whether Shopify named its fields, or
    whether it is all that was sent. `sent` is the whole item at the last refusal, of `plan_id` and `run_id`.

    `why` is Shopify's answer (or ours, where nothing could be sent) as a sentence, `root` what it has in common with
    others. `times` counts refusals of this content.
    """

    letter_id: str
    product_key: str
    operation: Operation
    item: PlanItem
    sent: PlanItem
    named: bool
    state: LetterState
    cause: str
    codes: tuple[str, ...]
    why: str
    root: RootCause
    plan_id: str
    run_id: str | None
    times: int
    first_refused: datetime
    last_refused: datetime

    def letter(self) -> Letter:
        """As the core takes it."""
        done = "discarded" if self.state is LetterState.DISCARDED else "refused before"
        return Letter(item_id=self.item.item_id, changes=self.item.changes, named=self.named, state=self.state,
                      cause=self.cause, sent=self.sent.changes,
                      why=f"{done}, dead letter group {self.root.key}: {self.root.text}")


@dataclass(frozen=True, slots=True)
class Action:
    """One step in a letter's life: which state it came to, when, by whom and why."""

    at: datetime
    state: LetterState
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterGroup:
    """Letters with one root cause: how many, of which products first, since when and until when, and the newest."""

    root: RootCause
    operation: Operation
    count: int
    products: tuple[str, ...]
    first_refused: datetime
    last_refused: datetime
    example: StoredLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters: all that fit everything that is said. `group` is the key of a root cause; `products` are keys
    (`None`: any)."""

    states: tuple[LetterState, ...] = ()
    cause: str = ""
    operation: str = ""
    group: str = ""
    products: Collection[str] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database."""
        found: list[ColumnElement[bool]] = []
        if self.states:
            found.append(dead_letter.c.state.in_([state.value for state in self.states]))
        for column, value in ((dead_letter.c.cause, self.cause), (dead_letter.c.operation, self.operation),
                              (dead_letter.c.root_key, self.group)):
            if value:
                found.append(column == value)
        if self.products is not None:
            found.append(dead_letter.c.product_key.in_(sorted(self.products)))
        return found


class DeadLetters:
    """The dead letters of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def bury(self, item: PlanItem, sent: PlanItem, *, named: bool, plan_id: str, run_id: str | None, cause: str,
             codes: Sequence[str], why: str, root: RootCause) -> str:
        """Records a refusal of `item`, a part of `sent`; returns the letter's id.

        The same content again is the same letter: it counts on and is open again, unless it was discarded. `run_id`
        `None` stands for the run that made the plan.
        """
        instant = now()
        run = run_id or self._connection.execute(select(plan.c.run_id).where(plan.c.plan_id == plan_id)).scalar()
        told = {"cause": cause, "codes": to_text(list(codes)), "why": why.replace("\x00", ""), "root_key": root.key,
                "root_cause": root.text, "named": named, "document": to_text(item.to_json()),
                "sent": to_text(sent.to_json()), "plan_id": plan_id, "run_id": run, "last_refused": instant}
        content = (dead_letter.c.shop_id == self._shop, dead_letter.c.product_key == item.product_key,
                   dead_letter.c.operation == item.operation.value, dead_letter.c.item_id == item.item_id)
        known = self._connection.execute(select(dead_letter.c.letter_id, dead_letter.c.state).where(*content)).first()
        if known is None:
            letter_id = new_id()
            self._connection.execute(insert(dead_letter), {
                "shop_id": self._shop, "letter_id": letter_id, "product_key": item.product_key,
                "item_id": item.item_id, "operation": item.operation.value, "state": LetterState.OPEN.value,
                "times": 1, "first_refused": instant, **told})
            return letter_id
        self._connection.execute(update(dead_letter).where(dead_letter.c.letter_id == known.letter_id).values(
            times=dead_letter.c.times + 1, **told))
        if known.state not in (LetterState.OPEN.value, LetterState.DISCARDED.value):
            self.move([known.letter_id], LetterState.OPEN, by=OURSELVES, why=f"refused again in plan {plan_id}")
        return str(known.letter_id)

    def get(self, letter_id: str) -> StoredLetter:
        """A letter by id. Raises `ShopsyncError` for an id that this shop does not have."""
        row = self._connection.execute(select(dead_letter).where(
            dead_letter.c.shop_id == self._shop, dead_letter.c.letter_id == letter_id)).mappings().first()
        if row is None:
            raise ShopsyncError(f"There is no dead letter {letter_id}. `shopsync dead-letters list --state all` shows "
                                "those there are.")
        return _stored(row)

    def find(self, wanted: Wanted, *, most: int = 1000, skip: int = 0) -> list[StoredLetter]:
        """Letters, the last refused first."""
        rows = self._connection.execute(
            select(dead_letter).where(dead_letter.c.shop_id == self._shop, *wanted.conditions())
            .order_by(dead_letter.c.last_refused.desc(), dead_letter.c.letter_id).limit(most).offset(skip)
        ).mappings()
        return [_stored(row) for row in rows]

    def ids(self, wanted: Wanted) -> list[str]:
        """The ids of all letters that are wanted, the last refused first."""
        return list(self._connection.execute(
            select(dead_letter.c.letter_id).where(dead_letter.c.shop_id == self._shop, *wanted.conditions())
            .order_by(dead_letter.c.last_refused.desc(), dead_letter.c.letter_id)).scalars())

    def counts(self) -> dict[str, int]:
        """State → number of letters."""
        rows = self._connection.execute(select(dead_letter.c.state, func.count()).where(
            dead_letter.c.shop_id == self._shop).group_by(dead_letter.c.state))
        return dict(rows.all())

    def groups(self, wanted: Wanted, *, most: int = 100) -> list[LetterGroup]:
        """Letters by root cause, the largest group first."""
        c = dead_letter.c
        of_shop = (c.shop_id == self._shop, *wanted.conditions())
        rows = self._connection.execute(
            select(c.root_key, func.count(), func.min(c.first_refused), func.max(c.last_refused))
            .where(*of_shop).group_by(c.root_key).order_by(func.count().desc(), c.root_key).limit(most)
        ).all()
        found = []
        for key, count, first, last in rows:
            products = self._connection.execute(
                select(c.product_key).where(*of_shop, c.root_key == key).group_by(c.product_key)
                .order_by(c.product_key).limit(FIRST_PRODUCTS)).scalars().all()
            newest = self._connection.execute(
                select(dead_letter).where(*of_shop, c.root_key == key)
                .order_by(c.last_refused.desc(), c.letter_id).limit(1)).mappings().one()
            example = _stored(newest)
            found.append(LetterGroup(root=example.root, operation=example.operation, count=count,
                                     products=tuple(products), first_refused=first, last_refused=last,
                                     example=example))
        return found

    def active(self, keys: Collection[str] | None = None) -> dict[str, list[StoredLetter]]:
        """Product key → letters that are not resolved, the first refused first; `keys` limits it to some products.

        A few keys are looked up, many are sought among all active letters, of which there are far fewer than products.
        """
        found: dict[str, list[StoredLetter]] = {}
        query = select(dead_letter).where(dead_letter.c.shop_id == self._shop).order_by(
            dead_letter.c.first_refused, dead_letter.c.letter_id)
        if keys is not None and len(keys) <= CHUNK:
            # "Not resolved" leaves SQLite no index but the products'; of two, it took the states' and was slower with
            # each letter (measured: 1.8 ms for one product among 1,000 letters).
            query = query.where(dead_letter.c.product_key.in_(sorted(keys)),
                                dead_letter.c.state != LetterState.RESOLVED.value)
        else:
            query = query.where(dead_letter.c.state.in_([state.value for state in ACTIVE]))
        for row in self._connection.execute(query.execution_options(yield_per=CHUNK)).mappings():
            if keys is None or row["product_key"] in keys:
                found.setdefault(row["product_key"], []).append(_stored(row))
        return found

    def move(self, letter_ids: Iterable[str], state: LetterState, *, by: str, why: str) -> int:
        """Moves letters to a state and writes down who did it and why; returns how many."""
        instant, moved = now(), 0
        steps = dead_letter_action.c
        for part in chunks(dict.fromkeys(letter_ids)):
            last = dict(self._connection.execute(
                select(steps.letter_id, func.max(steps.seq)).where(steps.letter_id.in_(part))
                .group_by(steps.letter_id)).all())
            moved += self._connection.execute(update(dead_letter).where(
                dead_letter.c.shop_id == self._shop, dead_letter.c.letter_id.in_(part)
            ).values(state=state.value)).rowcount
            self._connection.execute(insert(dead_letter_action), [
                {"shop_id": self._shop, "letter_id": letter_id, "seq": last.get(letter_id, 0) + 1, "at": instant,
                 "state": state.value, "by": by, "why": why} for letter_id in part])
        return moved

    def history(self, letter_id: str) -> list[Action]:
        """Everything that was done about a letter, in order."""
        steps = dead_letter_action.c
        rows = self._connection.execute(
            select(steps.at, steps.state, steps.by, steps.why)
            .where(steps.shop_id == self._shop, steps.letter_id == letter_id).order_by(steps.seq))
        return [Action(at, LetterState(state), by, why) for at, state, by, why in rows]


def _stored(row: RowMapping) -> StoredLetter:
    return StoredLetter(
        letter_id=row["letter_id"], product_key=row["product_key"], operation=Operation(row["operation"]),
        item=PlanItem.from_json(from_text(row["document"])), sent=PlanItem.from_json(from_text(row["sent"])),
        named=row["named"], state=LetterState(row["state"]), cause=row["cause"], codes=tuple(from_text(row["codes"])),
        why=row["why"], root=RootCause(row["root_key"], row["root_cause"]), plan_id=row["plan_id"],
        run_id=row["run_id"], times=row["times"], first_refused=row["first_refused"],
        last_refused=row["last_refused"],
    )
