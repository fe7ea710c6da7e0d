"""Whatever happens to the lines of a delivery: nothing but a sentence is raised, and no row goes missing in silence.

For each shape some lines are cut, doubled, joined, swapped or sprinkled with signs. Either `CatalogError` says why the
delivery is refused as a whole, or every row that was read is used or quarantined.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopsync_pipeline.catalog.rules import CatalogRules, RelationRules, VariantRules
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import Imported, attribute, mysql, product, tables, write
from shopsync_pipeline_tests.catalog.shapes import Recorded, conquire_tables, flat, mssql, pipes
from shopsync_pipeline_tests.catalog.test_extras import TREE

RULES = CatalogRules(
    extras=("mapped_category", "productalsobought", "featuresnbenefits", "productresources"),
    relations=RelationRules(metafields={"accessory": "c.a", "also_bought": "c.b", "similar": "c.s", "upsell": "c.u"}),
    variants=VariantRules(group_by=("{manufacturer}", "{attribute:11122}")))

Mutation = tuple[str, int, int, bytes]
SIGNS = [b'"', b"\\", b",", b"|", b"x", b"\r\n", b"\n", b"\r", b"\xff", b"\x00", b"\xc3", b"\\N", b'""', b"\x1f\x1e",
         "\u2028\ufdd0".encode(), b"9" * 30]
MUTATIONS = st.lists(st.tuples(
    st.sampled_from(["insert", "cut", "double", "join", "swap", "drop"]), st.integers(0, 10_000), st.integers(0, 500),
    st.sampled_from(SIGNS)), min_size=1, max_size=4)


def mutated(content: bytes, mutations: list[Mutation]) -> bytes:
    """The content with its lines changed in turn; its first line stays, so that it is still recognised."""
    first, *lines = content.splitlines(keepends=True)
    for verb, which, place, sign in mutations:
        if not lines:
            break
        which %= len(lines)
        line = lines[which]
        place %= len(line) + 1
        if verb == "insert":
            lines[which] = line[:place] + sign + line[place:]
        elif verb == "cut":
            lines[which] = line[:place]
        elif verb == "double":
            lines.insert(which, line)
        elif verb == "join":
            lines[which] = line.rstrip(b"\r\n")
        elif verb == "swap":
            other = place % len(lines)
            lines[which], lines[other] = lines[other], lines[which]
        else:
            del lines[which]
    return first + b"".join(lines)


def _tables(rows: dict[str, list[tuple[str | int | None, ...]]], written: Callable[..., str]) -> dict[str, bytes]:
    return {name: written(given).encode() for name, given in rows.items()}


def _inquire(written: Callable[..., str]) -> dict[str, bytes]:
    rows = tables()
    rows["EN_US_B_product"] += [product(id_) for id_ in range(20, 24)]
    rows["EN_US_B_productattributes"] += [attribute(id_, 3411122, 'Size 15.9"\nwide') for id_ in range(20, 24)]
    rows["EN_US_B_productlocales"] = [(id_, 1, 1, "Published") for id_ in (11, 20, 21)]
    rows["EN_US_A_productaccessories"] = [(11, id_, 1, 0, 0, "", "0.5") for id_ in range(20, 24)]
    rows["EN_US_SIM_productsimilar"] = [(20, id_, 1) for id_ in range(20, 24)]
    return _tables(rows, written)


EXTRAS = {
    **TREE,
    "productalsobought.txt": pipes(*(f"11|{id_}|1|0|0|Also Bought|0.{id_}" for id_ in range(20, 24))),
    "featuresnbenefits.txt": pipes("11|Flat|0|20|1", '11|15.9" wide|0|21|1', "11|Red|0|22|1"),
    "productresources.csv": b"".join(
        b"11,S,A,Rebate%d,https://r.example/1,Old,0,,,2999-12-31\r\n" % place for place in range(4)),
}
FLAT = flat(*({"ProductId": str(id_), "SKU": f"S{id_}", "Desc3": 'Two\nlines 15.9"'} for id_ in range(11, 17))).encode()
TEMPLATE = (b"Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\r\n"
            b'pot,"Pot, 15.9""",V,Size,S,S1,5,http://i/1.png\r\npot,,,,L,S2,6,\r\npot,,,,,,,http://i/2.png\r\n'
            b"axe,Axe,V,Title,Default Title,S3,7,\r\n")


def settle(read: Callable[[], dict[str, int] | None]) -> None:
    """Runs a reading; a sentence is an answer, anything else that is raised is not."""
    try:
        lost = read()
    except CatalogError as error:
        assert str(error).endswith((".", "layout.", "again.")) or ";" in str(error)
    else:
        assert not lost


fuzzed = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_tables(contents: dict[str, bytes]) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        recorded = Recorded(write(Path(folder), {}, raw=contents), RULES)
    assert recorded.counts["rows.read"] == recorded.counts["rows.used"] + recorded.counts["rows.quarantined"]
    return recorded.lost()


@pytest.mark.parametrize("written", [mysql, mssql])
@fuzzed
@given(data=st.data())
def test_inquire(written: Callable[..., str], data: st.DataObject) -> None:
    contents = _inquire(written)
    name = data.draw(st.sampled_from(sorted(contents)))
    contents[name] = mutated(contents[name], data.draw(MUTATIONS))
    settle(lambda: read_tables(contents))


@fuzzed
@given(data=st.data())
def test_conquire(data: st.DataObject) -> None:
    contents = _tables(conquire_tables(), mysql)
    name = data.draw(st.sampled_from(sorted(contents)))
    contents[name] = mutated(contents[name], data.draw(MUTATIONS))
    settle(lambda: read_tables(contents))


@fuzzed
@given(name=st.sampled_from(sorted(EXTRAS)), mutations=MUTATIONS)
def test_extras(name: str, mutations: list[Mutation]) -> None:
    def read() -> dict[str, int]:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), {}, raw=_inquire(mysql))
            for extra, content in EXTRAS.items():
                (Path(folder) / extra).write_bytes(mutated(content, mutations) if extra == name else content)
            return Recorded(Path(folder), RULES).lost()
    settle(read)


@fuzzed
@given(mutations=MUTATIONS)
def test_flat_file(mutations: list[Mutation]) -> None:
    def read() -> dict[str, int]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "EN_CA.csv").write_bytes(mutated(FLAT, mutations))
            return Recorded(Path(folder), RULES).lost()
    settle(read)


@fuzzed
@given(mutations=MUTATIONS)
def test_shopify_template(mutations: list[Mutation]) -> None:
    def read() -> dict[str, int]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "shop.csv").write_bytes(mutated(TEMPLATE, mutations))
            counts = Imported(Path(folder)).counts
        lost = counts.get("template.read", 0) - counts.get("template.used", 0) - counts.get("template.quarantined", 0)
        return {"template": lost} if lost else {}
    settle(read)
