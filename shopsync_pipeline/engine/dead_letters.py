"""Dead letters at work: refusals are buried while a plan is sent, weighed while the next is made, and closed once what
they are about was written or is no longer asked for.

What people do about them (retry, edit, discard) is in `engine.letter_decisions`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from shopsync_pipeline.core.dead_letters import Letter, LetterState, asked_for, part_of
from shopsync_pipeline.core.fields import Path, place
from shopsync_pipeline.core.named_fields import named_paths
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.root_cause import root_cause
from shopsync_pipeline.db.dead_letters import OURSELVES, DeadLetters
from shopsync_pipeline.shopify.errors import GraphQLFault, NotSendable, UserErrors

SHORTEST_NAME = 3
"""Characters of a variant's key from which on it is taken out of a root cause; shorter ones are words as well."""


def bury(connection: Connection, shop_id: str, plan_id: str, item: PlanItem, *, why: str, codes: Sequence[str] = (),
         cause: str = "rejected", fields: Sequence[str] = (), paths: Sequence[str] = (),
         run_id: str | None = None) -> str:
    """Records that an item was refused; call it in the transaction that marks the item rejected. Returns the letter's
    id.

    `why` is Shopify's answer as a sentence, `codes` the codes in it. `fields` are the input fields that its userErrors
    name (`UserError.field`), where the request carried this item alone, and `paths` the changes at fault where they are
    known: then only those are refused, and the next plan sends the rest. `cause`: `unsendable` (no request could be
    made) and `lost` (no answer came) hold nothing back, see `core.dead_letters.FREE_TO_TRY`; any other does. `run_id`
    is the run that sent it.
    """
    part = part_of(item, {*named_paths(item, fields), *map(Path, paths)})
    root = root_cause(item.operation, codes, why, _names(item))
    return DeadLetters(connection, shop_id).bury(
        part or replace(item, depends_on=()), item, named=part is not None, plan_id=plan_id, run_id=run_id,
        cause=cause[:16], codes=codes, why=why, root=root)


def bury_error(connection: Connection, shop_id: str, plan_id: str, item: PlanItem, error: Exception, *,
               run_id: str | None = None) -> str:
    """`bury` with everything that an error tells: the sentence, its codes, the fields that it names, and its cause."""
    if isinstance(error, UserErrors):
        return bury(connection, shop_id, plan_id, item, why=str(error), codes=error.codes, run_id=run_id,
                    fields=[row.field for row in error.errors])
    if isinstance(error, NotSendable):
        return bury(connection, shop_id, plan_id, item, why=str(error), cause="unsendable", paths=error.paths,
                    run_id=run_id)
    codes = error.codes if isinstance(error, GraphQLFault) else ()
    return bury(connection, shop_id, plan_id, item, why=str(error), codes=codes, run_id=run_id)


def _names(item: PlanItem) -> set[str]:
    """Words of an answer that belong to this product alone."""
    variants = {place(change.path).variant or "" for change in item.changes}
    return {item.product_key, item.product_key.partition(":")[2],
            *(key for key in variants if len(key) >= SHORTEST_NAME)}


def letters_about(connection: Connection, shop_id: str, items: Iterable[PlanItem]) -> dict[str, list[Letter]]:
    """Product key → letters that a plan of these items must heed, the first refused first."""
    keys = {item.product_key for item in items}
    return {key: [row.letter() for row in rows]
            for key, rows in DeadLetters(connection, shop_id).active(keys).items()}


def text_of(letters: dict[str, list[Letter]]) -> str:
    """The one text of what letters decide; part of what a plan was computed from. Empty where there is none."""
    told = [f"{key} {letter.item_id} {letter.state.value}" for key, rows in sorted(letters.items())
            for letter in sorted(rows, key=lambda letter: letter.item_id)]
    return f"dead letters: {' '.join(told)}" if told else ""


def close_outdated(connection: Connection, shop_id: str, plan_id: str, items: Iterable[PlanItem],
                   only: Collection[str] | None) -> int:
    """Closes the letters whose input has changed: a new plan of `items`, in which the held ones are too, no longer asks
    for what they are about. Returns how many.

    `only` are the products that were looked at (`None`: all).
    """
    letters = DeadLetters(connection, shop_id)
    active = letters.active(None if only is None else set(only))
    if not active:
        return 0
    planned: dict[str, list[PlanItem]] = {}
    for item in items:
        if item.product_key in active:
            planned.setdefault(item.product_key, []).append(item)
    changed: list[str] = []
    agreed: list[str] = []
    for key, rows in active.items():
        for row in rows:
            if not asked_for(row.letter(), planned.get(key, ())):
                (changed if key in planned else agreed).append(row.letter_id)
    return (letters.move(changed, LetterState.RESOLVED, by=OURSELVES,
                         why=f"superseded: its input has changed, and plan {plan_id} has other content")
            + letters.move(agreed, LetterState.RESOLVED, by=OURSELVES,
                           why=f"plan {plan_id} asks for nothing of this product any more"))


def close_written(connection: Connection, shop_id: str, plan_id: str, items: Iterable[PlanItem]) -> int:
    """Closes the letters whose every field has now been written; call it in the transaction that confirms `items`.
    Returns how many."""
    written: dict[str, set[str]] = {}
    for item in items:
        written.setdefault(item.product_key, set()).update(change.path for change in item.changes)
    letters = DeadLetters(connection, shop_id)
    done = [row.letter_id for key, rows in letters.active(written).items() for row in rows
            if all(change.path in written[key] for change in row.item.changes)]
    return letters.move(done, LetterState.RESOLVED, by=OURSELVES, why=f"written in plan {plan_id}") if done else 0
