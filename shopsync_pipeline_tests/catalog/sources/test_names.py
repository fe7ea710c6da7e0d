"""Names from outside stay inside, and patterns choose what they say."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.sources.names import Chosen, local_name

AWKWARD = st.text(st.sampled_from("ab./\\:~ \0\n\u202e\udce9é%"), max_size=6)


@given(st.lists(st.one_of(AWKWARD, st.text(max_size=20)), max_size=4))
@example(["..", "x"])
@example(["a", "../../x"])
@example(["/etc/passwd"])
@example([".."])
@example(["a/b"])
def test_a_name_never_leads_out_of_its_folder(parts: list[str]) -> None:
    name = local_name(parts)

    if name is not None:
        target = Path("/spool", name)
        assert target.resolve().is_relative_to("/spool/")
        assert target != Path("/spool")
        assert len(PurePosixPath(name).parts) == len(parts)
        assert "\\" not in name
        name.encode("utf-8")


@pytest.mark.parametrize("part", ["D&H Canada.zip", "价格.csv", "a:b", "100%", "~", "-rf", "x" * 255, "#", " x "])
def test_a_usual_name_stays_as_it_is(part: str) -> None:
    assert local_name(["folder", part]) == f"folder/{part}"


def test_a_name_of_no_utf8_is_read_as_windows_text() -> None:
    assert local_name(["prix_\udce9t\udce9.csv"]) == "prix_été.csv"


def test_a_name_that_is_too_long_cannot_be_one() -> None:
    assert local_name(["é" * 128]) is None


@pytest.mark.parametrize(("pattern", "name", "taken"), [
    ("", "a", True), ("", "a/b/c", True), ("*.zip", "a.zip", True), ("*.zip", "b/a.zip", False),
    ("*.zip", "a.ZIP", False),
    ("**/*.zip", "a.zip", True), ("**/*.zip", "b/c/a.zip", True), ("b/**", "b/c/a.zip", True), ("b/**", "c/a", False),
    ("*/a", "b/a", True), ("*/a", "a", False), ("EN_??/**/*[!x]", "EN_US/a", True), ("a[1]b", "a1b", True),
])
def test_a_pattern_takes_what_it_says(pattern: str, name: str, taken: bool) -> None:
    assert Chosen(pattern).takes(name) is taken


SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4)
PATTERNS = st.lists(st.sampled_from(["a", "*", "**", "a*", "?"]), min_size=1, max_size=4)


@given(PATTERNS, SEGMENTS)
def test_no_folder_above_a_chosen_file_is_passed_over(pattern: list[str], parts: list[str]) -> None:
    chosen = Chosen("/".join(pattern))
    if chosen.takes("/".join(parts)):
        assert all(chosen.may_be_below(parts[:depth]) for depth in range(1, len(parts)))
