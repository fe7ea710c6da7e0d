"""Staged uploads: targets as recorded, and a storage service that takes what it was promised and nothing else."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from shopsync_pipeline_tests.devstore.bulk_client import CREATE, STAGE, BulkClient, jsonl
from shopsync_pipeline_tests.devstore.client import DevStoreClient

FIELDS = [
    "Content-Type", "success_action_status", "acl", "key", "x-goog-date", "x-goog-credential", "x-goog-algorithm",
    "x-goog-signature", "policy",
]  # fmt: skip


@pytest.fixture
def bulk(shop: DevStoreClient) -> BulkClient:
    return BulkClient(shop)


def fields_of(target: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in target["parameters"]}


def test_a_form_target_lists_its_fields_in_the_recorded_order(bulk: BulkClient) -> None:
    target = bulk.stage("POST")
    fields = fields_of(target)
    assert list(fields) == FIELDS
    assert target["url"].startswith(bulk.shop.address)
    assert fields["key"].split("/")[0::4] == ["tmp", "vars.jsonl"]
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert ["content-length-range", 1, 104857600] in policy["conditions"]


def test_a_form_upload_answers_201_with_the_key_in_xml(bulk: BulkClient) -> None:
    target = bulk.stage("POST")
    fields = fields_of(target)
    answer = httpx.post(target["url"], data=fields, files={"file": ("v.jsonl", b'{"a":1}\n')})
    assert answer.status_code == 201
    assert f"<Key>{fields['key']}</Key>" in answer.text
    assert "<PostResponse>" in answer.text


def test_fields_after_the_file_do_not_count(bulk: BulkClient) -> None:
    target = bulk.stage("POST")
    fields = fields_of(target)
    parts: list[tuple[str, tuple[str | None, str]]] = [(name, (None, value)) for name, value in fields.items()]
    file: tuple[str, tuple[str | None, str]] = ("file", ("v.jsonl", "{}\n"))
    assert httpx.post(target["url"], files=[file, *parts]).status_code == 403
    assert httpx.post(target["url"], files=[*parts, file]).status_code == 201


@pytest.mark.parametrize("field", ["x-goog-signature", "policy", "Content-Type"])
def test_a_changed_field_is_refused(bulk: BulkClient, field: str) -> None:
    target = bulk.stage("POST")
    fields = {**fields_of(target), field: "mine"}
    answer = httpx.post(target["url"], data=fields, files={"file": ("v.jsonl", b"{}\n")})
    assert answer.status_code == 400
    assert "<Code>InvalidPolicyDocument</Code>" in answer.text


def test_the_policy_wants_at_least_a_byte_and_at_most_a_hundred_megabytes(bulk: BulkClient) -> None:
    target = bulk.stage("POST")
    for size, code in ((0, "EntityTooSmall"), (100 * 1024 * 1024 + 1, "EntityTooLarge")):
        answer = httpx.post(
            target["url"], data=fields_of(target), files={"file": ("v.jsonl", b"x" * size)}, timeout=60
        )
        assert (answer.status_code, code in answer.text) == (400, True)


def test_a_form_target_holds_for_a_day_of_the_shops_time(bulk: BulkClient) -> None:
    target = bulk.stage("POST")
    bulk.shop.control("clock", {"advance_seconds": 24 * 3600 + 1})
    answer = httpx.post(target["url"], data=fields_of(target), files={"file": ("v.jsonl", b"{}\n")})
    assert (answer.status_code, "<Code>ExpiredToken</Code>" in answer.text) == (400, True)


def test_a_put_target_takes_the_raw_body_and_its_path_names_it(bulk: BulkClient) -> None:
    target = bulk.stage("PUT")
    assert fields_of(target) == {"content_type": "text/jsonl", "acl": "private"}
    answer = httpx.put(target["url"], content=jsonl([{"product": {"title": "By PUT"}}]))
    assert (answer.status_code, answer.content) == (200, b"")
    path = httpx.URL(target["url"]).path
    payload = bulk.start(CREATE, path)
    assert payload["userErrors"] == []
    assert bulk.finish(payload["bulkOperation"]["id"])["objectCount"] == "1"


def test_a_put_without_its_signature_is_refused(bulk: BulkClient) -> None:
    url = httpx.URL(bulk.stage("PUT")["url"])
    assert httpx.put(url.copy_with(query=None), content=b"{}").status_code == 403
    assert httpx.put(f"{bulk.shop.address}/staged-uploads/tmp/1/bulk/none/x", content=b"{}").status_code == 403


def test_pictures_and_files_have_their_own_folders(bulk: BulkClient) -> None:
    picture = bulk.stage("POST", resource="IMAGE", filename="a b.png", mimeType="image/png")
    assert "/products/" in picture["resourceUrl"]
    assert picture["resourceUrl"].endswith("/a%20b.png")
    assert "/files/" in bulk.stage("POST", resource="FILE", filename="a.txt")["resourceUrl"]


def test_a_kind_of_file_the_shop_cannot_store_is_refused_with_the_whole_call(bulk: BulkClient) -> None:
    rows = [
        {"resource": "FILE", "filename": "a", "mimeType": "text/plain"},
        {"resource": "VIDEO", "filename": "b.mp4", "mimeType": "video/mp4", "fileSize": "4096"},
    ]
    payload = bulk.shop.data(STAGE, {"input": rows})["stagedUploadsCreate"]
    assert payload["stagedTargets"] is None
    assert payload["userErrors"][0]["field"] == ["input", "1", "resource"]
