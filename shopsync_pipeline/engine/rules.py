"""Rules: those that people stored, then those of the rule file, then the shop-wide settings; and which one decides."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from shopsync_pipeline.core.errors import SettingsError, ShopsyncError
from shopsync_pipeline.core.fields import REGISTRY, Path, variant_path
from shopsync_pipeline.core.ownership import Explanation, Rules, explain, facts_of
from shopsync_pipeline.core.rule_file import read_rules
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.field_rules import FieldRules, StoredRule
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.names import keys_of
from shopsync_pipeline.settings import Settings


def file_rules(settings: Settings) -> Rules:
    """The settings' rules with those of the rule file. Raises `SettingsError`, a sentence for each mistake in it."""
    path = settings.rules_path
    if path is None:
        return settings.rules
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The rule file {path} cannot be read: {error.strerror} (see SYNC_RULES_PATH).") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The rule file {path} is not UTF-8 text; save it again as UTF-8.") from None
    return replace(settings.rules, rules=read_rules(text, path.name))


def rules_of(context: Context, connection: Connection) -> Rules:
    """Everything that decides about fields of this shop, in its order."""
    rules = file_rules(context.settings)
    stored = tuple(row.rule for row in FieldRules(connection, context.shop_id).all())
    return replace(rules, rules=(*stored, *rules.rules))


def explain_rule(context: Context, product: str, field: str) -> Explanation:
    """Which rule decides about a field of a product, and why. `field` is a path, `title`, or `price` of the SKU named.

    Raises `ShopsyncError` for a product or field that there is not.
    """
    (key,) = keys_of(context, [product])
    with context.database.read() as connection:
        rules = rules_of(context, connection)
        (_, _, document) = next(Catalog(connection, context.shop_id).documents([key]))
    path = path_named(field, product)
    try:
        return explain(path, facts_of(key, document), rules)
    except (KeyError, ValueError):
        raise ShopsyncError(
            f'"{field}" is no field. Name one as the plan does: title, seo.title, tags, variants[SKU].price, '
            "metafields[custom.brand], or product for the product as a whole; docs/decisions.md tells what is decided."
        ) from None


def path_named(field: str, product: str) -> Path:
    """The path that a person means: as the plan writes it, or an attribute of the variant whose SKU was named."""
    names = {row.name for row in REGISTRY}
    if field not in names and f"variants[].{field}" in names:
        return variant_path(product.strip(), field)
    return Path(field)


def stored_rules(context: Context) -> list[StoredRule]:
    """The rules that people stored, in their order."""
    with context.database.read() as connection:
        return FieldRules(connection, context.shop_id).all()


def remove_rule(context: Context, rule_id: str) -> None:
    """Removes a stored rule. What it decided stays as it is; disputes that wait are decided anew by the next diff."""
    with context.database.write() as connection:
        FieldRules(connection, context.shop_id).remove(rule_id)
