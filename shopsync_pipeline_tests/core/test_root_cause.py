"""Root causes: refusals that differ only in ids, numbers, quoted values and rows are one; different words are not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.root_cause import LONGEST, common_words, root_cause
from shopsync_pipeline_tests.core.samples import LAW

UPDATE = Operation.PRODUCT_UPDATE


@pytest.mark.parametrize(("told", "common"), [
    ("Title is too long (maximum is 255 characters)", "Title is too long (maximum is # characters)"),
    ("variants.0.price: must be at least 0", "variants.#.price: must be at least #"),
    ('The shop has no sales channel "Web"; it has: "Online Store".', 'The shop has no sales channel "…"; it has: "…".'),
    ("Title can't be blank", "Title can't be blank"),
    ("Type 'color' isn't 'number'", 'Type "…" isn\'t "…"'),
    ("Product gid://shopify/Product/123 does not exist", "Product <id> does not exist"),
    ("Shopify refused x: it failed (request 4f1a-77).", "Shopify refused x: it failed."),
    ("key 9f86d081884c7d65 is stale", "key <id> is stale"),
    ("price must be below 1,000,000.50 or -5", "price must be below # or #"),
    ("Shopify refused p: variants.0: bad; variants.12: bad; and 7 more. Nothing was changed by it.",
     "Shopify refused p: variants.#: bad"),
    ("", ""),
])
def test_what_is_particular_is_left_out(told: str, common: str) -> None:
    assert common_words(told) == common


def test_the_products_own_names_are_left_out_where_they_are_whole_words() -> None:
    told = "product handle:lamp-1 has SKU LAMP, not LAMPS"
    assert common_words(told, ["handle:lamp-1", "LAMP", ""]) == "product <id> has SKU <id>, not LAMPS"


def test_the_operation_and_the_codes_count_and_the_order_of_codes_does_not() -> None:
    one = root_cause(UPDATE, ["B", "A", "B"], "It failed")
    assert one.text == "product_update [A B]: It failed"
    assert root_cause(UPDATE, ["A", "B"], "It failed") == one
    assert len({one.key, root_cause(UPDATE, ["A"], "It failed").key, root_cause(UPDATE, ["A", "B"], "It broke").key,
                root_cause(Operation.PUBLISH, ["A", "B"], "It failed").key}) == 4


WORDS = st.sampled_from(["Title", "is", "too", "long", "variants", "can't", "be", "blank", "for", "the shop's", ":"])
SLOTS = st.sampled_from(["number", "quoted", "id", "row", "hex"])
SHAPES = st.lists(WORDS | SLOTS, min_size=1, max_size=12)
QUOTABLE = st.text(st.characters(exclude_characters="\"“”`'\x00", exclude_categories=["Cs"]), max_size=12)


@st.composite
def sentences(draw: st.DrawFn, shape: list[str]) -> str:
    """A sentence of a given shape, whose slots are filled with values of their kind."""
    filled = {
        "number": lambda: draw(st.integers(0, 10**9).map(str) | st.decimals(0, 999, places=2).map(str)),
        "quoted": lambda: draw(st.sampled_from(['"{}"', "“{}”", "`{}`", "'{}'"])).format(draw(QUOTABLE)),
        "id": lambda: f"gid://shopify/{draw(st.sampled_from(['Product', 'MediaImage']))}/{draw(st.integers(1))}",
        "row": lambda: f"variants.{draw(st.integers(0, 2047))}.price",
        "hex": lambda: draw(st.integers(0, 2**64 - 1)).to_bytes(8, "big").hex()[:15] + "a1",
    }
    return " ".join(filled[word]() if word in filled else word for word in shape)


@LAW
@given(st.data(), SHAPES)
def test_sentences_of_one_shape_are_one_cause(data: st.DataObject, shape: list[str]) -> None:
    first, second = data.draw(sentences(shape)), data.draw(sentences(shape))
    assert root_cause(UPDATE, ["X"], first) == root_cause(UPDATE, ["X"], second)


@LAW
@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(told: str) -> None:
    once = common_words(told)
    assert common_words(once) == once


@LAW
@given(st.text(max_size=2000), st.lists(st.text(max_size=5), max_size=3))
def test_no_digit_no_control_character_and_no_endless_text_stays(told: str, names: list[str]) -> None:
    common = common_words(told, names)
    assert not re.search(r"\d", common)
    assert "\x00" not in common
    assert len(common) <= LONGEST


@LAW
@given(st.lists(st.sampled_from(["Title", "Handle", "must", "not", "be", "blank", "taken"]), min_size=1, max_size=8))
def test_words_stay_as_they_are(words: list[str]) -> None:
    assert common_words(" ".join(words)) == " ".join(words)
