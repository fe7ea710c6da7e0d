"""Options of a product: added, changed, deleted and put in order, with what becomes of its variants."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

_SHOWN = """product { options { id name position optionValues { id name hasVariants } }
  variants(first: 50) { nodes { id title price position } } } userErrors { code field message }"""
CREATE = f"""mutation C($id: ID!, $options: [OptionCreateInput!]!, $strategy: ProductOptionCreateVariantStrategy) {{
  productOptionsCreate(productId: $id, options: $options, variantStrategy: $strategy) {{ {_SHOWN} }} }}"""
UPDATE = f"""mutation U($id: ID!, $option: OptionUpdateInput!, $add: [OptionValueCreateInput!], $delete: [ID!],
    $update: [OptionValueUpdateInput!], $strategy: ProductOptionUpdateVariantStrategy) {{
  productOptionUpdate(productId: $id, option: $option, optionValuesToAdd: $add, optionValuesToDelete: $delete,
    optionValuesToUpdate: $update, variantStrategy: $strategy) {{ {_SHOWN} }} }}"""
DELETE = f"""mutation D($id: ID!, $options: [ID!]!, $strategy: ProductOptionDeleteStrategy) {{
  productOptionsDelete(productId: $id, options: $options, strategy: $strategy) {{ deletedOptionsIds {_SHOWN} }} }}"""
REORDER = f"""mutation R($id: ID!, $options: [OptionReorderInput!]!) {{
  productOptionsReorder(productId: $id, options: $options) {{ {_SHOWN} }} }}"""
MOVE = f"""mutation M($id: ID!, $positions: [ProductVariantPositionInput!]!) {{
  productVariantsBulkReorder(productId: $id, positions: $positions) {{ {_SHOWN} }} }}"""
SIZE = {"name": "Size", "values": [{"name": "S"}, {"name": "M"}]}


class Options:
    """One product with the colours Red and Blue."""

    def __init__(self, shop: DevStoreClient) -> None:
        self.shop = shop
        self.id = shop.make(title="Shirt", **colours(shop.location(), "Red", "Blue"))["id"]

    def call(self, mutation: str, **variables: Any) -> dict[str, Any]:
        data = self.shop.data(mutation, {"id": self.id, **variables})
        found: dict[str, Any] = next(iter(data.values()))
        return found

    def do(self, mutation: str, **variables: Any) -> dict[str, Any]:
        payload = self.call(mutation, **variables)
        assert payload["userErrors"] == []
        found: dict[str, Any] = payload["product"]
        return found

    def refused(self, mutation: str, **variables: Any) -> list[tuple[str, list[str]]]:
        before = self.state()
        payload = self.call(mutation, **variables)
        assert self.state() == before
        return [(error["code"], error["field"]) for error in payload["userErrors"]]

    def state(self) -> dict[str, Any]:
        query = f"query($id: ID!) {{ product(id: $id) {{ {_SHOWN.split('{', 1)[1].rsplit('} userErrors', 1)[0]} }} }}"
        found: dict[str, Any] = self.shop.data(query, {"id": self.id})["product"]
        return found

    def option(self, place: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.state()["options"][place]
        return found


@pytest.fixture
def shirt(shop: DevStoreClient) -> Options:
    return Options(shop)


def titles(product: dict[str, Any]) -> list[str]:
    return [node["title"] for node in product["variants"]["nodes"]]


def values(product: dict[str, Any], place: int) -> list[tuple[str, bool]]:
    return [(value["name"], value["hasVariants"]) for value in product["options"][place]["optionValues"]]


def test_left_as_it_is_only_first_values_get_variants(shirt: Options) -> None:
    product = shirt.do(CREATE, options=[SIZE])
    assert titles(product) == ["Red / S", "Blue / S"]
    assert values(product, 1) == [("S", True), ("M", False)]


def test_create_makes_every_combination_at_the_price_of_its_model(shirt: Options) -> None:
    product = shirt.do(CREATE, options=[SIZE], strategy="CREATE")
    assert sorted(titles(product)) == ["Blue / M", "Blue / S", "Red / M", "Red / S"]
    assert {node["price"] for node in product["variants"]["nodes"]} == {"10.00"}
    assert [node["position"] for node in product["variants"]["nodes"]] == [1, 2, 3, 4]


def test_the_first_real_option_replaces_the_default_title(shop: DevStoreClient) -> None:
    shirt = Options(shop)
    shirt.id = shop.make(title="Plain")["id"]
    product = shirt.do(CREATE, options=[SIZE], strategy="CREATE")
    assert ([option["name"] for option in product["options"]], titles(product)) == (["Size"], ["S", "M"])


def test_a_new_option_can_be_put_first(shirt: Options) -> None:
    product = shirt.do(CREATE, options=[{**SIZE, "position": 1}])
    assert [option["name"] for option in product["options"]] == ["Size", "Color"]
    assert titles(product) == ["S / Red", "S / Blue"]


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ([{"values": [{"name": "S"}]}], ("OPTION_NAME_MISSING", ["options", "0"])),
        ([{"name": "S / M", "values": [{"name": "S"}]}], ("INVALID_NAME", ["options", "0", "name"])),
        ([{"name": "Size", "values": [{"name": "S / M"}]}], ("INVALID_NAME", ["options", "0", "values", "0", "name"])),
        ([{"name": "n" * 256, "values": [{"name": "S"}]}], ("OPTION_NAME_TOO_LONG", ["options", "0", "name"])),
        ([{"name": "color", "values": [{"name": "S"}]}], ("OPTION_ALREADY_EXISTS", ["options", "0", "name"])),
        ([{"name": "Size"}], ("OPTION_VALUES_MISSING", ["options", "0", "values"])),
        ([SIZE, SIZE], ("DUPLICATED_OPTION_NAME", ["options", "1", "name"])),
        ([{"name": "Size", "values": [{"name": "S"}] * 2}], ("DUPLICATED_OPTION_VALUE", ["options", "0", "values"])),
        ([{**SIZE, "position": 4}], ("POSITION_OUT_OF_BOUNDS", ["options", "0", "position"])),
        ([{**SIZE, "position": 2}, {"name": "Cut", "values": [{"name": "A"}]}],
         ("OPTION_POSITION_MISSING", ["options", "1", "position"])),
        ([{"name": name, "values": [{"name": "S"}]} for name in "ABC"], ("OPTIONS_OVER_LIMIT", ["options"])),
    ],
)  # fmt: skip
def test_options_that_cannot_be_added(shirt: Options, options: list[Any], refusal: tuple[str, list[str]]) -> None:
    assert refusal in shirt.refused(CREATE, options=options)


def test_too_many_combinations_are_refused_before_any_is_made(shirt: Options) -> None:
    many = [{"name": name, "values": [{"name": f"{n}"} for n in range(33)]} for name in ("A", "B")]
    assert shirt.refused(CREATE, options=many, strategy="CREATE") == [("TOO_MANY_VARIANTS_CREATED", ["options"])]


def test_an_option_and_its_values_can_be_renamed(shirt: Options) -> None:
    option = shirt.option()
    changed = [{"id": option["optionValues"][0]["id"], "name": "Crimson"}]
    product = shirt.do(UPDATE, option={"id": option["id"], "name": "Colour"}, update=changed)
    assert (product["options"][0]["name"], titles(product)) == ("Colour", ["Crimson", "Blue"])


def test_left_as_it_is_an_added_value_has_no_variant_and_a_used_one_cannot_go(shirt: Options) -> None:
    option = shirt.option()
    product = shirt.do(UPDATE, option={"id": option["id"]}, add=[{"name": "Green"}])
    assert values(product, 0) == [("Red", True), ("Blue", True), ("Green", False)]
    used = [option["optionValues"][0]["id"]]
    assert shirt.refused(UPDATE, option={"id": option["id"]}, delete=used) == [
        ("OPTION_VALUE_HAS_VARIANTS", ["optionValuesToDelete", "0"])
    ]


def test_managed_values_bring_and_take_their_variants(shirt: Options) -> None:
    shirt.do(CREATE, options=[SIZE], strategy="CREATE")
    option = shirt.option()
    red = [option["optionValues"][0]["id"]]
    given = {"option": {"id": option["id"]}, "add": [{"name": "Green"}], "delete": red}
    product = shirt.do(UPDATE, **given, strategy="MANAGE")
    assert sorted(titles(product)) == ["Blue / M", "Blue / S", "Green / M", "Green / S"]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"option": {"id": "gid://shopify/ProductOption/1"}}, ("OPTION_DOES_NOT_EXIST", ["option"])),
        ({"add": [{"name": "Red"}]}, ("OPTION_VALUE_ALREADY_EXISTS", ["optionValuesToAdd"])),
        ({"add": [{"name": "a / b"}]}, ("INVALID_NAME", ["optionValuesToAdd", "0", "name"])),
        ({"delete": ["gid://shopify/ProductOptionValue/1"]},
         ("OPTION_VALUE_DOES_NOT_EXIST", ["optionValuesToDelete", "0"])),
        ({"update": [{"id": "gid://shopify/ProductOptionValue/1", "name": "X"}]},
         ("OPTION_VALUE_DOES_NOT_EXIST", ["optionValuesToUpdate", "0"])),
    ],
)  # fmt: skip
def test_changes_that_are_refused(shirt: Options, given: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    assert shirt.refused(UPDATE, **{"option": {"id": shirt.option()["id"]}, **given}) == [refusal]


def test_the_last_values_cannot_all_go(shirt: Options) -> None:
    option = shirt.option()
    every = [value["id"] for value in option["optionValues"]]
    found = shirt.refused(UPDATE, option={"id": option["id"]}, delete=every, strategy="MANAGE")
    assert found == [("CANNOT_DELETE_ALL_OPTION_VALUES_IN_OPTION", ["optionValuesToDelete"])]


def test_deleting_an_option_with_several_values_needs_a_strategy(shirt: Options) -> None:
    shirt.do(CREATE, options=[SIZE], strategy="CREATE")
    size = [shirt.option(1)["id"]]
    assert shirt.refused(DELETE, options=size) == [("CANNOT_DELETE_OPTION_WITH_MULTIPLE_VALUES", ["options", "0"])]
    assert shirt.refused(DELETE, options=size, strategy="NON_DESTRUCTIVE") == [
        ("CANNOT_USE_NON_DESTRUCTIVE_STRATEGY", ["options"])
    ]
    kept = shirt.state()["variants"]["nodes"]
    product = shirt.do(DELETE, options=size, strategy="POSITION")
    assert titles(product) == ["Red", "Blue"]
    lowest = {node["title"].split(" / ")[0]: node["id"] for node in reversed(kept)}
    assert {node["title"]: node["id"] for node in product["variants"]["nodes"]} == lowest


def test_without_options_one_default_variant_is_left(shirt: Options) -> None:
    product = shirt.do(DELETE, options=[shirt.option()["id"]], strategy="POSITION")
    assert (product["options"][0]["name"], titles(product)) == ("Title", ["Default Title"])


def test_reordered_options_and_values_reorder_the_variants(shirt: Options) -> None:
    shirt.do(CREATE, options=[SIZE], strategy="CREATE")
    wanted = [{"name": "Size", "values": [{"name": "M"}, {"name": "S"}]}, {"name": "Color"}]
    product = shirt.do(REORDER, options=wanted)
    assert titles(product) == ["M / Red", "M / Blue", "S / Red", "S / Blue"]
    assert [option["position"] for option in product["options"]] == [1, 2]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([{"name": "Nothing"}], "OPTION_NAME_DOES_NOT_EXIST"),
        ([{"id": "gid://shopify/ProductOption/1"}], "OPTION_ID_DOES_NOT_EXIST"),
        ([{}], "NO_KEY_ON_REORDER"),
        ([{"name": "Color"}, {"name": "Color"}], "DUPLICATED_OPTION_NAME"),
        ([{"name": "Color"}, {"id": "gid://shopify/ProductOption/1"}], "MIXING_ID_AND_NAME_KEYS_IS_NOT_ALLOWED"),
        ([{"name": "Color", "values": [{"name": "Red"}]}], "MISSING_OPTION_VALUE"),
        ([], "MISSING_OPTION_NAME"),
    ],
)
def test_orders_that_are_refused(shirt: Options, options: list[Any], code: str) -> None:
    assert [found for found, _ in shirt.refused(REORDER, options=options)] == [code]


def test_variants_move_to_positions(shirt: Options) -> None:
    blue = shirt.state()["variants"]["nodes"][1]["id"]
    product = shirt.do(MOVE, positions=[{"id": blue, "position": 1}])
    assert titles(product) == ["Blue", "Red"]
    assert shirt.refused(MOVE, positions=[{"id": blue, "position": 0}]) == [
        ("INVALID_POSITION", ["positions", "0", "position"])
    ]
    assert shirt.refused(MOVE, positions=[{"id": "gid://shopify/ProductVariant/1", "position": 1}]) == [
        ("MISSING_VARIANT", ["positions", "0", "id"])
    ]


@pytest.mark.parametrize("mutation", [CREATE, DELETE, REORDER])
def test_a_product_that_is_not_there(shirt: Options, mutation: str) -> None:
    shirt.id = "gid://shopify/Product/1"
    payload = shirt.call(mutation, options=[])
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
        ("PRODUCT_DOES_NOT_EXIST", ["productId"])
    ]
