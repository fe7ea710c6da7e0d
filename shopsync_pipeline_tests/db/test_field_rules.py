"""Stored rules: the newest first, with who made them and why; one that cannot be read is named with the way out."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from shopsync_pipeline.core.errors import DatabaseError, ShopsyncError
from shopsync_pipeline.core.fields import Drift, Owner, Strategy
from shopsync_pipeline.core.ownership import Rule
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.field_rules import FieldRules
from shopsync_pipeline.db.schema import field_rule
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

PRICES = Rule(name="Prices", fields=("variants[].price",), vendors=("Acme",), strategy=Strategy.SHOPIFY_PRIORITY,
              drift=Drift.ACCEPT)
REVIEWS = Rule(name="Reviews", fields=("metafields[reviews.*]",), owner=Owner.APP, app="reviews")


def test_the_newest_rule_comes_first_and_is_read_back_as_it_was(database: Database) -> None:
    with database.write() as connection:
        rules = FieldRules(connection, SHOP)
        assert rules.all() == []
        rules.put_first(PRICES, by="Ada", reason="always do this")
        rules.put_first(REVIEWS, by="Grace", reason="the app owns them")
        found = rules.all()
        assert [row.rule for row in found] == [REVIEWS, PRICES]
        assert [(row.created_by, row.reason) for row in found] == [("Grace", "the app owns them"),
                                                                   ("Ada", "always do this")]
        assert found[1].rule.origin.startswith("stored, by Ada on 20")
        assert FieldRules(connection, OTHER).all() == []


def test_a_rule_is_removed_by_its_id_and_only_from_its_shop(database: Database) -> None:
    with database.write() as connection:
        rules = FieldRules(connection, SHOP)
        kept, removed = (rules.put_first(rule, by="Ada", reason="x") for rule in (PRICES, REVIEWS))
        rules.remove(removed)
        assert [row.rule_id for row in FieldRules(connection, SHOP).all()] == [kept]
        with pytest.raises(ShopsyncError, match=f"There is no stored rule {kept}"):
            FieldRules(connection, OTHER).remove(kept)


def test_a_rule_that_cannot_be_used_is_named(database: Database) -> None:
    with database.write() as connection:
        rule_id = FieldRules(connection, SHOP).put_first(PRICES, by="Ada", reason="x")
        connection.execute(update(field_rule).values(document='{"name":"Prices","strategy":"coin_toss"}'))
        with pytest.raises(DatabaseError, match=rf'"coin_toss" is none of .* `shopsync rules remove {rule_id}`'):
            FieldRules(connection, SHOP).all()
