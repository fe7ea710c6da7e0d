"""Compare: how far two descriptions of the same products agree, field by field.

Ours is the catalog, theirs what an older system put out. Nothing is decided here; differences are counted and shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from shopsync_pipeline.core.documents import variants_of
from shopsync_pipeline.core.fields import Fields, Path, Value, place, variant_path
from shopsync_pipeline.core.report import text, value

EXAMPLES = 5


class Verdict(StrEnum):
    """How one field of one product stands."""

    SAME = "same"
    DIFFERENT = "different"
    ONLY_OURS = "only in ours"
    ONLY_THEIRS = "only in theirs"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field on which the two do not agree. `None` stands for absent."""

    product: str
    path: Path
    verdict: Verdict
    ours: Value | None
    theirs: Value | None


@dataclass(slots=True)
class Agreement:
    """How one field stands over all products that both have."""

    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    examples: list[Difference] = field(default_factory=list)

    @property
    def spoken_of(self) -> bool:
        """Whether the older system says anything about the field at all."""
        return any(self.counts[verdict] for verdict in (Verdict.SAME, Verdict.DIFFERENT, Verdict.ONLY_THEIRS))

    @property
    def share(self) -> float:
        """The share of values that are the same, of all that either side has."""
        total = sum(self.counts.values())
        return self.counts[Verdict.SAME] / total if total else 1.0


@dataclass(slots=True)
class Comparison:
    """What was found: by field, and which products only one side has (the first few, and how many)."""

    fields: dict[str, Agreement] = field(default_factory=dict)
    both: int = 0
    only_ours: int = 0
    only_theirs: int = 0
    ours_examples: list[str] = field(default_factory=list)
    theirs_examples: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of all values that are the same, over the fields of which the older system says anything."""
        spoken = [agreement for agreement in self.fields.values() if agreement.spoken_of]
        total = sum(sum(agreement.counts.values()) for agreement in spoken)
        return sum(agreement.counts[Verdict.SAME] for agreement in spoken) / total if total else 1.0

    def add(self, product: str, ours: Fields, theirs: Fields) -> Iterator[Difference]:
        """Counts one product that both have, and gives its differences."""
        self.both += 1
        for path, verdict, our_value, their_value in compared(ours, theirs):
            agreement = self.fields.setdefault(place(path).field.name, Agreement())
            agreement.counts[verdict] += 1
            if verdict is not Verdict.SAME:
                difference = Difference(product, path, verdict, our_value, their_value)
                if len(agreement.examples) < EXAMPLES:
                    agreement.examples.append(difference)
                yield difference

    def add_only_ours(self, product: str) -> None:
        """Counts a product that only the catalog has."""
        self.only_ours += 1
        if len(self.ours_examples) < EXAMPLES:
            self.ours_examples.append(product)

    def add_only_theirs(self, product: str) -> None:
        """Counts a product that only the older system has."""
        self.only_theirs += 1
        if len(self.theirs_examples) < EXAMPLES:
            self.theirs_examples.append(product)


def compared(ours: Fields, theirs: Fields) -> Iterator[tuple[Path, Verdict, Value | None, Value | None]]:
    """Every path that either side has, with how it stands. Their variants are called as ours with the same SKU are."""
    theirs = under_our_names(ours, theirs)
    for path in dict.fromkeys([*ours, *theirs]):
        our_value, their_value = ours.get(path), theirs.get(path)
        if our_value is None:
            verdict = Verdict.ONLY_THEIRS
        elif their_value is None:
            verdict = Verdict.ONLY_OURS
        else:
            verdict = Verdict.SAME if same(path, our_value, their_value) else Verdict.DIFFERENT
        yield path, verdict, our_value, their_value


def under_our_names(ours: Fields, theirs: Fields) -> Fields:
    """Their fields with each variant under the key that ours of the same SKU has; the only variant is the only one."""
    by_sku = {str(values["sku"]): key for key, values in variants_of(ours).items() if "sku" in values}
    mine, other = variants_of(ours), variants_of(theirs)
    names = {}
    for key, values in other.items():
        found = by_sku.get(str(values.get("sku")), key)
        if len(mine) == len(other) == 1 and found not in mine:
            found = next(iter(mine))
        names[key] = found
    if all(key == found for key, found in names.items()):
        return theirs
    return {_renamed(path, names): value for path, value in theirs.items()}


def _renamed(path: Path, names: dict[str, str]) -> Path:
    if not path.startswith("variants["):
        return path
    end = path.rindex("].")
    key = path[len("variants["):end]
    return variant_path(names.get(key, key), path[end + 2:])


def same(path: Path, ours: Value, theirs: Value) -> bool:
    """Whether two values mean the same."""
    return _plain(path, ours) == _plain(path, theirs)


def _plain(path: Path, of: Value) -> Value:
    """The form in which values are compared. The one place that says so: the registry's canonical form belongs here."""
    if isinstance(of, str):
        return " ".join(of.split())
    if isinstance(of, list):
        return [_plain(path, one) for one in of]
    if isinstance(of, dict):
        return {name: _plain(path, one) for name, one in of.items()}
    return of


def markdown(found: Comparison, *, source: str) -> str:
    """The comparison as Markdown: the least agreement first."""
    return "\n".join(_lines(found, source)) + "\n"


def _lines(found: Comparison, source: str) -> Iterator[str]:
    yield "# The catalog beside " + text(source, None)
    yield ""
    yield (f"**{found.share:.1%} of the values are the same**, over {found.both} products that both have. Only ours: "
           f"{found.only_ours}{_such(found.ours_examples)}. Only theirs: {found.only_theirs}"
           f"{_such(found.theirs_examples)}.")
    yield ""
    yield "| field | same | different | only in ours | only in theirs | agreement |"
    yield "| --- | --- | --- | --- | --- | --- |"
    spoken = [(name, agreement) for name, agreement in found.fields.items() if agreement.spoken_of]
    for name, agreement in sorted(spoken, key=lambda row: (row[1].share, row[0])):
        counts = " | ".join(str(agreement.counts[verdict]) for verdict in Verdict)
        yield f"| {name} | {counts} | {agreement.share:.1%} |"
    silent = sorted(name for name, agreement in found.fields.items() if not agreement.spoken_of)
    if silent:
        yield ""
        yield f"Not in the other file at all: {', '.join(silent)}."
    for name, agreement in sorted(spoken, key=lambda row: (row[1].share, row[0])):
        if agreement.examples:
            yield ""
            yield f"## {name}"
            yield ""
            yield "| product | field | ours | theirs | what |"
            yield "| --- | --- | --- | --- | --- |"
            for one in agreement.examples:
                cells = (one.product, one.path, value(one.ours), value(one.theirs), one.verdict.value)
                yield "| " + " | ".join(text(cell) for cell in cells) + " |"


def _such(examples: list[str]) -> str:
    return f" (such as {text(', '.join(examples), None)})" if examples else ""
