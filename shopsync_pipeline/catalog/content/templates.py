"""Templates of the mapping file (`{vendor} {mpn}`), compiled once into functions of a product's facts.

A template answers texts together with the rows that they were read from, so that every field can say where it is from.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from shopsync_pipeline.catalog.content.facts import Facts
from shopsync_pipeline.catalog.content.placeholders import Placeholder, names, placeholder
from shopsync_pipeline.catalog.content.record import NOWHERE, Row
from shopsync_pipeline.catalog.markup import plain_text
from shopsync_pipeline.catalog.rules import CatalogRules, ImageRules

Clean = Callable[[str], str]
"""Turns a value as delivered into the text that is wanted of it; empty text means that it says nothing."""

_TOKEN = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<name>[^{}]*)\}|(?P<text>[^{}]+)|(?P<stray>.)", re.DOTALL)
_HOSTLESS = ImageRules()


Said: TypeAlias = tuple[str, tuple[Row, ...]]
"""What a template says of one product, and the rows that it read (`NOWHERE` where it read none). A bare tuple: a dozen
are made of every product."""


class Template:
    """One template. `source` is its text as written; `column` the column of its first placeholder."""

    __slots__ = ("column", "each", "placeholders", "source")

    def __init__(self, source: str, clean: Clean = plain_text, images: ImageRules = _HOSTLESS) -> None:
        """Raises `ValueError` with the reason when the text is no template."""
        self.source = source
        pieces = _pieces(source, images)
        self.placeholders = tuple(piece for piece in pieces if isinstance(piece, Placeholder))
        self.column = self.placeholders[0].column if self.placeholders else ""
        self.each = _compiled(pieces, clean)
        """Every text that it says of the facts, once for each value of the first placeholder that has several."""

    def one(self, facts: Facts) -> Said | None:
        """The first text that it says, or `None`."""
        said = self.each(facts)
        return said[0] if said else None


def templates(
    sources: Iterable[str], clean: Clean = plain_text, images: ImageRules = _HOSTLESS,
) -> tuple[Template, ...]:
    """Compiles several."""
    return tuple(Template(source, clean, images) for source in sources)


def all_templates(rules: CatalogRules) -> Iterable[str]:
    """Every template of the rules."""
    product = rules.product
    for several in (
        product.title, product.vendor, product.product_type, product.tags, product.marketing, product.handle,
        product.sku, product.seo_title, product.seo_description, rules.variants.group_by, rules.variants.title,
        *rules.variants.options.values(), *(rule.values for rule in rules.metafields),
    ):
        yield from several


def attributes_read(rules: CatalogRules) -> frozenset[int]:
    """The whole ids (with their prefix) of all attributes that some template reads, shown on a sheet or not."""
    return frozenset().union(*(
        found.ids for source in all_templates(rules) for found in Template(source).placeholders))


def is_read(rules: CatalogRules, name: str) -> bool:
    """Whether some template has the placeholder of this name (`keywords`, `resource`)."""
    return any(found.name == name for source in all_templates(rules) for found in Template(source).placeholders)


def _pieces(source: str, images: ImageRules) -> list[str | Placeholder]:
    pieces: list[str | Placeholder] = []
    for match in _TOKEN.finditer(source):
        if match["stray"]:
            raise ValueError(f"it has a single {match['stray']}; a brace that is text is written twice")
        if match["name"] is None:
            pieces.append(match["text"] or match["brace"][0])
            continue
        try:
            pieces.append(placeholder(match["name"], images))
        except LookupError:
            close = difflib.get_close_matches(f"{{{match['name']}}}", names(), 1, 0.5)
            way_out = f"did you mean {close[0]}?" if close else f"there are {', '.join(names())}"
            raise ValueError(f"there is no placeholder {{{match['name']}}}; {way_out}") from None
    if not any(isinstance(piece, Placeholder) or piece.strip() for piece in pieces):
        raise ValueError("it is empty")
    return pieces


def _compiled(pieces: Sequence[str | Placeholder], clean: Clean) -> Callable[[Facts], list[Said]]:
    if len(pieces) == 1 and isinstance(pieces[0], Placeholder):
        read = pieces[0].read
        if pieces[0].ready:
            return lambda facts: [(text, (row,)) for text, row in read(facts) if text]

        def alone(facts: Facts) -> list[Said]:
            values = read(facts)
            if len(values) == 1:
                value, row = values[0]
                text = clean(value)
                return [(text, (row,))] if text else []
            return [(text, (row,)) for value, row in values if (text := clean(value))]
        return alone

    def mixed(facts: Facts) -> list[Said]:
        texts: list[str] = []
        rows: list[Row] = []
        several: Sequence[tuple[str, Row]] = ()
        place = row_place = -1
        for piece in pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            values = piece.read(facts)
            if not piece.ready:
                values = [(text, row) for value, row in values if (text := clean(value))]
            if not values:
                return []
            if len(values) > 1 and place < 0:
                several, place, row_place = values, len(texts), len(rows)
            texts.append(values[0][0])
            rows.append(values[0][1])
        if place < 0:
            return [("".join(texts), tuple(dict.fromkeys(rows)) or (NOWHERE,))]
        return [
            ("".join([*texts[:place], text, *texts[place + 1:]]),
             tuple(dict.fromkeys([*rows[:row_place], row, *rows[row_place + 1:]])))
            for text, row in several]
    return mixed
