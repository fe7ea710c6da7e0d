"""A write that never arrived, and a merchant who edited the same field before anybody looked: neither is forgotten.

The product then shows a third value, which tells nothing about the write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from shopsync_pipeline.engine.apply import recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import conflicts_of, items_of, planned, sync
from shopsync_pipeline_tests.engine.test_lost_answers import died_after_writing_ahead, shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_catalog_said_is_pushed_or_a_conflict_on_record(make_settings: Callable[..., Settings], shelf: Shelf,
                                                                 dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION="etilize_priority"))
    sync(context)
    shelf.change("L1", title="Lamp One")
    plan = planned(context)
    died_after_writing_ahead(context, plan, items_of(context, plan))
    dev_store.control("merchant", {"action": "edit_product", "handle": "lamp-1", "fields": {"title": "Lamp of mine"}})

    asyncio.run(recover(context, "the next run"))
    sync(context)

    title = shown(dev_store)[0]["title"]
    recorded = [found for found in conflicts_of(context)
                if (found.product_key, found.path) == ("handle:lamp-1", "title")]
    assert title == "Lamp One" or recorded, f"the store shows {title!r}, and nothing says why"
