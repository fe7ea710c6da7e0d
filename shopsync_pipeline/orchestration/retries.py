"""How an error of ours ends a step: tried again a little later where it passes by itself, else at once and for good."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.shopify.errors import ShopifyError
from shopsync_pipeline.shopify.faults import fault_of

PAUSES = (30.0, 120.0)
"""Seconds before the first and the second repetition of a step. Few: the client has tried for longer than a hiccup
lasts by then, and a shop that stays away is left alone by its breaker."""

JITTER = 0.25
"""Share of a pause that is added at random, so that shops that failed together do not come back together."""


@contextmanager
def failing_in_sentences(pauses: Sequence[float] = PAUSES) -> Iterator[None]:
    """Ends the step with an error's own text. What passes by itself (`Fault.passes`) is tried again after `pauses`;
    everything else (refused, without access, a wall, a paused shop, a bug of ours, a plan that may not go) is not."""
    try:
        yield
    except ShopsyncError as error:
        if not (isinstance(error, ShopifyError) and fault_of(error).passes):
            raise dg.Failure(description=str(error), allow_retries=False) from None
        step = dg.OpExecutionContext.get()
        tries = step.retry_number
        if tries >= len(pauses):
            times = f" The step was tried {tries + 1} times." if tries else ""
            raise dg.Failure(description=f"{error}{times}", allow_retries=False) from None
        pause = pauses[tries] * (1 + random.uniform(0, JITTER))
        step.log.warning(f"{error} The step is tried again in {pause:.0f} s.")
        raise dg.RetryRequested(max_retries=len(pauses), seconds_to_wait=pause) from error
