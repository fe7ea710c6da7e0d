"""What all rows about one product say together."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.feeds.format import Facts
from shopsync_pipeline.catalog.feeds.offer import Offer, encode, offer_of
from shopsync_pipeline.core.product import Stock, Weight


def said(rank: int, line: int, facts: Facts, *, feed: str = "f", file: int = 0) -> str:
    """A staged row."""
    return f"[{rank},{file},{line},{encode(feed, facts)}]"


def test_nothing_said_is_no_offer() -> None:
    assert offer_of([]) == Offer()


def test_files_of_one_distributor_add_up() -> None:
    offer = offer_of([
        said(0, 7, {"amounts": {"cost": "5", "list_price": "9"}, "uom": "EA", "title": "Pen", "barcode": "1"},
             feed="spr_bestprice"),
        said(0, 3, {"stock": {"spr-008": 4}, "counted": True, "stock_at": "2026-01-14", "uom": "EA"}, feed="spr_stock",
             file=1)])
    assert offer == Offer(
        feed="spr_bestprice", amounts={"cost": Decimal(5), "list_price": Decimal(9)}, uom="EA", title="Pen",
        barcode="1", counted=True, stock=(Stock(location="spr-008", available=4),), stock_at="2026-01-14",
        rows={"cost": (0, 7), "list_price": (0, 7), "uom": (1, 3), "title": (0, 7), "barcode": (0, 7),
              "stock": (1, 3), "counted": (1, 3), "stock_at": (1, 3)})


def test_the_row_with_the_smallest_quantity_is_the_price() -> None:
    rows = [said(0, 1, {"amounts": {"cost": "4", "cost_ccp3": "3"}, "min_qty": 12}),
            said(0, 2, {"amounts": {"cost": "5"}, "min_qty": 1, "title": "One"}),
            said(0, 3, {"amounts": {"cost": "3"}, "min_qty": 48}),
            said(0, 4, {"amounts": {"list_price": "9"}})]
    offer = offer_of(rows)
    assert offer.amounts == {"cost": Decimal(5), "list_price": Decimal(9)}
    assert offer.rows["cost"] == (0, 2)
    assert offer.title == "One"


def test_of_equal_quantities_the_last_row_counts() -> None:
    assert offer_of([said(0, 1, {"amounts": {"cost": "4"}, "min_qty": 1}),
                     said(0, 2, {"amounts": {"cost": "5"}, "min_qty": 1})]).cost == Decimal(5)


def test_the_first_distributor_that_has_a_price_sells() -> None:
    offer = offer_of([
        said(5, 1, {"amounts": {"cost": "4"}, "stock": {"ingram": 3}, "counted": True, "barcode": "5",
                    "stock_at": "2026-01-13"}, feed="ingram", file=1),
        said(0, 2, {"amounts": {"cost": "6"}, "stock": {"spr-008": 1}, "uom": "DZ", "weight": "1",
                    "weight_unit": "POUNDS", "stock_at": "2026-01-14"}, feed="spr")])
    assert offer.feed == "spr"
    assert (offer.cost, offer.uom) == (Decimal(6), "DZ")
    assert offer.stock == (Stock(location="ingram", available=3), Stock(location="spr-008", available=1))
    assert offer.barcode == "5"
    assert offer.weight == Weight(value=Decimal(1), unit="POUNDS")
    assert offer.stock_at == "2026-01-13"
    assert offer.rows["barcode"] == (1, 1)
    assert offer.rows["cost"] == (0, 2)


def test_a_distributor_without_a_price_does_not_sell() -> None:
    offer = offer_of([said(0, 1, {"stock": {"a": 9}, "amounts": {"rebate": "1"}}, feed="a"),
                      said(1, 1, {"amounts": {"cost": "4"}, "stock": {"b": 3}}, feed="b")])
    assert (offer.feed, offer.cost) == ("b", Decimal(4))
    assert offer.amounts == {"cost": Decimal(4)}
    assert len(offer.stock) == 2


def test_a_distributor_that_discontinued_it_comes_after_one_that_did_not() -> None:
    rows = [said(0, 1, {"amounts": {"cost": "4"}, "discontinued": True}, feed="a"),
            said(1, 1, {"amounts": {"cost": "5"}, "discontinued": False}, feed="b")]
    assert offer_of(rows).feed == "b"
    assert not offer_of(rows).discontinued
    assert offer_of(rows[:1]).discontinued


def test_of_one_location_at_two_distributors_the_better_one_speaks() -> None:
    rows = [said(1, 1, {"amounts": {"cost": "4"}, "stock": {"default": 9}}),
            said(0, 2, {"amounts": {"cost": "4"}, "stock": {"default": 2}})]
    assert offer_of(rows).stock == (Stock(available=2),)


def test_an_amount_by_another_unit_is_left_out() -> None:
    rows = [said(0, 1, {"uom": "DZ", "amounts": {"list_price": "9"}}, file=0),
            said(0, 2, {"amounts": {"cost": "5", "catalog_price": "1"}, "amount_uoms": {"catalog_price": "EA"}})]
    assert offer_of(rows).amounts == {"list_price": Decimal(9), "cost": Decimal(5)}
    rows[0] = rows[0].replace("DZ", "EA")
    assert offer_of(rows).amounts["catalog_price"] == Decimal(1)


def test_one_feed_changes_its_mind_and_two_feeds_do_not_cancel_each_other() -> None:
    assert not offer_of([said(0, 1, {"discontinued": True}), said(0, 2, {"discontinued": False})]).discontinued
    assert offer_of([said(0, 1, {"discontinued": True}, feed="a"), said(0, 2, {"discontinued": False}, feed="b")],
                    ).discontinued


FACTS = st.fixed_dictionaries({}, optional={
    "amounts": st.dictionaries(st.sampled_from(["price", "cost", "rebate"]), st.sampled_from(["1", "2.50"])),
    "min_qty": st.integers(0, 3), "discontinued": st.booleans(), "uom": st.sampled_from(["EA", "DZ"]),
    "stock": st.dictionaries(st.sampled_from(["a", "b"]), st.integers(-5, 5)), "title": st.sampled_from(["x", "y"]),
})


@given(st.lists(st.tuples(st.integers(0, 2), FACTS), min_size=1, max_size=4))
def test_the_order_in_which_rows_arrive_never_matters(rows: list[tuple[int, Facts]]) -> None:
    staged = [said(rank, line, facts, feed=f"f{rank}") for line, (rank, facts) in enumerate(rows)]
    assert len({repr(offer_of(order)) for order in permutations(staged)}) == 1
