"""Local overrides: a value of the store that was accepted stands in for the catalog's own, as long as the catalog says
what it said then. Once it says something else, both sides have changed, and that is decided like any such case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shopsync_pipeline.core.canonical import same
from shopsync_pipeline.core.fields import Field, Fields, Operation, Owner, Path, Value, place
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Base, Decision, Outcome, Policies


@dataclass(frozen=True, slots=True)
class Override:
    """The value that counts, and what the catalog said when it was accepted. `None` stands for absent."""

    value: Value | None
    catalog_value: Value | None


@dataclass(frozen=True, slots=True)
class Overridden:
    """A product's catalog side with its overrides in place, and the base to merge it over. `stale` are the paths whose
    override the catalog has left behind."""

    document: dict[Path, Value]
    base: Base | None
    fresh: frozenset[Path]
    stale: frozenset[Path]


def overridden(document: Fields, base: Base | None, overrides: Mapping[Path, Override]) -> Overridden:
    """Puts overrides over a catalog document.

    Where the catalog still says what it said, the override's value takes its place. Where it says something else, the
    base of the field is what the catalog said then, so that catalog and store both count as changed.
    """
    shown = dict(document)
    ours, theirs = dict(base.local if base else {}), dict(base.remote if base else {})
    fresh, stale = set(), set()
    for path, override in overrides.items():
        if same(place(path).field, document.get(path), override.catalog_value):
            fresh.add(path)
            _put(shown, path, override.value)
        else:
            stale.add(path)
            for face in (ours, theirs):
                _put(face, path, override.catalog_value)
    return Overridden(shown, base and Base(ours, theirs), frozenset(fresh), frozenset(stale))


def _put(face: dict[Path, Value], path: Path, value: Value | None) -> None:
    if value is None:
        face.pop(path, None)
    else:
        face[path] = value


_NOT_OVERRIDDEN = frozenset({"images", "options", "variants[].options", "variants[].image"})
"""Fields whose values mean something in the store alone (ids of pictures) or make the product what it is."""


def overridable(field: Field) -> bool:
    """Whether a field can have an override. Stock is no opinion: the feed's next figure is the truth again."""
    return field.name not in _NOT_OVERRIDDEN and field.writer not in (None, Operation.INVENTORY_SET)


def new_overrides(document: Fields, decisions: Collection[Decision], policies: Policies) -> dict[Path, Override]:
    """The overrides that follow from accepted values, by path. `document` is the catalog's own, without overrides.

    What another app writes is not the catalog's business.
    """
    found = {}
    for decision in decisions:
        if decision.outcome is not Outcome.ACCEPTED or decision.path == WHOLE_PRODUCT:
            continue
        field = place(decision.path).field
        if not overridable(field):
            continue
        if policies.of(decision.path, field).owner not in (Owner.APP, Owner.LOCKED):
            found[decision.path] = Override(decision.faces.remote, document.get(decision.path))
    return found


def ended(decisions: Collection[Decision], overrides: Mapping[Path, Override], stale: Collection[Path]) -> set[Path]:
    """The stale overrides that a decision has put an end to: the catalog's value goes to the store, or is there."""
    done = {decision.path for decision in decisions if decision.outcome in (Outcome.PUSH, Outcome.AGREED)}
    return {path for path in overrides if path in stale and path in done}
