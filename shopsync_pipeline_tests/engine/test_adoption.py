"""First contact with a store that is not empty: its products are recognised, none is made twice, none is guessed."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.resolve import open_conflicts, resolve
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import conflicts_of, planned, push, sync

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CREATE = """
mutation Create($input: ProductSetInput!) {
  productSet(input: $input, synchronous: true) { product { id } userErrors { field message } }
}
"""


def make(store: DevStore, title: str, *, sku: str | None = None, handle: str | None = None) -> str:
    """A product that a merchant made before we came; returns its id."""
    variant = {"optionValues": [{"optionName": "Title", "name": "Default Title"}], "price": "5.00", "sku": sku}
    given = {"title": title, "variants": [{name: value for name, value in variant.items() if value is not None}],
             "productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}]}
    answer = store.graphql(CREATE, {"input": {**given, **({"handle": handle} if handle else {})}})["productSet"]
    assert answer["userErrors"] == []
    return str(answer["product"]["id"])


def by_id(store: DevStore) -> dict[str, dict[str, object]]:
    return {str(node["id"]): node for node in store.products()}


def test_a_store_product_with_the_same_sku_is_adopted(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    old = make(dev_store, "Old lamp", sku="L1")

    plan = planned(context)

    assert plan.summary["products"]["create"] == 4
    push(context, plan)
    assert len(by_id(dev_store)) == 5
    assert by_id(dev_store)[old]["title"] == "Old lamp", "what both sides had before waits for a person"
    disputes = {conflict.path: conflict.dispute for conflict in open_conflicts(context)}
    assert disputes["title"] == "both sides had a value before the first sync"
    assert disputes["variants[L1].price"] == "both sides had a value before the first sync"


def test_an_adopted_product_is_filled_and_then_kept_in_step(context: Context, shelf: Shelf,
                                                           dev_store: DevStore) -> None:
    old = make(dev_store, "Old lamp", sku="L1")
    sync(context)
    node = by_id(dev_store)[old]
    assert node["vendor"] == "Acme" or any(conflict.path == "vendor" for conflict in open_conflicts(context))
    assert node["descriptionHtml"] == "<p>Lamp 1 is bright</p>", "the store had none, so ours fills the gap"

    resolve(context, [conflict.conflict_id for conflict in open_conflicts(context)], "etilize", by="Ada")
    sync(context)

    assert by_id(dev_store)[old]["title"] == "Lamp 1"
    assert sync(context).mutations == 0
    assert open_conflicts(context) == []


def test_without_a_sku_the_handle_tells(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    old = make(dev_store, "Lamp 2", handle="lamp-2")

    sync(context)

    assert len(by_id(dev_store)) == 5
    assert old in by_id(dev_store)


def test_two_candidates_are_one_question_and_no_duplicate(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    candidates = {make(dev_store, "Lamp, old stock", sku="L1"), make(dev_store, "Lamp, new stock", sku="L1")}

    report = sync(context)

    assert report.plan.summary["products"]["create"] == 4
    assert len(by_id(dev_store)) == 6
    (conflict,) = open_conflicts(context)
    assert conflict.dispute == "more than one product could be this one"
    assert isinstance(conflict.faces.remote, list)
    assert set(conflict.faces.remote) == candidates
    assert {by_id(dev_store)[gid]["title"] for gid in candidates} == {"Lamp, old stock", "Lamp, new stock"}


def test_an_ambiguous_product_is_not_decided_by_a_side(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    make(dev_store, "Lamp, old stock", sku="L1")
    spare = make(dev_store, "Lamp, new stock", sku="L1")
    sync(context)
    (conflict,) = open_conflicts(context)

    for side in ("etilize", "shopify"):
        with pytest.raises(ShopsyncError, match="more than one product") as error:
            resolve(context, [conflict.conflict_id], side, by="Ada")
        assert spare in str(error.value)

    dev_store.control("merchant", {"action": "delete_product", "id": spare})
    sync(context)
    assert "more than one product could be this one" not in {one.dispute for one in open_conflicts(context)}
    assert len(by_id(dev_store)) == 5


def test_a_product_that_is_none_of_ours_is_left_alone(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    other = make(dev_store, "Gift card", sku="GIFT")
    before = by_id(dev_store)[other]

    sync(context)
    sync(context)

    assert by_id(dev_store)[other] == before
    assert len(by_id(dev_store)) == 6


def test_a_barcode_tells_before_the_handle(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    shelf.rows["L1"]["Variant Barcode"] = "036000291452"
    shelf.write()
    old = make(dev_store, "Old lamp", sku="OLD-1")
    dev_store.control("merchant", {"action": "edit_variant", "sku": "OLD-1", "fields": {"barcode": "0036000291452"}})
    make(dev_store, "Lamp by another name", handle="lamp-1")

    plan = planned(context)

    assert plan.summary["products"]["create"] == 4
    linked = {conflict.product_key for conflict in open_conflicts(context)}
    assert linked == {"handle:lamp-1"}
    push(context, plan)
    assert by_id(dev_store)[old]["descriptionHtml"] == "<p>Lamp 1 is bright</p>"


def with_picture(store: DevStore, product_id: str, alt: str) -> None:
    variables = {"identifier": {"id": product_id}, "input": {"files": [
        {"originalSource": "https://cdn.example/old.jpg", "alt": alt, "contentType": "IMAGE"}]}}
    answer = store.graphql("""mutation P($identifier: ProductSetIdentifiers!, $input: ProductSetInput!) {
      productSet(identifier: $identifier, input: $input, synchronous: true) { userErrors { message } } }""", variables)
    assert answer["productSet"]["userErrors"] == []


@pytest.mark.parametrize("alt", ["", "Lamp 1 seen from the front"], ids=["unknown", "recognised"])
def test_pictures_of_an_adopted_product_are_no_conflict_and_stay(context: Context, shelf: Shelf, dev_store: DevStore,
                                                                alt: str) -> None:
    old = make(dev_store, "Lamp 1", sku="L1")
    with_picture(dev_store, old, alt)
    before = by_id(dev_store)[old]["media"]

    sync(context)
    sync(context)

    assert by_id(dev_store)[old]["media"] == before
    assert not {"images", "variants[L1].image"} & {conflict.path for conflict in open_conflicts(context)}
    notes = [one.path for one in conflicts_of(context, ConflictState.AUTO_RESOLVED)]
    assert ("images" in notes) is (alt == "")


def test_a_sku_that_moved_to_another_product_of_the_catalog_is_asked_about(context: Context, shelf: Shelf,
                                                                          dev_store: DevStore) -> None:
    sync(context)
    shelf.rows["NEW"] = {**shelf.rows["L1"], "Handle": "lamp-new", "Title": "Lamp, new series"}
    shelf.rows["L1"]["Variant SKU"] = "L1-OLD"
    shelf.write()

    sync(context)

    moved = [one for one in open_conflicts(context) if one.dispute == "moved here from another product"]
    assert [(one.product_key, one.path) for one in moved] == [("handle:lamp-new", "product")]
    assert len(by_id(dev_store)) == 5
