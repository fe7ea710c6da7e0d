"""Data quality of a catalog: the checks, what one of them found, and how bad that is by the shop's thresholds.

`core.observer` does the finding. A finding blocks nothing unless its threshold says so: what must never reach the shop
is kept from it by the import's guards and the plan's bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

MOST_EXAMPLES = 25
TITLE_LIMIT, TAG_LIMIT = 255, 250
"""Shopify's own limits: characters of a title, tags of a product."""

STALE_STOCK = "stale_stock"
"""The one check whose finding depends on the hour at which it is read (see `aged`)."""

STOCK_HOURS = 48.0
"""Hours after which stock figures count as stale: a daily feed may be late once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Shares (0 to 1) above which a check warns, or fails; `None`: it never does. With `blocking`, an import that
    fails the check is refused."""

    warn: float | None = None
    fail: float | None = None
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `wrong` and `of` complete the sentence "3 of 85,000 `of` `wrong`"."""

    name: str
    description: str
    of: str
    wrong: str
    threshold: Threshold


def _check(name: str, description: str, wrong: str, warn: float, fail: float, of: str = "products") -> Check:
    return Check(name=name, description=description, of=of, wrong=wrong, threshold=Threshold(warn=warn, fail=fail))


CHECKS: tuple[Check, ...] = (
    _check("duplicate_sku", "Every SKU belongs to one variant; price and stock cannot tell apart those that share one.",
           "share a SKU with one before them", 0, 0.01),
    _check("missing_price", "Every variant has a price above zero; without one it cannot be sold.",
           "have a variant without a price", 0.05, 0.5),
    _check("price_under_cost", "No variant is sold for less than it costs.", "are priced under their cost", 0, 0.05),
    _check("invalid_gtin", "Every barcode is a UPC, EAN or GTIN whose check digit is right.",
           "have a barcode that cannot be right", 0.01, 0.2),
    _check("missing_image", "Every product has a picture.", "have no picture", 0.1, 0.5),
    _check("title_too_long", f"No title has more than Shopify's {TITLE_LIMIT} characters.",
           "have a title that is too long or was cut", 0, 0.05),
    _check("too_many_tags", f"No product has more than Shopify's {TAG_LIMIT} tags.",
           "have more tags than Shopify takes", 0, 0.05),
    _check("unmapped_category", "Every product has a category.", "have no category", 0.02, 0.5),
    _check("orphan_rows", "Every row of the delivery belongs to a product that the delivery has.",
           "belong to no product", 0.05, 0.5, "rows read"),
    _check("mojibake", "No text was decoded with the wrong encoding (Ã© for é, â€™ for ’).",
           "have text in the wrong encoding", 0, 0.02),
    _check(STALE_STOCK, "Stock figures are not older than the shop's limit.", "have stock figures that are too old",
           0, 0.5),
    _check("quarantined_rows", "Every row of the delivery could be used.", "could not be used", 0, 0.05, "rows read"),
    _check("unmatched_feed_rows", "Every row of price and stock belongs to a product.",
           "belong to no product of the catalog", 0.2, 0.9, "feed rows"),
)
BY_NAME = {check.name: check for check in CHECKS}
DEFAULTS: Mapping[str, Threshold] = {check.name: check.threshold for check in CHECKS}
"""The thresholds that count where the mapping file says nothing."""


@dataclass(frozen=True, slots=True)
class Example:
    """One case: a product's key (or a file, where there is no product), the field or column, its value, and why."""

    product: str
    field: str
    value: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: so many of so many, and the first cases."""

    check: str
    count: int
    total: int
    examples: tuple[Example, ...] = ()

    @property
    def share(self) -> float:
        """`count` of `total`, 0 to 1."""
        return self.count / self.total if self.total else 0.0


class Severity(StrEnum):
    """How bad a finding is."""

    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding held to its threshold. `severity` is `None` for one that is within it."""

    finding: Finding
    threshold: Threshold
    severity: Severity | None
    sentence: str

    @property
    def blocks(self) -> bool:
        """Whether an import with this finding is to be refused."""
        return self.severity is Severity.ERROR and self.threshold.blocking


def judge(finding: Finding, thresholds: Mapping[str, Threshold] = DEFAULTS) -> Verdict:
    """Holds a finding to the threshold of its check; a check that `thresholds` lacks has the default one."""
    check = BY_NAME[finding.check]
    threshold = thresholds.get(check.name, check.threshold)
    share, severity = finding.share, None
    sentence = f"{finding.count:,} of {finding.total:,} {check.of} {check.wrong}"
    if threshold.fail is not None and share > threshold.fail:
        severity = Severity.ERROR
        sentence += f": {_percent(share)}, and more than {_percent(threshold.fail)} is an error"
    elif threshold.warn is not None and share > threshold.warn:
        severity = Severity.WARN
        sentence += f": {_percent(share)}" + (
            f", and more than {_percent(threshold.warn)} is worth a look" if threshold.warn else "")
    return Verdict(finding, threshold, severity, sentence)


def refusals(findings: Iterable[Finding], thresholds: Mapping[str, Threshold] = DEFAULTS) -> list[str]:
    """Why an import must not become the catalog: a sentence for each blocking check that it fails."""
    verdicts = [judge(finding, thresholds) for finding in findings]
    return [f"{verdict.sentence} ({verdict.finding.check})." for verdict in verdicts if verdict.blocks]


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def aged(finding: Finding, now: datetime, hours: float = STOCK_HOURS) -> Finding:
    """The finding on stock as of `now`: its products count only once their figures are older than `hours`.

    Stock grows old without an import, so what is kept is its time (the example's value) and how many products have it.
    """
    if not finding.examples:
        return replace(finding, count=0)
    said = finding.examples[0]
    age = (now - datetime.fromisoformat(said.value)).total_seconds() / 3600
    sentence = f"the stock figures are {age:,.0f} hours old; the limit is {hours:g}"
    if age <= hours:
        return replace(finding, count=0, examples=())
    return replace(finding, examples=(replace(said, sentence=f"{sentence}. See why no newer feed came."),))
