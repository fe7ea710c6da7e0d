"""The decision table: data that the merge walks, and from which docs/decisions.md is written.

What happened to a field (`STORIES`), what is done about it (`FIELD_ROWS`), and what is done about products and variants
as a whole (`PRODUCT_ROWS`, `VARIANT_ROWS`). In each table the first row that fits decides, and each is total.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cache
from itertools import product
from typing import Any

from shopsync_pipeline.core.fields import Drift, GonePolicy, Operation, Owner, Strategy
from shopsync_pipeline.core.plan import Reason


class Outcome(StrEnum):
    """What is to be done about one field, variant or product."""

    IN_SYNC = "in sync"
    AGREED = "agreed"
    PUSH = "push"
    KEPT = "kept"
    ACCEPTED = "accepted"
    CONFLICT = "conflict"
    GONE = "gone from the catalog"
    DELETE = "delete"


class Dispute(StrEnum):
    """Why a field needed more than "one side changed, the other follows"."""

    BOTH_CHANGED = "both sides changed"
    STORE_EDIT = "edited in the store"
    FIRST_CONTACT = "both sides had a value before the first sync"
    DELETED_IN_STORE = "deleted in the store"
    NEEDS_REBUILD = "the options of an existing product changed"
    AMBIGUOUS = "more than one product could be this one"
    MOVED = "moved here from another product"
    LEFT_CATALOG = "gone from the catalog"
    DECIDED_AGAIN = "decided before, and now otherwise"


class Side(StrEnum):
    """Whose value a person chose in review."""

    ETILIZE = "etilize"
    SHOPIFY = "shopify"


class Now(StrEnum):
    """A side's value against the value that it had when both sides last agreed. Absent both times is the same; absent
    now only is absent; present now only is changed."""

    ABSENT = "absent"
    SAME = "same"
    CHANGED = "changed"


class Story(StrEnum):
    """What happened to a field since it was last agreed on."""

    NOT_OURS = "the catalog says nothing and never did"
    QUIET = "neither side changed"
    SAME = "both sides show the same"
    GAP = "only the catalog has a value, for the first time"
    FIRST_CONTACT = "both had a value before the first sync"
    CATALOG = "only the catalog changed"
    STORE = "only the store changed"
    BOTH = "both changed, differently"


class Writer(StrEnum):
    """What can write a field: an operation, the stock operation, or nothing while the product exists."""

    FIELD = "a field"
    STOCK = "stock"
    NONE = "no operation"

    @classmethod
    def of(cls, operation: Operation | None) -> Writer:
        """The kind of a registry row's writer."""
        if operation is None:
            return cls.NONE
        return cls.STOCK if operation is Operation.INVENTORY_SET else cls.FIELD


class Last(StrEnum):
    """Which side was seen to change last."""

    CATALOG = "the catalog"
    STORE = "the store"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One row of the first table. `None` fits anything; `equal`: whether both sides show the same now."""

    story: Story
    known: bool
    local: frozenset[Now] | None = None
    remote: frozenset[Now] | None = None
    equal: bool | None = None


_A, _S, _C = Now.ABSENT, Now.SAME, Now.CHANGED

STORIES: tuple[StoryRow, ...] = (
    StoryRow(Story.NOT_OURS, False, frozenset({_A, _S})),
    StoryRow(Story.SAME, False, equal=True),
    StoryRow(Story.GAP, False, remote=frozenset({_A, _S})),
    StoryRow(Story.FIRST_CONTACT, False),
    StoryRow(Story.QUIET, True, frozenset({_S}), frozenset({_S})),
    StoryRow(Story.SAME, True, equal=True),
    StoryRow(Story.CATALOG, True, remote=frozenset({_S})),
    StoryRow(Story.STORE, True, local=frozenset({_S})),
    StoryRow(Story.BOTH, True),
)
"""`known`: the field stands in the base. Where it does not, a side that has a value has "changed"."""


def _story(known: bool, local: Now, remote: Now, equal: bool) -> Story:
    return next(row.story for row in STORIES if row.known is known
                and (row.local is None or local in row.local) and (row.remote is None or remote in row.remote)
                and (row.equal is None or row.equal is equal))


STORY = {case: _story(*case) for case in product((False, True), Now, Now, (False, True))}
"""The first table, unfolded: (known, local, remote, equal) → what happened."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that a field's decision depends on.

    `said`: the catalog has a value. `apart`: the two sides differ now. `agreed_apart`: they differed already when they
    were last agreed on. `elements`: the values are sets, lists or maps that can be merged. `pictures`: the field names
    pictures, which the store calls by addresses of its own. `choice`: what a person chose for these very values;
    `again`: by taking back an earlier decision that was carried out.
    """

    story: Story
    owner: Owner
    writer: Writer = Writer.FIELD
    drift: Drift = Drift.KEEP
    strategy: Strategy = Strategy.MANUAL_REVIEW
    choice: Side | None = None
    again: bool = False
    said: bool = True
    apart: bool = True
    agreed_apart: bool = False
    elements: bool = False
    pictures: bool = False
    last: Last = Last.UNKNOWN


class Act(StrEnum):
    """How a row's outcome is reached: as it is written there, or by merging the elements of both sides. That ends as a
    push, as an acceptance where the store shows the merged value already, or as a conflict where both sides changed an
    element differently and the catalog does not own the field."""

    PLAIN = "plain"
    MERGE = "merge the elements of both sides"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a decision table: the conditions (attribute of the case → values that fit) and what is decided.

    `disputed`: the decision settles or opens a dispute, which the story names, and is kept on record.
    """

    name: str
    outcome: Outcome
    when: tuple[tuple[str, frozenset[Any]], ...] = ()
    reason: Reason | None = None
    act: Act = Act.PLAIN
    dispute: Dispute | None = None
    disputed: bool = False
    why: str = field(default="", compare=False)

    def fits(self, case: Any) -> bool:
        """Whether all conditions hold."""
        return all(getattr(case, name) in values for name, values in self.when)


def _row(name: str, outcome: Outcome, why: str, *, reason: Reason | None = None, act: Act = Act.PLAIN,
         dispute: Dispute | None = None, disputed: bool = False, **when: Any) -> Row:
    conditions = tuple((key, frozenset(value if isinstance(value, tuple) else (value,))) for key, value in when.items())
    return Row(name, outcome, conditions, reason, act, dispute, disputed, why)


_DISPUTED = (Story.STORE, Story.BOTH, Story.FIRST_CONTACT)
DISPUTES = {Story.STORE: Dispute.STORE_EDIT, Story.BOTH: Dispute.BOTH_CHANGED,
            Story.FIRST_CONTACT: Dispute.FIRST_CONTACT, Story.CATALOG: Dispute.STORE_EDIT}
"""The dispute of a story. An edit of the store that was accepted before is still one when the catalog moves on."""

FIELD_ROWS: tuple[Row, ...] = (
    _row("not ours", Outcome.IN_SYNC, "What only the store has is none of our business.", story=Story.NOT_OURS),
    _row("decided again", Outcome.PUSH, "A person took back an earlier decision for the store's value.",
         reason=Reason.REVIEWED, dispute=Dispute.DECIDED_AGAIN, story=Story.QUIET, choice=Side.ETILIZE, again=True,
         apart=True, owner=(Owner.ETILIZE, Owner.SHARED, Owner.MERCHANT), writer=Writer.FIELD),
    _row("quiet", Outcome.IN_SYNC, "Nothing happened, however the store spells the value.", story=Story.QUIET),
    _row("same", Outcome.AGREED, "Both came to the same value, which is the new base.", story=Story.SAME),
    _row("locked", Outcome.KEPT, "shopsync never writes a locked field.", owner=Owner.LOCKED),
    _row("an app's", Outcome.ACCEPTED, "Another app writes this field; its value is the new base.", owner=Owner.APP),
    _row("no figure", Outcome.GONE, "A feed that names no figure does not mean zero.", writer=Writer.STOCK, said=False),
    _row("options left", Outcome.ACCEPTED, "A person leaves the options as the store has them.",
         dispute=Dispute.NEEDS_REBUILD, writer=Writer.NONE, choice=Side.SHOPIFY),
    _row("options", Outcome.CONFLICT, "The options of an existing product cannot be written.",
         dispute=Dispute.NEEDS_REBUILD, writer=Writer.NONE),
    _row("gap", Outcome.PUSH, "The store has nothing that could be lost.", reason=Reason.NEW, story=Story.GAP),
    _row("drift accepted", Outcome.ACCEPTED, "The store's word counts until the catalog speaks again.",
         story=Story.STORE, drift=Drift.ACCEPT),
    _row("drift merged", Outcome.PUSH, "The store's additions and removals stay.", reason=Reason.MERGED, act=Act.MERGE,
         disputed=True, story=Story.STORE, strategy=Strategy.MERGE_FIELDS, choice=None, elements=True),
    _row("drift kept", Outcome.KEPT, "The edit stands, and is remembered as an edit.", disputed=True,
         story=Story.STORE, drift=Drift.KEEP, choice=None),
    _row("merchant's", Outcome.ACCEPTED, "The merchant has the last word; the catalog only fills gaps.",
         owner=Owner.MERCHANT),
    _row("catalog merged", Outcome.PUSH,
         "The catalog's additions and removals arrive, what the store added and was accepted stays.",
         reason=Reason.MERGED, act=Act.MERGE, story=Story.CATALOG, elements=True, agreed_apart=True,
         strategy=(Strategy.MANUAL_REVIEW, Strategy.SHOPIFY_PRIORITY, Strategy.MERGE_FIELDS, Strategy.TIMESTAMP_BASED)),
    _row("catalog", Outcome.PUSH, "The catalog changed, the store did not.", reason=Reason.CATALOG_CHANGED,
         story=Story.CATALOG),
    _row("reviewed for etilize", Outcome.PUSH, "A person chose the catalog's value.", reason=Reason.REVIEWED,
         disputed=True, story=_DISPUTED, choice=Side.ETILIZE),
    _row("reviewed for shopify", Outcome.ACCEPTED, "A person chose the store's value.", disputed=True, story=_DISPUTED,
         choice=Side.SHOPIFY),
    _row("edit put back", Outcome.PUSH, "The catalog has priority.", reason=Reason.RESTORED, disputed=True,
         story=Story.STORE, strategy=Strategy.ETILIZE_PRIORITY),
    _row("catalog wins", Outcome.PUSH, "The catalog has priority.", reason=Reason.CATALOG_WON, disputed=True,
         story=_DISPUTED, strategy=Strategy.ETILIZE_PRIORITY),
    _row("store's pictures", Outcome.ACCEPTED,
         "Nobody can tell whose pictures are whose, so those of the store stay; a note says so.", disputed=True,
         story=Story.FIRST_CONTACT, pictures=True),
    _row("store wins", Outcome.ACCEPTED, "The store has priority.", disputed=True, story=_DISPUTED,
         strategy=Strategy.SHOPIFY_PRIORITY),
    _row("merged", Outcome.PUSH, "Both sides' additions and removals stay.", reason=Reason.MERGED, act=Act.MERGE,
         disputed=True, story=_DISPUTED, strategy=Strategy.MERGE_FIELDS, elements=True),
    _row("edit of text put back", Outcome.PUSH, "Text goes to its owner, the catalog.", reason=Reason.RESTORED,
         disputed=True, story=Story.STORE, strategy=Strategy.MERGE_FIELDS, owner=Owner.ETILIZE),
    _row("text to its owner", Outcome.PUSH, "Text goes to its owner, the catalog.", reason=Reason.CATALOG_WON,
         disputed=True, story=_DISPUTED, strategy=Strategy.MERGE_FIELDS, owner=Owner.ETILIZE),
    _row("catalog later", Outcome.PUSH, "The catalog was seen to change last.", reason=Reason.CATALOG_LATER,
         disputed=True, story=_DISPUTED, strategy=Strategy.TIMESTAMP_BASED, last=Last.CATALOG),
    _row("store later", Outcome.ACCEPTED, "The store was seen to change last.", disputed=True, story=_DISPUTED,
         strategy=Strategy.TIMESTAMP_BASED, last=Last.STORE),
    _row("conflict", Outcome.CONFLICT, "A person decides.", disputed=True, story=_DISPUTED),
)


@cache
def decide(case: Case) -> Row:
    """The row that decides a field."""
    return next(row for row in FIELD_ROWS if row.fits(case))


class Place(Enum):
    """Where a product or variant is."""

    HERE = "there"
    MISSING = "not there"


@dataclass(frozen=True, slots=True)
class WholeCase:
    """All that the decision about a whole product or variant depends on.

    `linked`: both sides once agreed on it. `candidates`: store products that a product without a link could be (2: more
    than one, or one that several want). `moved`: its SKU stands under another product of the store, from which the
    catalog took it. `accepted`: that the store does without it was accepted before, the catalog has not changed it
    since, and nobody takes that back.
    """

    catalog: Place
    store: Place
    linked: bool
    candidates: int = 0
    moved: bool = False
    accepted: bool = False
    strategy: Strategy = Strategy.MANUAL_REVIEW
    choice: Side | None = None
    gone: GonePolicy = GonePolicy.KEEP


class Whole(StrEnum):
    """What is done with a product or variant as a whole."""

    CREATE = "create it"
    COMPARE = "compare it field by field"
    ADOPT = "link it, and compare it field by field as on first contact"
    ASK = "ask a person, change nothing"
    LEAVE = "leave the store as it is"
    FORGET = "forget the link"
    REPORT = "report it, change nothing"
    ARCHIVE = "archive it"
    DRAFT = "make it a draft"
    ZERO_STOCK = "set its stock to zero"
    DELETE = "delete it"


@dataclass(frozen=True, slots=True)
class WholeRow:
    """One row about wholes; `dispute` names what is recorded, where something is."""

    name: str
    whole: Whole
    when: tuple[tuple[str, frozenset[Any]], ...]
    dispute: Dispute | None = None
    why: str = field(default="", compare=False)

    def fits(self, case: WholeCase) -> bool:
        """Whether all conditions hold."""
        return all(getattr(case, name) in values for name, values in self.when)


def _whole(name: str, whole: Whole, why: str, dispute: Dispute | None = None, **when: Any) -> WholeRow:
    return WholeRow(name, whole, tuple(
        (key, frozenset(value if isinstance(value, tuple) else (value,))) for key, value in when.items()
    ), dispute, why)


def _disputed(name: str, dispute: Dispute, **when: Any) -> tuple[WholeRow, ...]:
    """A dispute about a whole: a person decides, or a priority. A whole has no elements and no time to compare by."""
    return (
        _whole(f"{name}, reviewed for etilize", Whole.CREATE, "A person wants it in the store.", dispute,
               choice=Side.ETILIZE, **when),
        _whole(f"{name}, reviewed for shopify", Whole.LEAVE, "A person does without it.", dispute, choice=Side.SHOPIFY,
               **when),
        _whole(f"{name}, catalog has priority", Whole.CREATE, "The catalog has priority.", dispute,
               strategy=Strategy.ETILIZE_PRIORITY, **when),
        _whole(f"{name}, store has priority", Whole.LEAVE, "The store has priority.", dispute,
               strategy=Strategy.SHOPIFY_PRIORITY, **when),
        _whole(name, Whole.ASK, "A person decides.", dispute, **when),
    )


_HERE, _MISSING = Place.HERE, Place.MISSING

PRODUCT_ROWS: tuple[WholeRow, ...] = (
    _whole("made in the store", Whole.LEAVE, "What a merchant made is none of our business.", catalog=_MISSING,
           linked=False),
    _whole("deleted on both sides", Whole.FORGET, "Should the catalog bring it back, it is a new product.",
           catalog=_MISSING, linked=True, store=_MISSING),
    _whole("gone from the feed, reviewed for shopify", Whole.REPORT, "A person, or an undo, wants it in the store.",
           Dispute.LEFT_CATALOG, catalog=_MISSING, linked=True, store=_HERE, choice=Side.SHOPIFY),
    *(_whole(f"gone from the feed: {policy.value}", whole, why, catalog=_MISSING, linked=True, store=_HERE, gone=policy)
      for policy, whole, why in (
          (GonePolicy.ARCHIVE, Whole.ARCHIVE, "Where it is on sale, and nobody has put it back on sale since."),
          (GonePolicy.DRAFT, Whole.DRAFT, "Where it is on sale, and nobody has put it back on sale since."),
          (GonePolicy.ZERO_STOCK, Whole.ZERO_STOCK, "It stays on show; only what the feeds spoke about is zeroed."),
          (GonePolicy.DELETE, Whole.DELETE, "Only where the operator asked for it."),
          (GonePolicy.KEEP, Whole.REPORT, "It is counted in the plan and stays as it is."))),
    _whole("several candidates", Whole.ASK, "Whatever could be two things is linked to none of them.",
           Dispute.AMBIGUOUS, linked=False, candidates=2),
    _whole("adopted", Whole.ADOPT, "Found by custom id, SKU, barcode or handle, in this order.", linked=False,
           candidates=1),
    *_disputed("moved", Dispute.MOVED, linked=False, candidates=0, moved=True),
    _whole("new", Whole.CREATE, "The store never had it.", linked=False, candidates=0),
    *_disputed("deleted in the store", Dispute.DELETED_IN_STORE, linked=True, store=_MISSING),
    _whole("linked", Whole.COMPARE, "Both sides have it.", linked=True, store=_HERE),
)

VARIANT_ROWS: tuple[WholeRow, ...] = (
    _whole("variant made in the store", Whole.LEAVE, "What a merchant made is none of our business.", catalog=_MISSING,
           linked=False),
    _whole("variant gone from the feed", Whole.REPORT, "It is named in the plan's record and stays as it is.",
           catalog=_MISSING, linked=True, store=_HERE),
    _whole("variant gone from both", Whole.LEAVE, "There is nothing to do.", catalog=_MISSING, linked=True,
           store=_MISSING),
    _whole("variant in both", Whole.COMPARE, "Also under another SKU: the option values tell that it is the same one.",
           store=_HERE),
    _whole("variant's absence accepted", Whole.LEAVE, "That the store does without it was accepted before.",
           linked=True, accepted=True),
    *_disputed("variant deleted in the store", Dispute.DELETED_IN_STORE, linked=True),
    *_disputed("variant moved", Dispute.MOVED, moved=True),
    _whole("variant new", Whole.CREATE, "The store never had it."),
)


@cache
def decide_product(case: WholeCase) -> WholeRow:
    """The row that decides about a product as a whole."""
    return next(row for row in PRODUCT_ROWS if row.fits(case))


@cache
def decide_variant(case: WholeCase) -> WholeRow:
    """The row that decides about a variant as a whole."""
    return next(row for row in VARIANT_ROWS if row.fits(case))


