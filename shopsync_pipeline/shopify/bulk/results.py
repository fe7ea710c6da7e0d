"""What a result line of a bulk mutation says about the line of input that it names.

An operation that is COMPLETED says nothing about its lines: each has an answer of its own, in any order, and one that
is missing may or may not have been run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.shopify.answered import Written, written
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.bulk.mutations import DIRECT, METAFIELDS_TOLD
from shopsync_pipeline.shopify.errors import GraphQLFault, ShopifyError, UserError, UserErrors
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of a result. `number`: which line of the input it answers, from zero; `None` where it does not say."""

    number: int | None
    data: Mapping[str, Any] | None
    errors: tuple[Mapping[str, Any], ...]

    @classmethod
    def parse(cls, raw: bytes) -> ResultLine:
        """Reads a line; what is no JSON object (the end of a file that broke off) answers nothing."""
        try:
            row = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return cls(None, None, ())
        if not isinstance(row, dict):
            return cls(None, None, ())
        number = row.get("__lineNumber")
        return cls(number if isinstance(number, int) else None, row.get("data"), tuple(row.get("errors") or ()))

    def answers(self, root: str) -> bool:
        """Whether it holds an answer to the mutation `root` without any error."""
        payload = (self.data or {}).get(root)
        return payload is not None and not payload.get("userErrors") and not self.errors

    def refusal(self, root: str) -> ShopifyError | None:
        """The error that the line was answered with; `shopify.faults.fault_of` says what it means."""
        payload = (self.data or {}).get(root)
        if payload is not None:
            refused = [UserError.from_row(row) for row in payload.get("userErrors") or ()]
            return UserErrors(root, refused) if refused else None
        if not self.errors:
            return None
        codes = tuple(str(code) for row in self.errors if (code := (row.get("extensions") or {}).get("code")))
        told = "; ".join(str(row.get("message", "")) for row in self.errors[:5])
        return GraphQLFault(f"Shopify answered a line of {root} in a bulk operation with: {told}.", codes=codes)


def written_by_line(item: PlanItem, request: Request, data: Mapping[str, Any], links: Links | None,
                    listings: Listings = NOTHING_LISTED) -> Written:
    """What the shop shows after a line, from the answer to it; `complete` is false where the answer, which has one
    connection, cannot tell everything that was written.

    Raises `AnswerLost` as `written` does.
    """
    direct = replace(request, document=DIRECT[request.document])
    if request.document == "bulk_product_set":
        result = written(item, direct, {request.root: _as_answered(data[request.root])}, links, listings)
        told = _told(request.variables["input"])
    else:
        result = written(item, direct, data, links, listings)
        told = request.document != "bulk_product_update" or not _memberships(request.variables["product"])
    return result if told else replace(result, complete=False)


def _as_answered(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to a creation in the shape of a direct one."""
    node = payload.get("product")
    if node is None:
        return payload
    slots = [row for slot in range(METAFIELDS_TOLD) if (row := node.get(f"m{slot}"))]
    pictures = [first] if (first := node.get("featuredMedia")) else []
    return {**payload, "product": {**node, "metafields": {"nodes": slots}, "media": {"nodes": pictures}}}


def _told(values: Mapping[str, Any]) -> bool:
    """Whether the answer to a creation tells all of its input: of pictures it tells the first, and of none which
    variant shows it."""
    files: Sequence[Any] = values.get("files", ())
    return (len(values.get("metafields", ())) <= METAFIELDS_TOLD and len(files) <= 1 and not _memberships(values)
            and not any("file" in variant for variant in values.get("variants", ())))


def _memberships(values: Mapping[str, Any]) -> bool:
    return any(values.get(name) for name in ("collections", "collectionsToJoin", "collectionsToLeave"))
