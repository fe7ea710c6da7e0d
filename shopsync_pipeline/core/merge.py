"""The three-way merge: what the catalog says and what Shopify shows, over what both last agreed on.

The base has two faces per field, because Shopify rewrites what it is given: the local value last agreed on and the
remote value that Shopify answered for it. "Changed" is always measured against a side's own face. Nothing here
writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shopsync_pipeline.core.fields import (
    Drift,
    Field,
    Fields,
    Operation,
    Owner,
    Path,
    Strategy,
    Value,
    place,
    variant_path,
    variants_of,
)
from shopsync_pipeline.core.plan import Reason

WHOLE_PRODUCT = Path("product")
"""The path of a decision about the product as a whole (it was deleted in Shopify)."""

OPTIONS = Path("options")


class Outcome(StrEnum):
    """What is to be done about one field."""

    IN_SYNC = "in sync"
    AGREED = "agreed"
    PUSH = "push"
    KEPT = "kept"
    ACCEPTED = "accepted"
    CONFLICT = "conflict"
    GONE = "gone from the catalog"


class Dispute(StrEnum):
    """Why a field needed more than "one side changed, the other follows"."""

    BOTH_CHANGED = "both sides changed"
    STORE_EDIT = "edited in the store"
    FIRST_CONTACT = "both sides had a value before the first sync"
    DELETED_IN_STORE = "deleted in the store"
    NEEDS_REBUILD = "the options of an existing product changed"
    AMBIGUOUS = "more than one product could be this one"


class Side(StrEnum):
    """Whose value a person chose in review."""

    ETILIZE = "etilize"
    SHOPIFY = "shopify"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A reviewed choice. It holds for exactly the two values that the person saw, and for no others."""

    side: Side
    local: Value | None
    remote: Value | None


@dataclass(frozen=True, slots=True)
class Base:
    """What was last agreed on for one product: per path the local value and the remote value.

    A path stands here only once the catalog had a say on it; what only the store has is none of our business.
    """

    local: Fields
    remote: Fields


@dataclass(frozen=True, slots=True)
class Rules:
    """How disputes are decided where the registry does not say: the shop-wide strategy."""

    default_strategy: Strategy = Strategy.MANUAL_REVIEW

    def strategy(self, of: Field) -> Strategy:
        """The strategy of a field: its own, or the shop's."""
        return of.strategy or self.default_strategy

    @staticmethod
    def drift(of: Field) -> Drift:
        """What an edit made only in the store means for a field: its own rule, or its owner's."""
        by_owner = {Owner.ETILIZE: Drift.RESTORE, Owner.SHARED: Drift.KEEP, Owner.MERCHANT: Drift.ACCEPT,
                    Owner.LOCKED: Drift.ACCEPT}
        return of.drift or by_owner[of.owner]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """The four values of one field; `None` stands for absent."""

    local: Value | None = None
    remote: Value | None = None
    base_local: Value | None = None
    base_remote: Value | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one field, with everything that it was decided from."""

    path: Path
    outcome: Outcome
    faces: Faces
    reason: Reason | None = None
    dispute: Dispute | None = None
    strategy: Strategy | None = None


class Situation(StrEnum):
    """Where a product stands as a whole."""

    NEW = "new"
    LINKED = "linked"
    DELETED_IN_STORE = "deleted in the store"
    GONE = "gone from the catalog"


@dataclass(frozen=True, slots=True)
class ProductMerge:
    """All decisions for one product; fields in sync are left out."""

    situation: Situation
    decisions: tuple[Decision, ...] = field(default=())

    def having(self, outcome: Outcome) -> Iterator[Decision]:
        """The decisions of one outcome."""
        return (decision for decision in self.decisions if decision.outcome is outcome)


Resolutions = Mapping[Path, Resolution]


def merge_product(*, local: Fields | None, remote: Fields | None, base: Base | None, rules: Rules,
                  resolutions: Resolutions | None = None) -> ProductMerge:
    """Decides every field of one product.

    `None` for a side means that the product is not there: not in the catalog, not in the store (by a complete read),
    never agreed on. At least one of `local` and `base` must be given.
    """
    chosen = resolutions or {}
    if local is None:
        return ProductMerge(Situation.GONE)
    if remote is None:
        return _missing_in_store(local, base, rules, chosen)
    decisions = list(_linked(local, remote, base or Base({}, {}), rules, chosen))
    return ProductMerge(Situation.LINKED, tuple(d for d in decisions if d.outcome is not Outcome.IN_SYNC))


def _missing_in_store(local: Fields, base: Base | None, rules: Rules, chosen: Resolutions) -> ProductMerge:
    creation = tuple(
        Decision(path, Outcome.PUSH, Faces(local=value), Reason.NEW) for path, value in local.items()
    )
    if base is None:
        return ProductMerge(Situation.NEW, creation)
    faces = Faces(local="in the catalog", base_local="in the catalog", base_remote="in the store")
    verdict = _settle(WHOLE_PRODUCT, Dispute.DELETED_IN_STORE, rules.default_strategy, chosen, faces)
    if verdict.outcome is Outcome.PUSH:
        return ProductMerge(Situation.NEW, creation)
    return ProductMerge(Situation.DELETED_IN_STORE, (verdict,))


def _linked(local: Fields, remote: Fields, base: Base, rules: Rules, chosen: Resolutions) -> Iterator[Decision]:
    ours, theirs, agreed = variants_of(local), variants_of(remote), variants_of(base.local)
    skipped = set()
    options = merge_field(OPTIONS, place(OPTIONS).field, local.get(OPTIONS), remote.get(OPTIONS), base,
                          rules.default_strategy, Drift.RESTORE, chosen)
    # A renamed option can be lived with; another number of options cannot take the catalog's variants.
    rebuild = options.outcome is Outcome.CONFLICT or _length(local, OPTIONS) != _length(remote, OPTIONS)
    for key in dict.fromkeys([*ours, *agreed]):
        at = variant_path(key, "options")
        faces = Faces(local=local.get(at), remote=remote.get(at), base_local=base.local.get(at),
                      base_remote=base.remote.get(at))
        if key not in ours:
            skipped.add(key)
            if key in theirs:
                yield Decision(at, Outcome.GONE, faces)
        elif key not in theirs:
            skipped.add(key)
            # A variant cannot be added or renamed under other options; the dispute over the options says so, once.
            if not rebuild:
                yield from _variant_missing_in_store(key, at, local, faces, key in agreed, rules, chosen)
    for path in dict.fromkeys([*local, *base.local, *base.remote]):
        where = place(path)
        if where.variant not in skipped and not (rebuild and where.field.name == "variants[].options"):
            yield merge_field(
                path, where.field, local.get(path), remote.get(path), base, rules.strategy(where.field),
                rules.drift(where.field), chosen,
            )


def _length(fields: Fields, path: Path) -> int:
    value = fields.get(path)
    return len(value) if isinstance(value, list) else 0


def _variant_missing_in_store(key: str, at: Path, local: Fields, faces: Faces, was_there: bool, rules: Rules,
                              chosen: Resolutions) -> Iterator[Decision]:
    if was_there:
        if faces.base_remote is None and faces.local == faces.base_local:
            return  # That the store does without it was accepted before.
        verdict = _settle(at, Dispute.DELETED_IN_STORE, rules.default_strategy, chosen, faces)
        if verdict.outcome is not Outcome.PUSH:
            yield verdict
            return
    for path, value in local.items():
        if place(path).variant == key:
            yield Decision(path, Outcome.PUSH, Faces(local=value), Reason.NEW)


def merge_field(path: Path, of: Field, local: Value | None, remote: Value | None, base: Base, strategy: Strategy,
                drift: Drift, chosen: Resolutions) -> Decision:
    """Decides one field from its four values. Total: every combination has an answer, recorded with its why."""
    known = path in base.local or path in base.remote
    faces = Faces(local=local, remote=remote, base_local=base.local.get(path), base_remote=base.remote.get(path))

    if not known and local is None:
        return Decision(path, Outcome.IN_SYNC, faces)  # The catalog has no opinion, and never had.
    local_changed = local != faces.base_local
    remote_changed = remote != faces.base_remote
    if known and not local_changed and not remote_changed:
        return Decision(path, Outcome.IN_SYNC, faces)
    if local == remote:
        return Decision(path, Outcome.AGREED, faces)
    if of.owner is Owner.LOCKED:
        return Decision(path, Outcome.KEPT, faces)
    if local is None and of.writer is Operation.INVENTORY_SET:
        return Decision(path, Outcome.GONE, faces)  # A feed that names no figure does not mean zero.
    if of.writer is None:
        side = _choice(path, chosen, faces)
        outcome = Outcome.ACCEPTED if side is Side.SHOPIFY else Outcome.CONFLICT
        return Decision(path, outcome, faces, dispute=Dispute.NEEDS_REBUILD)
    if not known and remote is None:
        return Decision(path, Outcome.PUSH, faces, Reason.NEW)
    if known and not local_changed:
        return _store_edit(path, strategy, drift, chosen, faces)
    if of.owner is Owner.MERCHANT:
        return Decision(path, Outcome.ACCEPTED, faces)
    if not known:
        return _settle(path, Dispute.FIRST_CONTACT, strategy, chosen, faces)
    if not remote_changed:
        return Decision(path, Outcome.PUSH, faces, Reason.CATALOG_CHANGED)
    return _settle(path, Dispute.BOTH_CHANGED, strategy, chosen, faces)


def _store_edit(path: Path, strategy: Strategy, drift: Drift, chosen: Resolutions, faces: Faces) -> Decision:
    """Only the store changed. A catalog-owned field is put back, but under review never without being seen."""
    if drift is Drift.ACCEPT:
        return Decision(path, Outcome.ACCEPTED, faces)
    if drift is Drift.KEEP and _choice(path, chosen, faces) is None:
        return Decision(path, Outcome.KEPT, faces, dispute=Dispute.STORE_EDIT)
    return _settle(path, Dispute.STORE_EDIT, strategy, chosen, faces)


def _choice(path: Path, chosen: Resolutions, faces: Faces) -> Side | None:
    """The reviewed choice for this path, if it was made for these very values."""
    choice = chosen.get(path)
    matches = choice is not None and (choice.local, choice.remote) == (faces.local, faces.remote)
    return choice.side if choice is not None and matches else None


def _settle(path: Path, dispute: Dispute, strategy: Strategy, chosen: Resolutions, faces: Faces) -> Decision:
    """Decides a dispute: by the person who reviewed these values, else by the strategy."""
    side = _choice(path, chosen, faces)
    if side is Side.ETILIZE:
        return Decision(path, Outcome.PUSH, faces, Reason.REVIEWED, dispute)
    if side is Side.SHOPIFY:
        return Decision(path, Outcome.ACCEPTED, faces, None, dispute)
    if strategy is Strategy.ETILIZE_PRIORITY:
        reason = Reason.RESTORED if dispute is Dispute.STORE_EDIT else Reason.CATALOG_WON
        return Decision(path, Outcome.PUSH, faces, reason, dispute, strategy)
    if strategy is Strategy.SHOPIFY_PRIORITY:
        return Decision(path, Outcome.ACCEPTED, faces, None, dispute, strategy)
    return Decision(path, Outcome.CONFLICT, faces, None, dispute, strategy)
