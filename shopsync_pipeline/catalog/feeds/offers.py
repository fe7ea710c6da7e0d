"""The feeds of a delivery as one staged table, of which the newest word about each SKU is kept.

Feeds that hold changes only start from what was carried from the last import, and hand on what is then known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import orjson

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds import generic
from shopsync_pipeline.catalog.feeds.format import (
    DELETE,
    RESTART,
    SET,
    TABLE,
    Facts,
    FeedFormat,
    FeedSource,
    head_of,
)
from shopsync_pipeline.catalog.feeds.offer import encode
from shopsync_pipeline.catalog.feeds.recognise import recognise_feed, systems_of
from shopsync_pipeline.catalog.loading import FIELD
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.errors import CatalogError

_NAME_LIMIT = 255
_ROWS_PER_FETCH = 10_000
_COLUMNS = {
    "file": "INTEGER", "line": "INTEGER", "feed": "INTEGER", "step": "INTEGER", "action": "VARCHAR", "sku": "VARCHAR",
    "mpn": "VARCHAR", "maker": "VARCHAR", "facts": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """What one feed of changes says about one SKU, to be carried to the next import. `facts` is JSON text."""

    feed: str
    sku: str
    mfgpartno: str
    manufacturer: str
    facts: str


def stage_feeds(
    stage: Stage, feeds: Iterable[tuple[str, Member]], rules: CatalogRules, account: Account,
    carried: Iterable[CarriedRow] = (),
) -> None:
    """Reads all feeds, given as (encoding, member), into the table `feed`; files that are changes in their order.

    `carried` is what `feed_state` gave after the last import; rows of feeds that are complete by now are dropped.
    Raises `CatalogError` for a file that is no feed.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    stage.execute(f"CREATE TABLE feed ({columns})")
    # `kind`: what is known of a feed. Files without a distributor's name are feeds of their own each.
    stage.execute("CREATE TABLE feed_kind (feed INTEGER, name VARCHAR, changes BOOLEAN)")
    stage.execute("CREATE TABLE feed_system (feed INTEGER, system VARCHAR)")
    found = []
    for encoding, member in feeds:
        format_ = recognise_feed(member, head_of(member, encoding), rules)
        if format_ is None:
            raise CatalogError(
                f"{member.name} is no price and stock feed: it is in no distributor's format, and its first line does "
                "not name a SKU column and a price or stock column; fix the header or map the columns.")
        found.append((format_, encoding, member))
    staging = _Staging(stage, rules, account)
    staging.carried(carried, [format_ for format_, _, _ in found])
    for format_, encoding, member in found:
        staging.read(format_, encoding, member)
    _keep_newest(stage, account)


def feed_state(stage: Stage) -> Iterator[CarriedRow]:
    """What the feeds of changes say by now: give it to the next import."""
    answer = stage.execute("""
        SELECT name, sku, mpn, maker, facts FROM feed JOIN feed_kind USING (feed) WHERE changes
        ORDER BY name, sku, file, line""")
    while rows := answer.fetchmany(_ROWS_PER_FETCH):
        for row in rows:
            yield CarriedRow(*row)


class _Staging:
    """Rows on their way into the table `feed`."""

    def __init__(self, stage: Stage, rules: CatalogRules, account: Account) -> None:
        self._stage = stage
        self._rules = rules
        self._account = account
        self._feeds: dict[str, int] = {}

    def carried(self, rows: Iterable[CarriedRow], formats: list[FeedFormat]) -> None:
        """Stages what earlier imports left, as a file before all others."""
        complete = {rule.name for rule in self._rules.feeds if rule.complete}
        complete |= {format_.name for format_ in formats if format_.complete}
        member = Member("rows carried from earlier imports", Path())
        index = -1
        path = self._stage.scratch("carried.txt")
        with path.open("w", encoding="utf-8", newline="") as out:
            for line, row in enumerate(rows, 1):
                if row.feed in complete:
                    self._account.counts["feed.carried_no_longer"] += 1
                    continue
                if index < 0:
                    index = self._stage.file_index(member)
                facts = _facts_of(row.facts)
                if facts is None:
                    self._account.refuse(TABLE, QuarantinedRow(
                        member.name, line, "facts", row.facts[:500],
                        f"what was carried about SKU {row.sku} cannot be read; deliver a full file of {row.feed} once"))
                    continue
                feed = self._feed(row.feed, changes=True)
                self._account.counts["feed.carried"] += 1
                _write(out, index, line, feed, 0, SET, row.sku, row.mfgpartno, row.manufacturer,
                       encode(row.feed, facts))
        self._copy(path)

    def read(self, format_: FeedFormat, encoding: str, member: Member) -> None:
        """Reads one file."""
        stage = self._stage
        index = stage.file_index(member)
        rule = format_.rule
        # Files that anybody may have made are feeds of their own each; those of one distributor are one feed.
        key = f"{format_.name} {index}" if format_ is generic.FORMAT else format_.name
        feed = self._feed(format_.name, changes=not format_.complete, key=key,
                          systems=systems_of(format_, self._rules))
        self._account.counts[f"feed.files.{format_.name}"] += 1
        unit = rule.weight_unit if rule is not None and rule.weight_unit else self._rules.default_weight_unit
        source = FeedSource(member, encoding, unit, rule, not format_.complete)
        step = 0
        path = stage.scratch("feed.txt")
        with path.open("w", encoding="utf-8", newline="") as out:
            for row in format_.rows(source, self._account):
                if row.action == RESTART:
                    if not format_.complete:
                        stage.execute("DELETE FROM feed WHERE feed = ?", (feed,))
                        out.seek(0)
                        out.truncate()
                    continue
                # Rows of one step add up; a later step replaces an earlier one.
                if format_.whole_rows:
                    step = row.line
                elif row.action == DELETE:
                    step += 1
                _write(out, index, row.line, feed, step, row.action, row.sku, row.mfgpartno, row.manufacturer,
                       encode(format_.name, row.facts))
                if row.action == DELETE and not format_.whole_rows:
                    step += 1
        self._copy(path)

    def _feed(self, name: str, *, changes: bool, key: str = "", systems: Iterable[str] | None = None) -> int:
        """The number of a feed in the table."""
        key = key or name
        if key in self._feeds:
            return self._feeds[key]
        number = self._feeds[key] = len(self._feeds)
        if systems is None:
            named = next((rule.systems for rule in self._rules.feeds if rule.name == name), ())
            systems = named or self._rules.feed_systems.get(name, ())
        self._stage.execute("INSERT INTO feed_kind VALUES (?, ?, ?)", (number, name, changes))
        for system in dict.fromkeys(systems):
            self._stage.execute("INSERT INTO feed_system VALUES (?, ?)", (number, system))
        return number

    def _copy(self, path: Path) -> None:
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
        self._stage.execute(
            f"INSERT INTO feed SELECT * FROM read_csv('{path.as_posix()}', delim=chr(31), quote='', escape='', "
            f"header=false, auto_detect=false, new_line='\\n', max_line_size=16777216, columns={{{columns}}}, "
            "nullstr='')")
        path.unlink()


def _facts_of(text: str) -> Facts | None:
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return cast(Facts, facts) if isinstance(facts, dict) else None


def _write(
    out: IO[str], index: int, line: int, feed: int, step: int, action: str, sku: str, mpn: str, maker: str, facts: str,
) -> None:
    sku, mpn, maker = (" ".join(text.split())[:_NAME_LIMIT] for text in (sku, mpn, maker))
    out.write(f"{index}{FIELD}{line}{FIELD}{feed}{FIELD}{step}{FIELD}{action}{FIELD}{sku.upper()}{FIELD}{mpn.upper()}"
              f"{FIELD}{maker}{FIELD}{facts}\n")


def _keep_newest(stage: Stage, account: Account) -> None:
    """Drops what later rows replaced, and what rows of deletion took away, with those rows themselves.

    Among files that hold changes the last one that names a SKU counts; in a file that is complete, its last step.
    """
    stage.execute("""
        CREATE TEMP TABLE newest AS
        SELECT feed, sku, CASE WHEN changes THEN -1 ELSE file END AS scope, max((file, step)) AS last,
            count(*) FILTER (action = 'set') AS said, count(*) FILTER (action = 'delete') AS deletions
        FROM feed JOIN feed_kind USING (feed) GROUP BY ALL""")
    stage.execute("""
        DELETE FROM feed USING feed_kind AS k, newest AS n
        WHERE k.feed = feed.feed AND n.feed = feed.feed AND n.sku = feed.sku
            AND n.scope = CASE WHEN k.changes THEN -1 ELSE feed.file END
            AND (feed.action = 'delete' OR (feed.file, feed.step) < n.last)""")
    deleted, unknown = stage.execute("""
        SELECT count(*) FILTER (deletions > 0 AND said > 0), count(*) FILTER (deletions > 0 AND said = 0)
        FROM newest""").fetchall()[0]
    account.counts["feed.deleted"] += deleted
    account.counts["feed.deleted_unknown"] += unknown
    account.counts["feed.rows"] += stage.execute("SELECT count(*) FROM feed").fetchall()[0][0]
    stage.execute("DROP TABLE newest")
