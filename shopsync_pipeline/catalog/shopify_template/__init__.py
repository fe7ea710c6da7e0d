"""The Shopify-template shape: one CSV in Shopify's own product format, a handle's rows together making a product."""

from __future__ import annotations
