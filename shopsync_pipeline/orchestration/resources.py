"""The one resource: opens the shop's data for a use case, and turns our errors into failures that read as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.orchestration.retries import PAUSES, failing_in_sentences
from shopsync_pipeline.settings import Settings, load


class Shopsync:
    """Gives assets and ops their `engine.Context`. `settings` is called once per use, so every run sees the present."""

    def __init__(self, settings: Callable[[], Settings] = load, pauses: Sequence[float] = PAUSES) -> None:
        """`settings` and `pauses` (seconds before each repetition of a step) are replaced in tests and by callers that
        hold their own."""
        self._settings = settings
        self._pauses = pauses

    def settings(self) -> Settings:
        """The settings of this moment."""
        return self._settings()

    @contextmanager
    def opened(self) -> Iterator[Context]:
        """The context of the configured shop. A `ShopsyncError` inside ends the step with its text; only what passes by
        itself is tried again."""
        with failing_in_sentences(self._pauses):
            yield Context.open(self._settings())

