"""Writing, in one place: plan items to requests, and their answers to what the shop shows.

Never sends: give a `Request` to `ShopifyClient.mutate(request.document, request.variables, cost=request.cost,
repeatable=request.repeatable)`.
"""

from shopsync_pipeline.shopify.answered import Written, completed, inventory_written, metafields_written, written
from shopsync_pipeline.shopify.asked import MAX_ROWS, Request
from shopsync_pipeline.shopify.requests import request
from shopsync_pipeline.shopify.shared_calls import Digests, inventory_request, metafields_request

__all__ = ["MAX_ROWS", "Digests", "Request", "Written", "completed", "inventory_request", "inventory_written",
           "metafields_request", "metafields_written", "request", "written"]
