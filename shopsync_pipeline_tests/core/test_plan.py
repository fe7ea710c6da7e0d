"""A plan item as a value: its way back, what it writes, its JSON."""

from __future__ import annotations

from shopsync_pipeline.core.fields import Operation, Path, Risk
from shopsync_pipeline.core.plan import Change, Lane, PlanItem, Reason

ITEM = PlanItem(
    item_id="i1", product_key="etilize:1", product_id="gid://shopify/Product/1", operation=Operation.PRODUCT_UPDATE,
    lane=Lane.CONTENT, risk=Risk.LOW, cost=10.4, depends_on=("i0",),
    changes=(
        Change(Path("title"), "Pot", "Clay Pot", Reason.CATALOG_CHANGED),
        Change(Path("seo.title"), "Pot", None, Reason.RESTORED),
        Change(Path("variants[A].stock[default]"), None, 0, Reason.NEW),
        Change(Path("variants[A].taxable"), True, False, Reason.REVIEWED),
    ),
)


def test_lanes_are_defined_in_the_order_of_sending() -> None:
    assert list(Lane) == ["stock", "price", "content", "creation", "publication", "removal"]


def test_a_change_is_taken_back_by_its_mirror_image() -> None:
    assert [(c.before, c.after, c.reason) for c in (change.inverse() for change in ITEM.changes)] == [
        ("Clay Pot", "Pot", Reason.UNDONE), (None, "Pot", Reason.UNDONE), (0, None, Reason.UNDONE),
        (False, True, Reason.UNDONE),
    ]


def test_an_item_writes_zero_and_false_but_not_what_it_clears() -> None:
    assert ITEM.after() == {
        "title": "Clay Pot", "variants[A].stock[default]": 0, "variants[A].taxable": False}


def test_an_item_as_json() -> None:
    assert ITEM.to_json() == {
        "item_id": "i1", "product_key": "etilize:1", "product_id": "gid://shopify/Product/1",
        "operation": "product_update", "lane": "content", "risk": "low", "cost": 10.4, "depends_on": ["i0"],
        "changes": [
            ["title", "Pot", "Clay Pot", "changed in the catalog"],
            ["seo.title", "Pot", None, "restored: the catalog owns this field"],
            ["variants[A].stock[default]", None, 0, "new in the catalog"],
            ["variants[A].taxable", True, False, "conflict: decided by review"],
        ],
    }
    assert PlanItem.from_json(ITEM.to_json()) == ITEM
