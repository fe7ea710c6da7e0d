"""What can go wrong with a bulk operation beside its requests; every message is sentences for the operator."""
# ruff: noqa: N818 - these names say what happened, and callers read better for it.

from __future__ import annotations

from shopsync_pipeline.shopify.errors import ShopifyError


class BulkFault(ShopifyError):
    """A bulk operation, or its result file, did not give what was asked for. Base of the others here."""


class BulkStalled(BulkFault):
    """A bulk operation showed no progress for as long as we were patient; it may still be running."""


class ResultLost(BulkFault):
    """A result file cannot be read (any more): its link has expired, or it broke off and did not come again."""
