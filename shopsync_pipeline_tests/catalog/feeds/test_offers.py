"""Feeds staged and matched: which SKU belongs to which product, what changes do, and what is carried on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.matching import PART_TIER, match_feeds
from shopsync_pipeline.catalog.feeds.offer import Offer, offer_of
from shopsync_pipeline.catalog.feeds.offers import CarriedRow, feed_state, stage_feeds
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.feeds.samples import bestprice, file, ingram, legacy, stock, synnex

SPR, SPECIAL, INGRAM, OTHER = "SP Richards", "SPR Special Order", "Ingram Micro USA", "CWS_A"
Codes = Sequence[tuple[int, str, str]]
Makers = Sequence[tuple[int, str | None, str]]


class Matched:
    """Offers by product number, and the account."""

    def __init__(
        self, members: Iterable[Member], codes: Codes = (), makers: Makers = (), rules: CatalogRules | None = None,
        carried: Iterable[CarriedRow] = (), account: Account | None = None,
    ) -> None:
        rules = rules or CatalogRules()
        self.account = account or Account()
        with _stage(self.account) as stage:
            stage.execute("CREATE TABLE code (ord BIGINT, tier INTEGER, system VARCHAR, sku VARCHAR, line BIGINT)")
            for line, (number, system, sku) in enumerate(codes):
                tier = rules.code_systems.index(system) if system in rules.code_systems else 0
                stage.execute("INSERT INTO code VALUES (?, ?, ?, ?, ?)", (number, tier, system, sku, line))
            stage.execute("CREATE TABLE maker (ord BIGINT, manufacturer VARCHAR, mpn VARCHAR)")
            for row in makers:
                stage.execute("INSERT INTO maker VALUES (?, ?, ?)", row)
            stage_feeds(stage, [("utf-8", member) for member in members], rules, self.account, carried)
            match_feeds(stage, rules, self.account)
            rows: dict[int, list[str]] = {}
            for number, facts in stage.execute("SELECT ord, facts FROM offer ORDER BY ord, file, line").fetchall():
                rows.setdefault(number, []).append(facts)
            self.offers: dict[int, Offer] = {number: offer_of(facts) for number, facts in rows.items()}
            self.state = list(feed_state(stage))

    @property
    def unmatched(self) -> list[tuple[str, str]]:
        """(SKU, reason) of the rows without a product."""
        return [(row.value, row.reason.rsplit(": ", 1)[1]) for row in self.account.quarantine
                if row.kind == "unmatched"]


@contextmanager
def _stage(account: Account) -> Iterator[Stage]:
    stage = Stage(account)
    try:
        yield stage
    finally:
        stage.close()


def feed(tmp_path: Path, text: str, name: str = "a.csv") -> Member:
    return file(tmp_path, text.encode(), name)


NONE = "no product has it, nor its part number"
SEVERAL = "several products, or several SKUs of this feed, may be meant"
TAKEN = "its product already takes another SKU of this feed"


def test_a_sku_matches_in_the_feeds_own_code_systems_only(tmp_path: Path) -> None:
    codes = [(1, SPR, "ACM 11-A"), (2, INGRAM, "ACM 11-A"), (3, SPECIAL, "ZZ1"), (4, INGRAM, "BA9001")]
    found = Matched([file(tmp_path, bestprice({}, {2: "ZZ1", 52: "", 69: ""}), "p.csv"),
                     file(tmp_path, ingram({}), "i.txt")], codes)
    assert {number: offer.feed for number, offer in found.offers.items()} == {
        1: "spr_bestprice", 3: "spr_bestprice", 4: "ingram"}
    assert found.account.counts["feed.matched"] == 3


def test_a_file_of_nobodys_matches_any_code_and_a_code_of_no_system_any_file(tmp_path: Path) -> None:
    assert set(Matched([feed(tmp_path, "sku,price\na1,5\n")], [(1, INGRAM, "A1")]).offers) == {1}
    assert set(Matched([file(tmp_path, ingram({}))], [(1, "", "ba9001")]).offers) == {1}


def test_case_and_spaces_at_the_ends_never_matter(tmp_path: Path) -> None:
    assert set(Matched([feed(tmp_path, "sku,price\n  ab  1 ,5\n")], [(1, OTHER, " AB 1 ")]).offers) == {1}


def test_marks_and_spaces_do_not_matter_where_one_product_is_meant(tmp_path: Path) -> None:
    found = Matched([file(tmp_path, stock(("CNMICMF6550", "A", "EA", (5,))))], [(1, SPR, "CNM ICMF-65.50")])
    assert set(found.offers) == {1}
    found = Matched([feed(tmp_path, "sku,price\nAB1,5\n")], [(1, OTHER, "A-B1"), (2, OTHER, "AB-1")])
    assert found.unmatched == [("AB1", SEVERAL)]
    found = Matched([feed(tmp_path, "sku,price\nA-B1,5\nAB1,6\n")], [(1, OTHER, "AB-1")])
    assert found.unmatched == [("A-B1", SEVERAL), ("AB1", SEVERAL)]
    found = Matched([feed(tmp_path, "sku,price\nA-B1,5\nAB1,6\n")], [(1, OTHER, "AB1")])
    assert found.offers[1].price == Decimal(6)


def test_maker_and_part_number_through_the_shops_names(tmp_path: Path) -> None:
    text = "sku,mpn,manufacturer,price\nX1,M-1,MONSTER,5\nX2,m-1,canon inc.,6\n"
    makers = [(1, "Monster Cable Products, Inc", "M-1"), (2, "Canon, Inc", "M-1")]
    found = Matched([feed(tmp_path, text)], [], makers, CatalogRules(
        manufacturers={"Monster": "Monster Cable Products, Inc"}))
    assert {number: offer.price for number, offer in found.offers.items()} == {1: Decimal(5), 2: Decimal(6)}
    found = Matched([feed(tmp_path, text)], [], makers)
    assert found.unmatched == [("X1", SEVERAL)]


def test_a_part_number_alone_counts_where_it_is_the_only_one_on_both_sides(tmp_path: Path) -> None:
    found = Matched([feed(tmp_path, "sku,mpn,price\nX1,M-1,5\nX2,M-2,6\nX3,M-2,7\nX4,M-3,8\nM-4,,9\n")], [],
                    [(1, "A", "M-1"), (2, "A", "M-2"), (3, "A", "M-3"), (4, "B", "M-3"), (5, None, "m-4")])
    assert set(found.offers) == {1, 5}
    assert found.unmatched == [("X2", SEVERAL), ("X3", SEVERAL), ("X4", SEVERAL)]


def test_a_part_number_of_another_maker_of_the_catalog_is_no_match(tmp_path: Path) -> None:
    text = "sku,mpn,manufacturer,price\nX1,M-1,{},5\n"
    makers = [(1, "Acme, Inc", "M-1"), (2, "Zenith", "Z-1")]
    assert not Matched([feed(tmp_path, text.format("Zenith"))], [], makers).offers
    assert set(Matched([feed(tmp_path, text.format("Akme"))], [], makers).offers) == {1}


def test_part_numbers_may_still_come_with_the_codes(tmp_path: Path) -> None:
    account = Account()
    with _stage(account) as stage:
        stage.execute("CREATE TABLE code AS SELECT 1::BIGINT AS ord, ?::INTEGER AS tier, '' AS system, 'm-1' AS sku, "
                      "0::BIGINT AS line", (PART_TIER,))
        stage_feeds(stage, [("utf-8", feed(tmp_path, "sku,mpn,price\nX1,M-1,5\n"))], CatalogRules(), account)
        match_feeds(stage, CatalogRules(), account)
        assert stage.execute("SELECT ord FROM offer").fetchall() == [(1,)]


def test_a_distributors_sku_is_never_taken_for_a_part_number(tmp_path: Path) -> None:
    found = Matched([file(tmp_path, ingram({8: ""}))], [], [(1, "Acme", "BA9001")])
    assert found.unmatched == [("BA9001", NONE)]


def test_a_sku_of_two_products_goes_to_the_first_and_each_product_to_its_best_sku(tmp_path: Path) -> None:
    codes = [(1, SPR, "A"), (2, SPR, "A"), (2, OTHER, "B"), (1, OTHER, "C")]
    found = Matched([feed(tmp_path, "sku,price\nA,1\nB,2\nC,3\n")], codes)
    assert {number: offer.price for number, offer in found.offers.items()} == {1: Decimal(1), 2: Decimal(2)}
    assert found.unmatched == [("C", TAKEN)]


def test_rows_without_a_product_are_reported_with_file_line_and_part_number(tmp_path: Path) -> None:
    found = Matched([feed(tmp_path, "sku,mpn,price\nA,,1\nB,M-9,2\n")], [(1, SPR, "A")])
    (row,) = found.account.quarantine
    assert (row.file, row.line, row.column, row.value, row.kind) == ("a.csv", 3, "sku", "B", "unmatched")
    assert row.reason == f"SKU B (part number M-9) of generic belongs to no product of this catalog: {NONE}"
    counts = found.account.counts
    assert (counts["feed.used"], counts["feed.matched"], counts["feed.unmatched"]) == (2, 1, 1)


def test_only_so_many_examples_of_unmatched_rows_are_kept(tmp_path: Path) -> None:
    text = "sku,price\n" + "".join(f"A{number},1\n" for number in range(50))
    found = Matched([feed(tmp_path, text)], account=Account(unmatched_kept=3))
    assert [row.line for row in found.account.quarantine] == [2, 3, 4]
    assert found.account.counts["feed.unmatched"] == 50
    assert found.account.counts["unmatched.not_kept"] == 47


def test_price_stock_and_another_distributor_make_one_offer(tmp_path: Path) -> None:
    found = Matched(
        [file(tmp_path, bestprice({}), "p.csv"), file(tmp_path, stock(("ACM11A", "A", "EA", (5,))), "s.ezoh"),
         file(tmp_path, ingram({}), "i.txt")],
        [(1, SPR, "ACM11A"), (1, INGRAM, "BA9001")])
    offer = found.offers[1]
    assert (offer.feed, offer.cost) == ("spr_bestprice", Decimal("10.50"))
    assert [(level.location, level.available) for level in offer.stock] == [
        ("ingram", 35), ("spr-008", 5), ("spr-012", 0), ("spr-045", 0)]
    assert offer.rows["stock"][0] == 1


def test_the_shops_order_of_code_systems_decides_between_distributors(tmp_path: Path) -> None:
    members = [file(tmp_path, bestprice({}), "p.csv"), file(tmp_path, ingram({}), "i.txt")]
    codes = [(1, SPR, "ACM 11-A"), (1, INGRAM, "BA9001")]
    assert Matched(members, codes, rules=CatalogRules(code_systems=(INGRAM, SPR))).offers[1].feed == "ingram"


def test_three_older_files_are_one_feed(tmp_path: Path) -> None:
    found = Matched(
        [file(tmp_path, legacy("I", {7: "DZ", 32: "0000999"}), "J-I.txt"),
         file(tmp_path, legacy("P", {10: "1", 11: "0000500", 33: "0000100", 34: "EA"}), "J-P.txt"),
         file(tmp_path, legacy("X", {4: "036000291452"}), "J-X.txt")], [(1, SPR, "ACM11A")])
    offer = found.offers[1]
    assert offer.amounts == {"list_price": Decimal("9.99"), "cost": Decimal("5.00")}
    assert (offer.uom, offer.barcode) == ("DZ", "036000291452")


def test_files_of_nobodys_are_feeds_of_their_own_that_add_up_where_they_match_alike(tmp_path: Path) -> None:
    found = Matched([feed(tmp_path, "sku,price\nA,5\n"), feed(tmp_path, "sku,qty\nA,3\n", "b.csv")], [(1, SPR, "A")])
    assert found.offers[1].price == Decimal(5)
    assert found.offers[1].stock[0].available == 3


# Changes.

def changed(tmp_path: Path, *contents: bytes, carried: Iterable[CarriedRow] = (), rules: CatalogRules | None = None,
            ) -> Matched:
    members = [file(tmp_path, content, f"PRICE{number}.TXT") for number, content in enumerate(contents)]
    return Matched(members, [(1, INGRAM, "BA9001"), (2, INGRAM, "BB1")], rules=rules, carried=carried)


def price(amount: str) -> dict[int, str]:
    return {15: f"{float(amount):019.2f}"}


def test_changes_replace_and_take_away_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    found = changed(tmp_path, ingram({1: "A"}, {1: "A", 2: "BB1"}), ingram({1: "D", 2: "BB1"}, price("9")),
                    ingram(price("8") | {10: ""}))
    assert {number: offer.cost for number, offer in found.offers.items()} == {1: Decimal("8.00")}
    assert found.offers[1].barcode is None
    assert found.account.counts["feed.deleted"] == 1
    assert found.account.counts["feed.rows"] == 1
    assert found.account.counts["feed.used"] == 5


def test_a_row_that_comes_back_is_there_again(tmp_path: Path) -> None:
    found = changed(tmp_path, ingram({1: "D"}, price("7")))
    assert found.offers[1].cost == Decimal("7.00")


def test_taking_away_what_nobody_knows_is_counted_and_no_error(tmp_path: Path) -> None:
    found = changed(tmp_path, ingram({1: "D", 2: "NOBODY"}))
    assert found.account.counts["feed.deleted_unknown"] == 1
    assert found.account.quarantine == []
    assert found.state == []


def test_what_changes_left_is_carried_to_the_next_import(tmp_path: Path) -> None:
    first = changed(tmp_path, ingram({1: "A"}, {1: "A", 2: "BB1"}, {1: "A", 2: "STRAY"}))
    assert [row.sku for row in first.state] == ["BA9001", "BB1", "STRAY"]
    second = changed(tmp_path, ingram(price("9"), {1: "D", 2: "STRAY"}), carried=first.state)
    assert {number: offer.cost for number, offer in second.offers.items()} == {
        1: Decimal("9.00"), 2: Decimal("10.26")}
    third = changed(tmp_path, carried=second.state)
    assert third.offers[1].amounts == second.offers[1].amounts
    assert third.state == second.state
    assert third.account.counts["feed.carried"] == 2
    assert third.account.counts["feed.read"] == 0


def test_a_feed_that_is_declared_complete_carries_nothing(tmp_path: Path) -> None:
    rules = CatalogRules(feeds=(FeedRule(name="ingram", files=("PRICE*",), complete=True),))
    first = changed(tmp_path, ingram({}))
    second = changed(tmp_path, ingram({2: "BB1"}), carried=first.state, rules=rules)
    assert set(second.offers) == {2}
    assert second.state == []
    assert second.account.counts["feed.carried_no_longer"] == 1


def test_a_synnex_file_that_holds_all_ends_what_was_carried(tmp_path: Path) -> None:
    rules = CatalogRules(feeds=(FeedRule(name="synnex", files=("*.ap",), complete=False),))
    whole, changes = ("110486~HDR~260114~260114~C~~~~~", "110486~HDR~260115~260115~U~~~~~")

    def read(content: bytes, carried: list[CarriedRow]) -> list[str]:
        found = Matched([file(tmp_path, content, "1.ap")], rules=rules, carried=carried)
        state.extend(found.state)
        return [row.sku for row in found.state]
    state: list[CarriedRow] = []
    assert read(synnex({5: "1"}, {5: "2"}, header=whole), []) == ["1", "2"]
    assert read(synnex({5: "3"}, header=changes), state[:2]) == ["1", "2", "3"]
    assert read(synnex({5: "4"}, header=whole), state[2:5]) == ["4"]


def test_a_shops_own_feed_of_changes_adds_up_within_a_file_only(tmp_path: Path) -> None:
    rules = CatalogRules(feeds=(FeedRule(
        name="own", files=("*.csv",), complete=False,
        columns={"sku": ("sku",), "available": ("qty",), "location": ("where",), "action": ("do",)}),))
    members = [feed(tmp_path, "sku,qty,where,do\nA,1,x,\nA,2,y,\nB,5,x,\nC,1,x,\n", "1.csv"),
               feed(tmp_path, "sku,qty,where,do\nB,,,D\nC,,,D\nC,7,x,\nC,8,y,\n", "2.csv"),
               feed(tmp_path, "sku,qty,where,do\nA,3,y,\nA,4,z,\n", "3.csv")]
    found = Matched(members, [(1, SPR, "A"), (2, SPR, "B"), (3, SPR, "C")], rules=rules)
    assert {number: {level.location: level.available for level in offer.stock}
            for number, offer in found.offers.items()} == {1: {"y": 3, "z": 4}, 3: {"x": 7, "y": 8}}


@pytest.mark.parametrize("facts", ["", "{", "[1]", "null"])
def test_what_was_carried_and_cannot_be_read_is_quarantined(tmp_path: Path, facts: str) -> None:
    found = changed(tmp_path, ingram({}), carried=[CarriedRow("ingram", "BB1", "", "", facts)])
    assert set(found.offers) == {1}
    assert "what was carried about SKU BB1 cannot be read" in found.account.quarantine[0].reason


def test_a_file_that_is_no_feed_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"a\.csv is no price and stock feed"):
        Matched([feed(tmp_path, "hello\n")])
