"""The state file: a SQLite database that holds each record as one JSON row, and the history of every product.

It knows how to write and read records, never what they mean to the API.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore.bulk.records import BulkOperation, StagedUpload
from shopsync_pipeline.devstore.config import DevStoreError
from shopsync_pipeline.devstore.events import ShopEvent, event_of
from shopsync_pipeline.devstore.records import (
    AdjustmentGroup,
    Collection,
    Definition,
    FixedPrice,
    IdempotencyKey,
    Item,
    Level,
    Location,
    MediaFile,
    Metafield,
    Operation,
    Option,
    OptionValue,
    PriceList,
    Product,
    Publication,
    Record,
    StockChange,
    Variant,
)
from shopsync_pipeline.devstore.webhooks.records import Subscription

FORMAT: Final = "1"
_APPLICATION_ID: Final = 0x53485044  # "SHPD": tells our files from any other SQLite database
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (kind TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (kind TEXT, id INTEGER, body BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, product_id INTEGER, kind TEXT NOT NULL, record_id INTEGER NOT NULL,
  actor TEXT NOT NULL, action TEXT NOT NULL, changes BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS history_by_product ON history (product_id, seq);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, subject_type TEXT NOT NULL, subject_id INTEGER NOT NULL,
  action TEXT NOT NULL, actor TEXT NOT NULL, title TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_action ON events (action, subject_type, id);
"""
_HISTORIC: Final = {"Product", "ProductVariant", "Metafield"}


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change of a record: `before` is None for a creation, `after` is None for a deletion."""

    kind: str
    id: int
    product_id: int | None
    actor: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class StateFile:
    """One open state file. Every method either finishes or leaves the file as it was."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file; raises DevStoreError for a folder that is missing or a file that is not ours."""
        self.path = path
        if not path.parent.is_dir():
            raise DevStoreError(f"the folder {path.parent} does not exist: make it, or name another state file")
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._check()
        except sqlite3.DatabaseError as error:
            raise DevStoreError(
                f"the state file {path} cannot be read as a dev store ({error}): name another"
            ) from error
        self._db.execute("PRAGMA journal_mode=WAL")
        # NORMAL survives a killed process; only a power cut can lose the last commits, which a dev store can bear.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)
        self._db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        self.set_setting("format", FORMAT)

    def _check(self) -> None:
        found = self._db.execute("PRAGMA application_id").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and found != _APPLICATION_ID:
            raise DevStoreError(f"the file {self.path} is a SQLite database of something else: name another state file")
        if tables:
            written = self.setting("format")
            if written != FORMAT:
                raise DevStoreError(
                    f"the state file {self.path} has format {written}, and this dev store reads format {FORMAT}: "
                    "delete it to start with an empty shop, or use the version that wrote it"
                )

    def setting(self, name: str) -> str | None:
        """One remembered setting."""
        row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def set_setting(self, name: str, value: str) -> None:
        """Remembers a setting."""
        self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def read(self) -> tuple[dict[str, int], Iterator[Record]]:
        """The number counters and every record; definitions come first because other indexes need them."""
        counters = {str(kind): int(last) for kind, last in self._db.execute("SELECT kind, last FROM counters")}
        order = "ORDER BY CASE kind WHEN 'MetafieldDefinition' THEN 0 ELSE 1 END, kind, id"
        rows = self._db.execute(f"SELECT kind, body FROM records {order}")
        return counters, (decode(kind, orjson.loads(body)) for kind, body in rows)

    def write(
        self,
        touched: Iterable[Record],
        removed: Iterable[Record],
        counters: Mapping[str, int],
        *,
        actor: str,
        action: str,
        at: str,
    ) -> list[Change]:
        """Writes one request's work in one transaction and returns what changed, old values beside new ones."""
        changes: list[Change] = []
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for record in touched:
                body = orjson.dumps(record, default=_plain, option=orjson.OPT_NON_STR_KEYS)
                changes.append(self._change(record, body, actor, action))
                self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (record.KIND, record.id, body))
            for record in removed:
                changes.append(self._change(record, None, actor, action))
                self._db.execute("DELETE FROM records WHERE kind = ? AND id = ?", (record.KIND, record.id))
            self._db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", counters.items())
            self._db.executemany(
                "INSERT INTO history (at, product_id, kind, record_id, actor, action, changes) VALUES (?,?,?,?,?,?,?)",
                (
                    (at, change.product_id, change.kind, change.id, actor, action, orjson.dumps(_differences(change)))
                    for change in changes
                    if change.kind in _HISTORIC and change.before != change.after
                ),
            )
            happened = (event_of(change.kind, change.before, change.after) for change in changes)
            self._db.executemany(
                "INSERT INTO events (at, subject_type, subject_id, action, title, actor) VALUES (?,?,?,?,?,?)",
                ((at, *event, actor) for event in happened if event is not None),
            )
        return changes

    def _change(self, record: Record, body: bytes | None, actor: str, action: str) -> Change:
        row = self._db.execute(
            "SELECT body FROM records WHERE kind = ? AND id = ?", (record.KIND, record.id)
        ).fetchone()
        before = orjson.loads(row[0]) if row else None
        after = orjson.loads(body) if body is not None else None
        return Change(record.KIND, record.id, _product_of(record), actor, action, before, after)

    def history(self, product_id: int) -> list[dict[str, Any]]:
        """Everything that ever happened to a product, oldest first, with (before, after) per field."""
        rows = self._db.execute(
            "SELECT seq, at, kind, record_id, actor, action, changes FROM history WHERE product_id = ? ORDER BY seq",
            (product_id,),
        )
        names = ("seq", "at", "kind", "id", "actor", "action")
        return [{**dict(zip(names, row[:6], strict=True)), "changes": orjson.loads(row[6])} for row in rows]

    def events(
        self, since: str, *, from_id: int = 0, action: str | None = None, subject_type: str | None = None
    ) -> list[ShopEvent]:
        """The events at or after `since` (text as the API writes it) from a number on, oldest first."""
        text = "SELECT id, at, subject_type, subject_id, action, actor, title FROM events WHERE at >= ? AND id >= ?"
        values: list[Any] = [since, from_id]
        for name, value in (("action", action), ("subject_type", subject_type)):
            if value is not None:
                text += f" AND {name} = ? COLLATE NOCASE"
                values.append(value)
        return [ShopEvent(*row) for row in self._db.execute(f"{text} ORDER BY id", values)]

    def copy_to(self, path: Path) -> None:
        """Writes the whole shop to another file; raises DevStoreError for one that holds something else."""
        if path.resolve() == self.path.resolve():
            raise DevStoreError(f"{path} is the state file itself: name another")
        target = StateFile(path)
        try:
            self._db.backup(target._db)
        finally:
            target.close()

    def copy_from(self, path: Path, shop: str) -> None:
        """Takes the whole shop from another file; raises DevStoreError for one that is not ours or another shop's."""
        if not path.is_file():
            raise DevStoreError(f"there is no file {path}: name one that a snapshot was written to")
        source = StateFile(path)
        try:
            found = source.setting("shop")
            if found != shop:
                raise DevStoreError(f"{path} holds the shop {found}, not {shop}: name a snapshot of this shop")
            source._db.backup(self._db)
        finally:
            source.close()

    def clear(self) -> None:
        """Empties the file, keeping its format mark."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for table in ("records", "counters", "history", "settings", "events"):
                self._db.execute(f"DELETE FROM {table}")
            self.set_setting("format", FORMAT)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form in a state file")


def _product_of(record: Record) -> int | None:
    match record:
        case Product():
            return record.id
        case Variant():
            return record.product_id
        case Metafield() if record.owner.startswith("gid://shopify/Product/"):
            return int(record.owner.rsplit("/", 1)[1])
    return None


def _differences(change: Change) -> dict[str, list[Any]]:
    before, after = change.before or {}, change.after or {}
    names = dict.fromkeys([*before, *after])
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _product(body: dict[str, Any]) -> Product:
    body["options"] = [
        Option(option["id"], option["name"], [OptionValue(**value) for value in option["values"]])
        for option in body["options"]
    ]
    body["publications"] = {int(key): value for key, value in body["publications"].items()}
    return Product(**body)


def _collection(body: dict[str, Any]) -> Collection:
    body["publications"] = {int(key): value for key, value in body["publications"].items()}
    return Collection(**body)


def _fixed_price(body: dict[str, Any]) -> FixedPrice:
    body["price"] = Decimal(body["price"])
    body["compare_at_price"] = _decimal(body["compare_at_price"])
    return FixedPrice(**body)


def _variant(body: dict[str, Any]) -> Variant:
    item = body["item"]
    item["cost"] = _decimal(item["cost"])
    item["levels"] = {int(key): Level(**level) for key, level in item["levels"].items()}
    body["item"] = Item(**item)
    body["price"] = Decimal(body["price"])
    body["compare_at_price"] = _decimal(body["compare_at_price"])
    return Variant(**body)


def _group(body: dict[str, Any]) -> AdjustmentGroup:
    body["changes"] = [StockChange(**change) for change in body["changes"]]
    return AdjustmentGroup(**body)


_DECODERS: Final[dict[str, Any]] = {
    Product.KIND: _product,
    Variant.KIND: _variant,
    AdjustmentGroup.KIND: _group,
    Collection.KIND: _collection,
    FixedPrice.KIND: _fixed_price,
    **{
        kind.KIND: (lambda body, kind=kind: kind(**body))
        for kind in (Metafield, Definition, MediaFile, Location, Publication, PriceList, IdempotencyKey, Operation)
    },
    **{
        kind.KIND: (lambda body, kind=kind: kind(**body)) for kind in (StagedUpload, BulkOperation, Subscription)
    },
}


def decode(kind: str, body: dict[str, Any]) -> Record:
    """A record from its JSON row."""
    record: Record = _DECODERS[kind](body)
    return record
