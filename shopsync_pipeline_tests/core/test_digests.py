"""Digests: equal exactly where documents are, group by group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.digests import DIGEST_WIDTH, canonical_json, differing_groups, digests
from shopsync_pipeline.core.fields import (
    REGISTRY,
    Group,
    Path,
    Value,
    place,
)
from shopsync_pipeline_tests.core.samples import LAW, documents


def test_canonical_json_is_one_text_for_equal_values() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == canonical_json({"a": None, "b": [1, "é"]})
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'


@LAW
@given(documents(), documents())
def test_digests_are_equal_exactly_where_documents_are(one: dict[Path, Value], other: dict[Path, Value]) -> None:
    assert (digests(one) == digests(other)) == (one == other)
    assert digests(dict(reversed(one.items()))) == digests(one)


@LAW
@given(documents(), documents())
def test_differing_groups_names_the_groups_that_differ(one: dict[Path, Value], other: dict[Path, Value]) -> None:
    changed = {path for path in {*one, *other} if one.get(path) != other.get(path)}
    names = {path: (path[path.rindex("].") + 2:] if path.startswith("variants[") else path) for path in changed}
    groups = {_GROUP[name.partition("[")[0]] if not names[path].startswith("options") else "identity"
              for path, name in names.items()}
    assert {group.value for group in differing_groups(digests(one), digests(other))} == groups


_GROUP = {"title": "content", "seo.title": "seo", "tags": "taxonomy", "images": "media", "metafields": "content",
          "price": "pricing", "barcode": "identity", "tracked": "inventory", "image": "media", "stock": "inventory",
          "options": "identity"}


@given(key=st.text("ab].[ /", min_size=1, max_size=6).filter(lambda text: "]." not in text),
       item=st.text("ab].[ /", min_size=1, max_size=6).filter(lambda text: "]." not in text))
def test_a_value_counts_to_the_digest_of_its_fields_group(key: str, item: str) -> None:
    for field in REGISTRY:
        path = Path(field.name.replace("variants[]", f"variants[{key}]").removesuffix("[]"))
        path = Path(f"{path}[{item}]") if field.name.endswith("[]") else path
        assert differing_groups(digests({}), digests({path: "x"})) == (place(path).field.group,)


def test_a_packed_digest_has_one_part_a_group_in_order() -> None:
    empty = digests({})
    assert len(empty) == DIGEST_WIDTH * len(Group)
    assert differing_groups(empty, digests({Path("title"): "x"})) == (Group.CONTENT,)
    assert digests({Path("title"): "x"})[DIGEST_WIDTH:] == empty[DIGEST_WIDTH:]


@pytest.mark.parametrize(("path", "one", "other"), [
    ("title", "1", "2"), ("variants[A].stock[default]", 0, 1), ("variants[A].taxable", False, True),
    ("options", ["a", "b"], ["b", "a"]), ("options", ["ab"], ["a", "b"]), ("title", "\u00e9", "e\u0301"),
])
def test_small_differences_have_other_digests(path: str, one: Value, other: Value) -> None:
    assert digests({Path(path): one}) != digests({Path(path): other})
