"""The figures of a run in words, and their place in docs/devstore.md between two marks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from shopsync_pipeline_tests.devstore.conformance.costs import Agreement
from shopsync_pipeline_tests.devstore.conformance.run import Outcome
from shopsync_pipeline_tests.devstore.conftest import PROJECT

DOC: Final = PROJECT / "docs" / "devstore.md"
_START: Final = "<!-- conformance figures: written by python -m shopsync_pipeline_tests.devstore.conformance -->"
_END: Final = "<!-- end of conformance figures -->"
_BETWEEN: Final = re.compile(f"(?<={re.escape(_START)}\n).*?(?={re.escape(_END)})", re.DOTALL)


def figures(outcome: Outcome, asked: Agreement, documents: Agreement) -> str:
    """The figures as Markdown; `asked` compares the points of replayed questions, `documents` of priced documents."""
    reasons = "".join(
        f"| {reason} | {count} |\n"
        for reason, count in sorted(outcome.accepted.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return (
        f"{outcome.interactions} recorded interactions in {outcome.files} files were asked again: "
        f"**{outcome.matched} match**, **{outcome.accepted_interactions} differ for an accepted reason**, "
        f"**{outcome.differing} differ otherwise**.\n\n"
        "| accepted reason (an interaction can have several) | interactions |\n| --- | ---: |\n"
        f"{reasons}\n"
        "| `requestedQueryCost` against the recorded one | compared | exact | within 1 point | exact or within 5 % |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        f"{_row('questions asked again', asked)}{_row('documents priced by a real store', documents)}"
    )


def _row(name: str, found: Agreement) -> str:
    shares = (found.exact, found.within_one, found.within_five_per_cent)
    return f"| {name} | {found.compared} | {' | '.join(found.share(count) for count in shares)} |\n"


def written(doc: Path = DOC) -> str:
    """The figures that the doc tells now; raises ValueError when it has no marks."""
    match = _BETWEEN.search(doc.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{doc} has no place for the conformance figures: put back the line {_START}")
    return match[0]


def write(text: str, doc: Path = DOC) -> None:
    """Puts figures into the doc."""
    written(doc)
    content = doc.read_text(encoding="utf-8")
    doc.write_text(_BETWEEN.sub(lambda _: text, content), encoding="utf-8")
