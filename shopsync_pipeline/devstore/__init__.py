"""A local Shopify Admin GraphQL API to develop, demo, test and rehearse against.

It knows no other room of the project, so that it can disagree with them. `serve` blocks; `create_app` is the ASGI app.
"""

from shopsync_pipeline.devstore.app import create_app
from shopsync_pipeline.devstore.config import DevStoreConfig, DevStoreError
from shopsync_pipeline.devstore.server import serve

__all__ = ["DevStoreConfig", "DevStoreError", "create_app", "serve"]
