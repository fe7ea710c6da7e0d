"""Bulk operations as a caller runs them: upload, start, poll, download."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from shopsync_pipeline_tests.devstore.client import DevStoreClient

STAGE = """
mutation Stage($input: [StagedUploadInput!]!) {
  stagedUploadsCreate(input: $input) {
    stagedTargets { url resourceUrl parameters { name value } } userErrors { field message }
  }
}"""
OPERATION = (
    "id status type errorCode createdAt completedAt objectCount rootObjectCount fileSize url partialDataUrl query"
)
RUN_MUTATION = f"""
mutation Run($mutation: String!, $path: String!, $client: String) {{
  bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path, clientIdentifier: $client) {{
    bulkOperation {{ {OPERATION} }} userErrors {{ field message code }}
  }}
}}"""
RUN_QUERY = f"""
mutation Run($query: String!, $grouped: Boolean!) {{
  bulkOperationRunQuery(query: $query, groupObjects: $grouped) {{
    bulkOperation {{ {OPERATION} }} userErrors {{ field message code }}
  }}
}}"""
CANCEL = f"""
mutation Cancel($id: ID!) {{
  bulkOperationCancel(id: $id) {{ bulkOperation {{ {OPERATION} }} userErrors {{ field message }} }}
}}"""
POLL = f"query Poll($id: ID!) {{ bulkOperation(id: $id) {{ {OPERATION} }} }}"
CREATE = (
    "mutation Create($product: ProductCreateInput!) "
    "{ productCreate(product: $product) { product { id title } userErrors { field message } } }"
)
UPDATE = (
    "mutation Update($product: ProductUpdateInput!) "
    "{ productUpdate(product: $product) { product { id title } userErrors { field message } } }"
)
TERMINAL = ("COMPLETED", "CANCELED", "FAILED", "EXPIRED")


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class BulkClient:
    """Bulk calls to one dev store."""

    def __init__(self, shop: DevStoreClient) -> None:
        self.shop = shop

    def stage(self, method: str = "POST", **changed: Any) -> dict[str, Any]:
        given = {
            "resource": "BULK_MUTATION_VARIABLES",
            "filename": "vars.jsonl",
            "mimeType": "text/jsonl",
            "httpMethod": method,
            **changed,
        }
        payload = self.shop.data(STAGE, {"input": [given]})["stagedUploadsCreate"]
        assert payload["userErrors"] == []
        found: dict[str, Any] = payload["stagedTargets"][0]
        return found

    def upload(self, content: bytes) -> str:
        """Uploads by form and gives the path to name when starting."""
        target = self.stage()
        fields: dict[str, str] = {one["name"]: one["value"] for one in target["parameters"]}
        answer = httpx.post(target["url"], data=fields, files={"file": ("vars.jsonl", content)}, timeout=60,
                            verify=False)
        assert answer.status_code == 201, answer.text
        return fields["key"]

    def start(self, mutation: str, path: str, client: str | None = None) -> dict[str, Any]:
        """The whole payload of a start."""
        variables = {"mutation": mutation, "path": path, "client": client}
        payload: dict[str, Any] = self.shop.data(RUN_MUTATION, variables)["bulkOperationRunMutation"]
        return payload

    def run(self, mutation: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """An operation over these variables, right after its start."""
        payload = self.start(mutation, self.upload(jsonl(rows)))
        assert payload["userErrors"] == []
        operation: dict[str, Any] = payload["bulkOperation"]
        return operation

    def export(self, query: str, *, grouped: bool = False) -> dict[str, Any]:
        payload = self.ask_export(query, grouped=grouped)
        assert payload["userErrors"] == []
        operation: dict[str, Any] = payload["bulkOperation"]
        return operation

    def ask_export(self, query: str, *, grouped: bool = False) -> dict[str, Any]:
        payload: dict[str, Any] = self.shop.data(RUN_QUERY, {"query": query, "grouped": grouped})[
            "bulkOperationRunQuery"
        ]
        return payload

    def cancel(self, number: str) -> dict[str, Any]:
        payload: dict[str, Any] = self.shop.data(CANCEL, {"id": number})["bulkOperationCancel"]
        return payload

    def poll(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = self.shop.data(POLL, {"id": number})["bulkOperation"]
        return found

    def finish(self, number: str, *statuses: str) -> dict[str, Any]:
        """The operation once it has one of the statuses (by default any terminal one)."""
        return self.until(number, lambda found: found["status"] in (statuses or TERMINAL))

    def until(self, number: str, holds: Any) -> dict[str, Any]:
        """The operation once something holds of it; a minute is given, far more than any of this takes."""
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            found = self.poll(number)
            if holds(found):
                return found
            time.sleep(0.01)
        raise AssertionError(f"the operation is still {found}")

    def results(self, operation: dict[str, Any], field: str = "url") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text(operation, field).splitlines()]

    def text(self, operation: dict[str, Any], field: str = "url") -> str:
        assert operation[field] is not None, operation
        answer = httpx.get(operation[field], timeout=60, verify=False)
        assert answer.status_code == 200, answer.text
        return answer.text
