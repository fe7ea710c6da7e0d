"""What a result line says: executed, refused, or nothing that can be relied on."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.bulk.mutations import METAFIELDS_TOLD, bulk_request
from shopsync_pipeline.shopify.bulk.results import ResultLine, written_by_line
from shopsync_pipeline.shopify.errors import AnswerLost, GraphQLFault, UserErrors
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.requests import request

ROOT = "productUpdate"
DONE = {"product": {"id": "gid://shopify/Product/1"}, "userErrors": []}


def line(data: Any = None, errors: Any = None, number: int = 0) -> ResultLine:
    row = {key: value for key, value in (("data", data), ("errors", errors)) if value is not None}
    return ResultLine.parse(orjson.dumps({**row, "__lineNumber": number}).replace(b"/", b"\\/"))


def test_an_answer_names_its_line_from_zero() -> None:
    found = line({ROOT: DONE}, number=7)
    assert (found.number, found.answers(ROOT), found.refusal(ROOT)) == (7, True, None)
    assert found.data == {ROOT: DONE}, "escaped slashes are slashes"


def test_a_user_error_is_a_refusal_in_its_own_words() -> None:
    found = line({ROOT: {"product": None, "userErrors": [{"field": ["title"], "message": "is too long"}]}})
    refusal = found.refusal(ROOT)
    assert not found.answers(ROOT)
    assert isinstance(refusal, UserErrors)
    assert "title: is too long" in str(refusal)


def test_an_error_of_the_line_is_a_refusal() -> None:
    found = line(errors=[{"message": "Variable $input is invalid", "extensions": {"code": "INVALID_VARIABLE"}}])
    refusal = found.refusal(ROOT)
    assert isinstance(refusal, GraphQLFault)
    assert (refusal.codes, "Variable $input is invalid" in str(refusal)) == (("INVALID_VARIABLE",), True)


@pytest.mark.parametrize("row", [
    line({ROOT: None}),
    line({ROOT: DONE}, [{"message": "a field of the answer failed"}]),
    line({"other": DONE}),
    line(),
], ids=["null", "half", "other root", "nothing"])
def test_what_says_neither_yes_nor_no_is_unknown(row: ResultLine) -> None:
    assert (row.answers(ROOT), row.refusal(ROOT)) == (False, None)


@pytest.mark.parametrize("raw", [b"", b"[1]", b'{"data": {"productUp', b"null", b'{"data": {}, "__lineNumber": "1"}'])
def test_what_is_no_result_line_answers_no_line(raw: bytes) -> None:
    assert ResultLine.parse(raw).number is None


LISTINGS = Listings(collections={"lamps": "gid://shopify/Collection/1"}, publications=None)


def creation(**fields: Value) -> tuple[PlanItem, Request]:
    changes = [Change(Path("title"), None, "Pot", Reason.NEW),
               Change(Path("variants[A].options"), None, ["Default Title"], Reason.NEW),
               Change(Path("variants[A].sku"), None, "A", Reason.NEW)]
    changes += [Change(Path(path), None, value, Reason.NEW) for path, value in fields.items()]
    item = make_item("a", None, Operation.PRODUCT_CREATE, changes)
    sending = bulk_request(request(item, None, location_id="gid://shopify/Location/1", listings=LISTINGS))
    assert sending is not None
    return item, sending


def answered(**parts: Any) -> dict[str, Any]:
    variant = {"id": "gid://shopify/ProductVariant/2", "sku": "A", "selectedOptions":
               [{"name": "Title", "value": "Default Title"}], "inventoryItem": {"id": "gid://shopify/InventoryItem/3"}}
    node = {"id": "gid://shopify/Product/1", "handle": "pot", "title": "POT", "updatedAt": "2026-03-01T12:00:00Z",
            "options": [{"name": "Title"}], "featuredMedia": None,
            "variants": {"nodes": [variant], "pageInfo": {"hasNextPage": False}}}
    return {"productSet": {"product": {**node, **parts}, "userErrors": []}}


def picture(number: int) -> dict[str, str]:
    return {"source": f"https://img.example/{number}.jpg", "alt": ""}


def test_a_creation_tells_what_shopify_made_of_it() -> None:
    item, sending = creation(**{"metafields[custom.brand]": {"type": "single_line_text_field", "value": "acme"},
                                "images": [picture(1)]})
    found = written_by_line(item, sending, answered(
        m0={"namespace": "custom", "key": "brand", "type": "single_line_text_field", "value": "ACME"},
        m1={"namespace": "shopsync", "key": "source_id", "type": "id", "value": "a"},
        featuredMedia={"id": "gid://shopify/MediaImage/9", "alt": ""}), None)
    assert found.complete
    assert found.fields[Path("title")] == "POT"
    assert found.fields[Path("metafields[custom.brand]")] == {"type": "single_line_text_field", "value": "ACME"}
    assert found.fields[Path("images")] == [picture(1)]
    assert found.links.images == {"https://img.example/1.jpg": "gid://shopify/MediaImage/9"}
    assert found.links.variants["A"].id == "gid://shopify/ProductVariant/2"


MANY = {f"metafields[custom.k{number:02}]": {"type": "single_line_text_field", "value": "x"}
        for number in range(METAFIELDS_TOLD)}


@pytest.mark.parametrize(("fields", "told"), [
    ({}, True),
    ({"images": [picture(1), picture(2)]}, False),
    ({"images": [picture(1)], "variants[A].image": picture(1)["source"]}, False),
    ({"collections[lamps]": True}, False),
    (MANY, False),
    (dict(list(MANY.items())[1:]), True),
], ids=["plain", "two pictures", "a variant's picture", "a collection", "too many metafields", "as many as fit"])
def test_a_creation_of_which_the_answer_tells_not_everything_has_to_be_read(fields: dict[str, Value],
                                                                            told: bool) -> None:
    item, sending = creation(**fields)
    media = {"id": "gid://shopify/MediaImage/9", "alt": ""} if "images" in fields else None
    assert written_by_line(item, sending, answered(featuredMedia=media), None, LISTINGS).complete is told


def test_a_picture_that_the_answer_lacks_has_to_be_read() -> None:
    item, sending = creation(images=[picture(1)])
    assert not written_by_line(item, sending, answered(), None).complete


@pytest.mark.parametrize(("path", "told"), [("title", True), ("collections[lamps]", False)])
def test_an_update_tells_all_but_memberships(path: str, told: bool) -> None:
    value: Value = True if path.startswith("coll") else "new"
    item = make_item("a", "gid://shopify/Product/1", Operation.PRODUCT_UPDATE,
                     [Change(Path(path), None, value, Reason.CATALOG_CHANGED)])
    links = Links(product="gid://shopify/Product/1")
    sending = bulk_request(request(item, links, location_id="l", listings=LISTINGS))
    assert sending is not None
    data = {"productUpdate": {"product": {"id": "gid://shopify/Product/1", "title": "NEW"}, "userErrors": []}}
    assert written_by_line(item, sending, data, links, LISTINGS).complete is told


def test_an_answer_without_its_product_tells_nothing() -> None:
    item, sending = creation()
    with pytest.raises(AnswerLost):
        written_by_line(item, sending, {"productSet": {"product": None, "userErrors": []}}, None)
