"""`shopsync rules` and `shopsync overrides`: who owns which field, and the store's values that stand in for ours."""

from __future__ import annotations

from typing import Annotated

import typer

from shopsync_pipeline.cli.terminal import opened, told
from shopsync_pipeline.engine.overrides import list_overrides, remove_override
from shopsync_pipeline.engine.rules import explain_rule, file_rules, remove_rule, stored_rules
from shopsync_pipeline.orchestration.metadata import shown

rules_app = typer.Typer(no_args_is_help=True, help="Rules: who owns which field of which products.")
overrides_app = typer.Typer(no_args_is_help=True, help="Values of the store that stand in for the catalog's own.")


def explain_rule_of(
    sku: Annotated[str, typer.Argument(help="A product: SKU, handle, Etilize id, product key or Shopify id.")],
    field: Annotated[str, typer.Argument(help="A field: title, price, variants[SKU].cost, metafields[custom.brand].")],
) -> None:
    """Which rule decides about a field of a product, and why."""
    told(explain_rule(opened(), sku, field).why)


@rules_app.command("list")
def rules_list() -> None:
    """All rules in their order: those that people stored, then those of the rule file."""
    context = opened()
    stored = stored_rules(context)
    for row in stored:
        told(f"{row.rule_id}  {row.rule.name}", f"    {row.rule.origin}")
    for rule in file_rules(context.settings).rules:
        told(rule.name, f"    {rule.origin}")
    if not stored and not file_rules(context.settings).rules:
        told("There is no rule; SYNC_CONFLICT_RESOLUTION and the registry decide.")


@rules_app.command("remove")
def rules_remove(rule_id: Annotated[str, typer.Argument(help="An id from `shopsync rules list`.")]) -> None:
    """Removes a stored rule."""
    remove_rule(opened(), rule_id)
    told("Removed. What it decided stays as it is.")


@overrides_app.command("list")
def overrides_list(sku: Annotated[str, typer.Argument(help="A product; empty: all.")] = "") -> None:
    """Values of the store that stand in for the catalog's own."""
    rows = list_overrides(opened(), sku or None)
    for row in rows:
        told(f"{row.product_key}  {row.path}  {shown(row.override.value)}",
              f"    instead of the catalog's {shown(row.override.catalog_value)}, since {row.since:%Y-%m-%d %H:%M:%S}: "
              f"{row.source}")
    if not rows:
        told("There is no override.")


@overrides_app.command("remove")
def overrides_remove(
    sku: Annotated[str, typer.Argument(help="A product: SKU, handle, Etilize id, product key or Shopify id.")],
    field: Annotated[str, typer.Argument(help="The field, as `shopsync overrides list` writes it.")],
) -> None:
    """Gives a field back to the catalog; the next run writes the catalog's value."""
    remove_override(opened(), sku, field)
    told("Removed. The next run writes the catalog's own value.")
