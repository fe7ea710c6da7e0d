"""Which format a file is in, told by what it holds.

A shop's own rules come first, then the distributors' formats, and last the file whose columns have usual names.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds import (
    dandh,
    generic,
    ingram,
    novexco,
    spr_bestprice,
    spr_legacy,
    spr_stock,
    synnex,
)
from shopsync_pipeline.catalog.feeds.format import FeedFormat
from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule

FORMATS: tuple[FeedFormat, ...] = (
    spr_bestprice.FORMAT, spr_stock.FORMAT, spr_legacy.FORMAT, synnex.FORMAT, ingram.FORMAT, dandh.FORMAT,
    novexco.FORMAT, generic.FORMAT,
)
"""Every format, in the order in which they are tried."""


def recognise_feed(member: Member, head: str, rules: CatalogRules) -> FeedFormat | None:
    """The format of a member that begins with `head` (decoded text); `None` if it is no feed.

    A rule with columns reads the files that its globs name by these columns. A rule without columns changes what it
    says (`name`, `location`, `systems`, `complete`, `weight_unit`) about a file in a known format. Raises
    `CatalogError` for a rule that makes no sense, and for an Excel workbook that cannot be read.
    """
    named = [rule for rule in rules.feeds if _names(rule, member)]
    for rule in named:
        if rule.columns and (format_ := generic.declared(rule)).recognise(member, head):
            return format_
    found = next((format_ for format_ in FORMATS if format_.recognise(member, head)), None)
    plain = next((rule for rule in named if not rule.columns), None)
    if found is None or plain is None:
        return found
    return _adjusted(found, plain, rules)


def _names(rule: FeedRule, member: Member) -> bool:
    return any(fnmatchcase(name.lower(), glob.lower())
               for glob in rule.files for name in (member.basename, member.name))


def _adjusted(found: FeedFormat, rule: FeedRule, rules: CatalogRules) -> FeedFormat:
    systems = rule.systems or systems_of(found, rules)
    return replace(
        found, name=rule.name, rule=replace(rule, systems=systems),
        complete=found.complete if rule.complete is None else rule.complete)


def systems_of(format_: FeedFormat, rules: CatalogRules) -> tuple[str, ...]:
    """The code systems that the SKUs of a format belong to; none: any."""
    if format_.rule is not None and format_.rule.systems:
        return format_.rule.systems
    return tuple(rules.feed_systems.get(format_.name, ()))
