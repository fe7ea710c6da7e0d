"""The three-way merge: what the catalog says and what Shopify shows, over what both last agreed on.

The base has two faces per field, because Shopify rewrites what it is given: the local value last agreed on and the
remote value that Shopify answered for it. "Changed" is always measured against a side's own face, by canonical form.
What follows from it stands in the tables of `core.decisions`, which this module walks. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shopsync_pipeline.core.canonical import same
from shopsync_pipeline.core.decisions import (
    DISPUTES,
    STORY,
    Act,
    Case,
    Dispute,
    Last,
    Now,
    Outcome,
    Row,
    Side,
    Story,
    Whole,
    WholeCase,
    WholeRow,
    Writer,
    decide,
    decide_product,
    decide_variant,
)
from shopsync_pipeline.core.decisions import Place as Presence
from shopsync_pipeline.core.documents import variant_keys
from shopsync_pipeline.core.elements import Merged, merge_elements, mergeable
from shopsync_pipeline.core.fields import (
    Field,
    Fields,
    GonePolicy,
    Group,
    Operation,
    Owner,
    Path,
    Strategy,
    Value,
    place,
    variant_path,
)
from shopsync_pipeline.core.ownership import WHOLE_PRODUCT, Policies, Policy, ProductFacts, Rules
from shopsync_pipeline.core.plan import Reason

__all__ = [
    "LEFT_CATALOG", "NOTHING_SEEN", "OPTIONS", "WHOLE_PRODUCT", "Base", "Decision", "Dispute", "Faces", "Outcome",
    "Policies", "Policy", "ProductMerge", "Resolution", "Resolutions", "Rules", "Seen", "Side", "Situation",
    "merge_field", "merge_product",
]

OPTIONS = Path("options")
STATUS = Path("status")

ON_SALE = frozenset({"ACTIVE", "UNLISTED"})
"""The states in which a product can be bought."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A reviewed choice. It holds for exactly the two values that the person saw, and for no others.

    `again`: it takes back an earlier decision that was carried out, so that it asks for a push although neither side
    has changed since. A store may answer that push with the very value it showed before, and then nothing in the values
    tells that it was done: whoever keeps such a choice must drop it once it was carried out.
    """

    side: Side
    local: Value | None
    remote: Value | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """What was last agreed on for one product: per path the local value and the remote value.

    A path stands here only once the catalog had a say on it; what only the store has is none of our business.
    """

    local: Fields
    remote: Fields


@dataclass(frozen=True, slots=True)
class Seen:
    """When each side was last seen to change, by group of fields: the catalog by an import, the store by a read.

    A group that is missing was never seen to change.
    """

    local: Mapping[Group, datetime] = field(default_factory=dict)
    remote: Mapping[Group, datetime] = field(default_factory=dict)

    def last(self, group: Group) -> Last:
        """Which side changed last, where both times are known and differ."""
        ours, theirs = self.local.get(group), self.remote.get(group)
        if ours is None or theirs is None or ours == theirs:
            return Last.UNKNOWN
        return Last.CATALOG if ours > theirs else Last.STORE


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """The four values of one field; `None` stands for absent."""

    local: Value | None = None
    remote: Value | None = None
    base_local: Value | None = None
    base_remote: Value | None = None


LEFT_CATALOG = Faces(remote="in the store", base_local="in the catalog", base_remote="in the store")
"""The faces of a product that is in the store and no longer in the catalog."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one field, with everything that it was decided from.

    `strategy` is set where one decided a dispute, `rule` where a rule (not the registry or the shop) set the policy.
    `merged` is the value to push where it combines both sides.
    """

    path: Path
    outcome: Outcome
    faces: Faces
    reason: Reason | None = None
    dispute: Dispute | None = None
    strategy: Strategy | None = None
    rule: str = ""
    merged: Value | None = None

    @property
    def value(self) -> Value | None:
        """The value that a push writes."""
        return self.merged if self.reason is Reason.MERGED else self.faces.local


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
                  facts: ProductFacts | None = None, resolutions: Resolutions | None = None,
                  seen: Seen = NOTHING_SEEN, moved: Collection[str] = ()) -> ProductMerge:
    """Decides every field of one product.

    `None` for a side means that the product is not there: not in the catalog, not in the store (by a complete read),
    never agreed on. At least one of `local` and `base` must be given. `moved` are the keys of variants whose SKU stands
    under another product of the store, from which the catalog took them.
    """
    merging = _Merging(rules.of(facts), resolutions or {}, seen, rules.gone)
    if local is None:
        return merging.gone(remote, base or Base({}, {}))
    if remote is None:
        return merging.missing_in_store(local, base, moved)
    decisions = merging.linked(local, remote, base or Base({}, {}), moved)
    return ProductMerge(Situation.LINKED, tuple(d for d in decisions if d.outcome is not Outcome.IN_SYNC))


def merge_field(path: Path, of: Field, local: Value | None, remote: Value | None, base: Base, policy: Policy,
                chosen: Resolutions, seen: Seen = NOTHING_SEEN) -> Decision:
    """Decides one field from its four values. Total: every combination has an answer, recorded with its why."""
    faces = Faces(local=local, remote=remote, base_local=base.local.get(path), base_remote=base.remote.get(path))
    known = path in base.local or path in base.remote
    equal = same(of, local, remote)
    story = STORY[known, _now(of, local, faces.base_local), _now(of, remote, faces.base_remote), equal]
    choice = _choice(path, chosen, faces) if chosen else None
    again = choice is not None and choice.again
    if (story is Story.QUIET and not again) or story is Story.NOT_OURS:
        return Decision(path, Outcome.IN_SYNC, faces)
    if story is Story.SAME:
        return Decision(path, Outcome.AGREED, faces)
    row = decide(Case(
        story, policy.owner, Writer.of(of.writer), policy.drift, policy.strategy, choice.side if choice else None,
        again=again, said=local is not None, apart=not equal,
        agreed_apart=known and not same(of, faces.base_local, faces.base_remote),
        elements=mergeable(of, local, remote, faces.base_local, faces.base_remote),
        pictures=of.group is Group.MEDIA, last=seen.last(of.group),
    ))
    return _decided(path, of, row, story, faces, policy, reviewed=choice is not None)


def _now(of: Field, value: Value | None, face: Value | None) -> Now:
    if same(of, value, face):
        return Now.SAME
    return Now.ABSENT if value is None else Now.CHANGED


def _decided(path: Path, of: Field, row: Row, story: Story, faces: Faces, policy: Policy, *,
             reviewed: bool) -> Decision:
    dispute = row.dispute or (DISPUTES[story] if row.disputed else None)
    by_strategy = policy.strategy if row.disputed and not reviewed and row.outcome is not Outcome.KEPT else None
    if row.act is not Act.MERGE:
        return Decision(path, row.outcome, faces, row.reason, dispute, by_strategy, policy.rule)
    found = merge_elements(of, local=faces.local, remote=faces.remote, base_local=faces.base_local,
                           base_remote=faces.base_remote)
    outcome = _outcome_of_merge(of, found, faces, policy)
    reason = row.reason if outcome is Outcome.PUSH else None
    if outcome is Outcome.CONFLICT:
        dispute = DISPUTES[story]
    return Decision(path, outcome, faces, reason, dispute, by_strategy, policy.rule,
                    found.value if reason is not None else None)


def _outcome_of_merge(of: Field, found: Merged, faces: Faces, policy: Policy) -> Outcome:
    if found.clash and policy.owner is not Owner.ETILIZE:
        return Outcome.CONFLICT
    return Outcome.ACCEPTED if same(of, found.value, faces.remote) else Outcome.PUSH


def _choice(path: Path, chosen: Resolutions, faces: Faces) -> Resolution | None:
    """The reviewed choice for this path, if it was made for these very values."""
    choice = chosen.get(path)
    return choice if choice is not None and (choice.local, choice.remote) == (faces.local, faces.remote) else None


def _side(path: Path, chosen: Resolutions, faces: Faces) -> Side | None:
    choice = _choice(path, chosen, faces)
    return choice.side if choice is not None else None


@dataclass(frozen=True, slots=True)
class _Merging:
    """The merge of one product: what holds for it, and the verdicts about it and its variants as wholes."""

    policies: Policies
    chosen: Resolutions
    seen: Seen
    policy_of_gone: GonePolicy

    def gone(self, remote: Fields | None, base: Base) -> ProductMerge:
        """A product that the catalog no longer has."""
        row = decide_product(WholeCase(
            Presence.MISSING, _presence(remote), linked=True, gone=self.policy_of_gone,
            choice=_side(WHOLE_PRODUCT, self.chosen, LEFT_CATALOG),
        ))
        if row.dispute is not None:
            verdict = self._verdict(WHOLE_PRODUCT, row, LEFT_CATALOG, self.policies.of(WHOLE_PRODUCT, None))
            return ProductMerge(Situation.GONE, (verdict,))
        if remote is None or row.whole in (Whole.FORGET, Whole.REPORT):
            return ProductMerge(Situation.GONE)
        if row.whole is Whole.DELETE:
            return ProductMerge(Situation.GONE, (Decision(WHOLE_PRODUCT, Outcome.DELETE, LEFT_CATALOG, Reason.GONE),))
        wanted = dict(_without(row.whole, remote, base))
        decisions = (self._field(path, value, remote, _as_agreed(base, path, remote)) for path, value in wanted.items())
        told = (_for_gone(decision) for decision in decisions if decision.outcome is not Outcome.IN_SYNC)
        return ProductMerge(Situation.GONE, tuple(told))

    def missing_in_store(self, local: Fields, base: Base | None, moved: Collection[str]) -> ProductMerge:
        """A product that the store does not have: new, moved here, or deleted there."""
        faces = (Faces(local="in the catalog", base_local="in the catalog", base_remote="in the store") if base else
                 Faces(local=list[Value](sorted(moved))))
        policy = self.policies.of(WHOLE_PRODUCT, None)
        row = decide_product(WholeCase(
            Presence.HERE, Presence.MISSING, linked=base is not None, moved=bool(moved), strategy=policy.strategy,
            choice=_side(WHOLE_PRODUCT, self.chosen, faces),
        ))
        if row.whole is Whole.CREATE:
            return ProductMerge(Situation.NEW, tuple(
                Decision(path, Outcome.PUSH, Faces(local=value), Reason.NEW) for path, value in local.items()
            ))
        return ProductMerge(Situation.DELETED_IN_STORE, (self._verdict(WHOLE_PRODUCT, row, faces, policy),))

    def linked(self, local: Fields, remote: Fields, base: Base, moved: Collection[str]) -> Iterator[Decision]:
        """A product that both sides have, field by field."""
        ours, theirs, agreed = variant_keys(local), variant_keys(remote), variant_keys(base.local)
        skipped = set()
        options = self._field(OPTIONS, local.get(OPTIONS), remote, base)
        # A renamed option can be lived with; another number of options cannot take the catalog's variants.
        rebuild = options.outcome is Outcome.CONFLICT or _length(local, OPTIONS) != _length(remote, OPTIONS)
        for key in dict.fromkeys([*ours, *agreed]):
            if key in ours and key in theirs:
                continue
            skipped.add(key)
            # A variant cannot be added or renamed under other options; the dispute over the options says so, once.
            if not (rebuild and key in ours):
                yield from self._variant(key, local, remote, base, linked=key in agreed, moved=key in moved)
        for path in dict.fromkeys([*local, *base.local, *base.remote]):
            if path not in self.chosen and _at_rest(path, local, remote, base):
                continue
            where = place(path)
            if where.variant not in skipped and not (rebuild and where.field.name == "variants[].options"):
                yield self._field(path, local.get(path), remote, base, where.field)

    def _field(self, path: Path, local: Value | None, remote: Fields, base: Base,
               of: Field | None = None) -> Decision:
        known = of or place(path).field
        return merge_field(path, known, local, remote.get(path), base, self.policies.of(path, known), self.chosen,
                           self.seen)

    def _variant(self, key: str, local: Fields, remote: Fields, base: Base, *, linked: bool,
                 moved: bool) -> Iterator[Decision]:
        """A variant that is not on both sides."""
        at = variant_path(key, "options")
        faces = Faces(local=local.get(at), remote=remote.get(at), base_local=base.local.get(at),
                      base_remote=base.remote.get(at))
        policy = self.policies.of(at, place(at).field)
        choice = _choice(at, self.chosen, faces)
        accepted = linked and faces.base_remote is None and faces.local == faces.base_local
        row = decide_variant(WholeCase(
            _presence(faces.local), _presence(faces.remote), linked=linked, moved=moved,
            accepted=accepted and not (choice is not None and choice.again),
            strategy=policy.strategy, choice=choice.side if choice else None,
        ))
        if row.whole is Whole.CREATE:
            for path, value in local.items():
                if place(path).variant == key:
                    yield Decision(path, Outcome.PUSH, Faces(local=value), Reason.NEW)
        elif row.whole is Whole.REPORT:
            yield Decision(at, Outcome.GONE, faces)
        elif row.dispute is not None:
            yield self._verdict(at, row, faces, policy)

    @staticmethod
    def _verdict(path: Path, row: WholeRow, faces: Faces, policy: Policy) -> Decision:
        reviewed = ("choice", frozenset({Side.SHOPIFY})) in row.when
        outcome = Outcome.CONFLICT if row.whole is Whole.ASK else Outcome.ACCEPTED
        return Decision(path, outcome, faces, None, row.dispute, None if reviewed else policy.strategy, policy.rule)


def _at_rest(path: Path, local: Fields, remote: Fields, base: Base) -> bool:
    """Whether each side shows exactly what it showed when both last agreed: so with nearly all fields of a product, of
    which nothing more needs to be asked. What neither base names does not count: the catalog names it, and is new."""
    return local.get(path) == base.local.get(path) and remote.get(path) == base.remote.get(path)


def _presence(value: object | None) -> Presence:
    return Presence.MISSING if value is None else Presence.HERE


def _length(fields: Fields, path: Path) -> int:
    value = fields.get(path)
    return len(value) if isinstance(value, list) else 0


def _without(whole: Whole, remote: Fields, base: Base) -> Iterator[tuple[Path, Value]]:
    """The values that take a product out of sale. What is not on sale stays as somebody wanted it."""
    if whole is Whole.ZERO_STOCK:
        for path in base.local:
            if path in remote and place(path).field.writer is Operation.INVENTORY_SET:
                yield path, 0
    elif remote.get(STATUS) in ON_SALE:
        yield STATUS, "ARCHIVED" if whole is Whole.ARCHIVE else "DRAFT"


def _as_agreed(base: Base, path: Path, remote: Fields) -> Base:
    """The base, in which what the store shows counts as agreed where the catalog never spoke about it."""
    if path in base.local or path in base.remote:
        return base
    return Base({}, {path: remote[path]})


def _for_gone(decision: Decision) -> Decision:
    if decision.reason is not Reason.CATALOG_CHANGED:
        return decision
    return Decision(decision.path, decision.outcome, decision.faces, Reason.GONE, decision.dispute, decision.strategy,
                    decision.rule)
