"""From decisions to items: operation, lane, risk, order; the way back."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Fields, Operation, Path, Risk, Strategy, Value, place
from shopsync_pipeline.core.merge import Base, Decision, Faces, Outcome, ProductMerge, Rules, Situation, merge_product
from shopsync_pipeline.core.plan import Change, Lane, PlanItem, Reason
from shopsync_pipeline.core.planning import (
    arrange,
    first_changes,
    inputs_digest,
    inverse,
    items_for,
    make_item,
    ordered,
    plan_hash,
)

A: dict[Path, Value] = {Path("options"): ["Size"], Path("variants[A].options"): ["S"]}


def change(path: str, before: Value | None = "old", after: Value | None = "new") -> Change:
    return Change(Path(path), before, after, Reason.CATALOG_CHANGED)


def item(operation: Operation, *paths: str, key: str = "p", product_id: str | None = "1") -> PlanItem:
    return make_item(key, product_id, operation, [change(path) for path in paths])


def planned(local: Fields, remote: Fields | None, base: Base | None) -> list[PlanItem]:
    merge = merge_product(local=local, remote=remote, base=base, rules=Rules(Strategy.ETILIZE_PRIORITY))
    return items_for("p", merge, product_id=None if remote is None else "1", remote=remote or {})


def from_store(fields: Fields, **local: Value) -> list[PlanItem]:
    """The items of a product on which both sides agreed on `fields` before the catalog set `local`."""
    return planned({**fields, **{Path(path): value for path, value in local.items()}}, fields, Base(fields, fields))


def told(items: list[PlanItem]) -> list[tuple[Operation, Lane, list[str]]]:
    return [(one.operation, one.lane, [c.path for c in one.changes]) for one in items]


def test_nothing_to_push_is_no_item() -> None:
    assert from_store(A) == []


def test_a_new_product_is_one_creation_with_everything() -> None:
    created = planned({**A, Path("title"): "x"}, None, None)
    assert told(created) == [(Operation.PRODUCT_CREATE, Lane.CREATION, ["options", "variants[A].options", "title"])]
    assert (created[0].product_id, created[0].risk) == (None, Risk.HIGH)
    assert created[0].after() == {**A, "title": "x"}


@pytest.mark.parametrize(("path", "value", "operation", "lane", "risk"), [
    ("title", "new", Operation.PRODUCT_UPDATE, Lane.CONTENT, Risk.LOW),
    ("handle", "new", Operation.PRODUCT_UPDATE, Lane.CONTENT, Risk.HIGH),
    ("metafields[custom.a]", {"type": "t", "value": "1"}, Operation.METAFIELDS_SET, Lane.CONTENT, Risk.LOW),
    ("images", [{"source": "x", "alt": ""}], Operation.MEDIA_SET, Lane.CONTENT, Risk.LOW),
    ("category", "el-2", Operation.PRODUCT_UPDATE, Lane.CONTENT, Risk.LOW),
    ("collections[lamps]", True, Operation.PRODUCT_UPDATE, Lane.CONTENT, Risk.LOW),
    ("publications[Online Store]", True, Operation.PUBLISH, Lane.PUBLICATION, Risk.HIGH),
    ("variants[A].hs_code", "8471", Operation.VARIANTS_UPDATE, Lane.CONTENT, Risk.LOW),
    ("variants[A].country_of_origin", "DE", Operation.VARIANTS_UPDATE, Lane.CONTENT, Risk.LOW),
    ("variants[A].price", "2.00", Operation.VARIANTS_UPDATE, Lane.PRICE, Risk.MEDIUM),
    ("variants[A].cost", "2.00", Operation.VARIANTS_UPDATE, Lane.PRICE, Risk.MEDIUM),
    ("variants[A].barcode", "123", Operation.VARIANTS_UPDATE, Lane.CONTENT, Risk.MEDIUM),
    ("variants[A].weight", {"value": "1", "unit": "GRAMS"}, Operation.VARIANTS_UPDATE, Lane.CONTENT, Risk.LOW),
    ("variants[A].stock[default]", 5, Operation.INVENTORY_SET, Lane.STOCK, Risk.MEDIUM),
    ("variants[B].options", ["M"], Operation.VARIANTS_CREATE, Lane.CREATION, Risk.HIGH),
])
def test_each_field_goes_by_its_operation_in_its_lane(path: str, value: Value, operation: Operation, lane: Lane,
                                                      risk: Risk) -> None:
    found = from_store(A, **{path: value})
    assert told(found) == [(operation, lane, [path])]
    assert (found[0].risk, found[0].product_id, found[0].depends_on) == (risk, "1", ())
    assert found[0].changes[0].before is None
    assert found[0].changes[0].after == value


def test_a_metafield_that_the_catalog_dropped_is_deleted() -> None:
    brand: dict[Path, Value] = {**A, Path("metafields[custom.a]"): {"type": "t", "value": "1"}}
    found = planned(A, brand, Base(brand, brand))
    assert told(found) == [(Operation.METAFIELDS_DELETE, Lane.CONTENT, ["metafields[custom.a]"])]
    assert found[0].changes[0].after is None


def test_a_product_leaves_the_channels_and_collections_that_the_catalog_dropped() -> None:
    shown: dict[Path, Value] = {**A, Path("collections[lamps]"): True, Path("publications[POS]"): True}
    found = planned(A, shown, Base(shown, shown))
    assert told(found) == [(Operation.PRODUCT_UPDATE, Lane.CONTENT, ["collections[lamps]"]),
                           (Operation.UNPUBLISH, Lane.PUBLICATION, ["publications[POS]"])]
    assert [one.changes[0].after for one in found] == [None, None]


def test_collections_and_channels_of_which_the_catalog_never_spoke_are_left_alone() -> None:
    merchants: dict[Path, Value] = {**A, Path("collections[sale]"): True, Path("publications[POS]"): True}
    assert planned({**A, Path("title"): "x"}, {**merchants, Path("title"): "x"}, None) == []
    ours: dict[Path, Value] = {**A, Path("collections[lamps]"): True}
    found = planned(ours, merchants, None)
    assert [change.path for one in found for change in one.changes] == ["collections[lamps]"]


def test_a_new_product_is_published_after_it_was_made() -> None:
    made, published = planned({**A, Path("publications[Online Store]"): True}, None, None)
    assert (made.operation, made.lane, made.depends_on) == (Operation.PRODUCT_CREATE, Lane.CREATION, ())
    assert "publications[Online Store]" not in made.after()
    assert (published.operation, published.lane) == (Operation.PUBLISH, Lane.PUBLICATION)
    assert (published.depends_on, published.product_id) == ((made.item_id,), None)
    assert published.after() == {"publications[Online Store]": True}
    (deletion,) = inverse(made, created_id="7")
    assert [one.operation for one in inverse(deletion)] == [Operation.PRODUCT_CREATE]
    whole = make_item("p", "1", Operation.PRODUCT_DELETE, [
        Change(path, value, None, Reason.UNDONE)
        for path, value in {**A, Path("publications[Online Store]"): True}.items()])
    again, shown = inverse(whole)
    assert (again.operation, shown.operation, shown.depends_on) == (
        Operation.PRODUCT_CREATE, Operation.PUBLISH, (again.item_id,))


def test_publishing_is_undone_by_unpublishing_and_back() -> None:
    published = make_item("p", "1", Operation.PUBLISH, [change("publications[POS]", before=None, after="x")])
    (taken,) = inverse(published)
    assert (taken.operation, taken.lane, taken.changes[0].after) == (Operation.UNPUBLISH, Lane.PUBLICATION, None)
    (back,) = inverse(taken)
    assert (back.operation, back.changes[0].after) == (Operation.PUBLISH, "x")


def test_fields_of_one_operation_share_one_item_and_lanes_follow_each_other() -> None:
    found = from_store(A, **{
        "title": "x", "vendor": "y", "variants[A].price": "2.00", "variants[A].barcode": "1",
        "variants[A].stock[default]": 1, "variants[B].options": ["M"], "variants[B].price": "3.00",
        "variants[B].stock[default]": 7,
    })
    assert told(found) == [
        (Operation.INVENTORY_SET, Lane.STOCK, ["variants[A].stock[default]"]),
        (Operation.VARIANTS_UPDATE, Lane.PRICE, ["variants[A].price", "variants[A].barcode"]),
        (Operation.PRODUCT_UPDATE, Lane.CONTENT, ["title", "vendor"]),
        (Operation.VARIANTS_CREATE, Lane.CREATION,
         ["variants[B].options", "variants[B].price", "variants[B].stock[default]"]),
    ]


def test_stock_of_many_places_goes_in_batches_of_250() -> None:
    found = from_store(A, **{f"variants[A].stock[{number}]": number for number in range(501)})
    assert [len(one.changes) for one in found] == [250, 250, 1]
    assert len({one.item_id for one in found}) == 3
    assert [c.after for one in found for c in one.changes] == list(range(501))


def test_a_picture_of_a_variant_waits_until_the_product_has_it() -> None:
    media, update = arrange([item(Operation.VARIANTS_UPDATE, "variants[A].image"), item(Operation.MEDIA_SET, "images")])
    assert (media.operation, media.depends_on) == (Operation.MEDIA_SET, ())
    assert (update.operation, update.depends_on) == (Operation.VARIANTS_UPDATE, (media.item_id,))


def test_a_price_does_not_wait_for_pictures() -> None:
    product = {Path("images"): [{"source": "a", "alt": ""}], Path("variants[A].options"): ["S"],
               Path("variants[A].price"): "1.00", Path("variants[A].image"): "a"}
    items = from_store(product, **{"images": [{"source": "b", "alt": ""}], "variants[A].price": "2.00",
                                   "variants[A].image": "b"})
    assert told(items) == [
        (Operation.VARIANTS_UPDATE, Lane.PRICE, ["variants[A].price"]),
        (Operation.MEDIA_SET, Lane.CONTENT, ["images"]),
        (Operation.VARIANTS_UPDATE, Lane.CONTENT, ["variants[A].image"]),
    ]
    assert [item.depends_on for item in items] == [(), (), (items[1].item_id,)]


def test_a_figure_that_the_feed_no_longer_names_is_not_sent_as_nothing() -> None:
    product = {Path("variants[A].options"): ["S"], Path("variants[A].stock[default]"): 5}
    local = {path: value for path, value in product.items() if "stock" not in path}
    assert planned(local, product, Base(product, product)) == []


def test_stock_waits_until_the_variant_is_tracked() -> None:
    update, stock = arrange([
        item(Operation.INVENTORY_SET, "variants[A].stock[default]"),
        item(Operation.VARIANTS_UPDATE, "variants[A].tracked", "variants[A].price"),
    ])
    assert (update.operation, update.lane, update.depends_on) == (Operation.VARIANTS_UPDATE, Lane.PRICE, ())
    assert (stock.operation, stock.lane, stock.depends_on) == (Operation.INVENTORY_SET, Lane.PRICE, (update.item_id,))


def test_stock_and_media_wait_for_nothing_that_does_not_concern_them() -> None:
    arranged = arrange([
        item(Operation.VARIANTS_UPDATE, "variants[A].price"), item(Operation.MEDIA_SET, "images"),
        item(Operation.INVENTORY_SET, "variants[A].stock[default]"),
    ])
    assert [one.depends_on for one in arranged] == [(), (), ()]
    assert [one.lane for one in arranged] == [Lane.STOCK, Lane.PRICE, Lane.CONTENT]


@pytest.mark.parametrize("key", "abcdefgh")
def test_a_chain_of_three_ends_up_in_order_in_the_last_lane(key: str) -> None:
    media, update, stock = ordered(arrange([
        item(Operation.INVENTORY_SET, "variants[A].stock[default]", key=key),
        item(Operation.MEDIA_SET, "images", key=key),
        item(Operation.VARIANTS_UPDATE, "variants[A].tracked", "variants[A].image", "variants[A].price", key=key),
    ]))
    assert (update.depends_on, stock.depends_on) == ((media.item_id,), (update.item_id,))
    assert {one.lane for one in (media, update, stock)} == {Lane.CONTENT}


def test_a_plan_is_ordered_by_lane_then_by_product() -> None:
    items = [item(Operation.PRODUCT_UPDATE, "title", key="b"), item(Operation.PRODUCT_UPDATE, "title", key="a"),
             item(Operation.INVENTORY_SET, "variants[A].stock[x]", key="c")]
    assert [(one.lane, one.product_key) for one in ordered(items)] == [
        (Lane.STOCK, "c"), (Lane.CONTENT, "a"), (Lane.CONTENT, "b")]


def test_an_item_is_named_by_what_it_does_and_not_by_why() -> None:
    one = make_item("p", "1", Operation.PRODUCT_UPDATE, [change("title")])
    why = make_item("p", "1", Operation.PRODUCT_UPDATE, [Change(Path("title"), "old", "new", Reason.REVIEWED)])
    others = [
        make_item("q", "1", Operation.PRODUCT_UPDATE, [change("title")]),
        make_item("p", "2", Operation.PRODUCT_UPDATE, [change("title")]),
        make_item("p", "1", Operation.PRODUCT_UPDATE, [change("vendor")]),
        make_item("p", "1", Operation.PRODUCT_UPDATE, [change("title", before=None)]),
        make_item("p", "1", Operation.PRODUCT_UPDATE, [change("title", after=None)]),
    ]
    assert one.item_id == why.item_id
    assert len({one.item_id, *(other.item_id for other in others)}) == 6


def test_a_push_of_what_has_no_writer_is_a_bug_and_said_so() -> None:
    push = Decision(Path("options"), Outcome.PUSH, Faces(local=["Color"], remote=["Size"]))
    with pytest.raises(ValueError, match="options has no writer"):
        items_for("p", ProductMerge(Situation.LINKED, (push,)), product_id="1", remote=A)


def test_a_creation_is_undone_by_deleting_what_it_made_and_back() -> None:
    created = item(Operation.PRODUCT_CREATE, "title", product_id=None)
    (deletion,) = inverse(created, created_id="77")
    assert (deletion.operation, deletion.product_id, deletion.lane) == (Operation.PRODUCT_DELETE, "77", Lane.REMOVAL)
    (again,) = inverse(deletion)
    assert (again.operation, again.product_id) == (Operation.PRODUCT_CREATE, None)


def test_new_variants_are_not_taken_back_by_themselves() -> None:
    with pytest.raises(ValueError, match="new variants of p"):
        inverse(item(Operation.VARIANTS_CREATE, "variants[A].options"))


def test_undo_deletes_metafields_that_were_added_and_restores_those_that_were_deleted() -> None:
    update = make_item("p", "1", Operation.PRODUCT_UPDATE, [
        change("title"), change("metafields[a.new]", before=None), change("metafields[a.old]")])
    undone = {one.operation: [(c.path, c.before, c.after, c.reason) for c in one.changes] for one in inverse(update)}
    assert undone == {
        Operation.PRODUCT_UPDATE: [("title", "new", "old", Reason.UNDONE),
                                   ("metafields[a.old]", "new", "old", Reason.UNDONE)],
        Operation.METAFIELDS_DELETE: [("metafields[a.new]", "new", None, Reason.UNDONE)],
    }
    (restored,) = inverse(make_item("p", "1", Operation.METAFIELDS_DELETE, [change("metafields[a.b]", after=None)]))
    assert restored.operation is Operation.METAFIELDS_SET


def test_a_plans_hash_follows_from_its_inputs_and_items_in_order() -> None:
    one, other = item(Operation.PRODUCT_UPDATE, "title"), item(Operation.PRODUCT_UPDATE, "vendor")
    hashes = {plan_hash("i", []), plan_hash("j", []), plan_hash("i", [one]), plan_hash("i", [one, other]),
              plan_hash("i", [other, one])}
    assert len(hashes) == 5
    assert plan_hash("i", iter([one, other])) == plan_hash("i", [one, other])


def test_the_digest_of_inputs_follows_from_rules_and_products_in_any_order() -> None:
    assert inputs_digest("r", {"a": "1", "b": "2"}) == inputs_digest("r", {"b": "2", "a": "1"})
    others = [inputs_digest("r", {}), inputs_digest("s", {}), inputs_digest("r", {"a": "1"}),
              inputs_digest("r", {"a": "2"}), inputs_digest("r", {"b": "1"})]
    assert len(set(others)) == len(others)


def test_the_first_changes_are_one_an_item() -> None:
    items = [item(Operation.PRODUCT_UPDATE, "title", "vendor"), item(Operation.MEDIA_SET, "images"),
             item(Operation.PRODUCT_UPDATE, "tags")]
    assert [(one.item_id, c.path) for one, c in first_changes(items, 2)] == [
        (items[0].item_id, "title"), (items[1].item_id, "images")]


def test_every_writer_of_a_field_can_be_planned() -> None:
    for path in ("title", "images", "metafields[a.b]", "variants[A].price", "variants[A].stock[default]"):
        writer = place(Path(path)).field.writer
        assert writer is not None
        assert item(writer, path).operation is writer
