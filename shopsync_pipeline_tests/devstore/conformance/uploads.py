"""Set-ups of the recorded bulk operations: the files they read, and the shop's clock held while they are looked at.

An operation waits for the clock before it starts, so each recorded status is seen whatever this machine's speed.
"""

from __future__ import annotations

import json
from typing import Any, Final

from shopsync_pipeline_tests.devstore.conformance.replay import Replay, walk
from shopsync_pipeline_tests.devstore.conformance.setups import Setup

_HOUR: Final = 3_600
_STATUS: Final = "query S($id: ID!) { bulkOperation(id: $id) { status objectCount } }"
_STAGE: Final = """
mutation Stage($input: [StagedUploadInput!]!) {
  stagedUploadsCreate(input: $input) { stagedTargets { url parameters { name value } } userErrors { message } }
}"""


def upload(replay: Replay, filename: str, lines: list[dict[str, Any]]) -> str:
    """Uploads a JSONL file of variables; gives its path for bulkOperationRunMutation."""
    given = {
        "resource": "BULK_MUTATION_VARIABLES", "filename": filename, "mimeType": "text/jsonl", "httpMethod": "POST",
    }  # fmt: skip
    target = replay.shop.data(_STAGE, {"input": [given]})["stagedUploadsCreate"]["stagedTargets"][0]
    return _post(replay, target["url"], {row["name"]: row["value"] for row in target["parameters"]}, lines)


def _post(replay: Replay, url: str, parameters: dict[str, str], lines: list[dict[str, Any]]) -> str:
    body = "\n".join(json.dumps(line) for line in lines).encode()
    response = replay.shop.http.post(url, data=parameters, files={"file": ("file.jsonl", body, "text/jsonl")})
    assert response.status_code == 201, response.text
    return parameters["key"]


def every_path(*prefixes: str) -> Setup:
    """One file of one product for every run at a place that starts with a prefix."""

    def make(replay: Replay) -> None:
        hold(replay)
        runs = [exchange for exchange in replay.recording.exchanges if exchange.at.startswith(prefixes)]
        for number, run in enumerate(runs, 1):
            path = run.variables["path"]
            line = {"product": {"title": f"Bulk product {number}", "status": "DRAFT"}}
            replay.known.texts[path] = upload(replay, path.rsplit("/", 1)[1], [line])

    return make


def one_product(replay: Replay) -> None:
    """The file for the upload target that the recording has just been given: the product that is read afterwards."""
    recorded = walk(replay.recording.at("$.setup.stagedUpload").answer, "$.data.stagedUploadsCreate.stagedTargets[0]")
    product = walk(replay.recording.at("$.success.downstreamRead").answer, "$.data.products.nodes[0]")
    theirs = next(row["value"] for row in recorded["parameters"] if row["name"] == "key")
    line = {"product": {"title": product["title"], "status": product["status"]}}
    hold(replay)
    replay.known.texts[theirs] = upload(replay, "products.jsonl", [line])


def some_products(replay: Replay) -> None:
    """A few products to export."""
    hold(replay)
    for number in range(3):
        replay.shop.make(title=f"Exported {number}")


def hold(replay: Replay) -> None:
    """From now on an operation stays CREATED until the shop's clock has gone forward an hour."""
    replay.shop.control("settings", {"bulk_start_ms": _HOUR * 1_000})


def reach(run: str, status: str, *, stall: bool = False) -> Setup:
    """Lets the operation that was started at the place `run` go on until it has a status.

    With `stall` it stands still after its first object, which keeps it RUNNING.
    """

    def go_on(replay: Replay) -> None:
        payload = next(iter(replay.recording.at(run).answer["data"].values()))
        operation = replay.known.ours[payload["bulkOperation"]["id"]]
        replay.shop.control("bulk", {"action": "stall", "after": 1} if stall else {"action": "release"})
        replay.shop.control("clock", {"advance_seconds": _HOUR})
        found = {"status": "", "objectCount": ""}
        while found["status"] != status or (stall and found["objectCount"] != "1"):
            found = replay.shop.data(_STATUS, {"id": operation})["bulkOperation"]
            assert found["status"] in ("CREATED", "RUNNING", status), found

    return go_on
