"""A result on disk: every child beside its parent wherever it came, and nothing given of a file that is not whole."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from shopsync_pipeline.shopify.bulk import spool as module
from shopsync_pipeline.shopify.bulk.faults import BulkFault
from shopsync_pipeline.shopify.bulk.query import Export
from shopsync_pipeline.shopify.bulk.spool import Spool


def product(number: int, **given: Any) -> dict[str, Any]:
    return {"id": f"gid://shopify/Product/{number}", "title": f"P{number}", **given}


def variant(number: int, of: int) -> dict[str, Any]:
    return {"id": f"gid://shopify/ProductVariant/{number}", "sku": f"S{number}",
            "__parentId": f"gid://shopify/Product/{of}"}


def picture(number: int, parent: str) -> dict[str, Any]:
    return {"id": f"gid://shopify/MediaImage/{number}", "alt": "", "__parentId": parent}


def metafield(key: str, of: int) -> dict[str, Any]:
    return {"namespace": "n", "key": key, "type": "t", "value": "v", "__parentId": f"gid://shopify/Product/{of}"}


def shop(count: int) -> list[dict[str, Any]]:
    """Each product followed by what belongs to it."""
    rows: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        rows += [product(number), metafield("a", number), metafield("b", number)]
        for place in range(number % 4):
            rows += [variant(number * 10 + place, number),
                     picture(number * 10 + place, f"gid://shopify/ProductVariant/{number * 10 + place}")]
        rows += [picture(number * 100, f"gid://shopify/Product/{number}")] * (number % 2)
    return rows


def text(row: dict[str, Any]) -> bytes:
    """A line as the platform writes it, with escaped slashes."""
    return orjson.dumps(row).replace(b"/", b"\\/")


def spooled(rows: list[Any], *, objects: int | None = None, block: int = 7) -> Spool:
    lines = [row if isinstance(row, bytes) else text(row) for row in rows]
    spool = Spool(io.BytesIO(), "products")
    for start in range(0, len(lines), block):
        spool.add(lines[start:start + block])
    spool.close(len(lines) if objects is None else objects)
    return spool


def shape(nodes: list[Any]) -> dict[str, Any]:
    """Product → its children by kind, in order, down to the pictures of its variants."""
    def rows(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (node.get(name) or {"nodes": []})["nodes"]
        return found

    return {node["id"]: (node["title"], [row["key"] for row in rows(node, "metafields")],
                         [(row["id"], [one["id"] for one in rows(row, "media")]) for row in rows(node, "variants")],
                         [row["id"] for row in rows(node, "media")]) for node in nodes}


def shuffled(rows: list[dict[str, Any]], seed: int, spread: float) -> list[dict[str, Any]]:
    """The rows moved back by up to `spread` places, each child still after its parent, siblings in their order."""
    chance = random.Random(seed)
    at: dict[str, float] = {}
    placed = []
    for place, row in enumerate(rows):
        parent = row.get("__parentId")
        kind = (parent, "sku" in row, "namespace" in row)
        least = max(at.get(str(parent), -1.0), at.get(str(kind), -1.0)) if parent else float(place)
        moved = max(least, place + chance.random() * spread) + 1e-6 if parent else float(place)
        at[row.get("id", "")] = moved
        at[str(kind)] = moved
        placed.append((moved, place, row))
    return [row for _, _, row in sorted(placed, key=lambda one: one[:2])]


WANTED = shape([{**row, **{name: {"nodes": [
    {**child, "media": {"nodes": [one for one in shop(40) if one.get("__parentId") == child.get("id")]}}
    for child in shop(40) if child.get("__parentId") == row["id"] and kind(child)]}
    for name, kind in (("metafields", lambda one: "key" in one), ("variants", lambda one: "sku" in one),
                       ("media", lambda one: "alt" in one))}}
    for row in shop(40) if "__parentId" not in row])


@pytest.mark.parametrize("spread", [0, 3, 30, 10_000])
@pytest.mark.parametrize("seed", range(3))
def test_children_are_beside_their_parents_wherever_they_came(seed: int, spread: float) -> None:
    assert shape(list(spooled(shuffled(shop(40), seed, spread)).nodes())) == WANTED


def test_nothing_is_held_longer_than_the_file_asks_for() -> None:
    spool = spooled(shop(40))
    first = next(iter(spool.nodes()))
    assert shape([first]) == {next(iter(WANTED)): next(iter(WANTED.values()))}


@pytest.mark.parametrize("seed", range(3))
def test_children_further_back_than_is_remembered_are_found_by_way_of_the_disk(
        monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(module, "WINDOW", 6)
    assert shape(list(spooled(shuffled(shop(40), seed, 200)).nodes())) == WANTED


def test_all_products_first_and_then_all_children() -> None:
    rows = shop(40)
    apart = [row for row in rows if "__parentId" not in row] + [row for row in rows if "__parentId" in row]
    assert shape(list(spooled(apart).nodes())) == WANTED


def test_an_unusual_spelling_is_read_all_the_same() -> None:
    rows = [b'{ "title": "P1", "id": "gid://shopify/Product/1" }',
            b'{ "__parentId": "gid://shopify/Product/1", "sku": null, "id": "gid://shopify/ProductVariant/5" }',
            b'{"__parentId":"gid://shopify/ProductVariant/5","id":"gid://shopify/MediaImage/6","alt":null}']
    assert shape(list(spooled(rows).nodes())) == {
        "gid://shopify/Product/1": ("P1", [], [("gid://shopify/ProductVariant/5", ["gid://shopify/MediaImage/6"])], [])}


def test_words_in_a_text_are_no_parent() -> None:
    tricky = product(1, title='"__parentId":"gid://shopify/Product/9"}')
    assert [node["title"] for node in spooled([tricky]).nodes()] == [tricky["title"]]


@pytest.mark.parametrize("objects", [0, 3, 5])
def test_a_file_with_more_or_fewer_lines_than_objects_is_not_whole(objects: int) -> None:
    with pytest.raises(BulkFault, match=f"4 lines, and Shopify counted {objects} objects"):
        spooled([product(number) for number in range(4)], objects=objects)


@pytest.mark.parametrize("line", [text(product(2))[:-9], b"[]", b"\xff", b"{}", b'{"id": "x"}', b'{"id": null}'])
def test_a_line_that_cannot_be_read_is_shown(line: bytes) -> None:
    with pytest.raises(BulkFault, match="Nothing was removed; run this again"):
        list(spooled([product(1), line, product(3)]).nodes())


@pytest.mark.parametrize("window", [3, 1_000])
def test_a_child_without_its_parent_is_a_sign_of_a_part(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW", window)
    with pytest.raises(BulkFault, match="belongs to gid://shopify/Product/9, which is not before it"):
        list(spooled([*shop(8), variant(1, 9), product(9)]).nodes())


def beside(rows: list[int]) -> Spool:
    return spooled([row for number in rows for row in (
        {"id": f"gid://shopify/Product/{number}"},
        {"id": f"gid://shopify/Collection/{number}", "__parentId": f"gid://shopify/Product/{number}"})])


@pytest.mark.parametrize(("products", "collections", "again"), [
    ([1, 2, 3], [1, 2, 3], []),
    ([1, 2, 3], [1, 3], [2]),
    ([1, 2, 3], [2, 3], [1]),
    ([1, 2, 3], [1, 2], [3]),
    ([2, 4], [1, 2, 3, 4, 5], []),
    ([1, 2, 3], [], [1, 2, 3]),
    ([3, 1, 2], [2, 3, 1], []),
    ([1, 2, 3], [3, 2, 1], []),
])
def test_a_product_that_one_of_two_results_lacks_is_named_to_be_read_by_id(
        products: list[int], collections: list[int], again: list[int]) -> None:
    found = Export(datetime.now(UTC), spooled([product(number) for number in products]), beside(collections), None)
    nodes = list(found.nodes())
    assert [node[-1] for node in nodes if isinstance(node, str)] == [str(number) for number in again]
    whole = [node for node in nodes if not isinstance(node, str)]
    assert [(node["id"][-1], [row["id"][-1] for row in node["collections"]["nodes"]]) for node in whole] == [
        (str(number), [str(number)]) for number in products if number not in again]
