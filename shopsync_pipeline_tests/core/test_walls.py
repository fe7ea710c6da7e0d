"""The walls of the platform: what lies just within is sent, what lies beyond is not, and the figures are told."""

from __future__ import annotations

import json

import pytest

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.core.walls import (
    Creations,
    DailyLimit,
    Fate,
    Wall,
    beyond,
    item_beyond,
    new_variants,
    stock_calls,
)


def change(path: str, after: Value | None) -> Change:
    return Change(Path(path), None, after, Reason.NEW)


def metafield(kind: str, value: str) -> Value:
    return {"type": kind, "value": value}


def picture(number: int) -> Value:
    return {"source": f"https://img.example/{number}.jpg", "alt": ""}


LISTED: list[Value] = list(map(str, range(250)))
WITHIN: list[tuple[str, Value]] = [
    ("title", "x" * 255), ("handle", "x" * 255), ("vendor", "x" * 255), ("product_type", "x" * 255),
    ("options", ["a", "b", "x" * 255]), ("variants[S].options", ["x" * 255]),
    ("tags", LISTED), ("tags", ["x" * 255]), ("images", [picture(number) for number in range(250)]),
    ("metafields[a.b]", metafield("multi_line_text_field", "x" * 65_536)),
    ("metafields[a.b]", metafield("json", json.dumps("x" * 131_000))),
    ("metafields[a.b]", metafield("url", "x" * 2048)),
    ("metafields[a.b]", metafield("list.single_line_text_field", json.dumps(["x"] * 128))),
    ("metafields[a.b]", metafield("list.metaobject_reference", json.dumps(["x"] * 256))),
    ("metafields[a.b]", metafield("list.single_line_text_field", "no JSON")),
    ("body_html", "x" * 100_000),
]
BEYOND: list[tuple[str, Value, str, str]] = [
    ("title", "x" * 256, "title", "title has 256 characters; Shopify takes 255"),
    ("handle", "x" * 256, "handle", "handle has 256 characters; Shopify takes 255"),
    ("vendor", "x" * 256, "vendor", "vendor has 256 characters; Shopify takes 255"),
    ("product_type", "x" * 300, "product_type", "product_type has 300 characters; Shopify takes 255"),
    ("options", ["a", "b", "c", "d"], "options", "the product has 4 options; Shopify takes 3"),
    ("options", ["x" * 256], "option names", "has 256 characters; Shopify takes 255 (option names)"),
    ("variants[S].options", ["a", "x" * 256], "option values", "has 256 characters; Shopify takes 255 (option values)"),
    ("tags", [*LISTED, "one more"], "tags", "the product has 251 tags; Shopify takes 250"),
    ("tags", ["x" * 256], "tag lengths", "has 256 characters; Shopify takes 255 (tag lengths)"),
    ("images", [picture(number) for number in range(251)], "media", "the product has 251 pictures; Shopify takes 250"),
    ("metafields[a.b]", metafield("multi_line_text_field", "é" * 32_769), "metafield sizes",
     "the metafield a.b (multi_line_text_field) has 65538 bytes; Shopify takes 65536"),
    ("metafields[a.b]", metafield("json", "x" * 131_073), "metafield sizes", "Shopify takes 131072"),
    ("metafields[a.b]", metafield("url", "x" * 2049), "metafield sizes", "Shopify takes 2048"),
    ("metafields[a.b]", metafield("list.single_line_text_field", json.dumps(["x"] * 129)), "metafield lists",
     "the metafield a.b has 129 items; Shopify takes 128 in a list"),
    ("metafields[a.b]", metafield("list.url", json.dumps(["x", "x" * 2049])), "metafield sizes", "has 2049 bytes"),
    ("metafields[a.b]", metafield("list.metaobject_reference", json.dumps(["x"] * 257)), "metafield lists",
     "the metafield a.b has 257 items; Shopify takes 256"),
]


@pytest.mark.parametrize(("path", "value"), WITHIN)
def test_what_is_within_is_taken(path: str, value: Value) -> None:
    assert beyond(change(path, value)) is None


@pytest.mark.parametrize(("path", "value", "wall", "why"), BEYOND)
def test_what_is_beyond_is_told_with_the_figures(path: str, value: Value, wall: str, why: str) -> None:
    found = beyond(change(path, value))
    assert found is not None
    assert found.wall == wall
    assert why in found.why


def test_clearing_a_field_meets_no_wall() -> None:
    assert beyond(change("title", None)) is None


def creation(key: str, variants: int) -> PlanItem:
    return make_item(key, None, Operation.PRODUCT_CREATE, [
        change("title", "x"),
        *[change(f"variants[{number}].{name}", value) for number in range(variants)
          for name, value in (("options", [str(number)]), ("price", "1.00"))]])


@pytest.mark.parametrize(("variants", "in_store", "broken"), [(2048, 0, False), (2049, 0, True)])
def test_a_product_takes_2048_variants(variants: int, in_store: int, broken: bool) -> None:
    found = item_beyond(creation("p", variants), in_store)
    assert (found is not None) is broken


def test_new_variants_come_on_top_of_those_in_the_store() -> None:
    one = make_item("p", "1", Operation.VARIANTS_CREATE, [change("variants[S].options", ["a"])])
    assert item_beyond(one, 2047) is None
    found = item_beyond(one, 2048)
    assert found is not None
    assert found.why == "the product would have 2049 variants; Shopify takes 2048"


def test_an_input_takes_250_metafields() -> None:
    rows = [change(f"metafields[a.k{number}]", metafield("single_line_text_field", "x")) for number in range(251)]
    assert item_beyond(make_item("p", "1", Operation.PRODUCT_UPDATE, rows[:250]), 0) is None
    found = item_beyond(make_item("p", "1", Operation.PRODUCT_UPDATE, rows), 0)
    assert found is not None
    assert found.wall == "rows of an input"


@pytest.mark.parametrize(("item", "count"), [
    (creation("p", 3), 3), (creation("p", 0), 1),
    (make_item("p", "1", Operation.VARIANTS_CREATE, [change("variants[A].options", ["a"]),
                                                     change("variants[A].price", "1")]), 1),
    (make_item("p", "1", Operation.VARIANTS_UPDATE, [change("variants[A].price", "1")]), 0),
])
def test_new_variants_are_counted(item: PlanItem, count: int) -> None:
    assert new_variants(item) == count


def test_stock_beyond_250_rows_goes_in_calls() -> None:
    def rows(key: str, count: int) -> PlanItem:
        return make_item(key, "1", Operation.INVENTORY_SET,
                         [change(f"variants[{number}].stock[default]", 1) for number in range(count)])

    assert stock_calls([rows("p", 250)]) is None
    wall = stock_calls([rows("p", 250), rows("q", 1), creation("r", 2)])
    assert isinstance(wall, Wall)
    assert (wall.count, wall.products) == (2, ["p", "q"])
    assert wall.sentence == "251 rows of stock go in 2 calls of 250 rows"


@pytest.mark.parametrize(("in_store", "made_today", "sizes", "go", "days"), [
    (0, 0, [1, 1, 1], [True, True, True], 1),
    (9, 0, [1, 1, 1], [True, True, True], 1),
    (10, 0, [1, 1, 1, 1, 1, 1], [True, True, True, False, False, False], 2),
    (12, 2, [1, 1], [True, False], 2),
    (10, 2, [1, 1], [True, True], 1),
    (13, 3, [1, 1, 1, 1, 1, 1, 1], [False] * 7, 4),
    (10, 0, [2, 2, 1], [True, False, True], 2),
    (8, 0, [6], [False], 3),
    (8, 0, [5], [True], 1),
    (8, 6, [2], [True], 1),
])
def test_past_the_wall_only_so_many_variants_go_today(in_store: int, made_today: int, sizes: list[int], go: list[bool],
                                                      days: int) -> None:
    creations = Creations(DailyLimit(wall=10, a_day=3, in_store=in_store, made_today=made_today))
    assert [creations.has_room(size) for size in sizes] == go
    assert creations.days == days
    assert creations.taken + creations.waiting == sum(sizes)


def test_a_shop_without_the_limit_takes_all() -> None:
    creations = Creations(DailyLimit(wall=10, a_day=3, in_store=100, made_today=100, applies=False))
    assert all(creations.has_room(50) for _ in range(10))
    assert creations.days == 1


def test_a_wall_names_the_first_products_and_counts_all() -> None:
    wall = Wall("title", 255, Fate.HELD, "")
    for number in range(12):
        wall.met_by(f"p{number}")
        wall.met_by(f"p{number}")
    assert (wall.count, wall.products) == (12, [f"p{number}" for number in range(10)])
