"""The one resource: opens the shop's data for a use case, and turns our errors into failures that read as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings, load


class Shopsync:
    """Gives assets and ops their `engine.Context`. `settings` is called once per use, so every run sees the present."""

    def __init__(self, settings: Callable[[], Settings] = load) -> None:
        """`settings` is replaced in tests and by callers that hold their own."""
        self._settings = settings

    def settings(self) -> Settings:
        """The settings of this moment."""
        return self._settings()

    @contextmanager
    def opened(self) -> Iterator[Context]:
        """The context of the configured shop. A `ShopsyncError` inside ends the step with its text, without retries."""
        with failing_in_sentences():
            yield Context.open(self._settings())


@contextmanager
def failing_in_sentences() -> Iterator[None]:
    """Turns a `ShopsyncError` into a Dagster failure that shows its text and is not retried."""
    try:
        yield
    except ShopsyncError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
