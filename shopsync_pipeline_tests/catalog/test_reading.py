"""The account of what was read: exact counts, and as many rows as can be looked at."""

from __future__ import annotations

from shopsync_pipeline.catalog.reading import Account, QuarantinedRow


def bad(file: str, line: int) -> QuarantinedRow:
    return QuarantinedRow(file, line, "price", "x", "not a number")


def test_rows_values_and_unmatched_rows_are_told_apart() -> None:
    account = Account()
    account.refuse("feed", bad("a.csv", 1))
    account.refuse_value("a.csv", 2, "price", "y" * 600, "not a number")
    account.unmatched(1, iter([bad("a.csv", 3)]))
    assert [row.kind for row in account.quarantine] == ["row", "value", "unmatched"]
    assert len(account.quarantine[1].value) == 500
    assert account.counts["rows.quarantined"] == account.counts["values.quarantined"] == 1


def test_the_list_is_bounded_the_counts_are_not() -> None:
    account = Account(kept=3)
    for line in range(1, 8):
        account.refuse("feed", bad("a.csv", line))
    account.refuse_value("a.csv", 9, "price", "y", "not a number")
    assert [row.line for row in account.quarantine] == [1, 2, 3]
    assert account.counts["feed.quarantined"] == 7
    assert account.counts["quarantine.not_kept"] == 5


def test_the_first_row_of_every_file_is_kept() -> None:
    account = Account(kept=1)
    for file in ("a.csv", "a.csv", "b.csv", "b.csv"):
        account.refuse("feed", bad(file, 1))
    assert [row.file for row in account.quarantine] == ["a.csv", "b.csv"]
    assert account.counts["quarantine.not_kept"] == 2


def test_examples_of_unmatched_rows_take_no_room_from_quarantined_ones() -> None:
    account = Account(kept=1, unmatched_kept=2)
    account.unmatched(5, iter([bad("a.csv", line) for line in range(5)]))
    account.unmatched(1, iter([bad("a.csv", 9)]))
    account.refuse("feed", bad("a.csv", 10))
    assert [row.line for row in account.quarantine] == [0, 1, 10]
    assert account.counts["feed.unmatched"] == 6
    assert account.counts["unmatched.not_kept"] == 4
