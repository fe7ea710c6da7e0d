"""Element-wise merges: what each side added stays, what each removed goes, a clash is told, order has its rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.elements import Merged, merge_elements, mergeable
from shopsync_pipeline.core.fields import Value
from shopsync_pipeline_tests.core.samples import FIELD, LAW

TAGS, IMAGES, META = FIELD["tags"], FIELD["images"], FIELD["metafields[]"]


def merged(field: Any, base: Value | None, local: Value | None, remote: Value | None) -> Merged:
    return merge_elements(field, local=local, remote=remote, base_local=base, base_remote=base)


@pytest.mark.parametrize(("base", "local", "remote", "value"), [
    (["a"], ["a", "b"], ["a", "c"], ["a", "b", "c"]),
    (["a", "b"], ["b"], ["a", "b", "c"], ["b", "c"]),
    (["a", "b"], ["a"], ["b"], None),
    (["a"], ["a"], None, None),
    (None, ["a"], ["B"], ["a", "B"]),
    (None, ["Red"], ["red"], ["red"]),
    (["a"], ["A", "b"], ["a"], ["a", "b"]),
    (["a", "b"], None, ["a", "b", "c"], ["c"]),
], ids=["both add", "one removes, one adds", "each removes another", "the store removes all", "no base unites",
        "one spelling", "the store's spelling stays", "the catalog removes all of its own"])
def test_sets(base: Value | None, local: Value | None, remote: Value | None, value: Value | None) -> None:
    assert merged(TAGS, base, local, remote) == Merged(value, False)


def test_each_side_is_measured_against_its_own_base() -> None:
    found = merge_elements(TAGS, local=["a", "b"], base_local=["a"], remote=["A!", "x"], base_remote=["A!"])
    assert found == Merged(["A!", "b", "x"], False)


def pictures(*named: str) -> Value:
    return [{"source": name[0], "alt": name[1:]} for name in named]


@pytest.mark.parametrize(("base", "local", "remote", "value", "clash"), [
    (["a", "b"], ["a", "n", "b"], ["a", "b", "m"], ["a", "n", "b", "m"], False),
    (["a", "b"], ["b", "a"], ["a", "b", "m"], ["b", "a", "m"], False),
    (["a", "b"], ["a", "b", "n"], ["b", "a"], ["b", "a", "n"], False),
    (["a", "b"], ["b", "a"], ["m", "a", "b"], ["b", "a", "m"], False),
    (["a", "b"], ["a"], ["a", "b"], ["a"], False),
    (["a", "b"], ["aX", "b"], ["a", "bY"], ["aX", "bY"], False),
    (["a"], ["aX"], ["aY"], ["aX"], True),
    (["a"], ["aX"], ["aX"], ["aX"], False),
    (["a"], ["aX"], [], ["aX"], True),
    (["a"], [], ["aX"], ["aX"], True),
], ids=["both add: the catalog's order first", "the catalog reorders", "only the store reorders", "both reorder",
        "one removes", "each changes another", "both change one", "both change it alike", "changed and removed",
        "removed and changed"])
def test_ordered_lists(base: list[str], local: list[str], remote: list[str], value: list[str], clash: bool) -> None:
    found = merged(IMAGES, pictures(*base), pictures(*local), pictures(*remote))
    assert found == Merged(pictures(*value), clash)


def meta(kind: str, value: Any) -> Value:
    return {"type": kind, "value": json.dumps(value)}


@pytest.mark.parametrize(("base", "local", "remote", "value", "clash"), [
    ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "c": [3]}, {"a": 1, "b": 2, "c": [3]}, False),
    ({"a": 1, "b": 2}, {"a": 1}, {"a": 9, "b": 2}, {"a": 9}, False),
    ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}, True),
    ({"a": "x"}, {"a": "y"}, {"a": "Y"}, {"a": "y"}, True),
    ({"a": 1}, {"a": 1}, {"a": 1.0}, {"a": 1}, False),
])
def test_maps(base: Any, local: Any, remote: Any, value: Any, clash: bool) -> None:
    found = merged(META, meta("json", base), meta("json", local), meta("json", remote))
    assert found.clash is clash
    assert isinstance(found.value, dict)
    assert json.loads(str(found.value["value"])) == value


def test_a_metafield_that_is_a_list_merges_by_entry() -> None:
    kind = "list.single_line_text_field"
    found = merged(META, meta(kind, ["a"]), meta(kind, ["a", "b"]), meta(kind, ["c", "a"]))
    assert found == Merged({"type": kind, "value": '["a","b","c"]'}, False)


@pytest.mark.parametrize(("name", "value", "can"), [
    ("tags", ["a"], True), ("tags", None, True), ("tags", "a", False), ("title", "a", False), ("title", ["a"], False),
    ("images", [{"source": "a", "alt": ""}], True),
    ("images", [{"source": "a", "alt": ""}, {"source": "a", "alt": "x"}], False), ("images", [{"alt": "x"}], False),
    ("metafields[]", {"type": "json", "value": "{}"}, True), ("metafields[]", {"type": "json", "value": "[1]"}, False),
    ("metafields[]", {"type": "json", "value": "{"}, False),
    ("metafields[]", {"type": "single_line_text_field", "value": "{}"}, False),
    ("variants[].weight", {"value": "1", "unit": "POUNDS"}, False), ("variants[].options", ["S"], True),
])
def test_what_has_elements(name: str, value: Value | None, can: bool) -> None:
    assert mergeable(FIELD[name], value) is (can or value is None)


sets = st.none() | st.lists(st.sampled_from("abcABC"), max_size=5)
versions = st.lists(st.sampled_from(["a", "aX", "aY", "b", "bX", "c", "d"]), max_size=4, unique_by=lambda name: name[0])
objects = st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, 2, "x"]), max_size=3)


def folded(value: Value | None) -> set[str]:
    return {str(part).casefold() for part in value} if isinstance(value, list) else set()


@LAW
@given(sets, sets, sets)
def test_sets_keep_all_additions_and_removals_of_both_sides_and_are_symmetric(
        base: Value | None, local: Value | None, remote: Value | None) -> None:
    was, ours, theirs = folded(base), folded(local), folded(remote)
    found = merged(TAGS, base, local, remote)
    assert folded(found.value) == (was & ours & theirs) | (ours - was) | (theirs - was)
    assert folded(merged(TAGS, base, remote, local).value) == folded(found.value)
    assert not found.clash


@LAW
@given(objects, objects, objects)
def test_maps_are_symmetric_where_nothing_clashes_and_clash_on_both_sides_alike(base: Any, local: Any,
                                                                              remote: Any) -> None:
    one = merged(META, meta("json", base), meta("json", local), meta("json", remote))
    other = merged(META, meta("json", base), meta("json", remote), meta("json", local))
    assert one.clash is other.clash
    if not one.clash:
        def read(value: Any) -> Any:
            return {} if value is None else json.loads(value["value"])

        assert read(one.value) == read(other.value)


@LAW
@given(versions, versions, versions)
def test_lists_lose_no_edit_without_a_clash(base: list[str], local: list[str], remote: list[str]) -> None:
    def by_name(names: list[str]) -> dict[str, str]:
        return {name[0]: name for name in names}

    found = merged(IMAGES, pictures(*base), pictures(*local), pictures(*remote))
    kept = {part["source"]: part["source"] + part["alt"] for part in found.value or []}  # type: ignore[union-attr]
    was, ours, theirs = by_name(base), by_name(local), by_name(remote)
    for name in {*was, *ours, *theirs}:
        versions_ = (ours.get(name), theirs.get(name))
        changed = [version for version in versions_ if version != was.get(name)]
        if len(changed) == 2 and changed[0] != changed[1]:
            assert found.clash
        elif changed:
            assert kept.get(name) == changed[0]
        else:
            assert kept.get(name) == was.get(name)


@LAW
@given(versions, versions, versions)
def test_merging_again_changes_nothing(base: list[str], local: list[str], remote: list[str]) -> None:
    first = merged(IMAGES, pictures(*base), pictures(*local), pictures(*remote)).value
    again = merge_elements(IMAGES, local=pictures(*local), base_local=pictures(*local), remote=first, base_remote=first)
    assert again == Merged(first, False)
