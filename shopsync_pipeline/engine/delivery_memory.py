"""What was found in a delivery's files, remembered by size and time, so that an unchanged one is not read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from shopsync_pipeline.catalog.survey import Survey
from shopsync_pipeline.db.deliveries import Deliveries
from shopsync_pipeline.db.rows import from_text, to_text
from shopsync_pipeline.engine.context import Context


class DeliveryMemory:
    """The `SurveyMemory` that `find_delivery` asks, kept in the shop's database."""

    def __init__(self, context: Context) -> None:
        """Each question is a short transaction of its own."""
        self._context = context

    def recall(self, file: str, size: int, mtime_ns: int) -> dict[str, Survey] | None:
        """What was found in each member of a file, by its inner name; `None` if it is new or has changed."""
        with self._context.database.write() as connection:
            deliveries = Deliveries(connection, self._context.shop_id)
            text = deliveries.recall(file, size, mtime_ns)
            if text is not None:
                deliveries.seen(file)
        if text is None:
            return None
        try:
            return {inner: Survey(**values) for inner, values in from_text(text).items()}
        except TypeError:
            # Remembered by another version, whose surveys had other fields: as good as not remembered.
            return None

    def remember(self, file: str, size: int, mtime_ns: int, surveys: Mapping[str, Survey]) -> None:
        """Remembers what was found in each member of a file."""
        text = to_text({inner: asdict(survey) for inner, survey in surveys.items()})
        with self._context.database.write() as connection:
            Deliveries(connection, self._context.shop_id).remember(file, size, mtime_ns, text)
