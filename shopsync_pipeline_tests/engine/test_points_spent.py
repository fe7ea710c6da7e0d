"""What a push is charged: no more than its plan said, with answers read back together and calls shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, push


def roots(store: DevStore) -> dict[str, int]:
    stats = store.control("stats")
    return {**stats["queries"], **stats["mutations"]}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_push_is_charged_what_its_plan_said(context: Context, dev_store: DevStore, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "export", products=40)
    plan = planned(context)
    before = roots(dev_store)

    report = push(context, plan)

    assert report.items(ItemState.CONFIRMED) == 40
    assert report.points <= plan.summary["estimate"]["points"] + 20  # a lane also asks the shop about itself
    # 10, a variant, the custom id and a picture: 12.5 points, with nothing told twice.
    assert report.points < 40 * 14
    spent = {root: count - before.get(root, 0) for root, count in roots(dev_store).items()}
    assert spent["productSet"] == 40
    assert 1 <= spent["nodes"] <= 3

    for number in range(1, 16):
        shelf.change(f"L{number}", stock=str(number), title=f"Better {number}")
    plan = planned(context)
    report = push(context, plan)
    assert report.items(ItemState.CONFIRMED) == 30
    assert report.points <= plan.summary["estimate"]["points"] + 30

    assert planned(context).summary["operations"] == {}
