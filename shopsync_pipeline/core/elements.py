"""Element-wise three-way merge of sets, ordered lists and maps: what each side added stays, what each removed goes.

Over a base with two faces: the catalog's additions and removals are measured against what it said before, the store's
against what it showed before. Only an element that both sides changed, differently, is a clash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from shopsync_pipeline.core.canonical import Form, canonical_json_text, fold, form_of, json_value
from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.fields import Field, MergeKind, Value


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged value (`None`: absent), and whether some element was changed on both sides, differently; such elements
    then have the catalog's version."""

    value: Value | None
    clash: bool


Elements: TypeAlias = "dict[str, Value]"
"""The elements of a value by the name that makes them the same element, in order."""


def mergeable(field: Field, *values: Value | None) -> bool:
    """Whether a field's values can be merged element by element: each is absent, or has elements."""
    return all(value is None or _elements(field, value) is not None for value in values)


def merge_elements(field: Field, *, local: Value | None, remote: Value | None, base_local: Value | None,
                   base_remote: Value | None) -> Merged:
    """Merges four values of a field that is `mergeable`. Where nobody has an element left, the value is absent."""
    ours, theirs, our_base, their_base = (
        _elements(field, value) or {} if value is not None else {} for value in (local, remote, base_local, base_remote)
    )
    kept: Elements = {}
    clash = False
    for name in dict.fromkeys([*ours, *theirs]):
        found, clashed = _element(_same_of(field), ours.get(name), theirs.get(name), our_base.get(name),
                                  their_base.get(name))
        clash = clash or clashed
        if found is not None:
            kept[name] = found
    order = _order(list(ours), list(theirs), list(our_base), list(their_base))
    elements = {name: kept[name] for name in order if name in kept}
    return Merged(_whole(field, elements), clash)


Same: TypeAlias = "Callable[[Value | None, Value | None], bool]"


def _element(same: Same, ours: Value | None, theirs: Value | None, our_base: Value | None,
             their_base: Value | None) -> tuple[Value | None, bool]:
    """One element's version after the merge (`None`: gone), and whether both sides changed it differently."""
    if same(ours, theirs):
        return theirs, False  # In the store's spelling, so that nothing is written for a spelling alone.
    if same(ours, our_base):
        return theirs, False
    if same(theirs, their_base):
        return ours, False
    # One side rewrote what the other rewrote or removed: neither is lost unseen.
    return (ours if ours is not None else theirs), True


def _order(ours: list[str], theirs: list[str], our_base: list[str], their_base: list[str]) -> list[str]:
    """The catalog's order first and then what only the store has; the store's order first where the catalog has nothing
    new to say, or only the store changed the order."""
    reordered_here = _common(ours, our_base) != _common(our_base, ours)
    reordered_there = _common(theirs, their_base) != _common(their_base, theirs)
    stores = ours == our_base or (reordered_there and not reordered_here)
    first, second = (theirs, ours) if stores else (ours, theirs)
    return list(dict.fromkeys([*first, *second]))


def _common(one: list[str], other: list[str]) -> list[str]:
    shared = set(other)
    return [name for name in one if name in shared]


def _same_of(field: Field) -> Same:
    """How two versions of one element are compared. Text in a set or list is its own name, so it has one version."""
    by_name = form_of(field) is not Form.JSON

    def same(one: Value | None, other: Value | None) -> bool:
        if one is None or other is None or one == other:
            return one == other
        return (by_name and isinstance(one, str) and isinstance(other, str)) or json_value(one) == json_value(other)

    return same


def _elements(field: Field, value: Value) -> Elements | None:
    """The elements of one value, or `None` for a value that has none to merge."""
    form = form_of(field)
    if field.kind in (MergeKind.SET, MergeKind.ORDERED_LIST) and isinstance(value, list):
        found: Elements = {}
        for part in value:
            name = _name(part)
            if name is None or (field.kind is MergeKind.ORDERED_LIST and name in found):
                return None  # Without names, or with one twice, nobody can say which element became which.
            found.setdefault(name, part)
        return found
    if form is Form.JSON and isinstance(value, dict) and isinstance(value.get("type"), str):
        return _metafield_elements(value)
    return None


def _name(part: Value) -> str | None:
    if isinstance(part, str):
        return fold(part)
    if isinstance(part, dict) and isinstance(part.get("source"), str):
        return str(part["source"])
    return None


_TYPE = "type"
_KEY = "key:"
_ENTRY = "entry:"


def _metafield_elements(value: Mapping[str, Value]) -> Elements | None:
    """The keys of a JSON object, or the entries of a list type, in front of them the metafield's type."""
    written = value.get("value")
    try:
        found = json.loads(written) if isinstance(written, str) else None
    except (ValueError, RecursionError):
        return None
    kind = str(value["type"])
    if kind == "json" and isinstance(found, dict):
        return {_TYPE: kind, **{_KEY + key: canonical_json_text(json.dumps(part)) for key, part in found.items()}}
    if kind.startswith("list.") and isinstance(found, list):
        entries = {_ENTRY + canonical_json(part): canonical_json(part) for part in found}
        return {_TYPE: kind, **entries} if len(entries) == len(found) else None
    return None


def _whole(field: Field, elements: Elements) -> Value | None:
    """The value that has these elements."""
    if form_of(field) is Form.JSON:
        rest = {name: str(part) for name, part in elements.items() if name != _TYPE}
        if not rest or _TYPE not in elements:
            return None
        if str(elements[_TYPE]).startswith("list."):
            return {"type": elements[_TYPE], "value": f"[{','.join(rest.values())}]"}
        body = ",".join(f"{canonical_json(name.removeprefix(_KEY))}:{part}" for name, part in rest.items())
        return {"type": elements[_TYPE], "value": f"{{{body}}}"}
    if not elements:
        return None
    if field.kind is MergeKind.SET:
        return [elements[name] for name in sorted(elements)]
    return list(elements.values())
