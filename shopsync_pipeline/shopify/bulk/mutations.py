"""Starts bulk mutations, finds them again, and calls them off; and which documents may be run in bulk.

A document is sent with the name of its shard behind the operation's own name. Shopify shows the text of an operation
as it was given (recorded answers), so one whose id was never learnt is found by it, and never taken for another's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.prices import MUTATION, connection
from shopsync_pipeline.shopify.asked import Request, page
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.documents import document
from shopsync_pipeline.shopify.errors import GraphQLFault

METAFIELDS_TOLD = 40
"""Metafields of a new product that its line's answer can tell about: a document may have one connection, which is the
variants', so each metafield has a field of its own."""

_IN_BULK: Mapping[str, str] = {
    "product_set": "bulk_product_set", "product_update": "bulk_product_update", "variants_update": "variants_update",
    "variants_create": "variants_create", "media_set": "media_set", "metafields_set": "metafields_set",
    "metafields_delete": "metafields_delete", "publish": "publish", "unpublish": "unpublish",
    "product_delete": "product_delete", "inventory_set": "inventory_set",
}
"""Document of a direct mutation → that of the same in bulk: one root, one connection at most."""

DOCUMENTS = tuple(sorted(set(_IN_BULK.values())))
"""The documents that are run in bulk."""

DIRECT: Mapping[str, str] = {bulk: direct for direct, bulk in _IN_BULK.items()}
"""Document in bulk → that of the same mutation sent directly."""

USUAL_DOCUMENT: Mapping[Operation, str] = {
    Operation.PRODUCT_CREATE: "bulk_product_set", Operation.PRODUCT_UPDATE: "bulk_product_update",
    Operation.VARIANTS_UPDATE: "variants_update", Operation.VARIANTS_CREATE: "variants_create",
    Operation.MEDIA_SET: "media_set", Operation.METAFIELDS_SET: "metafields_set",
    Operation.METAFIELDS_DELETE: "metafields_delete", Operation.PUBLISH: "publish",
    Operation.UNPUBLISH: "unpublish", Operation.PRODUCT_DELETE: "product_delete",
    Operation.INVENTORY_SET: "inventory_set",
}
"""Operation of a plan item → the document that carries it in bulk, by which its speed is remembered."""

_PAGE = 250
_NAMED = re.compile(r"\bmutation (\w+)")


def bulk_request(request: Request) -> Request | None:
    """The same request as one line of a bulk operation, which costs no points; `None` where it has none."""
    name = _IN_BULK.get(request.document)
    if name is None:
        return None
    variables = dict(request.variables)
    if name == "bulk_product_set":
        variables = {key: variables[key] for key in ("identifier", "input", "locationId", "withStock")}
        for slot, row in enumerate(variables["input"].get("metafields", ())[:METAFIELDS_TOLD]):
            variables |= {f"w{slot}": True, f"n{slot}": row["namespace"], f"k{slot}": row["key"]}
    elif name == "bulk_product_update":
        keys = variables["metafieldKeys"]
        variables = {key: variables[key] for key in ("identifier", "product", "withSeo", "withCategory")}
        variables |= {"metafieldKeys": keys, "metafields": page(len(keys)), "withMetafields": bool(keys)}
    return replace(request, document=name, variables=variables, cost=0.0)


def marked(name: str, mark: str) -> str:
    """The text of a document with `mark` (letters and digits) at the end of its operation's name."""
    return _NAMED.sub(rf"mutation \1_{mark}", document(name), count=1)


async def start(client: ShopifyClient, name: str, mark: str, staged_path: str) -> str:
    """Has Shopify run document `name` for every line of an uploaded file; returns the operation's id.

    Raises `UserErrors` when it is refused (codes INVALID_MUTATION, OPERATION_IN_PROGRESS, LIMIT_REACHED, NO_SUCH_FILE,
    INVALID_STAGED_UPLOAD_FILE, INTERNAL_FILE_SERVER_ERROR), `AnswerLost` when it may have been started (`find` tells),
    and what `ShopifyClient.mutate` raises beside.
    """
    answer = await client.mutate("bulk_run_mutation", {"mutation": marked(name, mark), "stagedUploadPath": staged_path},
                                 cost=MUTATION)
    made: Mapping[str, Any] | None = answer.data["bulkOperationRunMutation"]["bulkOperation"]
    if made is None:
        raise GraphQLFault("Shopify answered bulkOperationRunMutation with neither an operation nor an error.")
    return str(made["id"])


async def find(client: ShopifyClient, mark: str, since: datetime) -> str | None:
    """The id of the operation that was started with `mark`, of those created at `since` (aware) or later.

    Raises `FilterIgnored` should Shopify not understand the question, and what `ShopifyClient.query` raises.
    """
    query = f"operation_type:mutation created_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    after: str | None = None
    while True:
        answer = await client.query("bulk_mutations_since", {"query": query, "first": _PAGE, "after": after},
                                    cost=connection(_PAGE, 1))
        page = answer.data["bulkOperations"]
        for node in page["nodes"]:
            if f"_{mark}" in node["query"]:
                return str(node["id"])
        if not page["pageInfo"]["hasNextPage"]:
            return None
        after = page["pageInfo"]["endCursor"]


async def cancel(client: ShopifyClient, operation_id: str) -> None:
    """Asks Shopify to stop an operation; what it has done stays done, and its end is still to be waited for.

    Raises `UserErrors` for one that has ended already.
    """
    await client.mutate("bulk_operation_cancel", {"id": operation_id}, cost=MUTATION, repeatable=True)
