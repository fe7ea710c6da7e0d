"""Links: names to Shopify ids and back, and their JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline_tests.core.samples import LAW

LINKS = Links(
    product="gid://shopify/Product/1",
    variants={"S-1": VariantLink("gid://shopify/ProductVariant/2", "gid://shopify/InventoryItem/3")},
    images={"pot.jpg": "gid://shopify/MediaImage/4"},
)


def test_ids_lead_back_to_names() -> None:
    assert LINKS.variant_keys() == {"gid://shopify/ProductVariant/2": "S-1"}
    assert LINKS.image_sources() == {"gid://shopify/MediaImage/4": "pot.jpg"}


def test_links_as_json() -> None:
    assert LINKS.to_json() == {
        "product": "gid://shopify/Product/1",
        "variants": {"S-1": ["gid://shopify/ProductVariant/2", "gid://shopify/InventoryItem/3"]},
        "images": {"pot.jpg": "gid://shopify/MediaImage/4"},
    }


def test_a_product_alone_has_neither_variants_nor_pictures() -> None:
    assert Links.from_json({"product": "1", "variants": {}, "images": {}}) == Links(product="1")


@LAW
@given(st.builds(Links, product=st.text(), variants=st.dictionaries(st.text(), st.builds(VariantLink, st.text(),
                 st.text()), max_size=3), images=st.dictionaries(st.text(), st.text(), max_size=3)))
def test_links_are_read_back_as_they_were(links: Links) -> None:
    assert Links.from_json(json.loads(json.dumps(links.to_json()))) == links
