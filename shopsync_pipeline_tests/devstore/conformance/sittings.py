"""Each recording's sitting: what has to be there first, which reads belong to another moment, what it refers to.

The files group exchanges by kind; the order here is the one in which the answers can follow from each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shopsync_pipeline_tests.devstore.conformance import setups, uploads
from shopsync_pipeline_tests.devstore.conformance.recordings import Exchange, Recording
from shopsync_pipeline_tests.devstore.conformance.replay import Replay, walk
from shopsync_pipeline_tests.devstore.conformance.setups import START, Setup, owner_with, shown, stocked_items


@dataclass(frozen=True, slots=True)
class Sitting:
    """How one recording is asked again.

    `after` moves an exchange behind another ("" is the end); `before` is done before the exchange at a place;
    `captured` gives what the recording refers to and does not hold, read from what it does hold.
    """

    after: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Setup] = field(default_factory=dict)
    captured: Mapping[str, Callable[[Recording], Any]] = field(default_factory=dict)

    def order(self, recording: Recording) -> list[Exchange]:
        """The exchanges as they are asked."""
        moved = {
            place: target
            for place in (exchange.at for exchange in recording.exchanges)
            for prefix, target in self.after.items()
            if place.startswith(prefix)
        }
        order = [exchange for exchange in recording.exchanges if exchange.at not in moved]
        for place, target in moved.items():
            index = next((n for n, exchange in enumerate(order, 1) if exchange.at == target), len(order))
            order.insert(index, recording.at(place))
        return order


def _webhook_input(read: str, **more: Any) -> Callable[[Recording], Any]:
    """The input of an update, as the recorded read after it shows it."""

    def rebuild(recording: Recording) -> Any:
        shown_here = walk(recording.at(read).answer, "$.data.webhookSubscription")
        return {
            "format": shown_here["format"],
            "uri": shown_here["endpoint"]["callbackUrl"],
            "includeFields": shown_here["includeFields"],
            "metafieldNamespaces": shown_here["metafieldNamespaces"],
            **more,
        }

    return rebuild


def _value(place: str, path: str) -> Callable[[Recording], Any]:
    return lambda recording: walk(recording.at(place).answer, path)


def _product_to_delete(replay: Replay) -> None:
    gone = walk(replay.recording.at("$.mutation.response").answer, "$.data.productDelete.deletedProductId")
    setups.make_product(replay, {"id": gone, "title": "To be deleted"})
    replay.happened({"data": {"productCreate": {"product": {"id": gone}}}})


def _product_with_media(replay: Replay) -> None:
    product = replay.recording.at("$.mutation.response").variables["productId"]
    setups.make_product(replay, {"id": product, "title": "Has media"})


def _media(replay: Replay) -> None:
    """The image of the call that is not carried, given to the product in the way that is."""
    call = replay.recording.at("$.mutation.response")
    setups.add_media(replay, call.variables["productId"], call.variables["media"])


def _duplicate(replay: Replay) -> None:
    """The product that the call which is not carried had made."""
    answer = replay.recording.at("$.operations.productDuplicate").answer
    setups.make_product(replay, walk(answer, "$.data.productDuplicate.newProduct"))


_CREATE_WEBHOOK: Final = """
mutation C($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) { webhookSubscription { id } }
}"""


def _webhook_to_refuse(replay: Replay) -> None:
    """The subscription on which every refused update of the recording is tried."""
    read = "$.updateValidation.detailAfterFailedUpdates.response.payload"
    found = walk(replay.recording.at(read).answer, "$.data.webhookSubscription")
    given = {**_webhook_input(read)(replay.recording), "filter": found["filter"]}
    made = replay.shop.data(_CREATE_WEBHOOK, {"topic": found["topic"], "given": given})["webhookSubscriptionCreate"]
    replay.known.learn(found["id"], made["webhookSubscription"]["id"])
    replay.happened({"data": {"webhookSubscriptionCreate": {"webhookSubscription": {"id": found["id"]}}}})


def _used_key(replay: Replay) -> None:
    """The sitting had used the key of its clean-up for another location."""
    key = replay.recording.at("$.cleanup[0]").variables["idempotencyKey"]
    setups.use_location_key(replay, key)


_BASE: Final = "$.filterValidation.createUpdateBase.response.payload"
_ATOMIC: Final = "products/product-variants-bulk-validation-atomicity"

SITTINGS: Final[dict[str, Sitting]] = {
    "bulk-operations/bulk-operation-run-mutation-concurrency-limit": Sitting(
        before={START: uploads.every_path("$.successfulRuns[", "$.sixthRun")}
    ),
    "bulk-operations/bulk-operation-run-mutation-created-status": Sitting(
        before={
            "$.success.run": uploads.one_product,
            "$.success.statusPolls[0]": uploads.reach("$.success.run", "RUNNING", stall=True),
            "$.success.statusPolls[1]": uploads.reach("$.success.run", "COMPLETED"),
        }
    ),
    "bulk-operations/bulk-operation-run-query-group-objects": Sitting(
        before={
            START: uploads.some_products,
            **{
                f"$.runs.{run}.statusPolls[1]": uploads.reach(f"$.runs.{run}.run", "COMPLETED")
                for run in ("runQueryGroupObjectsTrue", "runQueryGroupObjectsDefault")
            },
        }
    ),
    "metafields/metafields-set-input-validation": Sitting(
        after={"$.upstreamCalls": ""}, before={START: shown("$.upstreamCalls[1]", "$.data.nodes[0]")}
    ),
    "products/inventory-adjust-zero-delta-noop": Sitting(
        before={START: stocked_items(("$.mixedZeroAndNonzero.response",))}
    ),
    "products/inventory-quantity-contracts-2026-04": Sitting(
        after={"$.upstreamCalls[1]": ""},
        before={START: setups.quantity_contract},
        captured={
            "$.setup.product.inventoryItemId": _value("$.upstreamCalls[0]", "$.data.nodes[0].id"),
            "$.setup.product.productId": _value("$.upstreamCalls[0]", "$.data.nodes[0].variant.product.id"),
        },
    ),
    "products/inventorySetQuantities-quantity-bounds": Sitting(
        before={
            START: stocked_items(
                ("$.cases.onHandNegative", "$.cases.availableTooLow", "$.cases.availableNegativeWithinBounds")
            )
        }
    ),
    "products/metafields-delete-parity": Sitting(
        before={START: owner_with("material=Wool", "origin", "season", "missing_namespace")}
    ),
    "products/metafields-set-cas-success-parity": Sitting(before={START: owner_with("material=Canvas", "origin")}),
    "products/metafields-set-invalid-compare-digest-parity": Sitting(before={START: owner_with("material", "origin")}),
    "products/metafields-set-null-create-parity": Sitting(before={START: owner_with("material", "origin")}),
    "products/metafields-set-over-limit-parity": Sitting(
        after={"$.upstreamCalls": ""},
        before={
            START: owner_with("material", "origin", "season", "missing_namespace"),
            "$.upstreamCalls[0]": setups.without_material,
        },
    ),
    "products/metafields-set-parity": Sitting(
        after={"$.upstreamCalls": ""}, before={START: owner_with(), "$.upstreamCalls[0]": setups.without_material}
    ),
    "products/metafields-set-stale-digest-parity": Sitting(before={START: owner_with("material", "origin")}),
    "products/product-create-media-parity": Sitting(before={START: _product_with_media, "$.readyRead": _media}),
    "products/product-delete-parity": Sitting(before={"$.mutation.response": _product_to_delete}),
    "products/product-handle-dedup-parity": Sitting(before={"$.cleanup[0]": _duplicate}),
    "products/product-set-parity": Sitting(
        after={
            "$.upstreamCalls[3]": "$.update.mutation.response",
            "$.upstreamCalls[4]": "$.preExistingUpdate.id.mutation.response",
        },
        before={START: setups.two_locations, "$.upstreamCalls[3]": setups.in_its_collection},
        captured={
            "$.update.mutation.variables.input.title": _value(
                "$.update.mutation.response", "$.data.productSet.product.title"
            ),
            **{
                f"$.update.mutation.variables.input.variants[{n}].sku": _value(
                    "$.update.mutation.response", f"$.data.productSet.product.variants.nodes[{n}].sku"
                )
                for n in (0, 1)
            },
        },
    ),
    "products/product-update-parity": Sitting(before={START: shown("$.upstreamCalls[0]", "$.data.product")}),
    "products/product-variants-bulk-create-parity": Sitting(
        before={START: shown("$.upstreamCalls[0]", "$.data.product")},
        captured={"$.downstreamRead.requestVariables.query": lambda _: "sku:BULK-CREATED-ELSEWHERE"},
    ),
    "products/product-variants-bulk-update-allow-partial-and-error-order": Sitting(
        before={START: shown("$.upstreamCalls[0]", "$.data.product")}
    ),
    "products/product-variants-bulk-update-parity": Sitting(
        before={START: shown("$.upstreamCalls[0]", "$.data.product")},
        captured={"$.downstreamRead.requestVariables.query": lambda _: "sku:BULK-UPDATED-ELSEWHERE"},
    ),
    _ATOMIC: Sitting(before={START: shown("$.upstreamCalls[1]", "$.data.product")}),
    "products/products-common-search-filters": Sitting(
        before={START: setups.every_shown("$.preconditionRead", "$.data.products.nodes")}
    ),
    "products/tags-add-parity": Sitting(before={START: shown("$.upstreamCalls[0]", "$.data.nodes[0]")}),
    "store-properties/location-activate-deactivate-lifecycle": Sitting(
        after={"$.upstreamCalls[0]": "$.setup.hydrateLocation"}, before={"$.cleanup[0]": _used_key}
    ),
    "webhooks/webhook-subscription-conformance": Sitting(
        before={"$.updateValidation.updateBlankUri.response.payload": _webhook_to_refuse},
        captured={
            "$.filterValidation.updateValidFilter.variables.webhookSubscription": lambda recording: {
                **_webhook_input("$.filterValidation.detailAfterValidUpdate.response.payload")(recording),
                "filter": walk(
                    recording.at("$.filterValidation.detailAfterValidUpdate.response.payload").answer,
                    "$.data.webhookSubscription.filter",
                ),
            },
            "$.filterValidation.updateInvalidFilter.variables.webhookSubscription": _webhook_input(
                "$.filterValidation.detailAfterValidUpdate.response.payload", filter="no field is named here"
            ),
            "$.lifecycle.update.variables.webhookSubscription": _webhook_input(
                "$.lifecycle.detailAfterUpdate.response.payload"
            ),
            "$.updateValidation.updateBlankUri.variables.webhookSubscription": lambda _: {"uri": ""},
            "$.updateValidation.updateHttpUri.variables.webhookSubscription": lambda _: {
                "uri": "http://example.com/hook"
            },
            "$.updateValidation.updateInvalidPubSub.variables.webhookSubscription": lambda _: {"uri": "pubsub://"},
        },
    ),
}
