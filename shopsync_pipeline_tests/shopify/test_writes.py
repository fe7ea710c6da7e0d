"""Plan items become the request that does them; answers become what the shop shows."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

from shopsync_pipeline.core.fields import Operation, Path, Risk, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.plan import Change, Lane, PlanItem, Reason
from shopsync_pipeline.shopify.documents import document
from shopsync_pipeline.shopify.errors import AnswerLost, NotSendable
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.writes import (
    Request,
    inventory_request,
    inventory_written,
    request,
    written,
)
from shopsync_pipeline_tests.shopify.test_documents import VERSIONS, carried
from shopsync_pipeline_tests.shopify.test_nodes import LISTINGS, product_node, variant_node

PRODUCT = "gid://shopify/Product/42"
PLACE = "gid://shopify/Location/1"
LINKS = Links(
    product=PRODUCT,
    variants={"A": VariantLink("gid://shopify/ProductVariant/1", "gid://shopify/InventoryItem/101"),
              "B": VariantLink("gid://shopify/ProductVariant/2", "gid://shopify/InventoryItem/102")},
    images={"https://img.example/1.jpg": "gid://shopify/MediaImage/7"},
)


def item(operation: Operation, changes: dict[str, Value | tuple[Value | None, Value | None] | None], *,
         item_id: str = "i-1", product_id: str | None = PRODUCT) -> PlanItem:
    """An item by path → after, or path → (before, after)."""
    rows = []
    for path, value in changes.items():
        before, after = value if isinstance(value, tuple) else (None, value)
        rows.append(Change(Path(path), before, after, Reason.CATALOG_CHANGED))
    return PlanItem(item_id=item_id, product_key="etilize:9", product_id=product_id, operation=operation,
                    lane=Lane.CONTENT, risk=Risk.LOW, changes=tuple(rows), cost=10)


def asked(operation: Operation, changes: dict[str, Any], links: Links | None = LINKS, **options: Any) -> Request:
    made = request(item(operation, changes), links, location_id=PLACE, **options)
    assert_fits(made)
    return made


def assert_fits(made: Request) -> None:
    """The variables are what the document declares, in both versions."""
    for version in VERSIONS:
        operation = next(part for part in parse(document(made.document)).definitions
                         if isinstance(part, OperationDefinitionNode))
        found = get_variable_values(carried(version), operation.variable_definitions, made.variables)
        assert isinstance(found, dict), found
        declared = {definition.variable.name.value for definition in operation.variable_definitions}
        assert set(made.variables) == declared


NEW: dict[str, Any] = {
    "title": "Lamp", "body_html": "<p>x</p>", "vendor": "Acme", "tags": ["A", "b"], "status": "DRAFT", "seo.title": "S",
    "options": ["Color", "Size"], "images": [{"source": "https://img.example/1.jpg", "alt": "Front"},
                                             {"source": "https://img.example/2.jpg", "alt": ""}],
    "metafields[custom.brand]": {"type": "single_line_text_field", "value": "Acme"},
    "variants[A].options": ["Red", "S"], "variants[A].sku": "A", "variants[A].price": "9.90",
    "variants[A].compare_at_price": "12.00", "variants[A].barcode": "123", "variants[A].cost": "5.00",
    "variants[A].tracked": True, "variants[A].requires_shipping": True, "variants[A].inventory_policy": "DENY",
    "variants[A].taxable": False, "variants[A].weight": {"value": "1.5", "unit": "KILOGRAMS"},
    "variants[A].image": "https://img.example/2.jpg", "variants[A].stock[default]": 4,
    "variants[B].options": ["Blue", "S"], "variants[B].tracked": False, "variants[B].stock[default]": 7,
}


def test_a_creation_sends_everything_under_the_products_own_key() -> None:
    made = asked(Operation.PRODUCT_CREATE, NEW, None)
    assert (made.document, made.root, made.repeatable) == ("product_set", "productSet", False)
    assert made.variables["identifier"] == {
        "customId": {"namespace": "shopsync", "key": "source_id", "value": "etilize:9"}}
    assert made.variables["input"] == {
        "title": "Lamp", "descriptionHtml": "<p>x</p>", "vendor": "Acme", "tags": ["A", "b"], "status": "DRAFT",
        "seo": {"title": "S"},
        "metafields": [
            {"namespace": "custom", "key": "brand", "type": "single_line_text_field", "value": "Acme"},
            {"namespace": "shopsync", "key": "source_id", "type": "id", "value": "etilize:9"}],
        "files": [{"originalSource": "https://img.example/1.jpg", "contentType": "IMAGE", "alt": "Front"},
                  {"originalSource": "https://img.example/2.jpg", "contentType": "IMAGE", "alt": ""}],
        "productOptions": [{"name": "Color", "position": 1, "values": [{"name": "Red"}, {"name": "Blue"}]},
                           {"name": "Size", "position": 2, "values": [{"name": "S"}]}],
        "variants": [
            {"optionValues": [{"optionName": "Color", "name": "Red"}, {"optionName": "Size", "name": "S"}], "sku": "A",
             "price": "9.90", "compareAtPrice": "12.00", "barcode": "123", "taxable": False, "inventoryPolicy": "DENY",
             "inventoryItem": {"cost": "5.00", "tracked": True, "requiresShipping": True,
                               "measurement": {"weight": {"value": 1.5, "unit": "KILOGRAMS"}}},
             "inventoryQuantities": [{"locationId": PLACE, "name": "available", "quantity": 4}],
             "file": {"originalSource": "https://img.example/2.jpg", "contentType": "IMAGE", "alt": ""}},
            {"optionValues": [{"optionName": "Color", "name": "Blue"}, {"optionName": "Size", "name": "S"}],
             "inventoryItem": {"tracked": False}}],
    }


def test_a_creation_is_answered_with_names_and_ids() -> None:
    asked_for = item(Operation.PRODUCT_CREATE, NEW, product_id=None)
    made = request(asked_for, None, location_id=PLACE)
    node = product_node(
        variant_node(2, "B2", "Blue", "S"), variant_node(1, "A", "Red", "S", media={"nodes": [{"id": "m2"}]}),
        media={"nodes": [{"id": "m1", "alt": "Front"}, {"id": "m2", "alt": None}]}, descriptionHtml="<p>x</p>\n",
        metafields={"nodes": [{"namespace": "shopsync", "key": "source_id", "type": "id", "value": "etilize:9"}]},
    )
    node["variants"]["pageInfo"] = {"hasNextPage": False, "endCursor": None}
    after = written(asked_for, made, {"productSet": {"product": node, "userErrors": []}}, None)
    assert after.complete
    assert after.links == Links(
        product=PRODUCT,
        variants={"B": VariantLink("gid://shopify/ProductVariant/2", "gid://shopify/InventoryItem/102"),
                  "A": VariantLink("gid://shopify/ProductVariant/1", "gid://shopify/InventoryItem/101")},
        images={"https://img.example/1.jpg": "m1", "https://img.example/2.jpg": "m2"})
    assert set(after.fields) == set(NEW)
    assert after.fields[Path("body_html")] == "<p>x</p>\n"
    assert after.fields[Path("metafields[custom.brand]")] is None
    assert after.fields[Path("variants[A].image")] == "https://img.example/2.jpg"
    assert after.fields[Path("images")] == NEW["images"]
    node["variants"]["pageInfo"]["hasNextPage"] = True
    assert not written(asked_for, made, {"productSet": {"product": node}}, None).complete


def test_a_creation_places_the_product_and_tells_what_came_of_it() -> None:
    changes = {**NEW, "category": "hg-13-3", "template_suffix": "lamps", "collections[lamps]": True,
               "variants[A].country_of_origin": "IT", "variants[A].hs_code": "940521"}
    made = asked(Operation.PRODUCT_CREATE, changes, None, listings=LISTINGS)
    sent = made.variables["input"]
    assert (sent["category"], sent["templateSuffix"], sent["collections"]) == (
        "gid://shopify/TaxonomyCategory/hg-13-3", "lamps", ["gid://shopify/Collection/1"])
    assert sent["variants"][0]["inventoryItem"].items() >= {
        "countryCodeOfOrigin": "IT", "harmonizedSystemCode": "940521"}.items()
    assert (made.variables["withCategory"], made.variables["withCollections"]) == (True, True)
    plain = asked(Operation.PRODUCT_CREATE, NEW, None)
    assert (plain.variables["withCategory"], plain.variables["withCollections"]) == (False, False)
    assert "collections" not in plain.variables["input"]


def test_an_update_joins_and_leaves_collections_and_tells_where_the_product_is_now() -> None:
    changes: dict[str, Any] = {"category": None, "template_suffix": None, "collections[lamps]": True,
                               "collections[desks]": (True, None)}
    made = asked(Operation.PRODUCT_UPDATE, changes, listings=LISTINGS)
    assert made.variables["product"] == {
        "category": None, "templateSuffix": "", "collectionsToJoin": ["gid://shopify/Collection/1"],
        "collectionsToLeave": ["gid://shopify/Collection/2"]}
    page = {"nodes": [{"id": "gid://shopify/Collection/1"}], "pageInfo": {"hasNextPage": False}}
    node = {"id": PRODUCT, "title": "Lamp", "category": None, "templateSuffix": None, "collections": page}
    asked_for = item(Operation.PRODUCT_UPDATE, changes)
    after = written(asked_for, made, {"productUpdate": {"product": node}}, LINKS, LISTINGS)
    assert after.complete
    assert after.fields == {"category": None, "template_suffix": None, "collections[lamps]": True,
                            "collections[desks]": None}
    page["pageInfo"] = {"hasNextPage": True}
    assert not written(asked_for, made, {"productUpdate": {"product": node}}, LINKS, LISTINGS).complete


@pytest.mark.parametrize(("operation", "value", "name", "root"), [
    (Operation.PUBLISH, True, "publish", "publishablePublish"),
    (Operation.UNPUBLISH, (True, None), "unpublish", "publishableUnpublish"),
])
def test_a_product_is_put_on_channels_and_taken_off(operation: Operation, value: Any, name: str, root: str) -> None:
    changes = {"publications[POS]": value, "publications[Online Store]": value}
    made = asked(operation, changes, listings=LISTINGS)
    assert (made.document, made.root, made.repeatable, made.cost) == (name, root, True, 10)
    assert made.variables == {"id": PRODUCT, "input": [{"publicationId": "gid://shopify/Publication/2"},
                                                       {"publicationId": "gid://shopify/Publication/1"}]}
    after = written(item(operation, changes), made, {root: {"userErrors": []}}, LINKS, LISTINGS)
    shown = True if operation is Operation.PUBLISH else None
    assert after.fields == dict.fromkeys(changes, shown)
    with pytest.raises(AnswerLost, match=f"answer to {name} holds no result"):
        written(item(operation, changes), made, {root: None}, LINKS, LISTINGS)


@pytest.mark.parametrize(("operation", "path", "listings", "sentence"), [
    (Operation.PUBLISH, "publications[TikTok]", LISTINGS,
     'The shop has no sales channel "TikTok"; it has: "Online Store", "POS".'),
    (Operation.PUBLISH, "publications[POS]", Listings(), "sales channels are not synced in this shop"),
    (Operation.PRODUCT_UPDATE, "collections[sale]", LISTINGS, 'no manual collection "sale"; it has: "desks", "lamps"'),
    (Operation.PRODUCT_UPDATE, "collections[lamps]", Listings(publications={}), "manual collections are not synced"),
    (Operation.PRODUCT_UPDATE, "collections[lamps]", Listings(collections={}), "it has: none"),
    (Operation.PRODUCT_UPDATE, "category", LISTINGS, 'The category "True" is not an id of Shopify'),
])
def test_what_the_shop_does_not_have_is_said(operation: Operation, path: str, listings: Listings,
                                             sentence: str) -> None:
    with pytest.raises(NotSendable) as caught:
        request(item(operation, {path: True}), LINKS, location_id=PLACE, listings=listings)
    assert sentence in str(caught.value)


def test_pictures_are_named_only_when_the_answer_has_them_all() -> None:
    asked_for = item(Operation.PRODUCT_CREATE, NEW, product_id=None)
    node = product_node(variant_node(1, "A", "Red", "S"), media={"nodes": [{"id": "m9", "alt": "Front"}]})
    node["variants"]["pageInfo"] = {"hasNextPage": False}
    after = written(asked_for, request(asked_for, None, location_id=PLACE), {"productSet": {"product": node}}, None)
    assert after.links.images == {"m9": "m9"}
    assert not after.complete


def test_a_product_without_options_has_shopifys_default_option() -> None:
    made = asked(Operation.PRODUCT_CREATE, {"title": "Lamp", "variants[A].options": ["Default Title"]}, None)
    assert made.variables["input"]["productOptions"] == [
        {"name": "Title", "position": 1, "values": [{"name": "Default Title"}]}]
    assert (made.variables["withStock"], made.variables["withMedia"]) == (False, False)


def test_an_update_sends_what_changed_and_clears_with_empty_values() -> None:
    made = asked(Operation.PRODUCT_UPDATE, {
        "title": "Lamp 2", "vendor": None, "tags": None, "seo.title": None, "seo.description": "D", "status": "ACTIVE",
        "metafields[custom.brand]": {"type": "single_line_text_field", "value": "B"}})
    assert made.variables == {
        "identifier": {"id": PRODUCT},
        "product": {"title": "Lamp 2", "vendor": "", "tags": [], "seo": {"title": "", "description": "D"},
                    "status": "ACTIVE", "metafields": [
                        {"namespace": "custom", "key": "brand", "type": "single_line_text_field", "value": "B"}]},
        "metafields": 1, "metafieldKeys": ["custom.brand"], "withSeo": True, "withMetafields": False,
        "with1": True, "namespace1": "custom", "key1": "brand", "with2": False, "namespace2": None, "key2": "",
        "with3": False, "namespace3": None, "key3": "", "collections": 1, "withCategory": False,
        "withCollections": False,
    }
    assert made.repeatable


def test_an_update_is_answered_as_the_shop_shows_it() -> None:
    asked_for = item(Operation.PRODUCT_UPDATE, {"title": "Lamp 2", "tags": ["x"], "vendor": None, "seo.title": "S",
                                                "metafields[custom.brand]": {"type": "json", "value": "{ }"}})
    node = {"id": PRODUCT, "title": "Lamp 2", "tags": ["X"], "vendor": "", "seo": {"title": "S", "description": ""},
            "metafield1": {"namespace": "custom", "key": "brand", "type": "json", "value": "{}"}}
    made = request(asked_for, LINKS, location_id=PLACE)
    after = written(asked_for, made, {"productUpdate": {"product": node}}, LINKS)
    assert after.fields == {"title": "Lamp 2", "tags": ["X"], "vendor": None, "seo.title": "S",
                            "metafields[custom.brand]": {"type": "json", "value": "{}"}}
    assert after.links == LINKS


def test_variants_are_updated_by_id_with_what_changed() -> None:
    made = asked(Operation.VARIANTS_UPDATE, {
        "variants[A].price": "1.00", "variants[A].compare_at_price": None, "variants[A].barcode": None,
        "variants[B].sku": "B2", "variants[B].cost": None, "variants[B].weight": None, "variants[B].tracked": True,
        "variants[B].image": "https://img.example/1.jpg", "variants[B].options": ["Green"]}, options=["Color"])
    assert made.variables == {
        "productId": PRODUCT, "withOptions": True, "withItem": True, "withMedia": True,
        "variants": [
            {"id": "gid://shopify/ProductVariant/1", "price": "1.00", "compareAtPrice": None, "barcode": None},
            {"id": "gid://shopify/ProductVariant/2", "mediaId": "gid://shopify/MediaImage/7",
             "optionValues": [{"optionName": "Color", "name": "Green"}],
             "inventoryItem": {"sku": "B2", "cost": None, "tracked": True,
                               "measurement": {"weight": {"value": 0.0, "unit": "GRAMS"}}}}],
    }


def test_prices_alone_do_not_ask_for_the_inventory_item() -> None:
    made = asked(Operation.VARIANTS_UPDATE, {"variants[A].price": "1.00"})
    assert (made.variables["withItem"], made.variables["withMedia"]) == (False, False)
    assert made.repeatable


def test_updated_variants_are_answered_under_their_names() -> None:
    asked_for = item(Operation.VARIANTS_UPDATE, {"variants[A].price": "1", "variants[A].barcode": None,
                                                 "variants[B].weight": {"value": "1.50", "unit": "KILOGRAMS"}})
    rows = [variant_node(2, "B", "Blue"), variant_node(1, "renamed", "Red", price="1.00")]
    after = written(asked_for, request(asked_for, LINKS, location_id=PLACE),
                    {"productVariantsBulkUpdate": {"productVariants": rows}}, LINKS)
    assert after.fields == {"variants[A].price": "1.00", "variants[A].barcode": None,
                            "variants[B].weight": {"value": "1.5", "unit": "KILOGRAMS"}}


def test_new_variants_are_made_with_their_stock_and_get_their_ids() -> None:
    changes: dict[str, Any] = {
        "variants[C].options": ["Pink"], "variants[C].sku": "C", "variants[C].price": "3.00",
        "variants[C].tracked": True, "variants[C].stock[default]": 0, "variants[C].image": "https://img.example/1.jpg"}
    made = asked(Operation.VARIANTS_CREATE, changes, options=("Color",))
    assert made.variables["variants"] == [{
        "optionValues": [{"optionName": "Color", "name": "Pink"}], "price": "3.00",
        "inventoryItem": {"sku": "C", "tracked": True}, "mediaId": "gid://shopify/MediaImage/7",
        "inventoryQuantities": [{"locationId": PLACE, "availableQuantity": 0}]}]
    assert (made.variables["withStock"], made.variables["withMedia"], made.repeatable) == (True, True, False)
    rows = [variant_node(3, "C", "Pink", price="3.00", media={"nodes": [{"id": "gid://shopify/MediaImage/7"}]})]
    after = written(item(Operation.VARIANTS_CREATE, changes), made,
                    {"productVariantsBulkCreate": {"productVariants": rows}}, LINKS)
    assert after.links.variants == {**LINKS.variants, "C": VariantLink("gid://shopify/ProductVariant/3",
                                                                       "gid://shopify/InventoryItem/103")}
    assert after.fields == {**changes, "variants[C].stock[default]": 3}


def test_known_pictures_are_sent_by_id_and_new_ones_by_address() -> None:
    pictures: list[Value] = [{"source": "https://img.example/new.jpg", "alt": "N"},
                             {"source": "https://img.example/1.jpg", "alt": ""},
                             {"source": "gid://shopify/Video/8", "alt": ""}]
    made = asked(Operation.MEDIA_SET, {"images": pictures})
    assert made.variables == {"identifier": {"id": PRODUCT}, "media": 3, "told": True, "withSeo": False,
                              "withCategory": False, "input": {"files": [
        {"originalSource": "https://img.example/new.jpg", "contentType": "IMAGE", "alt": "N"},
        {"id": "gid://shopify/MediaImage/7", "alt": ""}, {"id": "gid://shopify/Video/8", "alt": ""}]}}
    assert not made.repeatable
    media = [{"id": "m1", "alt": "N"}, {"id": "gid://shopify/MediaImage/7", "alt": None},
             {"id": "gid://shopify/Video/8", "alt": None}]
    after = written(item(Operation.MEDIA_SET, {"images": pictures}), made,
                    {"productSet": {"product": {"id": PRODUCT, "media": {"nodes": media}}}}, LINKS)
    assert after.fields == {"images": pictures}
    assert after.links.images == {"https://img.example/new.jpg": "m1",
                                  "https://img.example/1.jpg": "gid://shopify/MediaImage/7",
                                  "gid://shopify/Video/8": "gid://shopify/Video/8"}


def test_when_known_pictures_are_not_where_they_were_sent_new_ones_stay_unnamed() -> None:
    pictures: list[Value] = [{"source": "https://img.example/new.jpg", "alt": ""},
                             {"source": "https://img.example/1.jpg", "alt": ""}]
    made = asked(Operation.MEDIA_SET, {"images": pictures})
    media = [{"id": "gid://shopify/MediaImage/7", "alt": ""}, {"id": "m1", "alt": ""}]
    after = written(item(Operation.MEDIA_SET, {"images": pictures}), made,
                    {"productSet": {"product": {"id": PRODUCT, "media": {"nodes": media}}}}, LINKS)
    assert after.links.images == {"https://img.example/1.jpg": "gid://shopify/MediaImage/7", "m1": "m1"}


def test_all_pictures_can_be_taken_away() -> None:
    made = asked(Operation.MEDIA_SET, {"images": None})
    assert made.variables["input"] == {"files": []}
    assert made.repeatable
    after = written(item(Operation.MEDIA_SET, {"images": None}), made,
                    {"productSet": {"product": {"id": PRODUCT, "media": {"nodes": []}}}}, LINKS)
    assert (after.fields, after.links.images) == ({"images": None}, {})


def test_metafields_and_products_are_deleted() -> None:
    made = asked(Operation.METAFIELDS_DELETE, {"metafields[custom.brand]": ({"type": "json", "value": "1"}, None)})
    assert made.variables == {"metafields": [{"ownerId": PRODUCT, "namespace": "custom", "key": "brand"}]}
    after = written(item(Operation.METAFIELDS_DELETE, {"metafields[custom.brand]": None}), made,
                    {"metafieldsDelete": {"deletedMetafields": [None]}}, LINKS)
    assert after.fields == {"metafields[custom.brand]": None}
    gone = asked(Operation.PRODUCT_DELETE, {"title": ("Lamp", None)})
    assert (gone.variables, gone.root) == ({"input": {"id": PRODUCT}}, "productDelete")


def test_stock_of_several_items_goes_out_together() -> None:
    items = [item(Operation.INVENTORY_SET, {"variants[A].stock[default]": (3, 5),
                                            "variants[B].stock[default]": (None, 0)}),
             item(Operation.INVENTORY_SET, {"variants[B].stock[default]": (1, 2)}, item_id="i 2")]
    made = inventory_request(items, {"etilize:9": LINKS}, location_id=PLACE, idempotency_key="k-1")
    assert_fits(made)
    assert made.variables == {"idempotencyKey": "k-1", "input": {
        "name": "available", "reason": "correction", "referenceDocumentUri": "shopsync://plan-item/i-1", "quantities": [
            {"inventoryItemId": "gid://shopify/InventoryItem/101", "locationId": PLACE, "quantity": 5,
             "changeFromQuantity": 3},
            {"inventoryItemId": "gid://shopify/InventoryItem/102", "locationId": PLACE, "quantity": 0,
             "changeFromQuantity": None},
            {"inventoryItemId": "gid://shopify/InventoryItem/102", "locationId": PLACE, "quantity": 2,
             "changeFromQuantity": 1}]}}
    assert made.repeatable
    shown = inventory_written(items, {"inventorySetQuantities": {"inventoryAdjustmentGroup": {"id": "g"}}})
    assert shown == {"i-1": {"variants[A].stock[default]": 5, "variants[B].stock[default]": 0},
                     "i 2": {"variants[B].stock[default]": 2}}
    with pytest.raises(AnswerLost):
        inventory_written(items, {"inventorySetQuantities": None})


@pytest.mark.parametrize("count", [0, 251])
def test_a_stock_request_holds_one_to_250_rows(count: int) -> None:
    row = item(Operation.INVENTORY_SET, {"variants[A].stock[default]": (1, 2)})
    with pytest.raises(ValueError, match="1 to 250"):
        inventory_request([row] * count, {"etilize:9": LINKS}, location_id=PLACE, idempotency_key="k")


@pytest.mark.parametrize(("operation", "changes", "sentence"), [
    (Operation.VARIANTS_UPDATE, {"variants[Z].price": "1.00"}, 'No Shopify id is known for variant "Z" of product'),
    (Operation.VARIANTS_UPDATE, {"variants[A].price": None}, "price of .* cannot be cleared"),
    (Operation.VARIANTS_UPDATE, {"variants[A].options": ["Red"]}, "1 option values and its product 0 option names"),
    (Operation.VARIANTS_UPDATE, {"variants[A].image": "https://img.example/x.jpg"}, "is not in Shopify yet"),
    (Operation.VARIANTS_UPDATE, {"variants[A].stock[default]": 1}, "cannot be written together with variants"),
    (Operation.PRODUCT_UPDATE, {"status": None}, "status cannot be cleared"),
    (Operation.PRODUCT_UPDATE, {"options": ["Color"]}, "options cannot be written"),
    (Operation.PRODUCT_UPDATE, {"metafields[custom.brand]": None}, "cannot be cleared"),
    (Operation.PRODUCT_CREATE, {"title": "x", "variants[A].options": ["Default Title"], "variants[A].image": "u"},
     "is none of its product's"),
    (Operation.PRODUCT_CREATE, {"variants[A].options": ["Default Title"], "variants[A].stock[main]": 1},
     'for location "main"'),
])
def test_what_cannot_be_sent_is_said(operation: Operation, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotSendable, match=sentence):
        asked(operation, changes)


def test_an_item_of_a_product_without_id_cannot_be_sent() -> None:
    with pytest.raises(NotSendable, match="No Shopify id is known for product etilize:9, so product_update"):
        request(item(Operation.PRODUCT_UPDATE, {"title": "x"}, product_id=None), None, location_id=PLACE)


def test_stock_cannot_be_cleared() -> None:
    row = item(Operation.INVENTORY_SET, {"variants[A].stock[default]": (1, None)})
    with pytest.raises(NotSendable, match="cannot be cleared"):
        inventory_request([row], {"etilize:9": LINKS}, location_id=PLACE, idempotency_key="k")


def test_a_payload_without_the_thing_written_leaves_the_outcome_unknown() -> None:
    asked_for = item(Operation.PRODUCT_UPDATE, {"title": "x"})
    with pytest.raises(AnswerLost, match="holds no product"):
        written(asked_for, request(asked_for, LINKS, location_id=PLACE), {"productUpdate": {"product": None}}, LINKS)
