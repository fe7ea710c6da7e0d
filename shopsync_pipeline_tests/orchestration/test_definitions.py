"""What the code location offers: names, order, pool, checks and automation, as people see them in Dagster."""

from __future__ import annotations

import dagster as dg

from shopsync_pipeline.definitions import defs

ASSETS = {
    "etilize/export": set(), "etilize/local_catalog": {"etilize/export"}, "shopify/snapshot": set(),
    "sync/diff": {"etilize/local_catalog", "shopify/snapshot"}, "shopify/applied_mutations": {"sync/diff"},
}
REPOSITORY = defs.get_repository_def()


def test_the_location_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(defs)


def test_assets_and_what_they_are_made_from() -> None:
    graph = REPOSITORY.asset_graph
    found = {key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
             for key in graph.materializable_asset_keys}
    assert found == ASSETS


def test_every_asset_says_what_it_is_and_whose() -> None:
    graph = REPOSITORY.asset_graph
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.description, key
        assert node.owners == ["team:catalog"], key
        assert node.group_name in {"source", "reconcile", "apply"}, key


def test_jobs() -> None:
    assert {name for name in REPOSITORY.job_names if not name.startswith("__")} == {
        "full_sync", "incremental_sync", "sync_products", "undo_run"}


def test_who_talks_to_the_shop_holds_the_pool() -> None:
    pools = {node.name: node.pool for node in defs.resolve_job_def("full_sync").all_node_defs
             if isinstance(node, dg.OpDefinition)}
    writers = {name for name, pool in pools.items() if pool == "shopify_admin_api"}
    assert writers == {"shopify__snapshot", "choose_plan", "push_stock", "push_price", "push_content", "push_creation",
                       "push_publication", "push_removal"}
    assert {pool for pool in pools.values() if pool} == {"shopify_admin_api"}


def test_checks_and_the_one_that_blocks() -> None:
    specs = {key.name: spec for checks in REPOSITORY.asset_checks_defs_by_key.values() for spec in checks.check_specs
             for key in [spec.key]}
    quality = {
        "duplicate_sku", "missing_price", "price_under_cost", "invalid_gtin", "missing_image", "title_too_long",
        "too_many_tags", "unmapped_category", "orphan_rows", "mojibake", "stale_stock", "quarantined_rows",
        "unmatched_feed_rows"}
    assert {name: (spec.asset_key.to_user_string(), spec.blocking) for name, spec in specs.items()} == {
        "changes_are_within_bounds": ("sync/diff", True), "no_conflict_waits": ("sync/diff", False),
        "the_shop_is_served": ("sync/diff", False),
        "all_rows_were_used": ("etilize/local_catalog", False),
        **dict.fromkeys(quality, ("etilize/local_catalog", False))}
    assert all(spec.description for spec in specs.values())


def test_nothing_starts_by_itself_before_a_person_turned_it_on() -> None:
    schedule = REPOSITORY.get_schedule_def("nightly_full_sync")
    sensor = REPOSITORY.get_sensor_def("new_delivery")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert (schedule.job_name, schedule.cron_schedule) == ("full_sync", "30 2 * * *")
    assert schedule.execution_timezone == "UTC"
    assert sensor.job_name == "incremental_sync"


def test_the_schedule_asks_for_a_run_of_the_whole() -> None:
    with dg.build_schedule_context() as context:
        data = REPOSITORY.get_schedule_def("nightly_full_sync").evaluate_tick(context)
    assert len(data.run_requests or []) == 1


def test_runs_use_one_process() -> None:
    assert defs.resolve_job_def("full_sync").executor_def.name == dg.in_process_executor.name
