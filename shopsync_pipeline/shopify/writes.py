"""Writing, in one place: plan items to requests, and their answers to what the shop shows.

Never sends: give a `Request` to `ShopifyClient.mutate(request.document, request.variables, cost=request.cost,
repeatable=request.repeatable)`.
"""

from shopsync_pipeline.shopify.answered import Written, inventory_written, written
from shopsync_pipeline.shopify.requests import MAX_ROWS, Request, inventory_request, request

__all__ = ["MAX_ROWS", "Request", "Written", "inventory_request", "inventory_written", "request", "written"]
