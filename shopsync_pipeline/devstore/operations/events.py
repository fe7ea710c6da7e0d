"""The shop's events: who made and deleted which product or collection, kept for a year, in the order it happened.

They live in the state file only; a query reads those that its id, action and subject type leave.
"""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.clock import text_of
from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.events import ShopEvent
from shopsync_pipeline.devstore.records import gid
from shopsync_pipeline.devstore.registry import attributes, field, query, record_type
from shopsync_pipeline.devstore.search.find import filtered
from shopsync_pipeline.devstore.search.syntax import And, Term, parse_query

KEPT_SECONDS: Final = 365 * 24 * 3600
_VERBS: Final = {"create": "created", "destroy": "deleted"}
_FIELDS: Final[dict[str, Any]] = {
    "id": lambda row, _view: row.id,
    "action": lambda row, _view: row.action,
    "subject_type": lambda row, _view: row.subject_type,
    "created_at": lambda row, _view: row.at,
    "comments": lambda _row, _view: "false",
}


@query("events")
def events(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of the events the query selects, by id, which is also the order of their times."""
    reverse = bool(arguments.get("reverse"))
    text = arguments.get("query")
    oldest = text_of(context.store.clock() - KEPT_SECONDS)
    rows = context.store.file.events(oldest, **_narrowing(text))
    found = filtered(context, rows, text, _FIELDS, ("action", "subject_type"), "events")
    return page(found[::-1] if reverse else found, arguments, descending=reverse)


def _narrowing(text: str | None) -> dict[str, Any]:
    """What the state file can leave out already; the query's own test still looks at the rest."""
    tree = parse_query(text or "")
    parts = tree.parts if isinstance(tree, And) else (tree,)
    found: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, Term):
            continue
        if part.field in ("action", "subject_type") and part.operator == ":" and "*" not in part.value:
            found[part.field] = part.value.casefold()
        elif part.field == "id" and part.operator in (":>", ":>=") and part.value.isdecimal():
            found["from_id"] = int(part.value)
    return found


record_type("BasicEvent")(ShopEvent)
attributes("BasicEvent", createdAt="at", subjectType="subject_type")


@field("BasicEvent", "id")
def event_id(source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> str:
    """The event's gid."""
    return gid("BasicEvent", source.id)


@field("BasicEvent", "subjectId")
def subject_id(source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> str:
    """The gid of what was made or deleted."""
    return gid(source.subject_type.title(), source.subject_id)


@field("BasicEvent", "appTitle", "author")
def event_author(source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> str | None:
    """The app that did it, None for a person."""
    return None if source.actor == "merchant" else source.actor


@field("BasicEvent", "attributeToApp")
def attribute_to_app(source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether an app did it."""
    return source.actor != "merchant"


@field("BasicEvent", "attributeToUser")
def attribute_to_user(source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether a person did it."""
    return source.actor == "merchant"


@field("BasicEvent", "criticalAlert")
def critical_alert(_source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> bool:
    """None of these needs anybody's care."""
    return False


@field("BasicEvent", "message")
def event_message(source: ShopEvent, _context: Context, _arguments: dict[str, Any]) -> str:
    """The event as a sentence."""
    by = "" if source.actor == "merchant" else f" by {source.actor}"
    return f"{source.title} was {_VERBS[source.action]}{by}."
