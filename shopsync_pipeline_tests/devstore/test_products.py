"""Products as a caller makes, changes, reads and deletes them."""

from __future__ import annotations

from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

UPDATE = """
mutation Update($product: ProductUpdateInput!) {
  productUpdate(product: $product) {
    product { id title handle tags descriptionHtml seo { title } metafields(first: 9) { nodes { key value } } }
    userErrors { field message }
  }
}"""


def test_a_product_without_options_gets_the_default_variant(shop: DevStoreClient) -> None:
    product = shop.make(title="Plain Thing")
    assert (product["handle"], product["status"], product["vendor"]) == ("plain-thing", "ACTIVE", "demo-store")
    assert [(option["name"], option["values"]) for option in product["options"]] == [("Title", ["Default Title"])]
    assert [(row["title"], row["price"]) for row in product["variants"]["nodes"]] == [("Default Title", "0.00")]


def test_values_are_rewritten_the_way_the_platform_does(shop: DevStoreClient) -> None:
    product = shop.make(
        title="Normal",
        tags=["Zebra", " apple ", "APPLE", ""],
        descriptionHtml='<p onclick="steal()">Hi <b>there</b><script>alert(1)</script></p>',
        productOptions=[{"name": "Size", "values": [{"name": "S"}]}],
        variants=[{"optionValues": [{"optionName": "Size", "name": "S"}], "price": 12.5}],
    )
    assert product["tags"] == ["apple", "Zebra"]
    assert product["descriptionHtml"] == "<p>Hi <b>there</b></p>"
    assert product["variants"]["nodes"][0]["price"] == "12.50"


def test_a_handle_made_of_a_title_counts_up_and_an_asked_one_collides(shop: DevStoreClient) -> None:
    assert [shop.make(title="Twin")["handle"] for _ in range(3)] == ["twin", "twin-1", "twin-2"]
    assert [shop.make(title="Model 9")["handle"] for _ in range(2)] == ["model-9", "model-10"]
    assert shop.make(title="Any", handle="  Mixed CASE / 東京 100 % ")["handle"] == "mixed-case-東京-100"
    assert shop.make(title="Any", handle="%%%")["handle"] == "product"
    refused = shop.set_product({"title": "Other", "handle": "TWIN"})
    assert refused["product"] is None
    assert refused["userErrors"] == [
        {
            "code": "HANDLE_NOT_UNIQUE",
            "field": ["input", "handle"],
            "message": "Handle 'TWIN' already in use. Please provide a new handle.",
        }
    ]


def test_lists_that_are_present_replace_and_absent_ones_stay(shop: DevStoreClient) -> None:
    metafields = [
        {"namespace": "custom", "key": name, "type": "single_line_text_field", "value": name} for name in ("aa", "bb")
    ]
    product = shop.make(title="Full", tags=["one"], metafields=metafields, **colours(shop.location(), "Red", "Blue"))
    renamed = shop.set_product({"title": "Renamed"}, {"id": product["id"]})["product"]
    assert renamed["title"] == "Renamed"
    assert renamed["variants"] == product["variants"]
    assert len(renamed["metafields"]["nodes"]) == 2
    kept = product["variants"]["nodes"][0]["id"]
    changed = shop.set_product(
        {
            "productOptions": [{"name": "Color", "values": [{"name": "Red"}, {"name": "Green"}]}],
            "variants": [
                {"optionValues": [{"optionName": "Color", "name": "Green"}], "sku": "GREEN"},
                {"id": kept, "optionValues": [{"optionName": "Color", "name": "Red"}]},
            ],
            "metafields": metafields[:1],
        },
        {"id": product["id"]},
    )["product"]
    assert [row["sku"] for row in changed["variants"]["nodes"]] == ["GREEN", "RED"]
    assert changed["variants"]["nodes"][1]["id"] == kept
    assert [row["key"] for row in changed["metafields"]["nodes"]] == ["aa"]


def test_a_variant_row_without_its_id_becomes_another_variant(shop: DevStoreClient) -> None:
    product = shop.make(title="Churn", **colours(shop.location(), "Red"))
    again = shop.set_product(colours(shop.location(), "Red"), {"id": product["id"]})["product"]
    assert again["variants"]["nodes"][0]["id"] != product["variants"]["nodes"][0]["id"]


def test_upsert_by_handle_and_by_custom_id(shop: DevStoreClient) -> None:
    first = shop.set_product({"title": "By handle", "handle": "by-handle"}, {"handle": "by-handle"})["product"]
    second = shop.set_product({"title": "Again", "handle": "by-handle"}, {"handle": "by-handle"})["product"]
    assert (second["id"], second["title"]) == (first["id"], "Again")
    custom = {"customId": {"namespace": "etilize", "key": "product_id", "value": "77"}}
    refused = shop.ask(
        "mutation Set($input: ProductSetInput!, $identifier: ProductSetIdentifiers) "
        "{ productSet(input: $input, identifier: $identifier) { product { id } } }",
        {"input": {"title": "No definition"}, "identifier": custom},
    )
    assert refused["data"] == {"productSet": None}
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    define(shop)
    made = shop.set_product({"title": "By custom id"}, custom)["product"]
    found = shop.set_product({"title": "Found again"}, custom)["product"]
    assert (found["id"], found["title"]) == (made["id"], "Found again")
    read = "query($i: ProductIdentifierInput!) { productByIdentifier(identifier: $i) { title } }"
    assert shop.data(read, {"i": custom})["productByIdentifier"] == {"title": "Found again"}


def define(shop: DevStoreClient) -> None:
    definition = {"ownerType": "PRODUCT", "namespace": "etilize", "key": "product_id", "name": "Id", "type": "id"}
    payload = shop.data(
        "mutation D($d: MetafieldDefinitionInput!) { metafieldDefinitionCreate(definition: $d) "
        "{ createdDefinition { capabilities { uniqueValues { enabled } } } userErrors { code message } } }",
        {"d": definition},
    )["metafieldDefinitionCreate"]
    assert payload["createdDefinition"] == {"capabilities": {"uniqueValues": {"enabled": True}}}


def test_identifier_rules(shop: DevStoreClient) -> None:
    product = shop.make(title="Ruled")
    both = shop.set_product({"id": product["id"], "title": "x", "handle": "ruled"}, {"handle": "ruled"})
    assert [error["code"] for error in both["userErrors"]] == ["ID_NOT_ALLOWED"]
    other = shop.set_product({"title": "x", "handle": "elsewhere"}, {"handle": "ruled"})
    assert [error["code"] for error in other["userErrors"]] == ["INPUT_MISMATCH"]
    without = shop.set_product({"title": "x"}, {"handle": "ruled"})
    assert [error["code"] for error in without["userErrors"]] == ["MISSING_FIELD_REQUIRED"]
    gone = shop.set_product({"title": "x"}, {"id": "gid://shopify/Product/9"})
    assert [error["code"] for error in gone["userErrors"]] == ["PRODUCT_DOES_NOT_EXIST"]


def test_files_are_ready_at_once_under_their_own_name_and_an_id_keeps_them(shop: DevStoreClient) -> None:
    source = "https://images.example.com/a/Front%20View.png"
    product = shop.make(title="Pictured", files=[{"originalSource": source, "alt": "front"}])
    media = product["media"]["nodes"]
    assert (media[0]["alt"], media[0]["status"]) == ("front", "READY")
    assert media[0]["image"]["url"].startswith(f"{shop.address}/cdn/files/Front_View.png?v=")
    kept = shop.set_product({"files": [{"id": media[0]["id"]}]}, {"id": product["id"]})["product"]
    assert kept["media"]["nodes"] == media
    resent = shop.set_product({"files": [{"originalSource": source}]}, {"id": product["id"]})["product"]
    assert resent["media"]["nodes"][0]["id"] != media[0]["id"]


def test_a_variant_shows_the_file_it_names_and_the_file_must_be_the_products(shop: DevStoreClient) -> None:
    source = "https://images.example.com/red.png"
    given = colours(shop.location(), "Red")
    given["variants"][0]["file"] = {"originalSource": source}
    refused = shop.set_product({"title": "No file", **given})
    assert refused["userErrors"][0]["field"] == ["input", "variants", "0", "file"]
    product = shop.make(title="File", files=[{"originalSource": source}], **given)
    assert product["variants"]["nodes"][0]["media"] == {"nodes": [{"id": product["media"]["nodes"][0]["id"]}]}


def test_product_update_changes_what_it_names(shop: DevStoreClient) -> None:
    product = shop.make(title="Before", tags=["keep"])
    given = {
        "id": product["id"],
        "title": "After",
        "seo": {"title": "Seen"},
        "metafields": [{"namespace": "custom", "key": "size", "type": "number_integer", "value": " 007"}],
    }
    payload = shop.data(UPDATE, {"product": given})["productUpdate"]
    assert payload["userErrors"] == []
    changed = payload["product"]
    assert (changed["title"], changed["handle"], changed["tags"]) == ("After", "before", ["keep"])
    assert changed["seo"] == {"title": "Seen"}
    assert changed["metafields"]["nodes"] == [{"key": "size", "value": "7"}]


def test_a_refused_update_changes_nothing(shop: DevStoreClient) -> None:
    product = shop.make(title="Steady")
    payload = shop.data(UPDATE, {"product": {"id": product["id"], "title": "", "tags": ["x"]}})["productUpdate"]
    assert payload["userErrors"] == [{"field": ["title"], "message": "Title can't be blank"}]
    assert (payload["product"]["title"], payload["product"]["tags"]) == ("Steady", [])


def test_an_input_field_that_is_not_carried_is_unknown(shop: DevStoreClient) -> None:
    answer = shop.ask(UPDATE, {"product": {"id": "gid://shopify/Product/1", "giftCardTemplateSuffix": "x"}})
    error = answer["errors"][0]
    assert "data" not in answer
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    assert error["extensions"]["problems"] == [
        {"path": ["giftCardTemplateSuffix"], "explanation": "Field is not defined on ProductUpdateInput"}
    ]


def test_a_deleted_product_is_gone_and_a_second_delete_says_so(shop: DevStoreClient) -> None:
    product = shop.make(title="Short-lived")
    delete = (
        "mutation D($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { field message } } }"
    )
    assert shop.data(delete, {"id": product["id"]})["productDelete"]["deletedProductId"] == product["id"]
    assert shop.data("query($id: ID!) { product(id: $id) { id } }", {"id": product["id"]}) == {"product": None}
    again = shop.data(delete, {"id": product["id"]})["productDelete"]
    assert again == {"deletedProductId": None, "userErrors": [{"field": ["id"], "message": "Product does not exist"}]}


def test_publishing_needs_an_active_product_to_be_seen(shop: DevStoreClient) -> None:
    product = shop.make(title="Shown", status="DRAFT")
    publication = shop.data("{ publications(first: 1) { nodes { id } } }")["publications"]["nodes"][0]["id"]
    publish = """mutation P($id: ID!, $p: ID!) {
      publishablePublish(id: $id, input: [{publicationId: $p}]) { userErrors { field } } }"""
    ids = {"id": product["id"], "p": publication}
    assert shop.data(publish, ids) == {"publishablePublish": {"userErrors": []}}
    seen = "query($id: ID!, $p: ID!) { product(id: $id) { publishedAt publishedOnPublication(publicationId: $p) } }"
    assert shop.data(seen, ids)["product"]["publishedOnPublication"] is False
    shop.data(UPDATE, {"product": {"id": product["id"], "status": "ACTIVE"}})
    assert shop.data(seen, ids)["product"]["publishedOnPublication"] is True


def test_tags_are_added_and_removed_whatever_their_case(shop: DevStoreClient) -> None:
    product = shop.make(title="Tagged", tags=["Sale"])
    for root, tags, left in (("tagsAdd", ["SALE", "new"], ["new", "Sale"]), ("tagsRemove", ["sale"], ["new"])):
        node = "node { ... on Product { tags } }"
        query = f"mutation T($id: ID!, $t: [String!]!) {{ {root}(id: $id, tags: $t) {{ {node} }} }}"
        assert shop.data(query, {"id": product["id"], "t": tags})[root]["node"]["tags"] == left
