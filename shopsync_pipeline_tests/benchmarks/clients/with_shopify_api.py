"""Updates products with the Python package ShopifyAPI, one after the other or in threads; prints JSON.

The package repeats nothing: an answer that says THROTTLED is an answer, and a write that was refused so is lost unless
the user thought of it. Its users sleep when `throttleStatus` says that points run out, if anything.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import shopify  # type: ignore[import-not-found]

WORK: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))


def activate() -> None:
    """Each thread has a session of its own: the package keeps it there."""
    # The package puts the shop's name before a domain of its own choosing: together they are this machine.
    shopify.Session.setup(myshopify_domain="0.0.1", port=WORK["port"])
    shopify.ShopifyResource.activate_session(shopify.Session("127.0.0.1", "2026-10", WORK["token"]))


def update(product: dict[str, Any]) -> str:
    """Sends one update; tells how it ended."""
    if time.monotonic() > until:
        return "not sent"
    try:
        answer = json.loads(shopify.GraphQL().execute(WORK["document"], {"product": product}))
    except Exception as error:  # noqa: BLE001 - what a user sees, whatever it is
        return type(error).__name__
    if "errors" in answer:
        return str(answer["errors"][0].get("extensions", {}).get("code", "error"))
    return "done"


started = time.monotonic()
until = started + WORK["patience"]
if WORK["at_once"] == 1:
    activate()
    results = [update(product) for product in WORK["products"]]
else:
    with ThreadPoolExecutor(WORK["at_once"], initializer=activate) as pool:
        results = list(pool.map(update, WORK["products"]))
counts = {word: results.count(word) for word in sorted(set(results))}
print(json.dumps({"seconds": time.monotonic() - started, "processor": time.process_time(), "results": counts}))
