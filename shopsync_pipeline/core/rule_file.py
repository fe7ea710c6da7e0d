"""The rules that an operator writes: `[[rule]]` tables in TOML, read whole or refused, a sentence for each mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.core.fields import REGISTRY, Drift, Group, Owner, Path, Strategy, place
from shopsync_pipeline.core.ownership import WHOLE_PRODUCT, Rule, glob

Word = TypeVar("Word", bound=StrEnum)

KEYS = ("name", "field", "group", "vendor", "category", "product", "owner", "strategy", "drift")
_FIELDS = (*(row.name for row in REGISTRY), str(WHOLE_PRODUCT))


def read_rules(text: str, source: str) -> tuple[Rule, ...]:
    """The rules of a TOML text, in order. `source` is its name in messages.

    Raises `SettingsError` with one sentence for each mistake: all of them, not the first.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is no TOML: {str(error).rstrip('.')}.") from None
    mistakes = [f'{source}: "{key}" is no table of a rule file; rules are written as [[rule]].'
                for key in document if key != "rule"]
    rows = document.get("rule", [])
    if not isinstance(rows, list):
        mistakes.append(f"{source}: [rule] is one table; write [[rule]] with two brackets, once for each rule.")
        rows = []
    rules = []
    for number, row in enumerate(rows, 1):
        rule = rule_of(row, f"{source}, rule {number}", mistakes)
        rules.append(rule)
    for name in {rule.name for rule in rules}:
        if sum(rule.name == name for rule in rules) > 1:
            mistakes.append(f'{source}: two rules have the name "{name}"; give each a name of its own.')
    if mistakes:
        raise SettingsError(" ".join(mistakes))
    return tuple(rules)


def rule_of(row: Any, origin: str, mistakes: list[str]) -> Rule:
    """One rule from its document. What is wrong with it goes to `mistakes`, as sentences that begin with `origin`."""
    if not isinstance(row, Mapping):
        mistakes.append(f"{origin} is no table.")
        return Rule(name=origin)

    def wrong(what: str) -> None:
        mistakes.append(f"{origin}: {what}")

    for key in row:
        if key not in KEYS:
            wrong(f'"{key}" is no part of a rule{_meant(key, KEYS)}.')
    name = row.get("name")
    if not isinstance(name, str) or not name.strip():
        wrong('a rule needs a name, such as name = "Prices are ours".')
        name = origin
    fields = _texts(row, "field", wrong)
    for pattern in fields:
        if not _is_field(pattern):
            wrong(f'"{pattern}" is no field{_meant(pattern, _FIELDS)}.')
    owner, app = _owner(row.get("owner"), wrong)
    rule = Rule(
        name=name, fields=fields,
        groups=tuple(group for text in _texts(row, "group", wrong) if (group := _word(Group, "group", text, wrong))),
        vendors=_texts(row, "vendor", wrong), categories=_texts(row, "category", wrong),
        products=_texts(row, "product", wrong), owner=owner, app=app,
        strategy=_word(Strategy, "strategy", row.get("strategy"), wrong),
        drift=_word(Drift, "drift", row.get("drift"), wrong), origin=origin,
    )
    if not {"owner", "strategy", "drift"} & set(row):
        wrong("a rule must say an owner, a strategy or a drift.")
    return rule


def _is_field(pattern: str) -> bool:
    if pattern == WHOLE_PRODUCT or any(glob(pattern).fullmatch(row.name) for row in REGISTRY):
        return True
    try:
        place(Path(pattern))
    except (KeyError, ValueError):
        return False
    return True


def _owner(given: Any, wrong: Callable[[str], None]) -> tuple[Owner | None, str]:
    if isinstance(given, str) and given.startswith("app:"):
        app = given.removeprefix("app:").strip()
        if not app:
            wrong('owner "app:" names no app; write app:<name>, such as app:reviews.')
        return Owner.APP, app
    if given == Owner.APP.value:
        wrong('owner "app" names no app; write app:<name>, such as app:reviews.')
        return Owner.APP, ""
    return _word(Owner, "owner", given, wrong), ""


def _word(words: type[Word], key: str, given: Any, wrong: Callable[[str], None]) -> Word | None:
    if given is None:
        return None
    try:
        return words(given)
    except ValueError:
        choices = [word.value for word in words if word is not Owner.APP] + (["app:<name>"] if words is Owner else [])
        wrong(f'{key} "{given}" is none of {", ".join(choices)}{_meant(str(given), choices)}.')
        return None


def _texts(row: Mapping[str, Any], key: str, wrong: Callable[[str], None]) -> tuple[str, ...]:
    given = row.get(key, [])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(text, str) and text.strip() for text in listed):
        wrong(f"{key} must be a text or a list of texts, none of them empty.")
        return ()
    if key in row and not listed:
        wrong(f"{key} is an empty list, which would match nothing; leave {key} out to match everything.")
    return tuple(text.strip() for text in listed)


def _meant(given: str, words: Iterable[str]) -> str:
    known = list(words)
    bare = [word for word in known if word.rpartition(".")[2] == given]
    close = bare or get_close_matches(given, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""
