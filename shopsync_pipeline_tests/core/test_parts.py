"""Parts of products: what is written is covered by what is read, and what was not read stays as it was known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.parts import Parts, all_parts, merged, parts_of
from shopsync_pipeline.core.plan import Change, Reason
from shopsync_pipeline_tests.core.samples import LAW, documents

DOCUMENT: dict[Path, Value] = {
    Path("title"): "Lamp", Path("seo.title"): "Lamp", Path("category"): "el-2-2", Path("options"): ["Size"],
    Path("images"): [{"source": "a", "alt": ""}], Path("metafields[a.b]"): {"type": "t", "value": "1"},
    Path("metafields[a.c]"): {"type": "t", "value": "1"}, Path("collections[lamps]"): True,
    Path("publications[POS]"): True, Path("variants[A].options"): ["S"], Path("variants[A].price"): "1.00",
    Path("variants[A].cost"): "0.50", Path("variants[A].image"): "a", Path("variants[A].stock[default]"): 3,
}


def wanted(*paths: str) -> Parts:
    return parts_of(Change(Path(path), DOCUMENT.get(Path(path)), None, Reason.CATALOG_CHANGED) for path in paths)


def covered(*paths: str) -> set[str]:
    return {str(path) for path in DOCUMENT if wanted(*paths).cover(path)}


def test_plain_fields_are_always_told_and_nothing_else_unasked() -> None:
    assert covered() == covered("title") == {"title"}
    assert wanted("title").read_cost == 1


def test_each_kind_of_field_asks_for_its_part() -> None:
    variant = {"title", "options", "variants[A].options", "variants[A].price"}
    assert covered("seo.title") == {"title", "seo.title"}
    assert covered("category") == {"title", "category"}
    assert covered("metafields[a.b]") == {"title", "metafields[a.b]"}
    assert covered("images") == {"title", "images"}
    assert covered("collections[desks]") == {"title", "collections[lamps]"}
    assert covered("publications[x]") == {"title", "publications[POS]"}
    assert covered("variants[A].price") == variant
    assert covered("variants[A].weight") == variant | {"variants[A].cost"}
    assert covered("variants[A].stock[default]") == variant | {"variants[A].cost", "variants[A].stock[default]"}
    assert covered("variants[A].image") == variant | {"variants[A].image", "images"}


def test_more_metafields_than_can_be_named_are_all_asked_for() -> None:
    few, many = (Parts(keys=frozenset(f"a.{n}" for n in range(count))) for count in (250, 251))
    assert (len(few.asked_keys or ()), many.asked_keys) == (250, None)
    assert few.metafields == many.metafields == 250


def test_what_was_read_replaces_and_clears_and_the_rest_stays() -> None:
    read: dict[Path, Value] = {Path("title"): "New", Path("metafields[a.b]"): {"type": "t", "value": "2"},
                               Path("vendor"): "Acme", Path("metafields[a.x]"): {"type": "t", "value": "3"}}
    known = {**DOCUMENT, Path("product_type"): "Lamps"}
    assert merged(known, read, wanted("metafields[a.b]")) == {
        **DOCUMENT, Path("title"): "New", Path("metafields[a.b]"): {"type": "t", "value": "2"}, Path("vendor"): "Acme"}


@LAW
@given(documents(), documents(), st.data())
def test_a_merge_is_the_read_where_it_was_covered_and_the_known_elsewhere(
        known: dict[Path, Value], read: dict[Path, Value], data: st.DataObject) -> None:
    paths = data.draw(st.lists(st.sampled_from([*known, *read, Path("title")]), max_size=6))
    parts = parts_of(Change(path, None, "x", Reason.NEW) for path in paths)
    found = merged(known, read, parts)
    for path in {**known, **read}:
        assert found.get(path) == (read if parts.cover(path) else known).get(path)
    assert all(parts.cover(path) for path in paths)


@LAW
@given(documents(), documents())
def test_to_ask_for_more_never_costs_less(one: dict[Path, Value], other: dict[Path, Value]) -> None:
    mine, theirs = (parts_of(Change(path, None, value, Reason.NEW) for path, value in document.items())
                    for document in (one, other))
    both = all_parts([mine, theirs])
    assert both == theirs | mine
    assert max(mine.read_cost, theirs.read_cost) <= both.read_cost <= mine.read_cost + theirs.read_cost
