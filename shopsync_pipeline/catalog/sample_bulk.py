"""What a full catalog has on top of the lean sample: long texts, the detailed sheet, relations, search attributes.

Five million rows are written from row ends made beforehand: a row is its product's id and one of them, and a product's
rows of a table are joined in one go, so that the time goes into writing and not into making values.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from shopsync_pipeline.catalog.sample_data import BRANDS
from shopsync_pipeline.catalog.sample_products import FIRST_PRODUCT, LEAVES, PRODUCT_STEP, STUB_OFFSET, SampleProduct
from shopsync_pipeline.catalog.sample_prose import (
    BRAND_SENTENCES,
    DETAIL_ASPECTS,
    DETAIL_HEADERS,
    DETAIL_SUBJECTS,
    FEATURES,
    OPENINGS,
    SENTENCES,
    WORDS,
    attribute_values,
)
from shopsync_pipeline.catalog.sample_tables import (
    ATTRIBUTE_TAILS,
    FIRST_LEAF,
    STAMP,
    ExportDialect,
    category_rows,
    table_rows,
)

STUB_EVERY = 5
_ATTRIBUTES_PER_LEAF = 120
_VALUES = 16
_SEARCH_ATTRIBUTES = 7
_SEARCH_VALUES = 256
_FACTS = 15
_BULLETS = (3, 4, 4, 4, 4, 4)
# Together 12.7 a product, as in a real catalog.
_ACCESSORIES, _SIMILAR, _UPSELL = (0, 2, 4, 6, 8, 9), (0, 3, 5, 6, 8, 8), (0, 0, 2, 4, 4, 6)
_ORPHAN_OFFSET = 5
_DETAIL_HEADER = 60
_MAPPED, _MAPPED_ROOT = 90_000, 80_000


class Bulk:
    """The bulk of one sample of so many products, `details` of each product's attribute rows on the detailed sheet."""

    def __init__(self, products: int, seed: int, details: int, dialect: ExportDialect) -> None:
        """Makes the row ends. `products` says which product ids exist, for relations to point at."""
        self._products, self._seed, self._dialect = products, seed, dialect
        self._fillers = max(details - _FACTS - 1, 0)
        dice = random.Random(f"{seed}:bulk")
        self._names = [f"{subject} {aspect}" for subject in DETAIL_SUBJECTS for aspect in DETAIL_ASPECTS]
        quoted = [
            [dialect.text(value) for value in attribute_values(dice, aspect, _VALUES)]
            for _ in DETAIL_SUBJECTS for aspect in DETAIL_ASPECTS
        ]
        self._leaf_attributes = [sorted(dice.sample(range(len(self._names)), _ATTRIBUTES_PER_LEAF)) for _ in LEAVES]
        # Twice round, so that any run of attributes from a random start is one slice.
        self._ends = [
            [[f",{_detail_id(place)},{FIRST_LEAF + leaf},{value},0,1,0,1,1\r\n" for value in quoted[place]]
             for place in (*places, *places)]
            for leaf, places in enumerate(self._leaf_attributes)
        ]
        self._search_ends = [
            [f",{_search_id(number)},{1 + number * _SEARCH_VALUES + value},{value},1,1\r\n"
             for value in range(_SEARCH_VALUES)]
            for number in range(_SEARCH_ATTRIBUTES)
        ]
        self._prose = [[_filled(dice, brand, leaf.nouns[0]) for brand, _ in BRANDS] for _, _, leaf in LEAVES]
        self._about = [" ".join(sentence.format(brand=brand) for sentence in BRAND_SENTENCES) for brand, _ in BRANDS]

    def taxonomy_rows(self) -> Iterator[tuple[str, str]]:
        """What the detailed sheet and the search attributes need in the tables of the tax block, as (member, rows)."""
        text = self._dialect.text
        yield "EN_US_headernames", table_rows(
            (_DETAIL_HEADER + number, text(name), 1) for number, name in enumerate(DETAIL_HEADERS))
        facts = {int(f"32{tail}"): name for name, tail in ATTRIBUTE_TAILS.items()}
        names = facts | {_detail_id(place): name for place, name in enumerate(self._names)}
        names |= {_search_id(number): f"Filter {number + 1}" for number in range(_SEARCH_ATTRIBUTES)}
        yield "EN_US_attributenames", table_rows((id_, text(name), 1) for id_, name in names.items())
        headers: list[tuple[str | int, ...]] = []
        places: list[tuple[str | int, ...]] = []
        for leaf, attributes in enumerate(self._leaf_attributes):
            parts = [list(facts), *([_detail_id(place) for place in attributes[start::3]] for start in range(3))]
            for number, part in enumerate(parts):
                headers.append(
                    (_DETAIL_HEADER + number, FIRST_LEAF + leaf, 1, 1, number * 10, number * 10, STAMP))
                places += [(_DETAIL_HEADER + number, FIRST_LEAF + leaf, id_, 1, 1, order, order, STAMP)
                           for order, id_ in enumerate(part)]
        yield "G_categoryheader", table_rows(headers)
        yield "G_categorydisplayattributes", table_rows(places)
        yield "G_B_searchattributevalues", table_rows(
            (1 + number * _SEARCH_VALUES + value, text(f"{value + 1} to {value + 5}"), value, 1, 1)
            for number in range(_SEARCH_ATTRIBUTES) for value in range(_SEARCH_VALUES))

    def extras(self) -> Iterator[tuple[str, str]]:
        """The distributor's own category tree, as (file of Extras/, rows): the same classes below one master
        department."""
        rows, names = category_rows()
        yield "mapped_category_names.txt", _piped(
            [(_MAPPED_ROOT, 1, "All Products"), *((_MAPPED + id_, 1, name) for id_, name in names[1:])])
        yield "mapped_categorytaxonomy.txt", _piped(
            [(_MAPPED_ROOT, ""), *((_MAPPED + id_, _MAPPED_ROOT if parent == 1 else _MAPPED + int(parent))
                                   for id_, parent, _ in rows[1:])])

    def mapped_category(self, product: SampleProduct) -> str:
        """The product's row of `mapped_category.txt`."""
        return f"{product.productid}|{_MAPPED + FIRST_LEAF + product.leaf}\r\n"

    def enriched(self, product: SampleProduct) -> SampleProduct:
        """The product with texts, bullets and keywords of full length. Stubs stay as they are."""
        if product.stub:
            return product
        dice = random.Random(f"{self._seed}:texts:{product.productid}")
        opening, sentences, features = self._prose[product.leaf][product.brand]
        marketing = " ".join((opening[dice.randrange(len(opening))], f"{product.title}.", *dice.sample(sentences, 12)))
        chosen = dice.sample(features, 8)
        texts = [text for text in product.texts if text[0] != 4]
        texts += [(4, marketing), (5, self._about[product.brand])]
        texts += [(20 + number, f"{words} ({product.mpn})") for number, words in enumerate(chosen[:3])]
        return replace(
            product, texts=texts, bullets=chosen[3:3 + dice.choice(_BULLETS)],
            keywords=" " + ", ".join(dice.sample(WORDS, 32)),
            codes=[*product.codes, ("Distributor_Catalog", "Distributor Catalog", f"{product.sku[:3]} {product.mpn}"),
                   ("Distributor_Old", "Distributor Old", product.sku[3:])],
        )

    def rows(self, product: SampleProduct) -> Iterator[tuple[str, str]]:
        """A product's rows in the add-on tables, as (member, rows)."""
        if product.stub:
            return
        dice = random.Random(f"{self._seed}:bulk:{product.productid}")
        id_, category = str(product.productid), FIRST_LEAF + product.leaf
        text = self._dialect.text
        information = dict(product.texts)[4]
        yield "EN_US_B_productattributes", (
            f"{id_},34{ATTRIBUTE_TAILS['Marketing Information']},{category},{text(information)},0,1,0,1,1\r\n")
        facts = [f",32{ATTRIBUTE_TAILS[name]},{category},{text(value)},0,1,0,1,1\r\n"
                 for name, value in product.specs[:_FACTS]]
        facts.append(
            f",32{ATTRIBUTE_TAILS['Marketing Information']},{category},{text(information)},0,1,0,1,1\r\n")
        start = dice.randrange(_ATTRIBUTES_PER_LEAF)
        pool = self._ends[product.leaf]
        fillers = [values[byte % _VALUES] for values, byte in zip(
            pool[start:start + self._fillers], dice.randbytes(self._fillers), strict=False)]
        yield "EN_US_D_productattributes", _joined(id_, facts, fillers)
        yield "EN_US_B_searchattributes", _joined(
            id_, [ends[byte] for ends, byte in zip(self._search_ends, dice.randbytes(_SEARCH_ATTRIBUTES), strict=True)])
        for member, counts, end in (
            ("EN_US_A_productaccessories", _ACCESSORIES, ',1,0,0,""\r\n'),
            ("EN_US_SIM_productsimilar", _SIMILAR, ",1\r\n"), ("EN_US_U_productupsell", _UPSELL, ",1\r\n"),
        ):
            targets = self._targets(dice, dice.choice(counts), product.productid)
            yield member, "".join([f"{id_},{target}{end}" for target in targets])

    def _targets(self, dice: random.Random, count: int, own: int) -> list[int]:
        """So many different product ids but its own: nine of ten exist, one of twenty is a stub, one of twenty is
        absent."""
        found: dict[int, None] = {}
        for _ in range(count):
            place, chance = int(dice.random() * self._products), dice.random()
            target = FIRST_PRODUCT + place * PRODUCT_STEP
            if chance < 0.05:
                target = FIRST_PRODUCT + (place - place % STUB_EVERY + STUB_EVERY - 1) * PRODUCT_STEP + STUB_OFFSET
            elif chance < 0.1:
                target += _ORPHAN_OFFSET
            found[target] = None
        found.pop(own, None)
        return list(found)


def _detail_id(place: int) -> int:
    return int(f"32{3_000_000 + place}")


def _search_id(number: int) -> int:
    return int(f"33{4_000_000 + number}")


def _filled(dice: random.Random, brand: str, noun: str) -> tuple[list[str], list[str], list[str]]:
    """Openings, sentences and features with this brand and these goods in them; the line is drawn once."""
    plural = noun.lower() if noun.endswith("s") else f"{noun.lower()}s"
    said = {"brand": brand, "noun": plural, "line": dice.choice(("ProMark", "Select", "Heritage", "Prime"))}
    opening, sentences, features = (
        [words.format(**said) for words in pool] for pool in (OPENINGS, SENTENCES, FEATURES))
    return opening, sentences, features


def _joined(id_: str, *parts: list[str]) -> str:
    ends = [end for part in parts for end in part]
    return id_ + id_.join(ends) if ends else ""


def _piped(rows: list[tuple[str | int, ...]]) -> str:
    return "".join("|".join(map(str, row)) + "\r\n" for row in rows)
