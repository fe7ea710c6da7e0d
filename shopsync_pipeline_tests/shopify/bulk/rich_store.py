"""A shop with everything in it that a read has to get right, made through the API as any app would."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline_tests.conftest import DevStore

SET = """mutation Set($input: ProductSetInput!) { productSet(input: $input, synchronous: true) {
  product { id } userErrors { field message } } }"""
PUBLISH = """mutation Publish($id: ID!, $input: [PublicationInput!]!) {
  publishablePublish(id: $id, input: $input) { userErrors { message } } }"""
PUBLICATIONS = "{ publications(first: 9) { nodes { id name } } locations(first: 9) { nodes { id name } } }"


def put(store: DevStore, **given: Any) -> str:
    """Makes a product; returns its id."""
    payload = store.graphql(SET, {"input": given})["productSet"]
    assert payload["userErrors"] == [], payload
    return str(payload["product"]["id"])


def fill(store: DevStore, *, plain: int = 60) -> list[str]:
    """Fills an empty shop; returns the ids of its products, oldest first."""
    lamps, sale = (store.control("merchant", {"action": "create_collection", "title": title})["collection"]
                   for title in ("Lamps", "Sale"))
    store.control("merchant", {"action": "create_publication", "name": "Point of Sale"})
    store.control("merchant", {"action": "open_location", "location": "Cellar"})
    found = store.graphql(PUBLICATIONS)
    channels = {row["name"]: row["id"] for row in found["publications"]["nodes"]}
    here, cellar = (row["id"] for row in found["locations"]["nodes"])
    made = [
        put(store, title="Bare"),
        put(store, title="Draft", status="DRAFT", tags=["b", "A", "a "], vendor="", productType="Lamps"),
        put(store, title="Archived", status="ARCHIVED", collections=[sale]),
        put(store, title='Odd "__parentId":"gid://shopify/Product/1" é \n/\\', descriptionHtml="<p>a/b \u2028</p>",
            seo={"title": "S", "description": "D"}, templateSuffix="lamps",
            category="gid://shopify/TaxonomyCategory/hg-13-3",
            metafields=[{"namespace": "custom", "key": f"k{number}", "type": "json", "value": '{"sku":"x"}'}
                        for number in range(55)]),
        put(store, title="Wide", collections=[lamps, sale], **variants(here, cellar, 300)),
        put(store, title="Pictured", **pictured(here)),
        *(put(store, title=f"Plain {number}", collections=[lamps] if number % 3 else [],
              metafields=[{"namespace": "custom", "key": "brand", "type": "json", "value": str(number)}],
              **variants(here, cellar, 1 + number % 3)) for number in range(plain)),
    ]
    for gid, name in ((made[0], "Point of Sale"), (made[4], "Point of Sale"), (made[4], "Online Store")):
        store.graphql(PUBLISH, {"id": gid, "input": [{"publicationId": channels[name]}]})
    return made


def variants(here: str, cellar: str, count: int) -> dict[str, Any]:
    """Options and variants: stock at two locations, some untracked, some SKUs missing or used twice."""
    names = [f"V{number}" for number in range(count)]
    wide = count > 250  # values of an option; a product of more variants has two options
    kinds = names[:count // 2] if wide else names
    sizes = ["L", "S"] if wide else []
    return {
        "productOptions": [{"name": "Kind/é", "values": [{"name": name} for name in kinds]},
                           *([{"name": "Size", "values": [{"name": name} for name in sizes]}] if wide else [])],
        "variants": [
            {"optionValues": [{"optionName": "Kind/é", "name": kinds[number % len(kinds)]},
                              *([{"optionName": "Size", "name": sizes[number // len(kinds)]}] if wide else [])],
             "sku": None if number % 50 == 7 else "TWICE" if number % 50 in (3, 4) else f"S-{name}",
             "barcode": f"40{number}", "price": f"{number}.5", "compareAtPrice": "99" if number % 2 else None,
             "taxable": number % 2 == 0, "inventoryPolicy": "CONTINUE" if number % 3 else "DENY",
             "inventoryItem": {"tracked": number % 4 != 1, "cost": "1.234", "requiresShipping": number % 5 != 0,
                               "countryCodeOfOrigin": "CA", "harmonizedSystemCode": "847130",
                               "measurement": {"weight": {"value": number / 4, "unit": "POUNDS"}}},
             "inventoryQuantities": [{"locationId": here, "name": "available", "quantity": number - 2},
                                     {"locationId": cellar, "name": "available", "quantity": 1000}]}
            for number, name in enumerate(names)
        ],
    }


def pictured(here: str) -> dict[str, Any]:
    """Thirty pictures, some of them shown by variants."""
    files = [{"originalSource": f"https://img.example/{number}.jpg", "alt": f"View {number}" if number % 2 else ""}
             for number in range(30)]
    given = variants(here, here, 6)
    for number, row in enumerate(given["variants"]):
        del row["inventoryQuantities"][1]
        if number % 2:
            row["file"] = {"originalSource": files[number]["originalSource"]}
    return {"files": files, **given}
