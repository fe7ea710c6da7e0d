"""Dead letters: what Shopify refused is not sent again as it was, and never keeps back what was not refused.

A letter is about the smallest part of an item that is known to be refused. `set_apart` cuts that part out of later
items: it is held, or goes alone after the rest, and the rest goes as if it had never been there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.fields import Operation, Path, place
from shopsync_pipeline.core.plan import Change, Lane, PlanItem
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.core.rollout import Held, Hold


class LetterState(StrEnum):
    """Where a dead letter stands. `open`: waits for a person or another input. `retrying`: the next plan sends it
    again. `edited`: a person gave another value, which the next plan sends. `discarded`: not sent until its input
    changes. `resolved`: written after all, or no longer asked for."""

    OPEN = "open"
    RETRYING = "retrying"
    EDITED = "edited"
    DISCARDED = "discarded"
    RESOLVED = "resolved"


ACTIVE = tuple(state for state in LetterState if state is not LetterState.RESOLVED)

FREE_TO_TRY = frozenset({"unsendable", "lost"})
"""Causes that hold nothing back unless discarded. What could not be put into a request costs nothing to try again, and
tries itself once the shop or our knowledge of it has changed; a lost answer says nothing about the item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a plan must know of one dead letter.

    `item_id` and `changes` are the refused part; `named` says that Shopify named its fields, so that it can be told
    from the rest of an item. `sent` are all changes of the item that was sent. `why` is the sentence for the plan.
    """

    item_id: str
    changes: tuple[Change, ...]
    named: bool
    state: LetterState
    cause: str
    sent: tuple[Change, ...]
    why: str

    @property
    def holds(self) -> bool:
        """Whether it keeps its part from being sent as it was."""
        if self.state is LetterState.DISCARDED:
            return True
        return self.state is LetterState.OPEN and self.cause not in FREE_TO_TRY


MAY_COME_LATER = frozenset({"metafields[]", "seo.title", "seo.description", "category", "tags", "body_html",
                            "template_suffix"})
"""Fields without which a product can be made; once it exists, an update brings them."""


def part_of(item: PlanItem, paths: Collection[Path]) -> PlanItem | None:
    """The part of an item that writes `paths`, as an item of its own; `None` where the item goes whole or not at all.

    New variants are refused as whole variants. Of a new product only what `MAY_COME_LATER` can be left out, and the
    part is then an update.
    """
    separable = _separable(item, paths)
    changes = [change for change in item.changes if change.path in separable]
    if not changes:
        return None
    if len(changes) == len(item.changes):
        return replace(item, depends_on=())
    return _part(item, changes)


def _part(item: PlanItem, changes: Sequence[Change]) -> PlanItem:
    creates = item.operation is Operation.PRODUCT_CREATE
    return make_item(item.product_key, item.product_id, Operation.PRODUCT_UPDATE if creates else item.operation,
                     changes)


def _separable(item: PlanItem, paths: Collection[Path]) -> set[Path]:
    """Those of `paths` that can be cut out of the item, with what has to go with them; empty if the rest could not go
    without."""
    named = {change.path for change in item.changes if change.path in paths}
    if item.operation is Operation.PRODUCT_DELETE:
        return set()
    if item.operation is Operation.PRODUCT_CREATE:
        return named if all(place(path).field.name in MAY_COME_LATER for path in named) else set()
    if item.operation is Operation.VARIANTS_CREATE:
        variants = {place(path).variant for path in named}
        return {change.path for change in item.changes if place(change.path).variant in variants}
    return named


def set_apart(item: PlanItem, letters: Sequence[Letter]) -> list[tuple[PlanItem, Held | None]]:
    """An item as the dead letters of its product let it go: itself, or its rest and the refused parts, each with why
    it waits if it does.

    A refused part of an open letter goes again, alone and after the rest, where the rest brings something that was not
    sent along with it before: the refusal may have depended on that. Every change is in exactly one part.
    """
    left = list(item.changes)
    parts: list[tuple[Letter, list[Change]]] = []
    # Where two letters are about one change, the one that somebody wants to go again has it.
    for letter in sorted(letters, key=lambda letter: letter.state is not LetterState.RETRYING):
        if letter.named and letter.state in _CUT:
            mine = _refused(item, letter, left)
            if mine:
                taken = {change.path for change in mine}
                left = [change for change in left if change.path not in taken]
                parts.append((letter, mine))
    if not parts:
        return [(item, _held_whole(item, letters))]
    if not left and len(parts) == 1:
        letter = parts[0][0]
        return [(item, _held(letter) if letter.holds else None)]
    found: list[tuple[PlanItem, Held | None]] = []
    first = _rest(item, left)
    if first is not None:
        found.append((first, _held_whole(first, letters)))
    for letter, mine in parts:
        part = _part(item, mine)
        if not _goes_again(item, letter, left):
            found.append((part, _held(letter)))
        else:
            found.append((_after(part, item, first), None))
    return found


_CUT = (LetterState.OPEN, LetterState.RETRYING, LetterState.DISCARDED)
"""States in which a named part is told from the rest; an edited one goes with the rest, with its other value."""


def _goes_again(item: PlanItem, letter: Letter, left: Sequence[Change]) -> bool:
    """Whether a part that was cut out goes all the same, after the rest: because nothing holds it, or because the rest
    brings something that was not sent along with it. A creation's part has no product to go to before the creation
    went, and what was discarded waits for its own input."""
    if letter.state is LetterState.DISCARDED or item.operation is Operation.PRODUCT_CREATE:
        return False
    if not letter.holds:
        return True
    tried = _contents(letter.sent)
    return any(content not in tried for content in _contents(left))


def _refused(item: PlanItem, letter: Letter, left: Sequence[Change]) -> list[Change]:
    """The changes among `left` that are the letter's, with what has to go with them."""
    if item.operation is Operation.PRODUCT_CREATE and letter.state is LetterState.RETRYING:
        return []  # to be tried again, it goes with the creation
    same = _contents(letter.changes)
    paths = [change.path for change in left if _content(change) in same]
    if item.operation is Operation.PRODUCT_CREATE:
        paths = [path for path in paths if place(path).field.name in MAY_COME_LATER]
    separable = _separable(item, paths)
    return [change for change in left if change.path in separable]


def _content(change: Change) -> str:
    """What a change does, without why: the refusal was of that."""
    return canonical_json([change.path, change.before, change.after])


def _contents(changes: Iterable[Change]) -> set[str]:
    return {_content(change) for change in changes}


def _rest(item: PlanItem, left: Sequence[Change]) -> PlanItem | None:
    if not left:
        return None
    rest = make_item(item.product_key, item.product_id, item.operation, left)
    return _carrying(rest, item)


def _carrying(part: PlanItem, item: PlanItem) -> PlanItem:
    """A part with what the whole waited for."""
    lane = _later(part.lane, item.lane) if item.depends_on else part.lane
    return replace(part, depends_on=item.depends_on, lane=lane)


def _after(part: PlanItem, item: PlanItem, first: PlanItem | None) -> PlanItem:
    carried = _carrying(part, item)
    if first is None:
        return carried
    return replace(carried, depends_on=(*carried.depends_on, first.item_id), lane=_later(carried.lane, first.lane))


_ORDER = list(Lane)


def _later(one: Lane, other: Lane) -> Lane:
    return max(one, other, key=_ORDER.index)


def _held_whole(item: PlanItem, letters: Iterable[Letter]) -> Held | None:
    """Why an item waits as a whole: the same content was refused, or discarded, as it is."""
    return next((_held(letter) for letter in letters if letter.holds and letter.item_id == item.item_id), None)


def _held(letter: Letter) -> Held:
    return Held(Hold.DEAD_LETTER, letter.why)


def asked_for(letter: Letter, items: Iterable[PlanItem]) -> bool:
    """Whether a plan's items of the letter's product still ask for what it is about; otherwise its input has changed.

    An edited letter is about its fields, whatever their values are by now.
    """
    paths, same = {change.path for change in letter.changes}, _contents(letter.changes)
    for item in items:
        if item.item_id == letter.item_id:
            return True
        if letter.state is LetterState.EDITED and any(change.path in paths for change in item.changes):
            return True
        if letter.named and not same.isdisjoint(_contents(item.changes)):
            return True
    return False
