"""Rules: what they match, which comes first, what is left to the registry and the shop, and how that is explained."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.core.fields import Drift, Fields, Group, Owner, Path, Strategy, place
from shopsync_pipeline.core.ownership import (
    WHOLE_PRODUCT,
    Policy,
    ProductFacts,
    Rule,
    Rules,
    explain,
    facts_of,
    rule_document,
)
from shopsync_pipeline.core.rule_file import read_rules, rule_of

LAMP: Fields = {
    Path("handle"): "blue-lamp", Path("vendor"): "Acme Ltd", Path("product_type"): "Lamps",
    Path("tags"): ["Sale", "LED"],
    Path("category"): "Home > Lighting > Lamps", Path("variants[L1].sku"): "L1", Path("variants[L1].price"): "1.00",
}
FACTS = facts_of("etilize:42", LAMP)
REVIEW, OURS, THEIRS = Strategy.MANUAL_REVIEW, Strategy.ETILIZE_PRIORITY, Strategy.SHOPIFY_PRIORITY


def policy(path: str, *rules: Rule, default: Strategy = REVIEW, automatic: bool = True,
           facts: ProductFacts = FACTS) -> Policy:
    of = None if path == "product" else place(Path(path)).field
    return Rules(default, rules, automatic).of(facts).of(Path(path), of)


def test_what_a_product_is_known_by() -> None:
    assert FACTS.names == {"etilize:42", "42", "blue-lamp", "l1"}
    assert FACTS.vendor == "acme ltd"
    assert FACTS.categories == {"lamps", "sale", "led", "home", "home > lighting", "home > lighting > lamps"}


@pytest.mark.parametrize(("rule", "path", "matches"), [
    (Rule(name="r"), "title", True),
    (Rule(name="r", fields=("title",)), "title", True),
    (Rule(name="r", fields=("title",)), "seo.title", False),
    (Rule(name="r", fields=("seo.*",)), "seo.title", True),
    (Rule(name="r", fields=("variants[].price",)), "variants[L1].price", True),
    (Rule(name="r", fields=("variants[L1].price",)), "variants[L1].price", True),
    (Rule(name="r", fields=("variants[L2].price",)), "variants[L1].price", False),
    (Rule(name="r", fields=("variants[*].price",)), "variants[L1].price", True),
    (Rule(name="r", fields=("metafields[custom.*]",)), "metafields[custom.brand]", True),
    (Rule(name="r", fields=("metafields[custom.*]",)), "metafields[reviews.score]", False),
    (Rule(name="r", fields=("metafields[]",)), "metafields[reviews.score]", True),
    (Rule(name="r", fields=("vendor", "tags")), "tags", True),
    (Rule(name="r", groups=(Group.PRICING,)), "variants[L1].cost", True),
    (Rule(name="r", groups=(Group.PRICING,)), "title", False),
    (Rule(name="r", groups=(Group.PRICING,), fields=("title",)), "title", False),
    (Rule(name="r", vendors=("ACME ltd",)), "title", True),
    (Rule(name="r", vendors=("acme*",)), "title", True),
    (Rule(name="r", vendors=("acme",)), "title", False),
    (Rule(name="r", categories=("home>lighting",)), "title", True),
    (Rule(name="r", categories=("Home > Lighting > *",)), "title", True),
    (Rule(name="r", categories=("sale",)), "title", True),
    (Rule(name="r", categories=("garden",)), "title", False),
    (Rule(name="r", products=("L1",)), "title", True),
    (Rule(name="r", products=("blue-*",)), "title", True),
    (Rule(name="r", products=("43", "42")), "title", True),
    (Rule(name="r", products=("L2",)), "title", False),
    (Rule(name="r", vendors=("acme*",), categories=("garden",)), "title", False),
    (Rule(name="r", fields=("product",)), "product", True),
    (Rule(name="r"), "product", False),
    (Rule(name="r", fields=("*",)), "product", False),
])
def test_what_a_rule_matches(rule: Rule, path: str, matches: bool) -> None:
    assert policy(path, rule).rule == ("r" if matches else "")


def test_the_first_rule_that_matches_wins() -> None:
    one, two = Rule(name="one", vendors=("nobody",), owner=Owner.LOCKED), Rule(name="two", owner=Owner.MERCHANT)
    three = Rule(name="three", owner=Owner.ETILIZE)
    assert policy("title", one, two, three) == Policy(Owner.MERCHANT, REVIEW, Drift.ACCEPT, "two")


@pytest.mark.parametrize(("rule", "path", "default", "told"), [
    (None, "title", OURS, (Owner.SHARED, OURS, Drift.KEEP)),
    (None, "variants[L1].price", OURS, (Owner.ETILIZE, OURS, Drift.RESTORE)),
    (None, "handle", OURS, (Owner.MERCHANT, OURS, Drift.ACCEPT)),
    (None, "variants[L1].stock[default]", REVIEW, (Owner.ETILIZE, OURS, Drift.ACCEPT)),
    (None, "product", THEIRS, (Owner.SHARED, THEIRS, Drift.KEEP)),
    (Rule(name="r", strategy=THEIRS), "title", OURS, (Owner.SHARED, THEIRS, Drift.KEEP)),
    (Rule(name="r", owner=Owner.ETILIZE), "title", OURS, (Owner.ETILIZE, OURS, Drift.RESTORE)),
    (Rule(name="r", drift=Drift.RESTORE), "title", OURS, (Owner.SHARED, OURS, Drift.RESTORE)),
    (Rule(name="r", owner=Owner.SHARED), "variants[L1].stock[default]", REVIEW, (Owner.SHARED, OURS, Drift.KEEP)),
    (Rule(name="r", owner=Owner.APP, app="reviews"), "title", OURS, (Owner.APP, OURS, Drift.ACCEPT)),
])
def test_what_a_rule_leaves_unsaid_comes_from_the_registry_and_then_from_the_shop(
        rule: Rule | None, path: str, default: Strategy, told: tuple[Owner, Strategy, Drift]) -> None:
    found = policy(path, *([rule] if rule else []), default=default)
    assert (found.owner, found.strategy, found.drift) == told


def test_without_automatic_decisions_no_rule_and_no_shop_decides_but_stock_follows_the_feed() -> None:
    rule = Rule(name="r", strategy=OURS)
    assert policy("title", rule, default=OURS, automatic=False).strategy is REVIEW
    assert policy("variants[L1].stock[default]", default=THEIRS, automatic=False).strategy is OURS


def test_an_explanation_names_the_rule_and_why_not_an_earlier_one() -> None:
    rules = Rules(REVIEW, (
        Rule(name="Garden", fields=("title",), categories=("garden",), owner=Owner.ETILIZE),
        Rule(name="Prices", groups=(Group.PRICING,), owner=Owner.MERCHANT),
        Rule(name="Acme", vendors=("acme*",), owner=Owner.APP, app="pim", origin="rules.toml, rule 3"),
    ))
    found = explain(Path("title"), FACTS, rules)
    assert found.rule is rules.rules[2]
    assert found.policy.rule == "Acme"
    assert found.why == (
        'Rule "Garden" is about this field but not about this product: its product type, tags and category are not '
        "garden. "
        'Rule "Acme" (rules.toml, rule 3) decides. Owner app:pim, by the rule. Strategy manual_review, the shop\'s '
        "(SYNC_CONFLICT_RESOLUTION). Drift accept, which follows from the owner.")


def test_an_explanation_without_a_rule_names_the_registry() -> None:
    why = explain(Path("variants[L1].stock[default]"), FACTS, Rules()).why
    assert why == ("No rule is about this field of this product. Owner etilize, as every such field. Strategy "
                   "etilize_priority, as every such field. Drift accept, as every such field.")
    assert "Strategy manual_review" in explain(WHOLE_PRODUCT, FACTS, Rules()).why
    with pytest.raises(KeyError):
        explain(Path("colour"), FACTS, Rules())


TOML = """
[[rule]]
name = "Reviews belong to their app"
field = "metafields[reviews.*]"
owner = "app:reviews"

[[rule]]
name = "Sale prices"
group = ["pricing"]
vendor = ["Acme", "Beta*"]
category = "Home > Lighting"
product = ["L1", "blue-lamp"]
owner = "merchant"
strategy = "merge_fields"
drift = "accept"
"""


def test_a_rule_file_is_read() -> None:
    one, two = read_rules(TOML, "rules.toml")
    assert one == Rule(name="Reviews belong to their app", fields=("metafields[reviews.*]",), owner=Owner.APP,
                       app="reviews")
    assert two == Rule(name="Sale prices", groups=(Group.PRICING,), vendors=("Acme", "Beta*"),
                       categories=("Home > Lighting",), products=("L1", "blue-lamp"), owner=Owner.MERCHANT,
                       strategy=Strategy.MERGE_FIELDS, drift=Drift.ACCEPT)
    assert two.origin == "rules.toml, rule 2"
    assert read_rules("", "rules.toml") == ()


@pytest.mark.parametrize("rule", read_rules(TOML, "rules.toml"))
def test_a_rule_is_read_back_from_its_document_as_it_was(rule: Rule) -> None:
    mistakes: list[str] = []
    assert rule_of(rule_document(rule), "stored", mistakes) == rule
    assert mistakes == []


@pytest.mark.parametrize(("text", "told"), [
    ("rule = ", "rules.toml is no TOML: "),
    ("[rule]\nname = 'a'\nowner = 'shared'", "rules.toml: [rule] is one table; write [[rule]] with two brackets"),
    ("[settings]", 'rules.toml: "settings" is no table of a rule file; rules are written as [[rule]].'),
    ("[[rule]]\nowner = 'shared'", "rules.toml, rule 1: a rule needs a name"),
    ("[[rule]]\nname = 'a'", "rules.toml, rule 1: a rule must say an owner, a strategy or a drift."),
    ("[[rule]]\nname = 'a'\nfeild = 'title'\nowner = 'shared'",
     '"feild" is no part of a rule (did you mean field?).'),
    ("[[rule]]\nname = 'a'\nfield = 'titel'\nowner = 'shared'", '"titel" is no field (did you mean title?).'),
    ("[[rule]]\nname = 'a'\nfield = 'price'\nowner = 'shared'",
     '"price" is no field (did you mean variants[].price?).'),
    ("[[rule]]\nname = 'a'\nfield = 'colour'\nowner = 'shared'", '"colour" is no field'),
    ("[[rule]]\nname = 'a'\nowner = 'merchand'",
     'owner "merchand" is none of etilize, merchant, shared, locked, app:<name> (did you mean merchant?).'),
    ("[[rule]]\nname = 'a'\nowner = 'app:'", "write app:<name>, such as app:reviews"),
    ("[[rule]]\nname = 'a'\nowner = 'app'", "write app:<name>, such as app:reviews"),
    ("[[rule]]\nname = 'a'\nstrategy = 'etilize'", 'strategy "etilize" is none of etilize_priority, shopify_priority'),
    ("[[rule]]\nname = 'a'\ndrift = 'keeps'", 'drift "keeps" is none of restore, keep, accept (did you mean keep?).'),
    ("[[rule]]\nname = 'a'\ngroup = 'prices'\nowner = 'shared'", 'group "prices" is none of content, seo'),
    ("[[rule]]\nname = 'a'\nvendor = [1]\nowner = 'shared'", "vendor must be a text or a list of texts"),
    ("[[rule]]\nname = 'a'\nvendor = []\nowner = 'shared'", "vendor is an empty list, which would match nothing"),
    ("[[rule]]\nname = 'a'\nowner = 'shared'\n[[rule]]\nname = 'a'\nowner = 'shared'",
     'rules.toml: two rules have the name "a"'),
    ("rule = [1]", "rules.toml, rule 1 is no table."),
])
def test_a_mistake_is_a_sentence(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_rules(text, "rules.toml")
    assert told in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_rules("[[rule]]\nname = 'a'\nfield = 'titel'\nowner = 'x'\n[[rule]]\nname = 'b'\ndrift = 'y'", "r.toml")
    assert str(error.value).count("r.toml, rule 1:") == 2
    assert str(error.value).count("r.toml, rule 2:") == 1
