"""Arranged tables are read in slices of products and gathered into one value per product.

Within a slice each table is one query; lists travel as one text per product, because a text crosses into Python
many times faster than the rows that it holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from shopsync_pipeline.catalog.feeds.offer import offer_of
from shopsync_pipeline.catalog.inquire.record import Code, InquireProduct, Picture, Spec
from shopsync_pipeline.catalog.staging import Stage

PRODUCTS_PER_SLICE = 2000
_ITEM, _PART = "\x1d", "\x1c"


class Names:
    """The small tables by id, in memory: layouts, category paths, manufacturers."""

    def __init__(self, stage: Stage, locale: int) -> None:
        """Reads them for one locale."""
        self.layout: list[tuple[str, str]] = [
            (header or "", name)
            for header, name in stage.execute("SELECT header, name FROM layout ORDER BY place").fetchall()]
        self.manufacturers: dict[int, str] = dict(stage.execute(
            "SELECT manufacturerid, trim(name) FROM manufacturer WHERE name IS NOT NULL").fetchall())
        self._parents: dict[int, int] = dict(stage.execute(
            "SELECT categoryid, parentcategoryid FROM category").fetchall())
        self._categories: dict[int, str] = dict(stage.execute(
            f"SELECT categoryid, trim(name) FROM categorynames WHERE localeid = {locale} AND name IS NOT NULL",
        ).fetchall())
        self._paths: dict[int, tuple[str, ...]] = {}

    def category_path(self, category: int) -> tuple[str, ...]:
        """Names from below the root down to the category. A loop or a missing parent ends the path."""
        if category not in self._paths:
            path: list[str] = []
            seen: set[int] = set()
            current = category
            while current in self._parents and current not in seen and self._parents[current]:
                seen.add(current)
                if current in self._categories:
                    path.append(self._categories[current])
                current = self._parents[current]
            self._paths[category] = tuple(reversed(path))
        return self._paths[category]


def gather(stage: Stage, locale: int, products: int) -> Iterator[InquireProduct]:
    """All products in the order of their keys."""
    names = Names(stage, locale)
    for first in range(0, products, PRODUCTS_PER_SLICE):
        yield from _slice(stage, names, first, first + PRODUCTS_PER_SLICE - 1)


def _packed(stage: Stage, first: int, last: int, table: str, item: str, order: str) -> dict[int, list[str]]:
    rows = stage.execute(
        f"SELECT ord, string_agg({item}, chr(29) ORDER BY {order}) FROM {table} WHERE ord BETWEEN {first} AND {last} "
        "GROUP BY ord").fetchall()
    return {order_number: packed.split(_ITEM) for order_number, packed in rows}


def _slice(stage: Stage, names: Names, first: int, last: int) -> Iterator[InquireProduct]:
    part = " || chr(28) || "
    texts = _packed(stage, first, last, "text", f"type {part} description", "type, file, line")
    specs = _packed(stage, first, last, "spec", f"place {part} attributeid {part} lines(displayvalue)",
                    "place, file, line")
    codes = _packed(stage, first, last, "number", f"name {part} sku {part} file {part} line", "file, line")
    pictures = _packed(stage, first, last, "picture", f"type {part} status", "type")
    bullets = _packed(stage, first, last, "bullet", "bullettext", "sequenceno, file, line")
    offers = _packed(stage, first, last, "offer", "facts", "file, line")
    rows = stage.execute(
        f"SELECT ord, productid, mfgpartno, manufacturerid, categoryid, selling.sku, selling.shared FROM published "
        f"LEFT JOIN selling USING (ord) WHERE ord BETWEEN {first} AND {last} ORDER BY ord").fetchall()
    for order, productid, mfgpartno, manufacturer, category, sku, shared in rows:
        yield InquireProduct(
            productid=productid, mfgpartno=mfgpartno and mfgpartno.strip(),
            manufacturer=names.manufacturers.get(manufacturer), category=names.category_path(category),
            texts=tuple((int(kind), text) for kind, text in _parts(texts.get(order))),
            specs=tuple(_specs(names, specs.get(order))),
            codes=tuple(Code(system, value, stage.file_name(int(file)), int(line))
                        for system, value, file, line in _parts(codes.get(order))),
            pictures=tuple(Picture(kind, status) for kind, status in _parts(pictures.get(order))),
            bullets=tuple(bullets.get(order, ())), sku=sku or None, sku_shared=bool(shared),
            offer=offer_of(offers[order]) if order in offers else None,
        )


def _parts(items: list[str] | None) -> Iterator[list[str]]:
    for item in items or ():
        yield item.split(_PART)


def _specs(names: Names, items: list[str] | None) -> Iterator[Spec]:
    layout = names.layout
    for item in items or ():
        place, attribute, value = item.split(_PART)
        if place == "-1":
            yield Spec(None, None, int(attribute), value)
        else:
            header, name = layout[int(place)]
            yield Spec(header, name, int(attribute), value)
