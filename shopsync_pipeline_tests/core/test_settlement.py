"""What became of a mutation whose answer was lost, and the names of pictures of a product that was just created."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.ownership import WHOLE_PRODUCT
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.core.settlement import Effect, choices_done, effect_of, name_images, shown


def item(operation: Operation, *changes: tuple[str, Value | None, Value | None]) -> PlanItem:
    return make_item("p", "1", operation, [Change(Path(path), before, after, Reason.CATALOG_CHANGED)
                                           for path, before, after in changes])


UPDATE = item(Operation.PRODUCT_UPDATE, ("title", "old", "new"), ("seo.title", None, "new"))
CLEAR = item(Operation.METAFIELDS_DELETE, ("metafields[a.b]", {"type": "t", "value": "1"}, None))
CREATE = item(Operation.PRODUCT_CREATE, ("title", None, "new"))
DELETE = item(Operation.PRODUCT_DELETE, ("title", "old", None))
VARIANT = item(Operation.VARIANTS_CREATE, ("variants[B].options", None, ["M"]), ("variants[B].price", None, "1.00"))
HTML = item(Operation.PRODUCT_UPDATE, ("body_html", "<p>old</p>", "<p>new</p>"))
PICTURES = item(Operation.MEDIA_SET, ("images", None, [{"source": "a.jpg", "alt": ""}]))
DONE, NOT = Effect.DONE, Effect.NOT_DONE
STOCK = item(Operation.INVENTORY_SET, ("variants[A].stock[default]", 5, 0))


@pytest.mark.parametrize(("sent", "now", "effect"), [
    (UPDATE, {"title": "old"}, NOT),
    (UPDATE, {"title": "old", "vendor": "other"}, NOT),
    (UPDATE, {"title": "new", "seo.title": "new"}, DONE),
    (UPDATE, {"title": "New!", "seo.title": "new"}, DONE),
    (UPDATE, {"title": "a merchant was faster"}, NOT),
    (UPDATE, {"title": "a merchant was faster", "seo.title": "here too"}, Effect.UNTOLD),
    (HTML, {"body_html": "<p>new</p>\n"}, DONE),
    (PICTURES, {"images": [{"source": "cdn/1", "alt": ""}]}, DONE),
    (UPDATE, {"title": "old", "seo.title": "new"}, DONE),
    (UPDATE, None, NOT),
    (CLEAR, {"metafields[a.b]": {"type": "t", "value": "1"}}, NOT),
    (CLEAR, {}, DONE),
    (CREATE, None, NOT),
    (CREATE, {"title": "new"}, DONE),
    (CREATE, {}, DONE),
    (DELETE, None, DONE),
    (DELETE, {"title": "old"}, NOT),
    (DELETE, {"title": "other"}, NOT),
    (VARIANT, {"title": "x"}, NOT),
    (VARIANT, {"variants[B].options": ["M"], "variants[B].price": "1.00"}, DONE),
    (STOCK, {"variants[A].stock[default]": 5}, NOT),
    (STOCK, {"variants[A].stock[default]": 0}, DONE),
])
def test_whether_a_mutation_was_executed_shows_in_the_product(sent: PlanItem, now: Fields | None,
                                                              effect: Effect) -> None:
    assert effect_of(sent, now) is effect


def test_what_shopify_shows_of_an_item_has_all_its_fields_and_no_others() -> None:
    assert shown(UPDATE, {Path("title"): "New!", Path("vendor"): "v"}) == {"title": "New!", "seo.title": None}


FIELDS: dict[Path, Value] = {
    Path("title"): "Pot",
    Path("images"): [{"source": "m1", "alt": "front"}, {"source": "m2", "alt": ""}],
    Path("variants[A].image"): "m2",
    Path("variants[B].image"): "elsewhere",
}
LINKS = Links(product="1", variants={"A": VariantLink("v", "i")}, images={"m1": "gid://1", "m2": "gid://2"})


def test_pictures_get_their_source_keys_back_by_position() -> None:
    fields, links = name_images(["front.jpg", "back.jpg"], FIELDS, LINKS)
    assert fields == {
        "title": "Pot", "images": [{"source": "front.jpg", "alt": "front"}, {"source": "back.jpg", "alt": ""}],
        "variants[A].image": "back.jpg", "variants[B].image": "elsewhere",
    }
    assert list(fields) == list(FIELDS)
    assert links == Links(product="1", variants=LINKS.variants, images={"front.jpg": "gid://1", "back.jpg": "gid://2"})


@pytest.mark.parametrize("sources", [[], ["front.jpg"], ["a", "b", "c"]])
def test_where_the_numbers_differ_positions_prove_nothing(sources: list[str]) -> None:
    assert name_images(sources, FIELDS, LINKS) == (FIELDS, LINKS)


def test_a_product_without_pictures_needs_no_names() -> None:
    assert name_images([], {Path("title"): "Pot"}, LINKS) == ({"title": "Pot"}, Links(product="1",
                                                                                    variants=LINKS.variants))


@pytest.mark.parametrize(("operation", "reason", "done"), [
    (Operation.PRODUCT_UPDATE, Reason.REVIEWED, ["title", "seo.title"]),
    (Operation.VARIANTS_CREATE, Reason.NEW, ["title", "seo.title"]),
    (Operation.PRODUCT_UPDATE, Reason.CATALOG_CHANGED, []),
    (Operation.PRODUCT_CREATE, Reason.NEW, [WHOLE_PRODUCT]),
    (Operation.PRODUCT_CREATE, Reason.UNDONE, []),
    (Operation.PRODUCT_UPDATE, Reason.UNDONE, []),
])
def test_which_choices_a_write_carries_out(operation: Operation, reason: Reason, done: list[str]) -> None:
    changes = [Change(Path(path), None, "new", reason) for path in ("title", "seo.title")]
    assert choices_done(make_item("p", "1", operation, changes)) == done
