"""Arranged tables are read in slices of products and gathered into one record per product.

Within a slice each table is one query that arrives as columns, because columns cross into Python many times faster
than rows; the rows of a product then lie together in each.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from shopsync_pipeline.catalog.content.facts import attribute_ids
from shopsync_pipeline.catalog.content.record import (
    Bullet,
    Code,
    ContentRecord,
    Picture,
    Relation,
    Resource,
    Row,
    Spec,
    Text,
)
from shopsync_pipeline.catalog.feeds.offer import offer_of
from shopsync_pipeline.catalog.inquire.relations import ORDER
from shopsync_pipeline.catalog.inquire.trees import Paths
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.wanted import BRAND

PRODUCTS_PER_SLICE = 2000
_Item = TypeVar("_Item")
# The two that are made by the million skip the constructor's own frame.
_ROW = partial(tuple.__new__, Row)
_SPEC = partial(tuple.__new__, Spec)


class Names:
    """The small tables by id, in memory: sheet layouts, category paths, manufacturers."""

    def __init__(self, stage: Stage) -> None:
        """Reads what `arrange` left."""
        layout = stage.execute("SELECT header, name FROM layout ORDER BY place").fetchall()
        # Place -1, no place, is the last one.
        self.headers: list[str | None] = [*(header or "" for header, _ in layout), None]
        self.names: list[str | None] = [*(name for _, name in layout), None]
        self.manufacturers: dict[int, str] = dict(stage.execute(
            "SELECT manufacturerid, trim(name) FROM manufacturer WHERE name IS NOT NULL").fetchall())
        self.paths = Paths(stage)


Columns = tuple[Any, list[list[Any]]]
"""The rows of one table in a slice: the numbers of their products (an array), and the columns as lists."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some products as columns of values: what crosses from DuckDB, and from process to process, at little cost."""

    products: list[tuple[Any, ...]]
    tables: dict[str, Columns]

    def records(self, names: Names) -> list[ContentRecord]:
        """The products as records."""
        with uncollected():
            return list(_records(self, names))


def slices(stage: Stage, products: int) -> Iterator[Slice]:
    """All products: single ones in the order of their keys, then families. No family is cut in two."""
    first = 0
    while first < products:
        end = min(first + PRODUCTS_PER_SLICE, products)
        cut = stage.execute(
            "SELECT max(ord) + 1 FROM published WHERE family = (SELECT family FROM published WHERE ord = ?)",
            (end - 1,)).fetchall()[0][0]
        end = max(end, cut or 0)
        yield _slice(stage, f"ord BETWEEN {first} AND {end - 1}")
        first = end


_TABLES: dict[str, tuple[str, str, str]] = {
    "specs": ("(SELECT * REPLACE (lines(displayvalue) AS displayvalue) FROM spec)",
              "place, attributeid, displayvalue, file, line", "place, setnumber, file, line"),
    "texts": ("text", "type, description, file, line", "type, file, line"),
    "codes": ("number", "name, sku, file, line", "file, line, name, sku"),
    "pictures": ("picture", "type, status, file, line, address", "type, file, line"),
    "bullets": ("bullet", "bullettext, file, line", "sequenceno, file, line"),
    "relations": ("relation", "kind, productid, sku, file, line", "kind, place"),
    "resources": ("resource", "type, url, text, file, line", "file, line"),
    "offers": ("offer", "facts", "file, line"),
    "keywords": ("keyword", "keywords", "ord"),
    "sheets": ("sheet", "html", "ord"),
}
"""What a slice holds: table, columns, order within a product."""


def _slice(stage: Stage, within: str) -> Slice:
    tables = {}
    for what, (table, names, order) in _TABLES.items():
        found = stage.execute(f"SELECT ord, {names} FROM {table} WHERE {within} ORDER BY ord, {order}").fetchnumpy()
        tables[what] = found["ord"], [_listed(found[name.strip()]) for name in names.split(",")]
    products = stage.execute(
        "SELECT ord, productid, mfgpartno, manufacturerid, p.file, p.line, family, mapped, node, node_file, "
        "node_line, s.sku, s.shared, s.file, s.line FROM published AS p LEFT JOIN selling AS s USING (ord) "
        f"WHERE {within} ORDER BY ord").fetchall()
    return Slice(products, tables)


def _records(of: Slice, names: Names) -> Iterator[ContentRecord]:
    specs, brands = _specs(of, names)
    texts = _made(of, "texts", lambda types, texts, files, lines: map(Text, types, texts, _rows(files, lines)))
    codes = _made(of, "codes", lambda systems, values, files, lines: map(Code, systems, values, _rows(files, lines)))
    pictures = _made(of, "pictures", lambda types, statuses, files, lines, addresses: map(
        Picture, types, statuses, _rows(files, lines), addresses))
    bullets = _made(of, "bullets", lambda texts, files, lines: map(Bullet, texts, _rows(files, lines)))
    relations = _made(of, "relations", lambda kinds, targets, skus, files, lines: map(
        Relation, map(ORDER.__getitem__, kinds), targets, skus, _rows(files, lines)))
    resources = _made(of, "resources", lambda kinds, addresses, texts, files, lines: map(
        Resource, kinds, addresses, texts, _rows(files, lines)))
    offers = {ord_: offer_of(rows) for ord_, rows in _made(of, "offers", lambda facts: facts).items()}
    keywords, sheets = _single(of, "keywords"), _single(of, "sheets")
    for (ord_, productid, mpn, maker, file, line, family, mapped, node, node_file, node_line, sku, shared, sku_file,
            sku_line) in of.products:
        yield ContentRecord(
            productid=productid, row=Row(file, line), mfgpartno=mpn or None,
            manufacturer=names.manufacturers.get(maker), brand=brands.get(ord_),
            category=names.paths.path(mapped, node), category_row=Row(node_file, node_line),
            texts=texts.get(ord_, ()), specs=specs.get(ord_, ()), specs_html=sheets.get(ord_),
            codes=codes.get(ord_, ()), pictures=pictures.get(ord_, ()), bullets=bullets.get(ord_, ()),
            relations=relations.get(ord_, ()), resources=resources.get(ord_, ()), keywords=keywords.get(ord_),
            sku=sku or None, sku_row=Row(sku_file, sku_line) if sku else Row(), sku_shared=bool(shared),
            family=family, offer=offers.get(ord_),
        )


def _specs(of: Slice, names: Names) -> tuple[dict[int, tuple[Spec, ...]], dict[int, str]]:
    orders, (places, attributes, values, files, lines) = of.tables["specs"]
    found = list(map(_SPEC, zip(
        map(names.headers.__getitem__, places), map(names.names.__getitem__, places), attributes, values,
        _rows(files, lines), strict=True)))
    return _by_product(orders, found), _brands(orders, attributes, values)


def _made(of: Slice, table: str, make: Callable[..., Iterable[_Item]]) -> dict[int, tuple[_Item, ...]]:
    orders, columns = of.tables[table]
    return _by_product(orders, list(make(*columns)))


def _single(of: Slice, table: str) -> dict[int, str]:
    orders, (values,) = of.tables[table]
    return dict(zip(orders.tolist(), values, strict=True))


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile. A slice is a quarter of a million tuples that all stay; the collector walks them
    again and again while they are made, which was measured to take four fifths of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _listed(column: Any) -> list[Any]:
    """A column as Python values, `None` for NULL."""
    found: list[Any] = column.tolist()
    return found


def _rows(files: Sequence[int], lines: Sequence[int]) -> Iterator[Row]:
    return map(_ROW, zip(files, lines, strict=True))


def _by_product(orders: Any, items: Sequence[_Item]) -> dict[int, tuple[_Item, ...]]:
    """Items that lie in the order of their products, as one tuple for each product."""
    if not len(orders):
        return {}
    starts = np.flatnonzero(np.diff(orders, prepend=orders[0] - 1))
    bounds = [*starts.tolist(), len(orders)]
    return {ord_: tuple(items[begin:end])
            for ord_, begin, end in zip(orders[starts].tolist(), bounds[:-1], bounds[1:], strict=True)}


def _brands(orders: Any, attributes: Sequence[int], values: Sequence[str]) -> dict[int, str]:
    """The brand name of each product that has one: the basic sheet's before the detailed one's."""
    found: dict[int, str] = {}
    ids = np.asarray(attributes, dtype=np.int64)
    for id_ in attribute_ids(BRAND):
        for place in np.flatnonzero(ids == id_).tolist():
            found.setdefault(int(orders[place]), values[place])
    return found
