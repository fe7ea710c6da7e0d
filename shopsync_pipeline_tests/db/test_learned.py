"""Learned costs are kept by shop and document, and plans get only those that many answers stand behind."""

from __future__ import annotations

from shopsync_pipeline.core.learned import TRUSTED_AFTER, Learned
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.learned import cost_factors, learned_costs, remember_costs
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

WELL_KNOWN = Learned(1.5, 1.25, 7, TRUSTED_AFTER, 1.125)
HARDLY_KNOWN = Learned(2.0, 0.0, 1, TRUSTED_AFTER - 1, 2.0)


def test_what_was_learned_is_there_at_the_next_start(database: Database) -> None:
    with database.write() as connection:
        remember_costs(connection, SHOP, {"product_set": WELL_KNOWN, "publish": WELL_KNOWN})
        remember_costs(connection, SHOP, {"publish": HARDLY_KNOWN})
        remember_costs(connection, SHOP, {})
        assert learned_costs(connection, SHOP) == {"product_set": WELL_KNOWN, "publish": HARDLY_KNOWN}
        assert learned_costs(connection, OTHER) == {}
        assert cost_factors(connection, SHOP) == {"product_set": 1.125}
