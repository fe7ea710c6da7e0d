"""Who owns which field of which product: rules as data, the first that matches wins.

After the rules comes the registry's own row, after that the shop-wide strategy. `explain` says which it was and why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shopsync_pipeline.core.canonical import fold
from shopsync_pipeline.core.fields import (
    USUAL_DRIFT,
    Drift,
    Field,
    Fields,
    GonePolicy,
    Group,
    Owner,
    Path,
    Strategy,
    place,
)

WHOLE_PRODUCT = Path("product")
"""The path of a decision about the product as a whole (it was deleted in Shopify)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """What rules know a product by: its key, handle and SKUs (`names`), its vendor, and its product type, tags and
    category with all categories above it (`categories`). All folded to small letters."""

    names: frozenset[str] = frozenset()
    vendor: str = ""
    categories: frozenset[str] = frozenset()


def facts_of(key: str, document: Fields) -> ProductFacts:
    """The facts of a product, from its key and one side's document."""
    names = {key, key.partition(":")[2], _text(document, "handle")}
    names.update(str(value) for path, value in document.items()
                 if path.endswith("].sku") and path.startswith("variants["))
    category = [part for part in _text(document, "category").split(">") if part.strip()]
    tags = document.get(Path("tags"))
    categories = {
        _text(document, "product_type"), *(str(tag) for tag in (tags if isinstance(tags, list) else [])),
        *(">".join(category[:depth]) for depth in range(1, len(category) + 1)),
    }
    return ProductFacts(names=_folded(names), vendor=fold(_text(document, "vendor")), categories=_folded(categories))


def _text(document: Fields, path: str) -> str:
    value = document.get(Path(path))
    return value if isinstance(value, str) else ""


def _folded(words: set[str]) -> frozenset[str]:
    return frozenset({_spaced(word) for word in words} - {""})


def _spaced(word: str) -> str:
    """A word of a rule or product as both are compared: folded, with one space around each `>` of a category."""
    return fold(_STEP.sub(" > ", word) if ">" in word else word)


_STEP = re.compile(r"\s*>\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. A condition that is empty fits everything; one that lists several fits any of them. `*` stands for any
    text and `?` for any character; case does not matter, except in the paths of fields.

    `fields`: names or paths (`title`, `seo.*`, `variants[].price`, `metafields[custom.*]`, `product` for the product as
    a whole). `categories`: product types, tags or taxonomy categories. `products`: keys, SKUs or handles. `app` names
    the app whose the field is, where the owner is one. `origin` says where the rule stands, for people.
    """

    name: str
    fields: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    vendors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    owner: Owner | None = None
    app: str = ""
    strategy: Strategy | None = None
    drift: Drift | None = None
    origin: str = field(default="", compare=False)

    def mismatch(self, facts: ProductFacts) -> str:
        """Why the rule does not fit a product; empty where it does."""
        if self.vendors and not _any(self.vendors, [facts.vendor]):
            return f"its vendor is not {_or(self.vendors)}"
        if self.categories and not _any(self.categories, facts.categories):
            return f"its product type, tags and category are not {_or(self.categories)}"
        if self.products and not _any(self.products, facts.names):
            return f"it is not {_or(self.products)}"
        return ""

    def covers(self, path: Path, of: Field | None) -> bool:
        """Whether the rule is about a field. The product as a whole (`of` is `None`) must be named."""
        if of is None:
            return WHOLE_PRODUCT in self.fields
        if self.groups and of.group not in self.groups:
            return False
        return not self.fields or any(glob(pattern).fullmatch(path) or glob(pattern).fullmatch(of.name)
                                      for pattern in self.fields)


def _any(patterns: Sequence[str], words: Sequence[str] | frozenset[str]) -> bool:
    return any(glob(_spaced(pattern)).fullmatch(word) for pattern in patterns for word in words)


def _or(patterns: Sequence[str]) -> str:
    return " or ".join(patterns)


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Not `fnmatch`, to which the brackets of our paths are classes of characters."""
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one field of one product. `rule` is the name of the rule that said so, empty for none."""

    owner: Owner
    strategy: Strategy
    drift: Drift
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How disputes are decided: rules in their order, and the shop-wide strategy for what none of them says.

    With `automatic` false every dispute waits for a person: no rule's strategy and no shop-wide one decides (the
    registry's own do: stock follows the feed). `gone` is what becomes of products that left the catalog.
    """

    default_strategy: Strategy = Strategy.MANUAL_REVIEW
    rules: tuple[Rule, ...] = ()
    automatic: bool = True
    gone: GonePolicy = GonePolicy.KEEP

    def of(self, facts: ProductFacts | None = None) -> Policies:
        """The policies of one product."""
        return Policies(self, tuple(rule for rule in self.rules if not rule.mismatch(facts or ProductFacts())))

    def text(self) -> str:
        """Everything that decides, as one text: part of the digest of a plan's inputs."""
        return repr((self.default_strategy.value, self.automatic, self.gone.value,
                     [sorted(rule_document(rule).items()) for rule in self.rules]))


class Policies:
    """The policies of one product's fields: the rules that fit the product, and what each says about a field."""

    __slots__ = ("_by_path", "_fitting", "_rules")

    def __init__(self, rules: Rules, fitting: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._fitting = fitting
        self._by_path: dict[Path, Policy] = {}

    def of(self, path: Path, of: Field | None) -> Policy:
        """The policy of a field; of the product as a whole with `None`."""
        if not self._fitting:
            return _policy(self._rules.default_strategy, self._rules.automatic, of, None)
        found = self._by_path.get(path)
        if found is None:
            rule = next((rule for rule in self._fitting if rule.covers(path, of)), None)
            found = _policy(self._rules.default_strategy, self._rules.automatic, of, rule)
            self._by_path[path] = found
        return found


@lru_cache(maxsize=4096)
def _policy(default: Strategy, automatic: bool, of: Field | None, rule: Rule | None) -> Policy:
    shop_wide = default if automatic else Strategy.MANUAL_REVIEW
    by_row = (of.strategy if of else None) or shop_wide
    owner = (rule.owner if rule else None) or (of.owner if of else Owner.SHARED)
    strategy = (rule.strategy if rule and automatic else None) or by_row
    # A rule that names another owner means that owner's usual drift, not the one that suited the old owner.
    drift = (rule.drift if rule else None) or (of.drift if of and not (rule and rule.owner) else None)
    return Policy(owner, strategy, drift or USUAL_DRIFT[owner], rule.name if rule else "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which rule decides about a field (`None`: no rule), what then holds, and why, in sentences."""

    rule: Rule | None
    policy: Policy
    why: str


def explain(path: Path, facts: ProductFacts, rules: Rules) -> Explanation:
    """Says which rule decides about a field of a product, and why not an earlier one. Raises `KeyError` for a path that
    no field has."""
    of = None if path == WHOLE_PRODUCT else place(path).field
    passed = []
    chosen = None
    for rule in rules.rules:
        if not rule.covers(path, of):
            continue
        reason = rule.mismatch(facts)
        if not reason:
            chosen = rule
            break
        passed.append(f'Rule "{rule.name}" is about this field but not about this product: {reason}.')
    policy = rules.of(facts).of(path, of)
    found = f'Rule "{chosen.name}"{f" ({chosen.origin})" if chosen.origin else ""} decides.' if chosen else (
        "No rule is about this field of this product.")
    app = f":{chosen.app}" if chosen and chosen.app else ""
    owned = "by the rule" if chosen and chosen.owner else "as every such field"
    said = [
        f"Owner {policy.owner.value}{app}, {owned}.",
        f"Strategy {policy.strategy.value}, {_strategy_by(rules, of, chosen)}.",
        f"Drift {policy.drift.value}, {_drift_by(of, chosen)}.",
    ]
    return Explanation(chosen, policy, " ".join([*passed, found, *said]))


def _strategy_by(rules: Rules, of: Field | None, rule: Rule | None) -> str:
    row = of.strategy if of else None
    if rule and rule.strategy and rules.automatic:
        return "by the rule"
    if row:
        return "as every such field"
    return "the shop's (SYNC_CONFLICT_RESOLUTION)" if rules.automatic else "because SYNC_AUTO_RESOLVE is false"


def _drift_by(of: Field | None, rule: Rule | None) -> str:
    if rule and rule.drift:
        return "by the rule"
    return "as every such field" if of and of.drift and not (rule and rule.owner) else "which follows from the owner"


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule as the document that `core.rule_file` reads: the keys of the TOML file, without those that say nothing."""
    owner = f"app:{rule.app}" if rule.owner is Owner.APP else rule.owner.value if rule.owner else None
    said: Mapping[str, Any] = {
        "name": rule.name, "field": list(rule.fields), "group": [group.value for group in rule.groups],
        "vendor": list(rule.vendors), "category": list(rule.categories), "product": list(rule.products), "owner": owner,
        "strategy": rule.strategy.value if rule.strategy else None, "drift": rule.drift.value if rule.drift else None,
    }
    return {key: value for key, value in said.items() if value}
