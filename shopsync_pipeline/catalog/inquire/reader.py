"""Reads an inQuire or conQuire delivery: stages its tables and extras, arranges them, and hands them out in slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.content.record import ContentRecord
from shopsync_pipeline.catalog.delivery import SourceFile
from shopsync_pipeline.catalog.dialect import MSSQL
from shopsync_pipeline.catalog.extras.tables import BY_TABLE, delimiter_of, extra_of
from shopsync_pipeline.catalog.feeds.matching import match_feeds
from shopsync_pipeline.catalog.inquire.arrange import arrange, choose_locale, create_tables
from shopsync_pipeline.catalog.inquire.layouts import fitted
from shopsync_pipeline.catalog.inquire.relations import tables_for
from shopsync_pipeline.catalog.inquire.slices import Names, Slice, slices
from shopsync_pipeline.catalog.inquire.tables import BY_NAME, inquire_name
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.recognise import CONQUIRE, EXTRA, records_of
from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.wanted import Wanted, wanted_by

Given = Sequence[tuple[SourceFile, Member]]
"""Recognised files with the members to open: the export's and its extras."""

_SAMPLED_LINES = 400
_ON_DEMAND = {
    "productaccessories", "productsimilar", "productupsell", "productkeywords", "productelementproperties",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What was read, ready to be made into records: `products` of them, in slices that need `names`."""

    stage: Stage
    products: int
    names: Names

    def slices(self) -> Iterator[Slice]:
        """All products: single ones in the order of their keys, then families."""
        return slices(self.stage, self.products)

    def records(self) -> Iterator[ContentRecord]:
        """All products as records."""
        for part in self.slices():
            yield from part.records(self.names)


def read_content(stage: Stage, members: Given, rules: CatalogRules, account: Account) -> Content:
    """Reads an export. The feeds were staged before (`feeds.offers.stage_feeds`).

    What no rule asks for is counted by its lines (`<table>.lines`) and not read.
    """
    wanted = wanted_by(rules)
    create_tables(stage)
    read = {name for name in BY_NAME if name not in _ON_DEMAND} | tables_for(wanted)
    if wanted.keywords:
        read.add("productkeywords")
    scopes: set[str] = set()
    detailed = False
    for file, member in members:
        if file.role == EXTRA:
            continue
        name = inquire_name(member.basename)
        if name is None:
            continue
        scopes.add(name.scope.upper())
        if name.table not in read:
            account.counts[f"{name.table}.lines"] += file.lines
            continue
        detailed = detailed or (name.table == "productattribute" and name.block == "D")
        known = BY_NAME[name.table]
        if known.name in ("productskus", "productfeatures"):
            known = fitted(known, _sample(file, member), conquire=file.role == CONQUIRE)
        stage.load(known, member, file.encoding, _dialect(file))
    load_extras(stage, members, wanted, account)
    return arranged(stage, members, rules, wanted, account,
                    locale=choose_locale(stage, rules.locale, scopes), detailed=detailed)


def load_extras(stage: Stage, members: Given, wanted: Wanted, account: Account) -> None:
    """Reads those extras that the rules name; the lines of the others are counted."""
    for file, member in members:
        found = extra_of(member.basename) if file.role == EXTRA else None
        if found is None:
            continue
        name, extra = found
        if extra.table is None or extra.rule not in wanted.extras:
            account.counts[f"{name}.lines"] += file.lines
            continue
        with open_text(member, file.encoding) as text:
            delimiter = delimiter_of("".join(islice(text, 5)))
        stage.load(BY_TABLE[name], member, file.encoding, _dialect(file, delimiter))


def arranged(
    stage: Stage, members: Given, rules: CatalogRules, wanted: Wanted, account: Account, *, locale: int, detailed: bool,
) -> Content:
    """The content of loaded tables with what the feeds say about it."""
    day = max((file.made_at for file, _ in members if file.made_at is not None), default=None)
    products = arrange(stage, rules, wanted, account, locale=locale, detailed=detailed, day=day)
    account.counts["families"] += stage.execute("SELECT count(DISTINCT family) FROM published").fetchall()[0][0]
    match_feeds(stage, rules, account)
    return Content(stage, products, Names(stage))


def _dialect(file: SourceFile, delimiter: str = ",") -> Dialect:
    return Dialect(delimiter, backslash=file.dialect != MSSQL)


def _sample(file: SourceFile, member: Member) -> list[list[str]]:
    with open_text(member, file.encoding) as text:
        head = "".join(islice(text, _SAMPLED_LINES))
    return records_of(head, backslash=file.dialect != MSSQL, wanted=_SAMPLED_LINES)
