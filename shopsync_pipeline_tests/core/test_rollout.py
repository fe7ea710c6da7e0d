"""Roll-out: which items wait and why, that fields which may go still go, and which items go first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import Operation, Path, Risk, Value, place
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import arrange, make_item, ordered
from shopsync_pipeline.core.rollout import Held, Hold, RollOut, canary, held_back, risk_of
from shopsync_pipeline_tests.core.samples import LAW


def change(path: str, after: Value = "new") -> Change:
    return Change(Path(path), "old", after, Reason.CATALOG_CHANGED)


def item(operation: Operation, *paths: str, key: str = "p") -> PlanItem:
    return make_item(key, "1", operation, [change(path) for path in paths])


def by_phase(items: list[PlanItem], phase: Risk) -> tuple[list[PlanItem], dict[str, Held]]:
    roll_out = RollOut(phase=phase)
    return held_back(items, lambda _: None, lambda one, its: roll_out.beyond_phase(risk_of(one, its)))


def told(items: list[PlanItem], held: dict[str, Held]) -> list[tuple[str, list[str], str]]:
    return [(one.operation.value, [str(c.path) for c in one.changes],
             held[one.item_id].hold.value if one.item_id in held else "goes") for one in items]


EVERYTHING = ordered([
    item(Operation.PRODUCT_UPDATE, "title", "status", "handle"), item(Operation.MEDIA_SET, "images"),
    item(Operation.VARIANTS_UPDATE, "variants[S].price", "variants[S].weight"),
    item(Operation.INVENTORY_SET, "variants[S].stock[default]"),
    item(Operation.PRODUCT_CREATE, "title", key="q"), item(Operation.PRODUCT_DELETE, "title", key="r"),
])


def test_everything_goes_in_the_last_phase_and_is_left_as_it_is() -> None:
    assert by_phase(EVERYTHING, Risk.HIGH) == (EVERYTHING, {})


def test_the_second_phase_holds_creation_deletion_handles_and_status() -> None:
    assert sorted(told(*by_phase(EVERYTHING, Risk.MEDIUM))) == [
        ("inventory_set", ["variants[S].stock[default]"], "goes"),
        ("media_set", ["images"], "goes"),
        ("product_create", ["title"], "phase"),
        ("product_delete", ["title"], "phase"),
        ("product_update", ["status", "handle"], "phase"),
        ("product_update", ["title"], "goes"),
        ("variants_update", ["variants[S].price", "variants[S].weight"], "goes"),
    ]


def test_the_first_phase_also_holds_price_and_stock() -> None:
    assert [row for row in sorted(told(*by_phase(EVERYTHING, Risk.LOW))) if row[2] == "goes"] == [
        ("media_set", ["images"], "goes"), ("product_update", ["title"], "goes"),
        ("variants_update", ["variants[S].weight"], "goes"),
    ]


def test_a_held_item_says_why() -> None:
    _, held = by_phase([item(Operation.PRODUCT_DELETE, "title")], Risk.MEDIUM)
    (why,) = held.values()
    assert why == Held(Hold.PHASE, "its risk is high and SYNC_PHASE sends up to medium")


def test_what_depends_on_a_held_item_waits_with_it() -> None:
    items = ordered(arrange([item(Operation.MEDIA_SET, "images"), item(Operation.VARIANTS_UPDATE, "variants[S].image"),
                             item(Operation.PRODUCT_UPDATE, "title")]))
    wall = Held(Hold.WALL, "too many pictures")
    kept, held = held_back(items, lambda _: None, lambda _, its: wall if its.path == "images" else None)
    assert told(kept, held) == [
        ("product_update", ["title"], "goes"), ("media_set", ["images"], "wall"),
        ("variants_update", ["variants[S].image"], "waits")]


def test_one_bad_field_of_a_creation_holds_the_whole() -> None:
    wall = Held(Hold.WALL, "title too long")
    kept, held = held_back([item(Operation.PRODUCT_CREATE, "title", "vendor")], lambda _: None,
                           lambda _, its: wall if its.path == "title" else None)
    assert told(kept, held) == [("product_create", ["title", "vendor"], "wall")]


@pytest.mark.parametrize(("globs", "product_type", "tags", "goes"), [
    ((), "Lamps", [], True), (("Lamps",), "Lamps", [], True), (("lamps",), "LAMPS", [], True),
    (("Lam*",), "Lamps", [], True), (("Desks", "Lam*"), "Lamps", [], True), (("Desks",), "Lamps", [], False),
    (("pilot",), "Lamps", ["new", "Pilot"], True), (("pilot",), "Lamps", ["pilots"], False), (("*",), "", [], True),
])
def test_categories_are_globs_over_product_type_and_tags(globs: tuple[str, ...], product_type: str, tags: list[str],
                                                         goes: bool) -> None:
    why = RollOut(categories=globs).outside(product_type, tags)
    assert (why is None) is goes
    if why is not None:
        assert why.hold is Hold.CATEGORY
        assert f'"{product_type}"' in why.why


def titles(count: int) -> list[PlanItem]:
    return [item(Operation.PRODUCT_UPDATE, "title", key=f"p{number}") for number in range(count)]


@pytest.mark.parametrize(("share", "of", "first"), [
    (0.0, 10, 0), (0.1, 10, 1), (0.1, 11, 2), (0.3, 10, 3), (1.0, 10, 10), (0.01, 1, 1), (0.5, 0, 0),
])
def test_a_share_of_the_items_goes_first_rounded_up(share: float, of: int, first: int) -> None:
    assert len(canary(titles(of), share)) == first


def test_the_same_items_go_first_in_any_order_and_a_larger_share_keeps_them() -> None:
    items = titles(100)
    few = canary(items, 0.05)
    assert canary(items[::-1], 0.05) == few
    assert few < canary(items, 0.2)


def test_the_first_to_go_are_not_the_first_of_the_alphabet() -> None:
    items = titles(100)
    assert canary(items, 0.05) != {one.item_id for one in sorted(items, key=lambda i: i.product_key)[:5]}


def test_what_a_canary_waits_for_goes_with_it() -> None:
    pairs = [arrange([item(Operation.MEDIA_SET, "images", key=f"p{number}"),
                      item(Operation.VARIANTS_UPDATE, "variants[S].image", key=f"p{number}")]) for number in range(20)]
    items = ordered(one for pair in pairs for one in pair)
    for share in (0.05, 0.1, 0.125, 0.3):
        first = canary(items, share)
        assert all(set(one.depends_on) <= first for one in items if one.item_id in first)


PATHS = ("title", "status", "handle", "tags", "seo.title")
VARIANT_PATHS = ("variants[S].price", "variants[S].weight", "variants[S].tracked", "variants[S].image")


@LAW
@given(st.sets(st.sampled_from(PATHS)), st.sets(st.sampled_from(VARIANT_PATHS)), st.booleans(), st.booleans(),
       st.sampled_from(Risk))
def test_no_field_is_lost_and_none_beyond_the_phase_goes(fields: set[str], variant: set[str], media: bool, stock: bool,
                                                         phase: Risk) -> None:
    planned = [
        *([item(Operation.PRODUCT_UPDATE, *sorted(fields))] if fields else []),
        *([item(Operation.VARIANTS_UPDATE, *sorted(variant))] if variant else []),
        *([item(Operation.MEDIA_SET, "images")] if media else []),
        *([item(Operation.INVENTORY_SET, "variants[S].stock[default]")] if stock else []),
    ]
    items = ordered(arrange(planned))
    kept, held = by_phase(items, phase)

    assert sorted(str(c.path) for one in kept for c in one.changes) == sorted(
        str(c.path) for one in items for c in one.changes)
    risks = list(Risk)
    for one in kept:
        if one.item_id not in held:
            assert all(risks.index(place(c.path).field.risk) <= risks.index(phase) for c in one.changes)
            assert not set(one.depends_on) & set(held)
    assert len({one.item_id for one in kept}) == len(kept)
