"""What was found in a file is remembered until the file changes."""

from __future__ import annotations

from sqlalchemy import update

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.survey import survey
from shopsync_pipeline.db.schema import delivery_file
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.delivery_memory import DeliveryMemory
from shopsync_pipeline_tests.engine.shelf import Shelf


def test_a_survey_comes_back_as_it_was(context: Context, shelf: Shelf) -> None:
    found = {"shop.csv": survey(Member("shop.csv", shelf.file))}
    memory = DeliveryMemory(context)
    assert memory.recall("shop.csv", 5, 7) is None
    memory.remember("shop.csv", 5, 7, found)
    assert memory.recall("shop.csv", 5, 7) == found
    assert DeliveryMemory(Context.open(context.settings)).recall("shop.csv", 5, 7) == found
    assert memory.recall("shop.csv", 6, 7) is None


def test_what_another_version_remembered_is_looked_at_again(context: Context) -> None:
    memory = DeliveryMemory(context)
    memory.remember("shop.csv", 5, 7, {})
    with context.database.write() as connection:
        connection.execute(update(delivery_file).values(surveys='{"shop.csv":{"size":1,"colour":"red"}}'))
    assert memory.recall("shop.csv", 5, 7) is None
