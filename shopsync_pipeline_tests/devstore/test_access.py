"""Apps and tokens: the client-credentials grant, expiry in the shop's time, narrow scopes, and shops shut to all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shopsync_pipeline.devstore.access.scopes import REQUIRED
from shopsync_pipeline.devstore.config import API_SCOPES
from shopsync_pipeline.devstore.schema import carried_schema
from shopsync_pipeline_tests.devstore.client import DevStoreClient

PATH = "/admin/oauth/access_token"
GRANT = {"grant_type": "client_credentials", "client_id": "devstore-client", "client_secret": "devstore-secret"}
SHOP = "{ shop { id } }"


def granted(shop: DevStoreClient, **changed: Any) -> httpx.Response:
    return shop.http.post(PATH, data={**GRANT, **changed})


@pytest.mark.parametrize("form", ["data", "json"])
def test_an_app_gets_a_token_that_works(shop: DevStoreClient, form: str) -> None:
    response = shop.http.post(PATH, **{form: GRANT})  # type: ignore[arg-type]
    answer = response.json()
    assert response.status_code == 200
    assert (answer["expires_in"], answer["scope"].split(",")) == (86_399, list(API_SCOPES))
    assert DevStoreClient(shop.address, answer["access_token"]).post(SHOP).status_code == 200


def test_a_token_expires_and_the_next_one_works(shop: DevStoreClient) -> None:
    client = DevStoreClient(shop.address, granted(shop).json()["access_token"])
    shop.control("clock", {"advance_seconds": 86_300})
    assert client.post(SHOP).status_code == 200
    shop.control("clock", {"advance_seconds": 100})
    assert client.post(SHOP).status_code == 401
    assert DevStoreClient(shop.address, granted(shop).json()["access_token"]).post(SHOP).status_code == 200


def test_a_new_token_does_not_end_an_older_one_nor_fill_the_bucket(shop: DevStoreClient) -> None:
    shop.control("settings", {"speed": 0.001})
    shop.make(title="Spent")
    first, second = (DevStoreClient(shop.address, granted(shop).json()["access_token"]) for _ in range(2))
    assert first.post(SHOP).status_code == 200
    assert second.ask(SHOP)["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] < 1_999


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 400, "application_cannot_be_found"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_grant_that_is_refused(shop: DevStoreClient, changed: dict[str, str], status: int, error: str) -> None:
    response = granted(shop, **changed)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert "access_token" not in response.json()


def test_a_body_that_cannot_be_read_is_refused(shop: DevStoreClient) -> None:
    response = shop.http.post(PATH, content=b"{nonsense", headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_an_installed_app_is_granted_its_own_scopes(shop: DevStoreClient) -> None:
    app = {"action": "install", "client_id": "reader", "client_secret": "s", "scopes": ["read_products"]}
    shop.control("apps", app)
    answer = granted(shop, client_id="reader", client_secret="s").json()
    assert answer["scope"] == "read_products"
    query = "{ currentAppInstallation { accessScopes { handle } } }"
    client = DevStoreClient(shop.address, answer["access_token"])
    assert client.data(query)["currentAppInstallation"]["accessScopes"] == [{"handle": "read_products"}]


def with_scopes(shop: DevStoreClient, *scopes: str) -> DevStoreClient:
    shop.control("apps", {"action": "token", "token": "narrow", "scopes": list(scopes)})
    return DevStoreClient(shop.address, "narrow")


def test_a_missing_scope_is_named(shop: DevStoreClient) -> None:
    answer = with_scopes(shop, "read_products").ask('mutation { productCreate(product: {title: "x"}) { shop { id } } }')
    assert answer["data"] == {"productCreate": None}
    (error,) = answer["errors"]
    assert error["path"] == ["productCreate"]
    assert error["extensions"] == {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": "`write_products` access scope.",
    }
    assert shop.stats()["products"] == 0


def test_a_write_scope_reads_too_and_either_of_two_will_do(shop: DevStoreClient) -> None:
    assert "errors" not in with_scopes(shop, "write_products").ask("{ productsCount { count } }")
    locations = "{ locations(first: 1) { nodes { id } } }"
    assert "errors" not in with_scopes(shop, "read_inventory").ask(locations)
    answer = with_scopes(shop, "read_products").ask(locations)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["requiredAccess"] == "`read_locations` or `read_inventory` access scope."


def test_every_field_with_a_scope_is_a_root_field_and_its_scope_exists() -> None:
    schema = carried_schema("2026-10")
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    roots = {*schema.query_type.fields, *schema.mutation_type.fields}
    assert {scope for scopes in REQUIRED.values() for scope in scopes} <= set(API_SCOPES)
    without = {
        "shop", "node", "nodes", "currentAppInstallation", "events", "bulkOperation", "bulkOperations",
        "bulkOperationRunMutation", "bulkOperationRunQuery", "bulkOperationCancel", "stagedUploadsCreate",
        "webhookSubscription", "webhookSubscriptions", "webhookSubscriptionsCount", "webhookSubscriptionCreate",
        "webhookSubscriptionUpdate", "webhookSubscriptionDelete", "currentBulkOperation",
    }  # fmt: skip
    assert roots - without - set(REQUIRED) == set()


def test_a_revoked_token_is_worth_nothing(shop: DevStoreClient) -> None:
    client = with_scopes(shop, "read_products")
    shop.control("apps", {"action": "revoke", "token": "narrow"})
    assert client.post(SHOP).status_code == 401


@pytest.mark.parametrize("status", [402, 403, 423, 430])
def test_a_shop_can_be_shut_until_it_is_opened_again(shop: DevStoreClient, status: int) -> None:
    shop.control("settings", {"refuse_status": status})
    assert [shop.post(SHOP).status_code for _ in range(3)] == [status] * 3
    assert shop.stats()["refused"] == {str(status): 3}
    shop.control("settings", {"refuse_status": None})
    assert shop.post(SHOP).status_code == 200
