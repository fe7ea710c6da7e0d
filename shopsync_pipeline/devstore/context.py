"""What a resolver is given besides its source and arguments: the store, the moment, and where to note a warning.

One Context lives for one request; resolvers never see HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode

from shopsync_pipeline.devstore.config import API_SCOPES, DevStoreConfig
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.store import Store

Resolver = Callable[[Any, "Context", dict[str, Any]], Any]


@dataclass(slots=True)
class Context:
    """One request. `node` is the root field being resolved, for directives and places in the document."""

    store: Store
    version: str
    variables: dict[str, Any]
    now: str
    node: FieldNode | None = None
    arguments: dict[int, dict[str, Any]] = field(default_factory=dict)
    errors: list[PlatformError] = field(default_factory=list)
    search: list[dict[str, Any]] = field(default_factory=list)
    search_debug: bool = False
    keys: list[tuple[str, str]] = field(default_factory=list)
    scopes: frozenset[str] = frozenset(API_SCOPES)
    app: str = "app"
    root: str = ""

    @property
    def config(self) -> DevStoreConfig:
        """The shop's configuration."""
        return self.store.config

    def locations(self) -> list[dict[str, int]]:
        """Where the current root field stands in the document."""
        if self.node is None or self.node.loc is None:
            return []
        token = self.node.loc.start_token
        return [{"line": token.line, "column": token.column}]
