"""The choice of mutations against all others: every way to write small change sets is priced by Shopify's formulas,
written here a second time, and ours costs at most a twentieth more than the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import floor, log
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shopsync_pipeline.core.batches import batches
from shopsync_pipeline.core.cheapest import by_update, chosen
from shopsync_pipeline.core.cost import answered, read_back
from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.parts import all_parts
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.core.small_plans import whole_plan
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.part_reads import _variables
from shopsync_pipeline.shopify.writes import Request, inventory_request, metafields_request, request

LISTINGS = Listings(collections={"lamps": "gid://shopify/Collection/1"})


@dataclass(frozen=True)
class Ask:
    """What one product needs: text, search texts, metafields set and deleted, pictures, a collection, prices, stock."""

    text: bool = False
    seo: bool = False
    metafields: int = 0
    deleted: int = 0
    pictures: int = 0
    collection: bool = False
    prices: int = 0
    stock: int = 0


# --- the formulas of the platform, written a second time --------------------------------------------------------------

def page(size: int, child: int = 1) -> int:
    """A connection in an answer."""
    return 2 + child * max(1, floor(2 * log(size))) if size else 0


def shown(metafields: int) -> int:
    """Metafields in the answer to productUpdate: a field each, or a connection."""
    return min(metafields, page(metafields))


Told: TypeAlias = tuple[bool, int, int, bool]
"""What an answer would tell: search texts, metafields, pictures, collections."""


def in_answer(told: Told) -> int:
    seo, metafields, pictures, collections = told
    return seo + shown(metafields) + page(pictures) + (page(50) if collections else 0)


def in_read(several: Sequence[Told]) -> int:
    """One read of several products for what their answers leave out; it asks for what any of them needs."""
    if not several:
        return 0
    seo, metafields, pictures, collections = (max(values) for values in zip(*several, strict=True))
    return 1 + seo + page(metafields) + page(pictures) + (page(50) if collections else 0)


@cache
def cheapest_telling(answers: tuple[Told, ...]) -> int:
    """The least that it takes to know what is shown, each answer told or read back."""
    dear = [told for told in answers if in_answer(told)]
    return min(sum(in_answer(told) for told, late in zip(dear, later, strict=True) if not late)
               + in_read([told for told, late in zip(dear, later, strict=True) if late])
               for later in product((False, True), repeat=len(dear)))


def partitions(rows: Sequence[int]) -> Iterator[list[list[int]]]:
    """All ways to put things into groups."""
    if not rows:
        yield []
        return
    first, *rest = rows
    for groups in partitions(rest):
        yield [[first], *groups]
        for index, group in enumerate(groups):
            yield [*groups[:index], [first, *group], *groups[index + 1:]]


@cache
def cheapest_calls(rows: tuple[int, ...], most: int, owner: int) -> int:
    """The least that calls cost which take `most` rows and charge `owner` for each product."""
    return min(sum(10 + owner * len(group) for group in groups)
               for groups in partitions(rows) if all(sum(group) <= most for group in groups))


def ways(ask: Ask) -> Iterator[tuple[float, tuple[Told, ...], int]]:
    """All ways to do one product: points of its own mutations, their answers, and rows left to metafieldsSet."""
    carriers = ("update", "set") if ask.pictures else ("update",)
    for text_by, seo_by, metafields_by in product(
            carriers if ask.text else ("",), carriers if ask.seo else ("",),
            ("update", "call") if ask.metafields else ("",)):
        points, answers = 0.0, []
        if "update" in (text_by, seo_by, metafields_by) or ask.collection:
            carried = ask.metafields if metafields_by == "update" else 0
            points += 10 + 0.4 * carried
            answers.append((seo_by == "update", carried, 0, ask.collection))
        if ask.pictures:
            points += 10 + 1.9 * ask.pictures
            answers.append((seo_by == "set", 0, ask.pictures, False))
        if ask.prices:
            points += 10 + 0.2 * ask.prices
        yield points, tuple(answers), ask.metafields if metafields_by == "call" else 0


def best(asks: Sequence[Ask]) -> float:
    """The fewest points that do what all products need."""
    shared = (cheapest_calls(tuple(ask.stock for ask in asks if ask.stock), 250, 0)
              + cheapest_calls(tuple(ask.deleted for ask in asks if ask.deleted), 250, 0))
    return shared + min(
        sum(points for points, _, _ in way)
        + cheapest_calls(tuple(rows for _, _, rows in way if rows), 25, 4)
        + cheapest_telling(tuple(told for _, answers, _ in way for told in answers))
        for way in product(*(list(ways(ask)) for ask in asks)))


def price(sent: Request) -> float:
    """What Shopify asks for a request, from what it says."""
    said: Mapping[str, Any] = sent.variables
    points = 10.0
    if sent.root == "metafieldsSet":
        points += 4 * len({row["ownerId"] for row in said["metafields"]})
    elif sent.root == "productUpdate":
        points += 0.4 * len(said["product"].get("metafields", ())) + said["withSeo"]
        points += sum(said[f"with{number}"] for number in (1, 2, 3))
        points += page(said["metafields"]) if said["withMetafields"] else 0
        points += page(said["collections"]) if said["withCollections"] else 0
    elif sent.root == "productSet":
        points += 1.9 * len(said["input"]["files"]) + said["withSeo"] + (page(said["media"]) if said["told"] else 0)
    elif sent.root == "productVariantsBulkUpdate":
        points += 0.2 * len(said["variants"]) + said["withOptions"] + said["withItem"]
    return points


# --- our choice ------------------------------------------------------------------------------------------------------

def changes(ask: Ask, number: int) -> dict[Operation, list[Change]]:
    """What the product needs, by the operation that writes each field."""
    metafield: Value = {"type": "json", "value": "1"}
    rows: dict[str, tuple[Value | None, Value | None]] = {}
    if ask.text:
        rows |= {"title": ("old", "new"), "tags": (["a"], ["b"])}
    if ask.seo:
        rows["seo.title"] = ("old", "new")
    if ask.collection:
        rows["collections[lamps]"] = (None, True)
    rows |= {f"metafields[custom.m{n}]": (None, metafield) for n in range(ask.metafields)}
    if ask.pictures:
        rows["images"] = (None, [{"source": f"https://i.example/{number}/{n}.jpg", "alt": ""}
                                 for n in range(ask.pictures)])
    rows |= {f"variants[{n}].price": ("1.00", "2.00") for n in range(ask.prices)}
    rows |= {f"variants[{n}].stock[default]": (1, 2) for n in range(ask.stock)}
    found: dict[Operation, list[Change]] = {}
    for path, (before, after) in rows.items():
        writer = place(Path(path)).field.writer
        assert writer is not None
        found.setdefault(writer, []).append(Change(Path(path), before, after, Reason.CATALOG_CHANGED))
    if ask.deleted:
        found[Operation.METAFIELDS_DELETE] = [
            Change(Path(f"metafields[custom.d{n}]"), metafield, None, Reason.CATALOG_CHANGED)
            for n in range(ask.deleted)]
    return found


def links(number: int) -> Links:
    return Links(product=f"gid://shopify/Product/{number}", variants={
        str(n): VariantLink(f"gid://shopify/ProductVariant/{number}{n}", f"gid://shopify/InventoryItem/{number}{n}")
        for n in range(300)})


LINKS = {str(number): links(number) for number in range(3)}


def sent_for(items: Sequence[PlanItem], late: frozenset[str]) -> Request:
    first = items[0]
    if first.operation is Operation.INVENTORY_SET:
        return inventory_request(items, LINKS, location_id="l", idempotency_key="k")
    if first.operation in (Operation.METAFIELDS_SET, Operation.METAFIELDS_DELETE):
        return metafields_request(items, LINKS)
    return request(first, LINKS[first.product_key], location_id="l", listings=LISTINGS,
                   told=first.item_id not in late)


def ours(asks: Sequence[Ask]) -> float:
    """What our choice costs, priced by what would be sent."""
    items = whole_plan(
        make_item(str(number), f"gid://shopify/Product/{number}", operation, listed)
        for number, ask in enumerate(asks) for operation, listed in chosen(changes(ask, number)).items())
    late = read_back(items)
    sent = [sent_for(batch, late) for batch in batches(items)]
    assert all(price(one) <= one.cost < price(one) + 1 for one in sent)
    parts = all_parts(answered(one.operation, one.changes) for one in items if one.item_id in late)
    read = _variables(parts, "l")
    reading = (1 + read["withSeo"] + (page(read["metafields"]) if read["withMetafields"] else 0)
               + (page(read["media"]) if read["withMedia"] else 0)
               + (page(read["collections"]) if read["withCollections"] else 0)) if late else 0
    return sum(price(one) for one in sent) + reading


ASKS = st.builds(Ask, text=st.booleans(), seo=st.booleans(), metafields=st.sampled_from([0, 0, 1, 2, 3, 5, 9, 16, 25]),
                 deleted=st.sampled_from([0, 0, 1, 3]), pictures=st.sampled_from([0, 0, 1, 4]),
                 collection=st.sampled_from([False, False, True]), prices=st.sampled_from([0, 1, 2, 60]),
                 stock=st.sampled_from([0, 1, 130]))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.lists(ASKS, min_size=1, max_size=3))
@example([Ask(metafields=1)])
@example([Ask(metafields=1), Ask(metafields=1)])
@example([Ask(metafields=9), Ask(metafields=16), Ask(metafields=9)])
@example([Ask(text=True, metafields=5), Ask(metafields=5)])
@example([Ask(text=True, pictures=4)])
@example([Ask(text=True, pictures=4, metafields=3), Ask(metafields=3)])
@example([Ask(text=True, seo=True, pictures=1, collection=True)])
@example([Ask(stock=130), Ask(stock=130), Ask(stock=130)])
def test_our_choice_costs_at_most_a_twentieth_more_than_the_best(asks: list[Ask]) -> None:
    assert ours(asks) <= best(asks) * 1.05 + 1e-9


@pytest.mark.parametrize(("ask", "operations"), [
    (Ask(text=True, metafields=5), {Operation.PRODUCT_UPDATE}),
    (Ask(metafields=25), {Operation.METAFIELDS_SET}),
    (Ask(metafields=26), {Operation.PRODUCT_UPDATE}),
    (Ask(text=True, seo=True, pictures=2), {Operation.MEDIA_SET}),
    (Ask(text=True, pictures=2, metafields=3), {Operation.MEDIA_SET, Operation.METAFIELDS_SET}),
    (Ask(text=True, pictures=2, collection=True), {Operation.MEDIA_SET, Operation.PRODUCT_UPDATE}),
    (Ask(text=True, pictures=2, metafields=26), {Operation.MEDIA_SET, Operation.PRODUCT_UPDATE}),
    (Ask(prices=2, stock=2, deleted=1), {Operation.VARIANTS_UPDATE, Operation.INVENTORY_SET,
                                         Operation.METAFIELDS_DELETE}),
])
def test_which_operations_a_product_takes(ask: Ask, operations: set[Operation]) -> None:
    made = chosen(changes(ask, 0))
    assert set(made) == operations
    paths = sorted(str(change.path) for listed in made.values() for change in listed)
    assert paths == sorted(str(change.path) for listed in changes(ask, 0).values() for change in listed)


def test_an_existing_products_lists_are_never_replaced_but_for_its_pictures() -> None:
    made = chosen(changes(Ask(True, True, 3, 1, 2, False, 2, 2), 0))
    assert {str(change.path).partition("[")[0] for change in made[Operation.MEDIA_SET]} == {
        "title", "tags", "seo.title", "images"}


@pytest.mark.parametrize(("rows", "alone", "is_so"), [(1, True, True), (2, True, True), (3, True, False),
                                                      (1, False, False)])
def test_few_metafields_alone_in_a_call_go_by_an_update(rows: int, alone: bool, is_so: bool) -> None:
    items = [make_item(str(number), "g", Operation.METAFIELDS_SET,
                       changes(Ask(metafields=rows), number)[Operation.PRODUCT_UPDATE])
             for number in range(1 if alone else 2)]
    assert by_update(items) is is_so
