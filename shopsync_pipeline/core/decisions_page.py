"""The page docs/decisions.md, made of the tables that the merge walks; run as a module, this prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from shopsync_pipeline.core.decisions import (
    DISPUTES,
    FIELD_ROWS,
    PRODUCT_ROWS,
    STORY,
    VARIANT_ROWS,
    Act,
    Now,
    Row,
    Story,
    WholeRow,
)

_CONDITIONS = {
    "story": "", "owner": "owner", "writer": "written by", "drift": "drift", "strategy": "strategy",
    "choice": "a person chose", "again": "taking back what was decided and done", "said": "the catalog has a value",
    "apart": "the sides differ",
    "agreed_apart": "they differed when last agreed", "elements": "sets, lists or maps", "pictures": "pictures",
    "last": "changed last", "catalog": "in the catalog", "store": "in the store", "linked": "linked",
    "candidates": "candidates", "moved": "its SKU stands under another product", "accepted": "accepted before",
    "gone": "SYNC_GONE_POLICY",
}

_HEAD = """# What is decided, and when

This page is written from the tables that the code walks (`make docs`; a test keeps it current). In each table the first
row that fits decides. Every combination has a row.

Values are compared by their canonical form (`core/canonical.py`), each side against what it showed when both last
agreed. Who owns a field, which strategy and which drift hold for it, is said by the first rule that matches, else by
the field's row in the registry, else by `SYNC_CONFLICT_RESOLUTION`; `shopsync explain-rule SKU FIELD` tells which and
why.
"""


def page() -> str:
    """The whole page."""
    parts = [
        _HEAD,
        "## What happened to a field\n\n"
        "*Absent*: the value is gone. *Same*: as when last agreed (absent both times is the same). *Changed*: there\n"
        "is another value. What cannot be (two values that are gone and yet differ) is left out.\n",
        _table(("agreed before", "catalog", "store", "both show the same", "what happened"), _stories()),
        "## What is done about it\n\n"
        "A *dispute* is a first contact, an edit of the store, or a change on both sides. *Push* writes to the store.\n"
        "*Accepted* takes the store's value as the new base. *Kept* leaves the edit and goes on remembering it as\n"
        "one. What is *recorded* stands in the list of conflicts with both values, so that a decision can be taken\n"
        "back: `shopsync conflicts list --decided`, `shopsync conflicts flip`.\n",
        _table(("", "what happened", "and", "outcome", "recorded as", "why"), map(_field_row, FIELD_ROWS)),
        "`merge` ends as a push of the merged value, as accepted where the store shows it already, or as a conflict\n"
        "where both sides changed one element differently and the catalog does not own the field.\n",
        "## Products as a whole\n",
        _table(("", "if", "what is done", "recorded as", "why"), map(_whole_row, PRODUCT_ROWS)),
        "A SKU that was renamed in the catalog is the same variant where its option values say so. Pictures of an\n"
        "adopted product are recognised by the file name in the store's address, or by alternative texts where each\n"
        "side has as many, all different; all others are the store's own.\n",
        "## Variants as a whole\n",
        _table(("", "if", "what is done", "recorded as", "why"), map(_whole_row, VARIANT_ROWS)),
    ]
    return "\n".join(parts)


def _stories() -> Iterable[Sequence[str]]:
    """All combinations that can happen."""
    for (known, local, remote, equal), story in STORY.items():
        if not known and Now.ABSENT in (local, remote):
            continue  # Without a base nothing can have gone.
        nothing = Now.ABSENT if known else Now.SAME
        if (local is remote is nothing and not equal) or (equal and _one_is_nothing(known, local, remote)):
            continue
        words = {now: now.value if known else _WITHOUT_BASE[now] for now in Now}
        yield "yes" if known else "no", words[local], words[remote], "yes" if equal else "no", story.value


def _one_is_nothing(known: bool, local: Now, remote: Now) -> bool:
    """Whether one side has a value for certain and the other has none, so that they cannot be equal."""
    return {local, remote} == ({Now.ABSENT, Now.CHANGED} if known else {Now.SAME, Now.CHANGED})


_WITHOUT_BASE = {Now.SAME: "no value", Now.CHANGED: "a value", Now.ABSENT: ""}


def _field_row(row: Row) -> Sequence[str]:
    stories = next((values for name, values in row.when if name == "story"), frozenset(Story))
    rest = [(name, values) for name, values in row.when if name != "story"]
    outcome = "merge" if row.act is Act.MERGE else row.outcome.value
    disputes = [row.dispute] if row.dispute else [DISPUTES[story] for story in Story if story in stories
                                                   and story in DISPUTES] if row.disputed else []
    happened = "anything else" if len(stories) == len(Story) else "a dispute" if len(stories) == 3 else _words(stories)
    recorded = "; ".join(dict.fromkeys(dispute.value for dispute in disputes))
    return row.name, happened, _if(rest), outcome, recorded, row.why


def _whole_row(row: WholeRow) -> Sequence[str]:
    return row.name, _if(row.when), row.whole.value, row.dispute.value if row.dispute else "", row.why


def _if(conditions: Iterable[tuple[str, frozenset[Any]]]) -> str:
    return "; ".join(_condition(name, values) for name, values in conditions)


def _condition(name: str, values: frozenset[Any]) -> str:
    label = _CONDITIONS[name]
    if all(isinstance(value, bool) for value in values):
        return label if True in values else f"not: {label}"
    if values == frozenset({None}):
        return "no person chose" if name == "choice" else f"{label}: none"
    return f"{label}: {_words(values)}"


def _words(values: Iterable[Any]) -> str:
    """Values in the order of their definition."""
    listed = list(values)
    kind = type(listed[0])
    ordered = [value for value in kind if value in listed] if issubclass(kind, Enum) else sorted(listed)
    return " or ".join(str(value.value if isinstance(value, Enum) else value) for value in ordered)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
