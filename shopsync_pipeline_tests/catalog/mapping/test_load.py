"""The mapping file: what it says counts, what it does not say has its default, and nothing in it is passed over."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopsync_pipeline.catalog.mapping import load_mapping
from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule, MetafieldRule, PriceRule
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.quality import Threshold


def loaded(folder: Path, text: str) -> CatalogRules:
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def refused(folder: Path, text: str) -> list[str]:
    """The sentences about a file, without its name, which each begins with."""
    path = folder / "catalog.toml"
    with pytest.raises(CatalogError) as error:
        loaded(folder, text)
    sentences = str(error.value).split("\n")
    assert all(sentence.startswith(f"{path}: ") for sentence in sentences)
    return [sentence.removeprefix(f"{path}: ") for sentence in sentences]


def test_without_a_file_or_with_an_empty_one_the_defaults_count(tmp_path: Path) -> None:
    assert load_mapping(None) == CatalogRules()
    assert loaded(tmp_path, "# nothing yet\n") == CatalogRules()


def test_what_is_said_counts_and_the_rest_keeps_its_default(tmp_path: Path) -> None:
    rules = loaded(tmp_path, """
        [catalog]
        locale = "FR_CA"
        code_systems = "SPRC"
        feed_systems = { spr_stock = ["SPRC"] }
        [product]
        title = ["{description:2}", "{feed:title}"]
        tags = []
        spec_table = false
        [images]
        size_limit = 1500
        [relations]
        value = "sku"
        metafields = { accessory = "custom.accessories" }
        [variants]
        group_by = "{attribute:112816}"
        title = "{vendor} {attribute:112816}"
        [variants.options]
        Color = "{attribute:11122}"
        [publish]
        requires = ["price", "image"]
        otherwise = "ARCHIVED"
        [manufacturers]
        "MONSTER" = "Monster Cable Products, Inc"
        [quality]
        missing_price = { warn = 0, fail = 0.25 }
        duplicate_sku = {}
        """)
    default = CatalogRules()
    assert (rules.locale, rules.code_systems, rules.barcode_systems) == ("FR_CA", ("SPRC",), default.barcode_systems)
    assert rules.feed_systems == {**default.feed_systems, "spr_stock": ("SPRC",)}
    assert (rules.product.title, rules.product.tags) == (("{description:2}", "{feed:title}"), ())
    assert (rules.product.vendor, rules.product.spec_table) == (default.product.vendor, False)
    assert (rules.images.size_limit, rules.images.angles) == (1500, default.images.angles)
    assert (rules.relations.value, rules.relations.metafields) == ("sku", {"accessory": "custom.accessories"})
    assert rules.variants.group_by == ("{attribute:112816}",)
    assert rules.variants.options == {"Color": ("{attribute:11122}",)}
    assert (rules.publish.requires, rules.publish.otherwise) == (("price", "image"), "ARCHIVED")
    assert rules.manufacturers == {"MONSTER": "Monster Cable Products, Inc"}
    assert rules.quality == {
        **default.quality, "missing_price": Threshold(warn=0.0, fail=0.25), "duplicate_sku": Threshold()}


def test_metafields_join_the_usual_ones_replace_them_or_drop_them(tmp_path: Path) -> None:
    rules = loaded(tmp_path, """
        [[metafield]]
        name = "custom.weight"
        type = "weight"
        values = "{feed:weight}"
        [[metafield]]
        name = "custom.mpn"
        values = ["{code:MPN}", "{mpn}"]
        [[metafield]]
        name = "custom.unspsc"
        values = []
        """)
    found = {f"{rule.namespace}.{rule.key}": rule for rule in rules.metafields}
    assert found["custom.weight"] == MetafieldRule(
        namespace="custom", key="weight", type="weight", values=("{feed:weight}",))
    assert found["custom.mpn"].values == ("{code:MPN}", "{mpn}")
    assert found["custom.mpn"].type == "single_line_text_field"
    assert found.keys() == ({f"custom.{rule.key}" for rule in CatalogRules().metafields} - {"custom.unspsc"}) | {
        "custom.weight"}


def test_prices_and_feeds_are_lists_of_rules(tmp_path: Path) -> None:
    rules = loaded(tmp_path, """
        [[pricing]]
        vendors = ["Acme*"]
        sources = ["cost_ccp3", "cost"]
        markup = { cost_ccp3 = 0.35, "*" = 0.4 }
        minimum_margin = 0.2
        endings = 0.99
        rounding = "up"
        uom = "EA"
        units = { BX = 10 }
        [[pricing]]
        markup = 0.5
        step = 0.05
        [[feed]]
        name = "novexco"
        files = "novexco*.xlsx"
        systems = ["Novexco"]
        cents = true
        [feed.columns]
        sku = "Novexco Product Code"
        cost = ["*Dealer Net Price", "Unit Cost"]
        """)
    assert rules.pricing == (
        PriceRule(name="rule 1", vendors=("Acme*",), sources=("cost_ccp3", "cost"),
                  markup={"cost_ccp3": Decimal("0.35"), "*": Decimal("0.4")}, minimum_margin=Decimal("0.2"),
                  endings=(Decimal("0.99"),), rounding="up", uom="EA", units={"BX": Decimal(10)}),
        PriceRule(name="rule 2", markup={"*": Decimal("0.5")}, step=Decimal("0.05")))
    assert rules.feeds == (FeedRule(
        name="novexco", files=("novexco*.xlsx",), systems=("Novexco",), cents=True, columns={
            "sku": ("Novexco Product Code",), "cost": ("*Dealer Net Price", "Unit Cost")}),)


@pytest.mark.parametrize(("text", "sentence"), [
    ("[produkt]\ntitle = 'x'", '[produkt] is no section that is known; did you mean "product"?'),
    ("[product]\ntitel = 'x'", 'product.titel is no key that is known here; did you mean "title"?'),
    ("[catalog]\nmetafields = []", "catalog.metafields is no key that is known here; there are code_systems,"),
    ("title = 'x'", "[title] is no section that is known;"),
    ("product = 3", "product is 3: it must be a table, [product] and its keys below it."),
    ("[product]\ntitle = 3", "product.title is 3: it must be text in quotes, or a list of such."),
    ("[product]\nbullets = 1", "product.bullets is 1: it must be true or false."),
    ("[images]\nlimit = 1.5", 'images.limit is 1.5: it must be a whole number.'),
    ("[images]\nlimit = 251", "images.limit is 251: it must be from 1 to 250."),
    ("[images]\nhost = 'ftp://x'", 'images.host is "ftp://x": it must be an address that starts with https://.'),
    ("[product]\ntitle = '{descripton:2}'",
     'product.title is "{descripton:2}": there is no placeholder {descripton:2}; did you mean {description:…}?'),
    ("[product]\nvendor = '{title}'",
     'product.vendor is "{title}": the vendor is decided before the title, so it cannot be made of {title}.'),
    ("[product]\nhandle = '{title}'",
     'product.handle is "{title}": two products could get the same address; add {sku} or {id}.'),
    ("[product]\ntitle = []", "product.title is []: a product must have a title; give it a template."),
    ("[catalog]\nlocale = 'english'",
     'catalog.locale is "english": it must be a language and a country, such as "EN_US".'),
    ("[catalog]\ncategory_tree = 'map'", 'catalog.category_tree is "map": did you mean "mapped"?'),
    ("[catalog]\nextras = ['mapped_categories']",
     'catalog.extras is "mapped_categories": did you mean "mapped_category"?'),
    ("[publish]\notherwise = 'draft'", 'publish.otherwise is "draft": did you mean "DRAFT"?'),
    ("[publish]\nrequires = ['images']", 'publish.requires is "images": did you mean "image"?'),
    ("[relations.metafields]\naccessories = 'custom.x1'",
     'relations.metafields.accessories is no kind of relation; did you mean "accessory"?'),
    ("[relations.metafields]\nsimilar = 'custom.mpn'",
     'relations.metafields.similar is "custom.mpn": a [[metafield]] has this name; relations need one of their own.'),
    ("[[metafield]]\nname = 'custom.size'\ntype = 'single_line_text'\nvalues = '{mpn}'",
     'metafield custom.size: type is "single_line_text": it is no metafield type that can be filled; did you mean '
     '"single_line_text_field"?'),
    ("[[metafield]]\nname = 'custom.size'\ntype = 'rating'\nvalues = '{mpn}'",
     'metafield custom.size: type is "rating": it is no metafield type that can be filled; there are '
     "single_line_text_field,"),
    ("[[metafield]]\nname = 'custom.size'\ntype = 'list.url'\nvalues = []",
     "metafield[1].values is []: nothing feeds custom.size; give it a template, or take it out."),
    ("[[metafield]]\nname = 'custom.size'\nvalues = '{mpn}'", "metafield[1] lacks type, which it must have."),
    ("[[metafield]]\nname = 'size'\ntype = 'json'\nvalues = '{specs}'",
     'metafield[1].name is "size": it must be a namespace, a dot and a key, such as "custom.color".'),
    ("[[metafield]]\nname = 'custom.x'\ntype = 'json'\nvalues = '{specs}'",
     'metafield custom.x is "custom.x": a key has 2 to 64 letters, digits, hyphens and underscores.'),
    ("[[metafield]]\nname = 'custom.sheet'\ntype = 'url'\nvalues = '{specs}'",
     'metafield custom.sheet: values is "{specs}": the whole specification sheet is JSON; set type = "json".'),
    ("[metafield]\nname = 'custom.x'", "metafield must be written [[metafield]], with two brackets,"),
    ("[[metafield]]\nname = 'custom.mpn'\nvalues = '{mpn}'\n" * 2,
     'metafield[2].name is "custom.mpn": another [[metafield]] has it already; keep one of them.'),
    ("[variants]\ngroup_by = '{mpn}'\noptions = { Color = '{mpn}' }",
     'variants.group_by is "{mpn}": products cannot be grouped by {mpn}; use {attribute:NUMBER},'),
    ("[variants]\ngroup_by = '{manufacturer}'",
     "variants.group_by groups products and nothing tells the variants apart; add [variants.options]."),
    ("[variants.options]\nColor = '{mpn}'", "variants has no group_by, so no products are grouped;"),
    ("[variants]\ngroup_by = '{category}'\noptions = { A = 'a', B = 'b', C = 'c', D = 'd' }",
     "variants.options has 4 options; Shopify takes 3."),
    ("[[pricing]]\nmarkup = -1", 'pricing[1].markup is -1: it must be above -1; 0.35 adds 35 %, -0.1 takes 10 % off.'),
    ("[[pricing]]\nmarkup = { cst = 0.1 }\nsources = 'cost'",
     'pricing[1].markup.cst is not in sources, so it never counts; did you mean "cost"?'),
    ("[[pricing]]\nminimum_margin = 1",
     'pricing[1].minimum_margin is 1: it must be a share of the price, from 0 to below 1.'),
    ("[[pricing]]\nendings = [1.99]",
     'pricing[1].endings is 1.99: an ending is the cents of a price, from 0.00 to 0.99.'),
    ("[[pricing]]\nstep = 0.005", 'pricing[1].step is 0.005: a step is an amount of whole cents above zero.'),
    ("[[pricing]]\nstep = nan", 'pricing[1].step is NaN: it must be a number.'),
    ("[[pricing]]\nstep = 1\nendings = 0.99", "pricing[1] has endings and a step; keep one of them."),
    ("[[pricing]]\nuom = 'BX'",
     'pricing[1].uom is "BX": nothing says how many pieces it has; add it to units, or use one of'),
    ("[[pricing]]\nrounding = 'Up'", 'pricing[1].rounding is "Up": did you mean "up"?'),
    ("[[pricing]]\n[[pricing]]\nvendors = 'A'", "pricing[2] is never reached, because pricing[1] fits every product;"),
    ("[[feed]]\nname = 'x'\nfiles = 'y'\ncolumns = {}\nsistems = 'x'",
     'feed[1].sistems is no key that is known here; did you mean "systems"?'),
    ("[[feed]]\nfiles = 'y'\ncolumns = {}", "feed[1] lacks name, which it must have."),
    ("[[feed]]\nname = 'x'\nfiles = 'y'\ncolumns = { sku = 3 }",
     "feed[1].columns.sku is 3: it must be text in quotes, or a list of such."),
    ("[[feed]]\nname = 'x'\nfiles = 'y'\ncolumns = {}\nweight_unit = 'stone'",
     'feed[1].weight_unit is "stone": it is not a weight unit (g, kg, oz or lb).'),
    ("[manufacturers]\nA = 3", "manufacturers.A is 3: it must be text in quotes."),
    ("[quality]\nmissing_prices = {}",
     'quality.missing_prices is no key that is known here; did you mean "missing_price"?'),
    ("[quality]\nmissing_price = { warn = 5 }",
     "quality.missing_price.warn is 5.0: it must be a share of the products, from 0 to 1."),
    ("[quality]\nmissing_price = { warn = 0.6, fail = 0.5 }",
     "quality.missing_price warns at 0.6 and fails at 0.5; a check must warn before it fails."),
    ("[quality]\nmissing_price = { wran = 0.6 }",
     'quality.missing_price.wran is no key that is known here; did you mean "warn"?'),
])
def test_what_cannot_be_meant_is_refused_with_the_way_out(tmp_path: Path, text: str, sentence: str) -> None:
    found, *others = refused(tmp_path, text)
    assert found.startswith(sentence)
    assert others == []


def test_one_reading_tells_everything_that_is_wrong(tmp_path: Path) -> None:
    sentences = refused(tmp_path, "[product]\ntitel = 'x'\nbullets = 1\n[images]\nlimit = 0\n[[pricing]]\nstep = 0\n")
    assert [sentence.split(" ")[0] for sentence in sentences] == [
        "product.titel", "product.bullets", "images.limit", "pricing[1].step"]


def test_a_file_that_is_absent_unreadable_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"absent\.toml does not exist; write it, or unset the setting"):
        load_mapping(tmp_path / "absent.toml")
    with pytest.raises(CatalogError, match=r"catalog\.toml is not TOML: .*line 2"):
        loaded(tmp_path, "[product]\ntitle = x\n")
    (tmp_path / "latin.toml").write_bytes("# é".encode("latin-1"))
    with pytest.raises(CatalogError, match=r"latin\.toml is not UTF-8 \(byte 2\)"):
        load_mapping(tmp_path / "latin.toml")
    with pytest.raises(CatalogError, match="cannot be read"):
        load_mapping(tmp_path)


TOML_VALUES = st.recursive(
    st.sampled_from(["1", "-2.5", "true", "'{mpn}'", "'{'", "nan", "1979-05-27", "'x'", "''"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    | inner.map(lambda item: f"{{ a = {item} }}"), max_leaves=4)
KEYS = st.sampled_from([
    f"{section}.{field.name}" for section, kind in {
        "catalog": CatalogRules, "product": type(CatalogRules().product), "images": type(CatalogRules().images),
        "relations": type(CatalogRules().relations), "variants": type(CatalogRules().variants),
        "publish": type(CatalogRules().publish)}.items() for field in fields(kind)] + [
            "pricing", "feed", "metafield", "manufacturers", "quality", "manufacturers.x", "quality.mojibake"])


@settings(max_examples=200)
@given(entries=st.dictionaries(KEYS, TOML_VALUES, max_size=4))
def test_whatever_a_file_says_it_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, str],
) -> None:
    text = "\n".join(f"{key} = {value}" for key, value in entries.items())
    with suppress(CatalogError):
        assert isinstance(loaded(tmp_path_factory.mktemp("mapping"), text), CatalogRules)
