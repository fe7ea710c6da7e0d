"""Digests: one short text for each group of a document's fields, so that a database finds the products that differ."""

from __future__ import annotations

import json
from hashlib import blake2b

import orjson

from shopsync_pipeline.core.fields import REGISTRY, Fields, Group, Path, Value


def canonical_json(value: object) -> str:
    """The one text of a JSON value: sorted keys, no spaces, text as it is. Equal values give equal bytes."""
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


DIGEST_WIDTH = 16
"""Hex digits of one group's digest (64 bits: two versions of one product are compared, not all with all)."""


def digests(fields: Fields) -> str:
    """The digests of all groups, packed in the order of `Group`, `DIGEST_WIDTH` hex digits each.

    Two documents are equal exactly when these texts are equal, so a database can compare products with one `<>`.
    """
    # Groups by their number: to look up an enum's member in a dict takes longer than all else here.
    grouped: list[dict[Path, Value] | None] = [None] * len(Group)
    for path, value in fields.items():
        known = _OF_VARIANTS.get(path[path.rindex("].") + 2:]) if path[:9] == "variants[" else _OF_PRODUCTS.get(path)
        number = _group(path) if known is None else known
        held = grouped[number]
        if held is None:
            grouped[number] = {path: value}
        else:
            held[path] = value
    try:
        return "".join([
            _NOTHING if held is None else blake2b(orjson.dumps(held, option=_SORTED), digest_size=_BYTES).hexdigest()
            for held in grouped
        ])
    except TypeError:
        return "".join([_NOTHING if held is None else _digest(held) for held in grouped])


def _group(path: Path) -> int:
    """The number of a path's group: what `place` says, without taking the path apart."""
    prefix, name = ("variants[].", path[path.rindex("].") + 2:]) if path.startswith("variants[") else ("", path)
    if name.endswith("]"):
        name = name[:name.index("[")] + "[]"
    return _OF_PRODUCTS[prefix + name]


_OF_PRODUCTS = {field.name: list(Group).index(field.group) for field in REGISTRY}
_OF_VARIANTS = {name.removeprefix("variants[]."): number for name, number in _OF_PRODUCTS.items()
                if name.startswith("variants[].")}


_SORTED = orjson.OPT_SORT_KEYS
_BYTES = DIGEST_WIDTH // 2


def _digest(fields: Fields) -> str:
    try:
        text = orjson.dumps(fields, option=_SORTED)
    except TypeError:
        # Half a surrogate pair, which a store's JSON may hold, is no text for orjson.
        text = canonical_json(fields).encode(errors="surrogatepass")
    return blake2b(text, digest_size=_BYTES).hexdigest()


_NOTHING = _digest({})


def differing_groups(one: str, other: str) -> tuple[Group, ...]:
    """The groups in which two packed digests differ."""
    width = DIGEST_WIDTH
    return tuple(
        group for index, group in enumerate(Group)
        if one[index * width:(index + 1) * width] != other[index * width:(index + 1) * width]
    )
