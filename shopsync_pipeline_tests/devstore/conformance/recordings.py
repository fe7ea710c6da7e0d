"""The recorded exchanges: one file is one sitting with a real store, its exchanges in the order they are asked again.

An exchange that a file tells twice (once more under ".response", laid out anew) is asked once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from graphql import parse, print_ast

from shopsync_pipeline_tests.devstore.conftest import shared_folder

_RETOLD: Final = (".response.payload", ".response")


def recordings_folder() -> Path:
    """The folder of the recorded answers; it may not exist."""
    return shared_folder() / "fixtures" / "shopify"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its recorded answer. `copies` counts how often the file tells it."""

    at: str
    query: str
    variables: dict[str, Any]
    answer: dict[str, Any]
    points: int | None
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: the API version it was asked of, the shop's domain, and the exchanges in the order of the sitting."""

    name: str
    version: str
    shop: str
    exchanges: tuple[Exchange, ...]

    @property
    def interactions(self) -> int:
        """How many interactions the file holds, told twice or not."""
        return sum(exchange.copies for exchange in self.exchanges)

    def at(self, place: str) -> Exchange:
        """The exchange at a place of the file."""
        return next(exchange for exchange in self.exchanges if exchange.at == place)


def recordings(folder: Path) -> Iterator[Recording]:
    """Every recording under `folder`, by name."""
    for path in sorted(folder.glob("*/*.json")):
        yield read_recording(path)


def read_recording(path: Path) -> Recording:
    """One recording, as its file tells it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    told: dict[str, Exchange] = {}
    for row in content["interactions"]:
        exchange = Exchange(
            at=row["at"],
            query=row["query"],
            variables=row["variables"] or {},
            answer={part: row["response"][part] for part in ("data", "errors") if part in row["response"]},
            points=row["response"].get("extensions", {}).get("cost", {}).get("requestedQueryCost"),
        )
        before = _told_before(told, exchange)
        if before is None:
            told[exchange.at] = exchange
        else:
            told[before.at] = replace(before, copies=before.copies + 1)
    # The source is the recording's path in its project; the folder above the version is the shop it was asked of.
    shop = next(part for part in content["source"].split("/") if part.endswith(".myshopify.com"))
    return Recording(f"{path.parent.name}/{path.stem}", content["api_version"], shop, tuple(told.values()))


def _told_before(told: dict[str, Exchange], exchange: Exchange) -> Exchange | None:
    """The same exchange under its own place, or the very same question and answer under another."""
    for suffix in _RETOLD:
        other = told.get(exchange.at.removesuffix(suffix))
        if other is not None and other.answer == exchange.answer and exchange.at.endswith(suffix):
            return other
    for other in told.values():
        same = other.answer == exchange.answer and other.variables == exchange.variables
        if same and print_ast(parse(other.query)) == print_ast(parse(exchange.query)):
            return other
    return None
