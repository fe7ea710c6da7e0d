"""First contact: which store product a catalog product is, and when nobody can say."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.matching import LocalIdentity, Matches, RemoteIdentity, match
from shopsync_pipeline_tests.core.samples import LAW


def ours(key: str, *skus: str, handle: str | None = None, barcode: str | None = None) -> LocalIdentity:
    return LocalIdentity(key, skus, handle, (barcode,) if barcode else ())


def theirs(product_id: str, *skus: str, handle: str = "", custom: str | None = None) -> RemoteIdentity:
    return RemoteIdentity(product_id, custom, skus, handle or f"handle-{product_id}")


@pytest.mark.parametrize(("local", "remote", "linked", "ambiguous"), [
    ([ours("a", "S")], [], {}, {}),
    ([ours("a", "S")], [theirs("1", "T")], {}, {}),
    ([ours("a")], [theirs("1", custom="a")], {"a": "1"}, {}),
    ([ours("a", "S")], [theirs("1", "S")], {"a": "1"}, {}),
    ([ours("a", "S", "T")], [theirs("1", "T", "U")], {"a": "1"}, {}),
    ([ours("a", handle="pot")], [theirs("1", handle="pot")], {"a": "1"}, {}),
    ([ours("a", "S", handle="pot")], [theirs("1", "S"), theirs("2", handle="pot")], {"a": "1"}, {}),
    ([ours("a", "S")], [theirs("1", custom="a"), theirs("2", "S")], {"a": "1"}, {}),
    ([ours("a", "S", handle="pot")], [theirs("1", "S", handle="pot", custom="b")], {}, {}),
    ([ours("a", "S"), ours("b")], [theirs("1", "S", custom="b")], {"b": "1"}, {}),
    ([ours("a", "S", "T")], [theirs("1", "S"), theirs("2", "T")], {}, {"a": ("1", "2")}),
    ([ours("a", "S")], [theirs("2", "S"), theirs("1", "S")], {}, {"a": ("1", "2")}),
    ([ours("a", "S"), ours("b", "S")], [theirs("1", "S")], {}, {"a": ("1",), "b": ("1",)}),
    ([ours("a", "S"), ours("b", handle="pot")], [theirs("1", "S", handle="pot")], {}, {"a": ("1",), "b": ("1",)}),
    ([ours("a", "S", "T"), ours("b", "T")], [theirs("1", "S"), theirs("2", "T")], {}, {"a": ("1", "2"), "b": ("2",)}),
    ([ours("a")], [theirs("1", custom="a"), theirs("2", custom="a")], {}, {"a": ("1", "2")}),
    ([ours("a", handle=None)], [theirs("1", handle="None")], {}, {}),
], ids=["an empty store", "nothing in common", "by custom id", "by SKU", "by one of its SKUs", "by handle",
        "SKU before handle", "custom id before SKU", "another's custom id", "a custom id frees nobody else",
        "SKUs of two products", "one SKU in two products", "two want one", "two want one for different reasons",
        "one wants two and another one of them", "one custom id twice", "no handle"])
def test_who_is_who(local: list[LocalIdentity], remote: list[RemoteIdentity], linked: dict[str, str],
                    ambiguous: dict[str, tuple[str, ...]]) -> None:
    assert match(local, remote) == Matches(linked, ambiguous)


@pytest.mark.parametrize(("local", "barcodes", "linked", "ambiguous"), [
    ([ours("a", "S", barcode="B")], [("B", "1")], {"a": "1"}, {}),
    ([ours("a", "S", barcode="B")], [("B", "2")], {"a": "2"}, {}),
    ([ours("a", "T", barcode="B")], [("B", "1")], {"a": "2"}, {}),
    ([ours("a", barcode="B", handle="handle-2")], [("B", "1")], {"a": "1"}, {}),
    ([ours("a", barcode="B")], [("B", "1"), ("B", "2")], {}, {"a": ("1", "2")}),
    ([ours("a", barcode="B")], [("B", "3")], {}, {}),
    ([ours("a", barcode="B"), ours("b", "T")], [("B", "2")], {}, {"a": ("2",), "b": ("2",)}),
], ids=["by barcode", "whatever the SKU", "SKU before barcode", "barcode before handle", "one barcode in two products",
        "another's custom id", "two want one for different reasons"])
def test_who_is_who_by_barcode(local: list[LocalIdentity], barcodes: list[tuple[str, str]], linked: dict[str, str],
                               ambiguous: dict[str, tuple[str, ...]]) -> None:
    store = [theirs("1", "U"), theirs("2", "T"), theirs("3", custom="c")]
    assert match(local, store, lambda: barcodes) == Matches(linked, ambiguous)


def test_barcodes_are_asked_for_only_where_nothing_else_tells() -> None:
    def never() -> list[tuple[str, str]]:
        raise AssertionError("the store's documents need not be read")

    assert match([ours("a", "S", barcode="B")], [theirs("1", "S")], never) == Matches({"a": "1"}, {})
    assert match([ours("a", handle="pot")], [theirs("1", handle="pot")], never) == Matches({"a": "1"}, {})


locals_ = st.lists(st.builds(LocalIdentity, st.sampled_from("abcd"), st.lists(st.sampled_from("STU"), unique=True)
                             .map(tuple), st.none() | st.sampled_from("hij")), max_size=4, unique_by=lambda x: x.key)
remotes = st.lists(st.builds(RemoteIdentity, st.sampled_from("1234"), st.none() | st.sampled_from("abcd"),
                             st.lists(st.sampled_from("STU"), unique=True).map(tuple), st.sampled_from("hij")),
                   max_size=4, unique_by=(lambda x: x.product_id, lambda x: x.handle))


@LAW
@given(locals_, remotes, st.randoms())
def test_no_product_is_linked_twice_and_none_is_both_linked_and_ambiguous(
        local: list[LocalIdentity], remote: list[RemoteIdentity], random: Random) -> None:
    found = match(local, remote)
    assert len(set(found.linked.values())) == len(found.linked)
    assert not set(found.linked) & set(found.ambiguous)
    claimed = {product_id for products in found.ambiguous.values() for product_id in products}
    assert not claimed & set(found.linked.values())
    owner = {product.product_id: product.custom_id for product in remote}
    assert all(owner[product_id] in (None, key) for key, product_id in found.linked.items())
    random.shuffle(local)
    random.shuffle(remote)
    assert match(local, remote) == found
