"""The files beside the tables: the distributor's tree, also bought, features, documents; read only if asked for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from shopsync_pipeline.catalog import find_delivery
from shopsync_pipeline.catalog.content.record import RelationKind
from shopsync_pipeline.catalog.rules import CatalogRules, RelationRules
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import product, tables, write
from shopsync_pipeline_tests.catalog.shapes import Recorded, pipes

TREE = {
    "mapped_category.txt": pipes("11|400"),
    "mapped_category_names.txt": pipes(
        "100|1|Office Supplies", "200|1|Filing", "300|1|Binders", "400|1|Ring Binders", "400|4|Classeurs"),
    "mapped_categorytaxonomy.txt": pipes("100|0", "200|100", "300|200", "400|300"),
}
MAPPED = ("Office Supplies", "Filing", "Binders", "Ring Binders")
ETILIZE = ("Office", "Binders")


def export(folder: Path, extras: dict[str, bytes], **changed: list[tuple[str | int | None, ...]]) -> Path:
    write(folder, tables() | changed)
    for name, content in extras.items():
        path = folder / "Extras" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_distributors_tree_takes_the_place_of_etilizes(tmp_path: Path) -> None:
    recorded = Recorded(export(tmp_path, TREE))
    assert recorded.only.category == MAPPED
    assert recorded.where(recorded.only.category_row) == ("mapped_category.txt", 1)
    assert recorded.only.specs[0].header == "General Information"
    assert recorded.counts["mapped_category_names.used"] == 5


@pytest.mark.parametrize("tree", ["mapped_category.txt", "mapped_category_names.txt", "mapped_categorytaxonomy.txt"])
def test_headers_are_no_rows(tmp_path: Path, tree: str) -> None:
    headers = {"mapped_category.txt": b"productid|categoryid\r\n",
               "mapped_category_names.txt": b"categoryid|localeid|name\r\n",
               "mapped_categorytaxonomy.txt": b"categoryid|parentcategoryid\r\n"}
    recorded = Recorded(export(tmp_path, TREE | {tree: headers[tree] + TREE[tree]}))
    assert recorded.only.category == MAPPED
    assert recorded.quarantine == []


def test_etilizes_tree_if_the_rules_say_so_or_the_other_is_not_whole(tmp_path: Path) -> None:
    export(tmp_path, TREE)
    assert Recorded(tmp_path, CatalogRules(category_tree="etilize")).only.category == ETILIZE
    assert Recorded(tmp_path, CatalogRules(extras=())).only.category == ETILIZE
    (tmp_path / "Extras" / "mapped_category_names.txt").unlink()
    recorded = Recorded(tmp_path)
    assert recorded.only.category == ETILIZE
    assert recorded.counts["mapped_category.incomplete"] == 1
    with pytest.raises(CatalogError, match="has no rows of mapped_category_names; deliver Extras"):
        Recorded(tmp_path, CatalogRules(category_tree="mapped"))


def test_a_product_without_a_place_in_the_distributors_tree(tmp_path: Path) -> None:
    export(tmp_path, TREE, EN_US_B_product=[product(11), product(12)])
    auto = Recorded(tmp_path)
    assert [record.category for record in auto.records] == [MAPPED, ETILIZE]
    assert auto.counts["products.without_mapped_category"] == 1
    strict = Recorded(tmp_path, CatalogRules(category_tree="mapped"))
    assert [record.category for record in strict.records] == [MAPPED, ()]


def test_also_bought_rows_are_relations_and_rows_with_missing_values_are_quarantined(tmp_path: Path) -> None:
    export(tmp_path, {"productalsobought.txt": pipes("11|12|1|0|0|Also Bought|0.9", "11||1|0|0|Also Bought|0.1",
                                                      "11|13|1|0|0|Also Bought|0.2", "11|12|1|0|0|Also Bought|0.95")},
           EN_US_B_product=[product(11), product(12), product(13)])
    rules = CatalogRules(extras=("productalsobought",), relations=RelationRules(metafields={"also_bought": "c.also"}))
    recorded = Recorded(tmp_path, rules)
    assert [(relation.kind, relation.productid) for relation in recorded.records[0].relations] == [
        (RelationKind.ALSO_BOUGHT, 13), (RelationKind.ALSO_BOUGHT, 12)]
    assert recorded.where(recorded.records[0].relations[0].row) == ("productalsobought.txt", 3)
    assert [(row.line, row.column) for row in recorded.quarantine] == [(2, "accessoryproductid")]
    assert recorded.lost() == {}
    unasked = Recorded(tmp_path, CatalogRules(relations=RelationRules(metafields={"also_bought": "c.also"})))
    assert unasked.records[0].relations == ()
    assert unasked.counts["productalsobought.lines"] == 4


def test_features_without_a_type_are_quarantined(tmp_path: Path) -> None:
    export(tmp_path, {"featuresnbenefits.txt": pipes(
        "11|Holds 200 sheets|0|20|1", "11|Lies flat|0||1", '11|15.9" wide|0|21|1', "11|No feature|0|4|1")})
    recorded = Recorded(tmp_path, CatalogRules(extras=("featuresnbenefits",)))
    assert [(text.type, text.text) for text in recorded.only.texts] == [
        (2, "Acme Binder"), (20, "Holds 200 sheets"), (21, '15.9" wide')]
    assert [(row.line, row.column, row.value) for row in recorded.quarantine] == [(2, "type", "")]
    assert recorded.counts["featuresnbenefits.other_types"] == 1
    assert len(Recorded(tmp_path).only.texts) == 1


RESOURCE = '11,SP Richards,ACM11,MSDS,https://docs.example/11.pdf,"Sheet, safety",1,Published,,\r\n'


@pytest.mark.parametrize("header", ["", "productid,skuname,sku,type,url,text,localeid,status,startdate,enddate\r\n"])
def test_documents_with_a_header_or_without(tmp_path: Path, header: str) -> None:
    other = "11,SP Richards,ACM11,MSDS,https://docs.example/fr.pdf,FR,4,Published,,\r\n"
    export(tmp_path, {"productresources_mssql.csv": (header + RESOURCE + other).encode()})
    recorded = Recorded(tmp_path)
    (resource,) = recorded.only.resources
    assert (resource.kind, resource.address, resource.text) == ("MSDS", "https://docs.example/11.pdf", "Sheet, safety")
    assert recorded.where(resource.row)[1] == (2 if header else 1)
    assert recorded.counts["productresources.used"] == 2


def test_a_rebate_that_had_ended_when_the_delivery_was_made_is_left_out(tmp_path: Path) -> None:
    rows = ("11,S,A,Rebate1,https://r.example/1,Old,0,,,12/31/2001\r\n"
            "11,S,A,Rebate2,https://r.example/2,New,0,,,2999-12-31 00:00:00\r\n")
    export(tmp_path, {"productresources.csv": rows.encode()})
    recorded = Recorded(tmp_path)
    assert [resource.kind for resource in recorded.only.resources] == ["Rebate2"]
    assert recorded.counts["productresources.ended"] == 1


def test_the_distributors_price_categories_are_counted(tmp_path: Path) -> None:
    export(tmp_path, {"sprcategory.csv": b"id,name\r\n1,x\r\n", "spr_category_index.csv": b"a,b\r\n"})
    recorded = Recorded(tmp_path)
    assert recorded.counts["sprcategory.lines"] == 2
    assert recorded.counts["spr_category_index.lines"] == 1


def test_keywords_of_the_extras_are_read_where_a_template_needs_them(tmp_path: Path) -> None:
    export(tmp_path, {})
    folder = tmp_path / "Extras" / "Keywords" / "EN_US"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "Productkeywords_EN_US_MSSQL.zip", "w") as archive:
        archive.writestr("EN_US_Productkeywords.csv", b'11,"ring ""binder""",1\r\n')
    assert Recorded(tmp_path).only.keywords is None
    rules = CatalogRules(product=CatalogRules().product.__class__(tags=("{keywords}",)))
    assert Recorded(tmp_path, rules).only.keywords == 'ring "binder"'


def test_an_extra_of_another_width_is_refused_only_if_it_is_read(tmp_path: Path) -> None:
    export(tmp_path, {"featuresnbenefits.txt": pipes("11|too|few")})
    assert find_delivery(tmp_path).shape == "inquire"
    with pytest.raises(CatalogError, match=r"featuresnbenefits\.txt has rows of 3 fields where .* has 5"):
        find_delivery(tmp_path, rules=CatalogRules(extras=("featuresnbenefits",)))
