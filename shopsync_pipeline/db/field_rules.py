"""Rules that people made by "always do this": stored, in order, before those of the rule file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from shopsync_pipeline.core.errors import DatabaseError, ShopsyncError
from shopsync_pipeline.core.ownership import Rule, rule_document
from shopsync_pipeline.core.rule_file import rule_of
from shopsync_pipeline.db.rows import from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import field_rule


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with who made it, when and why."""

    rule_id: str
    rule: Rule
    created_by: str
    created_at: datetime
    reason: str


class FieldRules:
    """The stored rules of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def all(self) -> list[StoredRule]:
        """The rules in their order. Raises `DatabaseError` for one that this version cannot read."""
        rows = self._connection.execute(
            select(field_rule).where(field_rule.c.shop_id == self._shop).order_by(field_rule.c.position)
        ).mappings()
        found = []
        for row in rows:
            mistakes: list[str] = []
            origin = f"stored, by {row['created_by']} on {row['created_at']:%Y-%m-%d}: {row['reason']}"
            rule = rule_of(from_text(row["document"]), origin, mistakes)
            if mistakes:
                raise DatabaseError(f"The stored rule {row['rule_id']} cannot be used. {' '.join(mistakes)} Remove it "
                                    f"with `shopsync rules remove {row['rule_id']}`.")
            found.append(StoredRule(row["rule_id"], rule, row["created_by"], row["created_at"], row["reason"]))
        return found

    def put_first(self, rule: Rule, *, by: str, reason: str) -> str:
        """Stores a rule before all others, so that the newest word of a person counts; returns its id."""
        rule_id = new_id()
        first = self._connection.execute(
            select(func.min(field_rule.c.position)).where(field_rule.c.shop_id == self._shop)
        ).scalar_one()
        self._connection.execute(insert(field_rule).values(
            shop_id=self._shop, rule_id=rule_id, position=(first if first is not None else 0) - 1,
            document=to_text(rule_document(rule)), created_by=by, created_at=now(), reason=reason,
        ))
        return rule_id

    def remove(self, rule_id: str) -> None:
        """Removes a rule. Raises `ShopsyncError` for an id that this shop does not have."""
        gone = self._connection.execute(
            delete(field_rule).where(field_rule.c.shop_id == self._shop, field_rule.c.rule_id == rule_id)
        ).rowcount
        if not gone:
            raise ShopsyncError(f"There is no stored rule {rule_id}. `shopsync rules list` shows those there are.")
