"""The @idempotent directive: a key remembers for 24 hours what was asked under it, so that a retry changes nothing.

Same key and same parameters answer with what the first call made; other parameters, even in another order, are refused.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from graphql import value_from_ast_untyped

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.records import IdempotencyKey

KEPT_SECONDS: Final = 24 * 3600


class KeyRefusedError(Exception):
    """The key cannot be used for this request; `code` is the platform's, the text its sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        """Both go into the payload's userErrors."""
        super().__init__(sentence)
        self.code = code


def required_key(context: Context) -> str:
    """The key of the root field's directive; raises the platform's BAD_REQUEST when it is not there or blank."""
    node = context.node
    assert node is not None
    for directive in node.directives:
        if directive.name.value == "idempotent":
            key = str(value_from_ast_untyped(directive.arguments[0].value, context.variables) or "").strip()
            if not key:
                raise PlatformError("The idempotency key can't be blank.", "BAD_REQUEST", locations=context.locations())
            return key
    raise PlatformError(
        "The @idempotent directive is required for this mutation but was not provided.",
        "BAD_REQUEST",
        locations=context.locations(),
    )


def recall(context: Context, key: str, arguments: dict[str, Any]) -> IdempotencyKey | None:
    """What was made under this key, None when it is new or forgotten; raises KeyRefusedError.

    A key is busy from its first use until that answer has been sent, which is when latency lets requests overlap.
    """
    name = (context.root, key)
    if name in context.store.busy_keys:
        raise KeyRefusedError(
            "IDEMPOTENCY_CONCURRENT_REQUEST", "This request is currently in progress, please try again."
        )
    known = context.store.keys.get(name)
    if known is None:
        return None
    if context.store.clock() - known.used_at > KEPT_SECONDS:
        context.store.remove(known)
        return None
    if known.asked != _digest(arguments):
        raise KeyRefusedError(
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            "The same idempotency key cannot be used with different operation parameters.",
        )
    return known


def remember(context: Context, key: str, arguments: dict[str, Any], group_id: int | None) -> None:
    """Keeps the key with what was asked and made."""
    store = context.store
    _forget_expired(context)
    context.keys.append((context.root, key))
    number = store.next_id(IdempotencyKey.KIND)
    store.touch(IdempotencyKey(number, context.root, key, _digest(arguments), store.clock(), group_id))


def _forget_expired(context: Context) -> None:
    # Keys lie in the order they were used, so the expired ones are in front.
    oldest = context.store.clock() - KEPT_SECONDS
    while context.store.keys:
        first = next(iter(context.store.keys.values()))
        if first.used_at >= oldest:
            return
        context.store.remove(first)


def _digest(arguments: dict[str, Any]) -> str:
    # The order of keys is part of the parameters: the platform refuses the same values in another order.
    return hashlib.sha256(orjson.dumps(arguments, default=str)).hexdigest()
