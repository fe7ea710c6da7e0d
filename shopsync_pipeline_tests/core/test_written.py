"""What follows from what was written: edits of other people, and values that an undo holds back."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.written import edits, held
from shopsync_pipeline_tests.core.test_undo import fields, made, write


def test_edits_are_told_from_the_last_making_on() -> None:
    first, gone = made({"title": "Old", "tags": ["x"]}), write({"title": ("Old", None), "tags": (["x"], None)},
                                                               operation=Operation.PRODUCT_DELETE, at=1)
    again = made({"title": "New"}, at=2)
    assert edits([first, gone, again], fields({"title": "New", "handle": "new"})) == []
    assert edits([first, gone, again], fields({"title": "New", "tags": ["x"]})) == ["tags"]


TITLE = Path("title")


@pytest.mark.parametrize(("local", "agreed", "store", "writes", "kept"), [
    ("b", "b", "a", "undo", True), ("c", "b", "a", "undo", False), ("b", "b", "by hand", "undo", False),
    ("b", "b", "b", "redo", False), ("b", "b", "b", "send", False),
])
def test_what_an_undo_holds_back(local: str, agreed: str, store: str, writes: str, kept: bool) -> None:
    history = [write({"title": ("a", "b")})]
    if writes in ("undo", "redo"):
        history.append(write({"title": ("b", "a")}, at=1, undone=True))
    if writes == "redo":
        history.append(write({"title": ("a", "b")}, at=2, undone=True))
    found = held(history, local={TITLE: local}, agreed={TITLE: agreed}, remote={TITLE: store})
    assert found == ([TITLE] if kept else [])
