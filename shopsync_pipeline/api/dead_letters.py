"""The routes of dead letters: what Shopify refused, one by one or by root cause, and what people do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, JsonValue

from shopsync_pipeline.api.access import PROBLEMS, Opened
from shopsync_pipeline.api.models import Consent, Id, PersonName, Word
from shopsync_pipeline.db.dead_letters import Action, LetterGroup, StoredLetter
from shopsync_pipeline.engine.letter_decisions import (
    Chosen,
    discard,
    discard_where,
    edit,
    letter_groups,
    list_letters,
    one_letter,
    retry,
    retry_where,
)

router = APIRouter(prefix="/api/v1/dead-letters", responses=PROBLEMS)


class Which(BaseModel):
    """Which letters: all that fit everything that is said. `state` may be `all`; `group` is a root cause's key."""

    state: Word = "open"
    cause: Word = ""
    product: Word = ""
    operation: Word = ""
    group: Word = ""

    def chosen(self) -> Chosen:
        """As a use case takes it."""
        return Chosen(state=self.state, cause=self.cause, product=self.product, operation=self.operation,
                      group=self.group)


class RefusedChange(BaseModel):
    """One field of what was sent; `refused` tells those that Shopify refused. `null` stands for absent."""

    field: str
    before: JsonValue
    after: JsonValue
    why: str
    refused: bool


class LetterOut(BaseModel):
    """One content that was refused. `named`: Shopify named the refused fields, and the rest is sent without them.
    `run_id` is the run of the last refusal."""

    letter_id: str
    state: str
    product: str
    operation: str
    item_id: str
    cause: str
    codes: list[str]
    why: str
    group: str
    root_cause: str
    named: bool
    plan_id: str
    run_id: str | None
    times: int
    first_refused: datetime
    last_refused: datetime
    changes: list[RefusedChange]

    @classmethod
    def of(cls, row: StoredLetter) -> Self:
        """From what is stored."""
        refused = {change.path for change in row.item.changes}
        changes = [RefusedChange.model_validate({
            "field": change.path, "before": change.before, "after": change.after, "why": change.reason.value,
            "refused": change.path in refused}) for change in row.sent.changes]
        return cls(letter_id=row.letter_id, state=row.state.value, product=row.product_key,
                   operation=row.operation.value, item_id=row.item.item_id, cause=row.cause, codes=list(row.codes),
                   why=row.why, group=row.root.key, root_cause=row.root.text, named=row.named, plan_id=row.plan_id,
                   run_id=row.run_id, times=row.times, first_refused=row.first_refused, last_refused=row.last_refused,
                   changes=changes)


class Step(BaseModel):
    """What was done about a letter: the state it came to, when, by whom, why."""

    at: datetime
    state: str
    by: str
    why: str

    @classmethod
    def of(cls, action: Action) -> Self:
        """From what is stored."""
        return cls(at=action.at, state=action.state.value, by=action.by, why=action.why)


class LetterShown(BaseModel):
    """A letter with its history."""

    letter: LetterOut
    history: list[Step]


class GroupOut(BaseModel):
    """Letters with one root cause; `products` are the first of them, `example` the one refused last."""

    group: str
    root_cause: str
    operation: str
    count: int
    products: list[str]
    first_refused: datetime
    last_refused: datetime
    example: LetterOut

    @classmethod
    def of(cls, row: LetterGroup) -> Self:
        """From a use case's answer."""
        return cls(group=row.root.key, root_cause=row.root.text, operation=row.operation.value, count=row.count,
                   products=list(row.products), first_refused=row.first_refused, last_refused=row.last_refused,
                   example=LetterOut.of(row.example))


class Again(BaseModel):
    """Who has a letter sent again, and why."""

    by: PersonName
    reason: Word = ""


class AgainWhere(Again):
    """Letters to send again, by what they have in common, or (`everything`) all that are open."""

    about: Which = Which()
    everything: bool = False


class DiscardWhere(Consent):
    """Letters to discard, by what they have in common, or (`everything`) all that are open."""

    about: Which = Which()
    everything: bool = False


class NewValue(BaseModel):
    """Another value for a field of a letter; `null` leaves the field without one."""

    field: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00]+$")]
    value: JsonValue
    by: PersonName
    reason: Word = ""


class Moved(BaseModel):
    """How many letters were changed."""

    letters: int


class Edited(BaseModel):
    """The value that the next run sends, as it is kept."""

    letter_id: str
    field: str
    value: JsonValue


@router.get("")
def show_letters(context: Opened, which: Annotated[Which, Depends()],
                 most: Annotated[int, Query(ge=1, le=1000)] = 100,
                 skip: Annotated[int, Query(ge=0, le=10**9)] = 0) -> list[LetterOut]:
    """Dead letters, the last refused first; those that wait, unless another state (or `all`) is asked for."""
    return [LetterOut.of(row) for row in list_letters(context, which.chosen(), most=most, skip=skip)]


@router.get("/groups")
def show_groups(context: Opened, which: Annotated[Which, Depends()],
                most: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[GroupOut]:
    """Dead letters by root cause, the most frequent first, each with its newest letter as an example."""
    return [GroupOut.of(row) for row in letter_groups(context, which.chosen(), most=most)]


@router.post("/retry")
def retry_letters(context: Opened, again: AgainWhere) -> Moved:
    """Has the next plan send all letters again that fit `about` (by group, product, operation or cause)."""
    return Moved(letters=retry_where(context, again.about.chosen(), by=again.by, reason=again.reason,
                                     everything=again.everything))


@router.post("/discard")
def discard_letters(context: Opened, discarded: DiscardWhere) -> Moved:
    """Has no plan send the letters again that fit `about`, until their input changes; name and reason are kept."""
    return Moved(letters=discard_where(context, discarded.about.chosen(), by=discarded.by, reason=discarded.reason,
                                       everything=discarded.everything))


@router.get("/{letter_id}")
def show_letter(context: Opened, letter_id: Id) -> LetterShown:
    """One dead letter: what was sent, what was refused of it, Shopify's answer, and what was done about it."""
    letter, history = one_letter(context, letter_id)
    return LetterShown(letter=LetterOut.of(letter), history=[Step.of(action) for action in history])


@router.post("/{letter_id}/retry")
def retry_letter(context: Opened, letter_id: Id, again: Again) -> Moved:
    """Has the next plan send a letter again as it is."""
    return Moved(letters=retry(context, [letter_id], by=again.by, reason=again.reason))


@router.post("/{letter_id}/edit")
def edit_letter(context: Opened, letter_id: Id, new: NewValue) -> Edited:
    """Gives a field another value, which the next run sends. It is kept as an override (`GET /overrides`), until the
    catalog says something else or somebody removes it."""
    kept = edit(context, letter_id, new.field, new.value, by=new.by, reason=new.reason)  # type: ignore[arg-type]
    return Edited.model_validate({"letter_id": letter_id, "field": new.field, "value": kept})


@router.post("/{letter_id}/discard")
def discard_letter(context: Opened, letter_id: Id, discarded: Consent) -> Moved:
    """Has no plan send a letter again until its input changes; name and reason are kept."""
    return Moved(letters=discard(context, [letter_id], by=discarded.by, reason=discarded.reason))
