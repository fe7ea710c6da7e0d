"""Arranged tables are read in slices of products and gathered into one record per product.

Within a slice each table is one query that arrives as columns, because columns cross into Python many times faster
than rows; the rows of a product then lie together in each.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import numpy as np

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
from shopsync_pipeline.catalog.feeds.offer import Offer, offer_of
from shopsync_pipeline.catalog.inquire.relations import ORDER
from shopsync_pipeline.catalog.inquire.trees import Paths
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.wanted import BRAND, attribute_ids

PRODUCTS_PER_SLICE = 2000
_Item = TypeVar("_Item")
# The two that are made by the million skip the constructor's own frame.
_ROW = partial(tuple.__new__, Row)
_SPEC = partial(tuple.__new__, Spec)


class _Names:
    """The small tables by id, in memory: sheet layouts, category paths, manufacturers."""

    def __init__(self, stage: Stage) -> None:
        layout = stage.execute("SELECT header, name FROM layout ORDER BY place").fetchall()
        # Place -1, no place, is the last one.
        self.headers: list[str | None] = [*(header or "" for header, _ in layout), None]
        self.names: list[str | None] = [*(name for _, name in layout), None]
        self.manufacturers: dict[int, str] = dict(stage.execute(
            "SELECT manufacturerid, trim(name) FROM manufacturer WHERE name IS NOT NULL").fetchall())
        self.paths = Paths(stage)


def gather(stage: Stage, products: int) -> Iterator[ContentRecord]:
    """All products: single ones in the order of their keys, then families, the members of each together."""
    names = _Names(stage)
    for first in range(0, products, PRODUCTS_PER_SLICE):
        yield from _Slice(stage, names, first, first + PRODUCTS_PER_SLICE - 1).records()


class _Slice:
    def __init__(self, stage: Stage, names: _Names, first: int, last: int) -> None:
        self._stage = stage
        self._names = names
        self._within = f"ord BETWEEN {first} AND {last}"

    def records(self) -> Iterator[ContentRecord]:
        with _uncollected():
            texts, specs, codes = self._texts(), self._specs(), self._codes()
            pictures, bullets, relations, resources = (
                self._pictures(), self._bullets(), self._relations(), self._resources())
        offers, keywords, sheets = self._offers(), self._single("keyword", "keywords"), self._single("sheet", "html")
        manufacturers, paths, brands = self._names.manufacturers, self._names.paths, self._brands
        rows = self._stage.execute(
            "SELECT ord, productid, mfgpartno, manufacturerid, p.file, p.line, family, mapped, node, node_file, "
            "node_line, s.sku, s.shared, s.file, s.line FROM published AS p LEFT JOIN selling AS s USING (ord) "
            f"WHERE {self._within} ORDER BY ord").fetchall()
        for (ord_, productid, mpn, maker, file, line, family, mapped, node, node_file, node_line, sku, shared, sku_file,
                sku_line) in rows:
            yield ContentRecord(
                productid=productid, row=Row(file, line), mfgpartno=mpn or None, manufacturer=manufacturers.get(maker),
                brand=brands.get(ord_), category=paths.path(mapped, node), category_row=Row(node_file, node_line),
                texts=texts.get(ord_, ()), specs=specs.get(ord_, ()), specs_html=sheets.get(ord_),
                codes=codes.get(ord_, ()), pictures=pictures.get(ord_, ()), bullets=bullets.get(ord_, ()),
                relations=relations.get(ord_, ()), resources=resources.get(ord_, ()), keywords=keywords.get(ord_),
                sku=sku or None, sku_row=Row(sku_file, sku_line) if sku else Row(), sku_shared=bool(shared),
                family=family, offer=offers.get(ord_),
            )

    def _columns(self, table: str, names: str, order: str) -> tuple[Any, list[list[Any]]]:
        """The slice's rows of a table, sorted: the numbers of their products, and the named columns as lists."""
        found = self._stage.execute(
            f"SELECT ord, {names} FROM {table} WHERE {self._within} ORDER BY ord, {order}").fetchnumpy()
        return found["ord"], [_listed(found[name.strip()]) for name in names.split(",")]

    def _specs(self) -> dict[int, tuple[Spec, ...]]:
        orders, (places, attributes, values, files, lines) = self._columns(
            "(SELECT * REPLACE (lines(displayvalue) AS displayvalue) FROM spec)",
            "place, attributeid, displayvalue, file, line", "place, setnumber, file, line")
        self._brands = _brands(orders, attributes, values)
        headers, names = self._names.headers, self._names.names
        return _by_product(orders, list(map(_SPEC, zip(
            map(headers.__getitem__, places), map(names.__getitem__, places), attributes, values, _rows(files, lines),
            strict=True))))

    def _texts(self) -> dict[int, tuple[Text, ...]]:
        orders, (types, texts, files, lines) = self._columns(
            "text", "type, description, file, line", "type, file, line")
        return _by_product(orders, list(map(Text, types, texts, _rows(files, lines))))

    def _codes(self) -> dict[int, tuple[Code, ...]]:
        orders, (systems, values, files, lines) = self._columns(
            "number", "name, sku, file, line", "file, line, name, sku")
        return _by_product(orders, list(map(Code, systems, values, _rows(files, lines))))

    def _pictures(self) -> dict[int, tuple[Picture, ...]]:
        orders, (types, statuses, files, lines, addresses) = self._columns(
            "picture", "type, status, file, line, address", "type, file, line")
        return _by_product(orders, list(map(Picture, types, statuses, _rows(files, lines), addresses)))

    def _bullets(self) -> dict[int, tuple[Bullet, ...]]:
        orders, (texts, files, lines) = self._columns("bullet", "bullettext, file, line", "sequenceno, file, line")
        return _by_product(orders, list(map(Bullet, texts, _rows(files, lines))))

    def _relations(self) -> dict[int, tuple[Relation, ...]]:
        orders, (kinds, targets, skus, files, lines) = self._columns(
            "relation", "kind, productid, sku, file, line", "kind, place")
        return _by_product(orders, list(map(
            Relation, map(ORDER.__getitem__, kinds), targets, skus, _rows(files, lines))))

    def _resources(self) -> dict[int, tuple[Resource, ...]]:
        orders, (kinds, addresses, texts, files, lines) = self._columns(
            "resource", "type, url, text, file, line", "file, line")
        return _by_product(orders, list(map(Resource, kinds, addresses, texts, _rows(files, lines))))

    def _offers(self) -> dict[int, Offer]:
        orders, (facts,) = self._columns("offer", "facts", "file, line")
        return {ord_: offer_of(rows) for ord_, rows in _by_product(orders, facts).items()}

    def _single(self, table: str, name: str) -> dict[int, str]:
        orders, (values,) = self._columns(table, name, "ord")
        return dict(zip(orders.tolist(), values, strict=True))


@contextmanager
def _uncollected() -> Iterator[None]:
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
