"""What people do about dead letters: look at them one by one or by root cause, send them again, give a field another
value, or discard them. The next diff carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from shopsync_pipeline.core.canonical import same
from shopsync_pipeline.core.dead_letters import ACTIVE, LetterState
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.given_values import given_value
from shopsync_pipeline.core.overrides import Override
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.dead_letters import Action, DeadLetters, LetterGroup, StoredLetter, Wanted
from shopsync_pipeline.db.names import keys_named
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline.engine.context import Context

EVERY_STATE = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which letters, as people say it: all that fit everything that is said. `state` may be `all`; `product` is
    whatever a product is called by; `group` is the key of a root cause."""

    state: str = LetterState.OPEN.value
    cause: str = ""
    product: str = ""
    operation: str = ""
    group: str = ""

    @property
    def says_which(self) -> bool:
        """Whether anything but the state is said."""
        return bool(self.cause or self.product or self.operation or self.group)


def list_letters(context: Context, chosen: Chosen | None = None, *, most: int = 100,
                 skip: int = 0) -> list[StoredLetter]:
    """Letters, the last refused first. Raises `ShopsyncError` for a state or operation that there is not."""
    with context.database.read() as connection:
        return DeadLetters(connection, context.shop_id).find(
            _wanted(connection, context.shop_id, chosen or Chosen()), most=most, skip=skip)


def letter_groups(context: Context, chosen: Chosen | None = None, *, most: int = 100) -> list[LetterGroup]:
    """Letters by root cause, the largest group first. Raises as `list_letters` does."""
    with context.database.read() as connection:
        return DeadLetters(connection, context.shop_id).groups(
            _wanted(connection, context.shop_id, chosen or Chosen()), most=most)


def one_letter(context: Context, letter_id: str) -> tuple[StoredLetter, list[Action]]:
    """A letter and what was done about it. Raises `ShopsyncError` for an id that this shop does not have."""
    with context.database.read() as connection:
        letters = DeadLetters(connection, context.shop_id)
        return letters.get(letter_id), letters.history(letter_id)


def retry(context: Context, letter_ids: Iterable[str], *, by: str, reason: str = "") -> int:
    """Has the next plan send letters again as they are; returns how many.

    Raises `ShopsyncError` for an id that there is not, for a letter that is resolved, and without a name.
    """
    return _move(context, letter_ids, LetterState.RETRYING, by=by, reason=reason.strip() or "sent again")


def retry_where(context: Context, chosen: Chosen, *, by: str, reason: str = "", everything: bool = False) -> int:
    """Has the next plan send again all letters that fit `chosen`; returns how many.

    Raises `ShopsyncError` where nothing but a state is said and `everything` is not, and as `retry` does.
    """
    return _move_where(context, chosen, LetterState.RETRYING, by=by, reason=reason.strip() or "sent again",
                       everything=everything)


def discard(context: Context, letter_ids: Iterable[str], *, by: str, reason: str) -> int:
    """Has no plan send letters again until their input changes; returns how many.

    Raises `ShopsyncError` as `retry` does, and without a reason.
    """
    return _move(context, letter_ids, LetterState.DISCARDED, by=by, reason=_reason(reason))


def discard_where(context: Context, chosen: Chosen, *, by: str, reason: str, everything: bool = False) -> int:
    """Discards all letters that fit `chosen`; returns how many. Raises as `retry_where` does, and without a reason."""
    return _move_where(context, chosen, LetterState.DISCARDED, by=by, reason=_reason(reason), everything=everything)


def edit(context: Context, letter_id: str, field: str, value: Value | None, *, by: str,
         reason: str = "") -> Value | None:
    """Gives a field of a refused item another value, which the next diff plans; returns it in canonical form.

    The value stands in for the catalog's own as an override, over imports, until the catalog says something else or
    somebody removes it (`shopsync overrides`). `field` is a path, or the last part of one where that is clear; `None`
    leaves the field absent. Raises `ShopsyncError` for a value that the field cannot have, for the one that was
    refused, for a product that the catalog no longer has, and as `retry` does.
    """
    name = _name(by)
    with context.database.write() as connection:
        letters = DeadLetters(connection, context.shop_id)
        letter = _active(letters, letter_id)
        path = _path(letter, field)
        document = next((found for _, _, found in Catalog(connection, context.shop_id).documents(
            [letter.product_key])), None)
        if document is None:
            raise ShopsyncError(f"The catalog no longer has {letter.product_key}, so no value of it can be planned; "
                                "discard the letter, or leave it: it closes by itself.")
        refused = next(change.after for change in letter.sent.changes if change.path == path)
        given = given_value(path, value, refused)
        of = place(path).field
        if same(of, given, refused):
            raise ShopsyncError(f"That is the value of {path} which was refused; give another one, or send it again "
                                f"as it is: shopsync dead-letters retry {letter_id}.")
        source = f"dead letter {letter_id}, edited by {name}" + (f": {reason.strip()}" if reason.strip() else "")
        overrides, place_of = Overrides(connection, context.shop_id), (letter.product_key, path)
        if same(of, given, document.get(path)):
            overrides.remove([place_of])
        else:
            overrides.put({place_of: (Override(given, document.get(path)), source)})
        BaseStore(connection, context.shop_id).look_again([letter.product_key])
        letters.move([letter_id], LetterState.EDITED, by=name, why=f"{path} edited"
                     + (f": {reason.strip()}" if reason.strip() else ""))
        return given


def _path(letter: StoredLetter, field: str) -> Path:
    """The path of the sent item that a person means."""
    paths = [change.path for change in letter.sent.changes]
    if field in paths:
        return Path(field)
    meant = [path for path in paths if path.endswith(f"].{field}") or path == f"metafields[{field}]"]
    if len(meant) == 1:
        return meant[0]
    there = ", ".join(meant or paths[:20]) + (f" and {len(paths) - 20} more" if not meant and len(paths) > 20 else "")
    if meant:
        raise ShopsyncError(f'"{field}" may be any of {there}; name one of them.')
    raise ShopsyncError(f'Dead letter {letter.letter_id} has no field "{field}"; it has {there}.')


def _move(context: Context, letter_ids: Iterable[str], state: LetterState, *, by: str, reason: str) -> int:
    name, ids = _name(by), list(dict.fromkeys(letter_ids))
    if not ids:
        raise ShopsyncError("Name at least one dead letter; `shopsync dead-letters list` shows their ids.")
    with context.database.write() as connection:
        letters = DeadLetters(connection, context.shop_id)
        keys = {_active(letters, letter_id).product_key for letter_id in ids}
        BaseStore(connection, context.shop_id).look_again(sorted(keys))
        return letters.move(ids, state, by=name, why=reason)


def _move_where(context: Context, chosen: Chosen, state: LetterState, *, by: str, reason: str,
                everything: bool) -> int:
    name = _name(by)
    if chosen.says_which == everything:
        raise ShopsyncError("Say which dead letters: by id, by group, product, operation or cause, or all of them.")
    with context.database.write() as connection:
        letters = DeadLetters(connection, context.shop_id)
        wanted = _wanted(connection, context.shop_id, chosen)
        if LetterState.RESOLVED in wanted.states:
            raise ShopsyncError("Resolved dead letters are over; choose another state.")
        ids = letters.ids(replace(wanted, states=wanted.states or ACTIVE))
        # Their products are unsettled anyway: what is held is looked at by each diff.
        return letters.move(ids, state, by=name, why=reason) if ids else 0


def _active(letters: DeadLetters, letter_id: str) -> StoredLetter:
    letter = letters.get(letter_id)
    if letter.state not in ACTIVE:
        last = letters.history(letter_id)[-1]
        raise ShopsyncError(f"Dead letter {letter_id} is resolved ({last.why}); there is nothing left to do about it.")
    return letter


def _wanted(connection: Connection, shop_id: str, chosen: Chosen) -> Wanted:
    states = [state.value for state in LetterState]
    if chosen.state not in (*states, EVERY_STATE):
        raise ShopsyncError(f'"{chosen.state}" is no state of a dead letter; there are {", ".join(states)}, and all.')
    if chosen.operation and chosen.operation not in list(Operation):
        raise ShopsyncError(f'"{chosen.operation}" is no operation; there are {", ".join(Operation)}.')
    products = None
    if chosen.product:
        name = chosen.product.strip()
        products = {name, *keys_named(connection, shop_id, name)}
    return Wanted(states=() if chosen.state == EVERY_STATE else (LetterState(chosen.state),), cause=chosen.cause,
                  operation=chosen.operation, group=chosen.group, products=products)


def _name(by: str) -> str:
    if not by.strip():
        raise ShopsyncError("A decision needs the name of who made it.")
    return by.strip()


def _reason(reason: str) -> str:
    if not reason.strip():
        raise ShopsyncError("Discarding needs a reason, for those who wonder later why it was never sent.")
    return reason.strip()
