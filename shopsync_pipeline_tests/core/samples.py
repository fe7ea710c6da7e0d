"""What the core's tests share: documents over a world so small that Hypothesis meets every coincidence in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import permutations
from math import prod
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from shopsync_pipeline.core.documents import variants_of
from shopsync_pipeline.core.fields import REGISTRY, Fields, Path, Value, metafield_path, variant_path
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Base, Outcome, ProductMerge, Resolution, Side

EXAMPLES = int(os.environ.get("SHOPSYNC_LAW_EXAMPLES", "150"))
"""Examples of each law; `SHOPSYNC_LAW_EXAMPLES=20000` is the run that a release is held to."""

LAW = settings(derandomize=True, deadline=None, max_examples=EXAMPLES,
               suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

FIELD = {field.name: field for field in REGISTRY}

keys = st.text(alphabet="abS1.[]/ -é", max_size=7).filter(lambda text: "]." not in text)
"""Any key of a variant, location or metafield: everything but `].` may stand in it."""

BRAND = metafield_path("custom", "brand")
COLOR = metafield_path("custom", "color")

_PRODUCT: dict[str, list[Value]] = {
    "title": ["x", "y", "z"],
    "seo.title": ["x", "y"],
    "tags": [["x"], ["x", "y"]],
    "images": [[{"source": "x", "alt": ""}], [{"source": "x", "alt": ""}, {"source": "y", "alt": "Y"}]],
    BRAND: [{"type": "t", "value": "x"}, {"type": "t", "value": "y"}],
    COLOR: [{"type": "t", "value": "x"}],
}
_VARIANT: dict[str, list[Value]] = {
    "price": ["1.00", "2.00", "3.00"],
    "barcode": ["x", "y"],
    "tracked": [True, False],
    "image": ["x", "y"],
    "stock[default]": [0, 1, 2],
    "stock[north]": [0, 5],
}


_LISTED = [list(keys) for count in range(4) for keys in permutations("ABC", count)]
"""The variants that a product may have, in any order."""


class _Choices:
    """Values picked by the digits of one number: a draw for each value took four fifths of the time of a law."""

    def __init__(self, values: dict[str, list[Value]], *first: list[Any]) -> None:
        """All but `first` are absent half of the time, which comes first as the simplest."""
        self._first = first
        self._optional = values
        self._count = prod(len(choices) for choices in first) * prod(2 * len(one) for one in values.values())

    def numbers(self) -> st.SearchStrategy[int]:
        """Each number stands for another choice; Hypothesis draws those below 2 to the 24 evenly."""
        assert self._count < 2**24
        return st.integers(0, self._count - 1)

    def of(self, number: int) -> tuple[list[Any], dict[str, Value]]:
        """What was picked for `first`, and the others that are there."""
        picked, found = [], {}
        for choices in self._first:
            number, place = divmod(number, len(choices))
            picked.append(choices[place])
        for name, values in self._optional.items():
            number, place = divmod(number, 2 * len(values))
            if place >= len(values):
                found[name] = values[place - len(values)]
        return picked, found


_PRODUCTS = _Choices(_PRODUCT, [["Size"], ["Size"], ["Size"], ["Color"]], _LISTED)
_VARIANTS = _Choices(_VARIANT, [None, None, ["other"]])


@st.composite
def documents(draw: st.DrawFn) -> dict[Path, Value]:
    """A flat map as `flatten` makes them: product and variants always have their options, all else may be absent."""
    (options, listed), said = _PRODUCTS.of(draw(_PRODUCTS.numbers()))
    fields: dict[Path, Value] = {Path("options"): options, **{Path(name): value for name, value in said.items()}}
    for key in listed:
        (other,), of_variant = _VARIANTS.of(draw(_VARIANTS.numbers()))
        fields[variant_path(key, "options")] = other or [key]
        fields |= {variant_path(key, name): value for name, value in of_variant.items()}
    return fields


@st.composite
def bases(draw: st.DrawFn) -> Base:
    """A base: the catalog had a say on each of its variants."""
    local, remote = draw(documents()), draw(documents())
    known = variants_of(local)
    return Base(local, {path: value for path, value in remote.items()
                        if not path.startswith("variants[") or path[9:path.rindex("].")] in known})


@st.composite
def situations(draw: st.DrawFn) -> tuple[dict[Path, Value], dict[Path, Value] | None, Base | None]:
    """What the catalog says, what the store shows (or that it has no such product), and the base if there is one."""
    return draw(documents()), draw(st.none() | documents()), draw(st.none() | bases())


@st.composite
def reviews(draw: st.DrawFn, local: Fields, remote: Fields | None) -> dict[Path, Resolution]:
    """Reviewed choices: most for the values that stand there now, some for values of another day; some take back what
    was decided and done before."""
    shown = remote or {}
    paths = [*dict.fromkeys([*local, *shown])]
    chosen: dict[Path, Resolution] = {}
    for path in draw(st.lists(st.sampled_from(paths), unique=True, max_size=6)):
        seen = draw(st.sampled_from([local.get(path), local.get(path), "another day"]))
        chosen[path] = Resolution(draw(st.sampled_from(Side)), seen, shown.get(path), again=draw(st.booleans()))
    if draw(st.booleans()):
        chosen[WHOLE_PRODUCT] = Resolution(draw(st.sampled_from(Side)), "in the catalog", None)
    return chosen


def rewritten(value: Value | None) -> Value | None:
    """A store that shows text otherwise than it was given."""
    return value.upper() if isinstance(value, str) else value


def carried_out(merge: ProductMerge, remote: Fields | None, base: Base | None,
                store: Callable[[Value | None], Value | None] = lambda value: value) -> tuple[dict[Path, Value], Base]:
    """What the store shows and what is agreed on once everything that was decided is done."""
    shown: dict[Path, Value | None] = dict(remote or {})
    ours: dict[Path, Value | None] = dict(base.local) if base else {}
    theirs: dict[Path, Value | None] = dict(base.remote) if base else {}
    for decision in merge.decisions:
        path, faces = decision.path, decision.faces
        if path == WHOLE_PRODUCT or decision.outcome not in (Outcome.PUSH, Outcome.AGREED, Outcome.ACCEPTED):
            continue
        if decision.outcome is Outcome.PUSH:
            shown[path] = decision.value if path.endswith("options") else store(decision.value)
        ours[path], theirs[path] = faces.local, shown.get(path)
    return _present(shown), Base(_present(ours), _present(theirs))


def _present(fields: dict[Path, Value | None]) -> dict[Path, Value]:
    return {path: value for path, value in fields.items() if value is not None}


def changes_applied(changes: Any, fields: Fields) -> dict[Path, Value]:
    """A flat map after changes, each of which must find its `before` there."""
    after: dict[Path, Value | None] = dict(fields)
    for change in changes:
        assert after.get(change.path) == change.before, change
        after[change.path] = change.after
    return _present(after)

