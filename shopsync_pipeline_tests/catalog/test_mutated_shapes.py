"""Whatever happens to the lines of a delivery: nothing but a sentence is raised, and no row goes missing in silence.

For each shape some lines are cut, doubled, joined, swapped or sprinkled with signs. Either `CatalogError` says why the
delivery is refused as a whole, or every row is used or quarantined; where the changes leave each line a row, the lines
are counted here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
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
Counts = Mapping[str, int]
SIGNS = [b'"', b"\\", b",", b"|", b"x", b"\r\n", b"\n", b"\r", b"\xff", b"\x00", b"\xc3", b"\\N", b'""', b"\x1f\x1e",
         "\u2028\ufdd0".encode(), b"9" * 30]
MUTATIONS = st.lists(st.tuples(
    st.sampled_from(["insert", "cut", "double", "join", "swap", "drop"]), st.integers(0, 10_000), st.integers(0, 500),
    st.sampled_from(SIGNS)), min_size=1, max_size=4)


HARMLESS = st.lists(st.tuples(
    st.sampled_from(["insert", "double", "swap", "drop"]), st.integers(0, 10_000), st.integers(0, 500),
    st.sampled_from([b",", b"|", b"x", b" ", b"\xff", b"9" * 30, b";"])), min_size=1, max_size=6)
"""Changes after which every line still is one row, a good one or a bad one."""

TABLES = {
    "EN_US_B_product": "product", "EN_US_B_productattributes": "productattribute",
    "EN_US_B_productdescriptions": "productdescriptions", "EN_US_B_productlocales": "productlocales",
    "EN_US_SKU_SPR_productskus": "productskus", "EN_US_A_productaccessories": "productaccessories",
    "EN_US_SIM_productsimilar": "productsimilar", "G_category": "category", "EN_US_locales": "locales",
}


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


def _inquire(written: Callable[..., str], size: str) -> dict[str, bytes]:
    rows = tables()
    rows["EN_US_B_product"] += [product(id_) for id_ in range(20, 24)]
    rows["EN_US_B_productattributes"] += [attribute(id_, 3411122, size) for id_ in range(20, 24)]
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


def lines_of(content: bytes) -> int:
    """Lines that hold anything. A sign may have come between CR and LF, and then the CR ends nothing."""
    return sum(1 for line in content.split(b"\n") if line.strip())


def settle(read: Callable[[], Counts], table: str, lines: int | None) -> None:
    """Runs a reading; a sentence is an answer, anything else that is raised is not.

    `lines`: how many rows of the table there are, where every line is a row.
    """
    try:
        counts = read()
    except CatalogError:
        return
    used, refused = counts.get(f"{table}.used", 0), counts.get(f"{table}.quarantined", 0)
    if lines is not None:
        assert used + refused + counts.get(f"{table}.headers", 0) == lines
    assert counts.get(f"{table}.read", 0) == used + refused


fuzzed = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_tables(contents: dict[str, bytes]) -> Counts:
    with tempfile.TemporaryDirectory() as folder:
        return Recorded(write(Path(folder), {}, raw=contents), RULES).counts


@pytest.mark.parametrize("written", [mysql, mssql])
@fuzzed
@given(name=st.sampled_from(sorted(TABLES)), mutations=MUTATIONS)
def test_inquire(written: Callable[..., str], name: str, mutations: list[Mutation]) -> None:
    contents = _inquire(written, 'Size 15.9"\nwide')
    contents[name] = mutated(contents[name], mutations)
    settle(lambda: read_tables(contents), TABLES[name], None)


@fuzzed
@given(name=st.sampled_from(sorted(TABLES)), mutations=HARMLESS)
def test_inquire_lines(name: str, mutations: list[Mutation]) -> None:
    contents = _inquire(mysql, 'Size 15.9" wide')
    contents[name] = mutated(contents[name], mutations)
    settle(lambda: read_tables(contents), TABLES[name], lines_of(contents[name]))


@fuzzed
@given(name=st.sampled_from(sorted(TABLES.keys() - {"EN_US_SIM_productsimilar"})), mutations=MUTATIONS)
def test_conquire(name: str, mutations: list[Mutation]) -> None:
    contents = _tables(conquire_tables(), mysql)
    contents[name] = mutated(contents[name], mutations)
    settle(lambda: read_tables(contents), TABLES[name], None)


@fuzzed
@given(name=st.sampled_from(sorted(TABLES.keys() - {"EN_US_SIM_productsimilar"})), mutations=HARMLESS)
def test_conquire_lines(name: str, mutations: list[Mutation]) -> None:
    contents = _tables(conquire_tables(), mysql)
    contents[name] = mutated(contents[name], mutations)
    settle(lambda: read_tables(contents), TABLES[name], lines_of(contents[name]))


@fuzzed
@given(name=st.sampled_from(sorted(EXTRAS)), harmless=st.booleans(), data=st.data())
def test_extras(name: str, harmless: bool, data: st.DataObject) -> None:
    content = mutated(EXTRAS[name], data.draw(HARMLESS if harmless else MUTATIONS))

    def read() -> Counts:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), {}, raw=_inquire(mysql, "Wide"))
            for extra, whole in EXTRAS.items():
                (Path(folder) / extra).write_bytes(content if extra == name else whole)
            return Recorded(Path(folder), RULES).counts
    table = name.split(".")[0].replace("categorytaxonomy", "category_taxonomy")
    settle(read, table, lines_of(content) if harmless else None)


def read_file(name: str, content: bytes) -> Counts:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        if name == "shop.csv":
            return Imported(Path(folder)).counts
        return Recorded(Path(folder), RULES).counts


@pytest.mark.parametrize(("name", "content", "table"), [
    ("EN_CA.csv", FLAT, "flat_file"), ("shop.csv", TEMPLATE, "template")])
@fuzzed
@given(mutations=MUTATIONS)
def test_files_with_a_header(name: str, content: bytes, table: str, mutations: list[Mutation]) -> None:
    changed = mutated(content, mutations)
    settle(lambda: read_file(name, changed), table, None)


@pytest.mark.parametrize(("name", "content", "table"), [
    ("EN_CA.csv", FLAT.replace(b"Two\n", b"Two "), "flat_file"), ("shop.csv", TEMPLATE, "template")])
@fuzzed
@given(mutations=HARMLESS)
def test_lines_of_files_with_a_header(name: str, content: bytes, table: str, mutations: list[Mutation]) -> None:
    changed = mutated(content, mutations)
    settle(lambda: read_file(name, changed), table, lines_of(changed) - 1)
