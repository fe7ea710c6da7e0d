"""What `Shopify-Search-Query-Debug: 1` shows: how a query was understood, as `extensions.search[].parsed`.

Words are match_all, equal values match_all of a field, comparisons a range, and connectives and/or/not.
"""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.search.syntax import And, Node, Not, Or, Term

_BOUNDS: Final = {":>": "gt", ":>=": "gte", ":<": "lt", ":<=": "lte"}


def parsed(node: Node) -> dict[str, Any]:
    """The query as JSON."""
    match node:
        case Term(None, _, value):
            return {"match_all": value}
        case Term(name, operator, value) if operator in _BOUNDS:
            return {"field": name, "range": {_BOUNDS[operator]: value}}
        case Term(name, _, value):
            return {"field": name, "match_all": value}
        case Not(inner):
            return {"not": parsed(inner)}
        case And(parts):
            return {"and": [parsed(part) for part in parts]}
        case Or(parts):
            return {"or": [parsed(part) for part in parts]}
