"""Guards: which deliveries are refused, with which figures, and what is only told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.guards import FileFacts, Limits, Read, Verdict, judge

LIMITS = Limits()
NIGHT = datetime.fromisoformat("2026-07-01 04:00")


def read(products: int = 100, files: tuple[FileFacts, ...] = (), **counts: int) -> Read:
    """`skus=40` stands for 40 rows read of `skus`, `skus_bad=2` for 2 of them in quarantine."""
    return Read(products=products, files=files, counts={
        (f"{name[:-4]}.quarantined" if name.endswith("_bad") else f"{name}.read"): count
        for name, count in counts.items()})


def refusals(found: Read, last: Read | None = None, limits: Limits = LIMITS) -> list[str]:
    return list(judge(found, last, limits).refusals)


def test_a_delivery_like_the_last_one_is_taken_without_a_word() -> None:
    files = (FileFacts(name="a.csv", encoding="utf-8", header=("SKU", "Price"), made_at=NIGHT),)
    same = read(100, files, skus=40, skus_bad=1, rows=40)
    assert judge(same, same, LIMITS) == Verdict()
    assert judge(same, None, LIMITS) == Verdict()


@pytest.mark.parametrize("last", [None, read(100)], ids=["the first", "a later one"])
def test_a_delivery_without_products_is_refused(last: Read | None) -> None:
    assert refusals(read(0), last) == [
        "The delivery holds no product that can be sold (published, not an accessory stub)."]


@pytest.mark.parametrize(("products", "limit", "refused"), [
    (100, 0.2, False), (80, 0.2, False), (79, 0.2, True), (1, 1.0, False), (99, 0.0, True), (300, 0.0, False),
])
def test_a_delivery_with_far_fewer_products_is_refused(products: int, limit: float, refused: bool) -> None:
    told = refusals(read(products), read(100), Limits(max_catalog_shrink=limit))
    assert bool(told) is refused


def test_a_refusal_has_the_figures_and_names_the_setting() -> None:
    assert refusals(read(60_000), read(85_127)) == [
        "The delivery has 60,000 products that can be sold, the last one had 85,127: 30% less; more than 20% is taken "
        "for a delivery cut short (SYNC_MAX_CATALOG_SHRINK)."]
    assert refusals(read(skus=400), read(skus=1000)) == [
        "skus has 400 rows, in the last delivery it had 1,000: 60% less; more than 50% is taken for a file cut short "
        "(SYNC_MAX_TABLE_SHRINK)."]
    assert refusals(read(skus=100, skus_bad=7)) == [
        "7 of 100 rows of skus cannot be used (7.0%); more than 5.0% is taken for another layout or a broken file "
        "(SYNC_MAX_QUARANTINE_SHARE)."]


@pytest.mark.parametrize(("rows", "refused"), [(100, False), (50, False), (49, True), (0, True), (None, True)])
def test_a_table_that_lost_more_than_half_is_refused_also_one_that_is_gone(rows: int | None, refused: bool) -> None:
    found = read() if rows is None else read(bullets=rows)
    assert bool(refusals(found, read(bullets=100))) is refused


def test_tables_are_judged_one_by_one_and_not_by_their_sum() -> None:
    assert refusals(read(a=1000, b=10, rows=1010), read(a=1000, b=1000, rows=2000))[0].startswith("b has 10 rows")
    assert refusals(read(a=1000, rows=1000), read(a=1000, rows=9000)) == []


def test_a_table_that_is_new_or_grew_is_no_matter() -> None:
    assert refusals(read(a=5, b=9), read(a=1, b=0)) == []


def files(*hours: float | None, own_date: bool = False) -> tuple[FileFacts, ...]:
    return tuple(FileFacts(name=f"{number}.csv", encoding="utf-8", own_date=own_date,
                           made_at=None if hour is None else NIGHT + timedelta(hours=hour))
                 for number, hour in enumerate(hours))


@pytest.mark.parametrize(("hours", "refused"), [
    ((), False), ((None, None), False), ((0.0,), False), ((0.0, 20.0), False), ((20.1, None, 0.0, 3.0), True),
])
def test_files_of_different_dates_are_refused(hours: tuple[float | None, ...], refused: bool) -> None:
    assert bool(refusals(read(files=files(*hours)))) is refused


def test_the_oldest_and_the_newest_file_are_named_with_their_dates() -> None:
    assert refusals(read(files=files(0.0, 30.5, 3.0))) == [
        "The export's files are of different dates: 0.csv of 2026-07-01 04:00 and 1.csv of 2026-07-02 10:30, 30.5 "
        "hours apart; more than 20 is taken for a mixture of two exports (SYNC_MAX_DELIVERY_SPREAD_HOURS)."]


def test_feeds_and_extras_have_their_own_dates() -> None:
    assert refusals(read(files=files(0.0) + files(99.0, own_date=True))) == []


def named(header: str, name: str = "feed.csv", encoding: str = "utf-8") -> Read:
    columns = tuple(header.split("|")) if header else ()
    return read(files=(FileFacts(name=name, encoding=encoding, header=columns),))


@pytest.mark.parametrize(("before", "now", "refusal", "notice"), [
    ("SKU|Price|UPC", "SKU|Price", "feed.csv lacks 1 column that the last delivery had: UPC.", None),
    ("SKU|Price|UPC", "SKU|Cost", "feed.csv lacks 2 columns that the last delivery had: Price, UPC.",
     "feed.csv has 1 new column: Cost."),
    ("SKU|Price", "SKU|Price|Cost", None, "feed.csv has 1 new column: Cost."),
    ("SKU|Price", " price |sku|", None, None),
    ("SKU|Price", "", "feed.csv has no line of column names any more; in the last delivery it began with SKU, Price.",
     None),
    ("", "SKU|Price", None, None),
])
def test_columns_that_are_gone_are_refused_and_new_ones_told(before: str, now: str, refusal: str | None,
                                                             notice: str | None) -> None:
    assert judge(named(now), named(before), LIMITS) == Verdict(
        (refusal,) if refusal else (), (notice,) if notice else ())


def test_many_lost_columns_are_counted_and_the_first_ones_named() -> None:
    many = "|".join(f"c{number}" for number in range(20))
    assert refusals(named("SKU"), named(many)) == [
        "feed.csv lacks 20 columns that the last delivery had: c0, c1, c2, c3, c4, c5, c6, c7 and 12 more."]


def test_another_encoding_is_told() -> None:
    verdict = judge(named("SKU", encoding="cp1252"), named("SKU"), LIMITS)
    assert verdict == Verdict((), (
        "feed.csv is cp1252 now and was utf-8 in the last delivery; look at some accented letters.",))


@pytest.mark.parametrize(("now", "known"), [
    ("feed.csv", True), ("JPR_0702.csv", True), ("other.csv", False),
])
def test_a_file_is_the_same_one_under_another_date(now: str, known: bool) -> None:
    """The last delivery had `feed.csv` and `JPR_0701.csv`, both with a price."""
    last = read(files=(*named("SKU|Price").files, *named("SKU|Price", "JPR_0701.csv").files))
    assert bool(refusals(named("SKU", now), last)) is known


def test_files_that_differ_in_a_number_only_are_not_mixed_up() -> None:
    last = read(files=(*named("A", "part1.csv").files, *named("B", "part2.csv").files))
    assert refusals(named("C", "part3.csv"), last) == []


@pytest.mark.parametrize(("bad", "last", "refused"), [
    (5, None, False), (6, None, True), (6, read(skus=100, skus_bad=5), True), (6, read(skus=100, skus_bad=6), False),
    (6, read(skus=100, skus_bad=9), False), (6, read(), True),
])
def test_unusable_rows_are_refused_unless_as_many_were_accepted_before(bad: int, last: Read | None,
                                                                       refused: bool) -> None:
    assert bool(refusals(read(skus=100, skus_bad=bad), last)) is refused


COUNTS = st.dictionaries(st.sampled_from(["a.read", "b.read", "a.quarantined", "rows.read"]), st.integers(0, 10**6))


@given(products=st.integers(1, 10**6), counts=COUNTS, last_products=st.integers(0, 10**6), last=COUNTS)
def test_limits_of_one_accept_any_figures(products: int, counts: dict[str, int], last_products: int,
                                          last: dict[str, int]) -> None:
    counts["a.quarantined"] = min(counts.get("a.quarantined", 0), counts.get("a.read", 0))
    anything = Limits(max_catalog_shrink=1, max_table_shrink=1, max_quarantine_share=1)
    found, before = Read(products=products, counts=counts), Read(products=last_products, counts=last)
    assert judge(found, before, anything) == Verdict()
