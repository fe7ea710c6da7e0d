"""Undo of one product, case by case: what is taken back, in what order, what clashes, what is left, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value
from shopsync_pipeline.core.plan import Reason
from shopsync_pipeline.core.undo import Clash, Fate, Left, ProductUndo, Wish, called, undo_product
from shopsync_pipeline.core.written import Write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BRAND, CARE = Path("metafields[custom.brand]"), Path("metafields[custom.care]")
ACME: Value = {"type": "single_line_text_field", "value": "Acme"}
A, B = [{"source": "a.jpg", "alt": ""}], [{"source": "b.jpg", "alt": ""}]


def fields(values: Mapping[str, object]) -> dict[Path, Value]:
    return {Path(path): value for path, value in values.items()}  # type: ignore[misc]


def variant(key: str, **values: object) -> dict[str, object]:
    return {f"variants[{key}].{name}": value for name, value in {"options": [key], **values}.items()}


def write(changes: Mapping[str, tuple[object, object]], *, operation: Operation = Operation.PRODUCT_UPDATE, at: int = 0,
          plan: str = "run", undone: bool = False) -> Write:
    """A write that the store showed as it was sent; `changes` are (before, after)."""
    after = {path: pair[1] for path, pair in changes.items()}
    return Write(plan_id=plan, item_id=f"{plan}-{at}", operation=operation, at=NOON + timedelta(seconds=at),
                 before={Path(path): pair[0] for path, pair in changes.items()},  # type: ignore[misc]
                 sent={Path(path): value for path, value in after.items()},  # type: ignore[misc]
                 after={Path(path): value for path, value in after.items()}, undone=undone)  # type: ignore[misc]


def made(content: Mapping[str, object], at: int = 0) -> Write:
    return write({path: (None, value) for path, value in content.items()}, operation=Operation.PRODUCT_CREATE, at=at)


def undo(store: Mapping[str, object] | None, *writes: Write, later: tuple[Write, ...] = (), wish: Wish | None = None,
         catalog: Fields | None = None) -> ProductUndo:
    return undo_product("p", writes, later, product_id=None if store is None else "gid/1",
                        remote=None if store is None else fields(store), catalog=catalog, wish=wish or Wish())


def changed(done: ProductUndo) -> dict[str, tuple[object, object]]:
    return {str(change.path): (change.before, change.after) for item in done.items for change in item.changes}


def operations(done: ProductUndo) -> list[Operation]:
    return [item.operation for item in done.items]


def test_a_field_goes_back_to_before_the_first_of_its_writes() -> None:
    done = undo({"title": "c"}, write({"title": ("a", "b")}), write({"title": ("b", "c")}, at=1))
    assert changed(done) == {"title": ("c", "a")}
    assert all(change.reason is Reason.UNDONE for item in done.items for change in item.changes)
    assert [item.product_id for item in done.items] == ["gid/1"]


def test_a_metafield_that_was_made_is_deleted_and_one_that_was_deleted_is_made() -> None:
    done = undo({str(BRAND): ACME}, write({str(BRAND): (None, ACME)}),
                write({str(CARE): (ACME, None)}, operation=Operation.METAFIELDS_DELETE, at=1))
    assert {item.operation: [change.path for change in item.changes] for item in done.items} == {
        Operation.METAFIELDS_DELETE: [BRAND], Operation.METAFIELDS_SET: [CARE]}


def test_pictures_go_first_and_the_variants_that_show_them_wait() -> None:
    store = {"images": B, **variant("A", image="b.jpg", price="2.00")}
    done = undo(store, write({"images": (A, B)}, operation=Operation.MEDIA_SET),
                write({"variants[A].image": ("a.jpg", "b.jpg"), "variants[A].price": ("1.00", "2.00")},
                      operation=Operation.VARIANTS_UPDATE, at=1))
    media = next(item for item in done.items if item.operation is Operation.MEDIA_SET)
    waits = next(item for item in done.items if any(change.path.endswith(".image") for change in item.changes))
    assert waits.depends_on == (media.item_id,)
    assert done.items.index(media) < done.items.index(waits)
    assert changed(done)["variants[A].price"] == ("2.00", "1.00")


def test_a_picture_that_a_variant_lost_with_the_products_is_no_edit() -> None:
    done = undo({"images": A, **variant("A")}, write({"variants[A].image": ("a.jpg", "b.jpg")},
                                                     operation=Operation.VARIANTS_UPDATE))
    assert (changed(done), done.clashes) == ({"variants[A].image": (None, "a.jpg")}, ())


def test_a_variant_is_not_given_a_picture_that_its_product_does_not_have() -> None:
    done = undo({"images": B, **variant("A", image="b.jpg", price="2.00")}, write(
        {"variants[A].image": ("a.jpg", "b.jpg"), "variants[A].price": ("1.00", "2.00")},
        operation=Operation.VARIANTS_UPDATE))
    assert changed(done) == {"variants[A].price": ("2.00", "1.00")}
    assert [left.path for left in done.left] == ["variants[A].image"]


def test_what_is_as_before_already_is_neither_written_nor_a_clash() -> None:
    assert undo({"title": "a"}, write({"title": ("a", "b")})) == ProductUndo()


def test_an_edit_made_since_clashes_with_all_three_values() -> None:
    done = undo({"title": "by hand", "vendor": "new"}, write({"title": ("a", "b"), "vendor": ("old", "new")}))
    assert done.clashes == (Clash(product_key="p", path=Path("title"), before="a", wrote="b", now="by hand",
                                  why="edited in the store since"),)
    assert changed(done) == {"vendor": ("new", "old")}


def test_a_later_write_of_ours_clashes_by_its_plan() -> None:
    done = undo({"title": "c"}, write({"title": ("a", "b")}), later=(write({"title": ("b", "c")}, at=1, plan="next"),))
    assert [clash.why for clash in done.clashes] == ["written again by plan next"]


@pytest.mark.parametrize("name", ["title", "metafields", "metafields[]", "metafields[custom.brand]"])
def test_a_forced_field_is_taken_back_over_an_edit(name: str) -> None:
    store = {"title": "by hand", str(BRAND): {"type": "t", "value": "by hand"}}
    done = undo(store, write({"title": ("a", "b"), str(BRAND): (None, ACME)}), wish=Wish(forced=(name,)))
    forced = "title" if name == "title" else str(BRAND)
    assert list(changed(done)) == [forced]
    assert [clash.path for clash in done.clashes] == [str(BRAND) if name == "title" else "title"]


@pytest.mark.parametrize(("name", "path", "means"), [
    ("price", "variants[A].price", True), ("price", "variants[A].compare_at_price", False),
    ("variants[].price", "variants[A].price", True), ("variants[A].price", "variants[B].price", False),
    ("variants[A]", "variants[A].price", True), ("variants", "variants[A].price", True), ("seo", "seo.title", True),
    ("title", "seo.title", False), ("title", "title", True), ("stock", "variants[A].stock[default]", False),
    ("variants[].stock[]", "variants[A].stock[default]", True), ("product", "product", True),
    ("title", "product", False),
])
def test_how_fields_are_called(name: str, path: str, means: bool) -> None:
    assert called(Path(path), name) is means


STOCK = Path("variants[A].stock[default]")


@pytest.mark.parametrize(("before", "now", "catalog", "wish", "end"), [
    (5, 9, 9, Wish(), "stock is taken back only when that is asked for, because orders move it"),
    (5, 9, 9, Wish(stock=True), (9, 5)),
    (5, 9, None, Wish(stock=True), (9, 5)),
    (5, 9, 12, Wish(stock=True), "the feed has given another figure since"),
    (None, 9, 9, Wish(stock=True), "there was no figure before"),
    (5, 8, 9, Wish(stock=True), "edited in the store since"),
])
def test_stock(before: int | None, now: int, catalog: int | None, wish: Wish, end: object) -> None:
    done = undo({**variant("A"), str(STOCK): now}, write({str(STOCK): (before, 9)}, operation=Operation.INVENTORY_SET),
                wish=wish, catalog={} if catalog is None else {STOCK: catalog})
    assert [*changed(done).values(), *[left.why for left in done.left], *[clash.why for clash in done.clashes]] == [end]


def test_new_variants_stay_and_are_named_once() -> None:
    making = write({"variants[B].options": (None, ["B"]), "variants[B].price": (None, "1.00")},
                   operation=Operation.VARIANTS_CREATE)
    repricing = write({"variants[B].price": ("1.00", "2.00")}, operation=Operation.VARIANTS_UPDATE, at=1)
    done = undo(variant("A") | variant("B", price="2.00"), making, repricing)
    assert done.items == ()
    assert [(left.path, left.why.split(";")[0]) for left in done.left] == [
        ("variants[B].options", "the variant was made by plan run, and an undo removes no variants")]


def test_a_variant_that_is_gone_is_a_clash_and_is_not_made_again() -> None:
    done = undo(variant("B"), write({"variants[A].price": ("1.00", "2.00")}, operation=Operation.VARIANTS_UPDATE))
    assert (done.items, [clash.path for clash in done.clashes]) == ((), ["variants[A].price"])
    assert "no longer in the store" in done.clashes[0].why


NEW = {"title": "Pot", "status": "ACTIVE", "options": ["Title"], **variant("A", price="1.00")}
GIVEN = {"handle": "pot", "vendor": "my shop", "variants[A].taxable": True, "variants[A].inventory_policy": "DENY"}


def test_a_product_that_was_made_and_not_touched_is_deleted_with_all_that_it_shows() -> None:
    done = undo(NEW | GIVEN, made(NEW))
    assert (operations(done), done.fate) == ([Operation.PRODUCT_DELETE], Fate.DELETED)
    assert changed(done) == {path: (value, None) for path, value in (NEW | GIVEN).items()}


@pytest.mark.parametrize("touched", [
    {"title": "by hand"}, {"tags": ["sale"]}, {str(BRAND): ACME}, {"images": A}, variant("B"),
    {"variants[A].price": "3.00"}, {"variants[A].stock[default]": 5},
])
def test_a_product_that_was_made_and_touched_is_a_draft_then(touched: Mapping[str, object]) -> None:
    done = undo(NEW | touched, made(NEW))
    assert (changed(done), done.fate) == ({"status": ("ACTIVE", "DRAFT")}, Fate.DRAFTED)
    assert next(iter(touched)) in done.told


def test_our_own_later_writes_do_not_count_as_touching() -> None:
    later = write({"title": ("Pot", "Jar")}, at=1, plan="next")
    assert undo(NEW | {"title": "Jar"}, made(NEW), later=(later,)).fate is Fate.DELETED


@pytest.mark.parametrize(("status", "wish", "end"), [
    ("ARCHIVED", Wish(), (0, 0, 1)), ("DRAFT", Wish(), (0, 0, 1)), ("UNLISTED", Wish(), (0, 1, 0)),
    ("UNLISTED", Wish(forced=("status",)), (1, 0, 0)),
])
def test_a_status_that_a_person_gave_a_new_product_stands(status: str, wish: Wish, end: tuple[int, int, int]) -> None:
    done = undo(NEW | {"status": status}, made(NEW), wish=wish)
    assert (len(done.items), len(done.clashes), len(done.left)) == end


def test_a_product_that_was_made_and_is_gone_needs_nothing() -> None:
    assert undo(None, made(NEW)) == ProductUndo()
    gone = write({path: (value, None) for path, value in NEW.items()}, operation=Operation.PRODUCT_DELETE, at=1)
    assert undo(None, made(NEW), gone) == ProductUndo()


DELETION = write({path: (value, None) for path, value in (NEW | {"images": [*A, {"source": "gid://1", "alt": ""}],
                                                                 "variants[A].image": "gid://1"}).items()},
                 operation=Operation.PRODUCT_DELETE)


def test_a_deleted_product_is_made_anew_without_the_pictures_that_only_the_store_had() -> None:
    done = undo(None, DELETION)
    assert (operations(done), done.fate) == ([Operation.PRODUCT_CREATE], Fate.RECREATED)
    assert changed(done) == {path: (None, value) for path, value in (NEW | {"images": A}).items()}
    assert done.items[0].product_id is None
    assert [left.path for left in done.left] == ["images"]


def test_a_product_that_was_changed_and_then_deleted_gets_what_it_had_before_the_change() -> None:
    done = undo(None, write({"title": ("Jar", "Pot")}, at=-1), DELETION)
    assert changed(done)["title"] == (None, "Jar")


def test_a_deleted_product_that_is_there_again_is_left_alone() -> None:
    done = undo({"title": "Back"}, DELETION)
    assert (done.items, [clash.path for clash in done.clashes]) == ((), ["product"])


def test_a_deletion_without_content_cannot_be_taken_back_and_says_so() -> None:
    done = undo(None, write({}, operation=Operation.PRODUCT_DELETE))
    assert done.left == (Left(product_key="p", path=Path("product"), why=(
        "the ledger does not have its content, so it cannot be made anew")),)


@pytest.mark.parametrize(("store", "first"), [(NEW, made(NEW)), (None, DELETION)])
def test_single_fields_of_a_whole_product_are_not_taken_back(store: Mapping[str, object] | None, first: Write) -> None:
    done = undo(store, first, wish=Wish(fields=("title",)))
    assert (done.items, [left.path for left in done.left]) == ((), ["product"])


def test_a_product_that_a_person_deleted_is_a_clash() -> None:
    done = undo(None, write({"title": ("a", "b")}))
    assert [(clash.path, clash.why) for clash in done.clashes] == [
        ("product", "the product was deleted in the store since")]
