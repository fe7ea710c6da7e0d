"""Pictures at first contact: the store knows them by addresses of its own, so each is recognised or left alone.

Certain are only: the file name of our source stands in the store's address, once on each side; or as many pictures on
both sides, each with an alternative text of its own, the same texts. A position alone proves nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from shopsync_pipeline.core.canonical import fold
from shopsync_pipeline.core.fields import Fields, Path, Value
from shopsync_pipeline.core.links import Links

IMAGES = Path("images")


def adopt_pictures(local: Fields, remote: Fields, links: Links,
                   addresses: Mapping[str, str] | None = None) -> tuple[dict[Path, Value], Links]:
    """The store's fields and links with every picture that is certainly one of the catalog's called by its source.

    `addresses`: media id → where the store shows it, as far as known.
    """
    named = recognised(_pictures(local), _pictures(remote), addresses or {})
    if not named:
        return dict(remote), links
    renamed: dict[Path, Value] = {}
    for path, value in remote.items():
        if path == IMAGES and isinstance(value, list):
            renamed[path] = [{**part, "source": named.get(str(part["source"]), part["source"])}
                             for part in value if isinstance(part, dict)]
        elif path.endswith("].image") and isinstance(value, str):
            renamed[path] = named.get(value, value)
        else:
            renamed[path] = value
    images = {named.get(source, source): media for source, media in links.images.items()}
    return renamed, Links(product=links.product, variants=links.variants, images=images)


def recognised(ours: Sequence[tuple[str, str]], theirs: Sequence[tuple[str, str]],
               addresses: Mapping[str, str]) -> dict[str, str]:
    """The store's name of a picture → the catalog's source, where that is certain. Both sides are (source, alt)."""
    taken = {source for source, _ in theirs}
    by_file = _by_file([source for source, _ in ours if source not in taken],
                       {name: addresses[name] for name, _ in theirs if name in addresses})
    if by_file:
        return by_file
    alts, their_alts = [fold(alt) for _, alt in ours], [fold(alt) for _, alt in theirs]
    certain = "" not in alts and len(set(alts)) == len(alts) and sorted(alts) == sorted(their_alts)
    if not certain or taken & {source for source, _ in ours}:
        return {}
    sources = dict(zip(alts, (source for source, _ in ours), strict=True))
    return {name: sources[alt] for (name, _), alt in zip(theirs, their_alts, strict=True)}


_NOT_IN_STEMS = re.compile(r"[^a-z0-9]+")


def _by_file(sources: Sequence[str], addresses: Mapping[str, str]) -> dict[str, str]:
    """Pictures whose file name stands in exactly one address, which has no other's name in it."""
    stems = {source: stem for source in sources if len(stem := _stem(source)) >= 3}
    twice = {stem for stem, count in Counter(stems.values()).items() if count > 1}
    pairs = [(name, source) for name, address in addresses.items() for source, stem in stems.items()
             if stem not in twice and re.search(rf"(^|_){re.escape(stem)}(_|$)", _stem(address))]
    names, named = Counter(name for name, _ in pairs), Counter(source for _, source in pairs)
    return {name: source for name, source in pairs if names[name] == 1 and named[source] == 1}


def _stem(address: str) -> str:
    """The file name of an address without its ending, in small letters, with `_` between words."""
    name = PurePosixPath(unquote(urlsplit(address).path)).name
    return _NOT_IN_STEMS.sub("_", name.rpartition(".")[0].casefold() or name.casefold()).strip("_")


def _pictures(fields: Fields) -> list[tuple[str, str]]:
    value = fields.get(IMAGES)
    listed = value if isinstance(value, list) else []
    return [(str(part.get("source")), str(part.get("alt", ""))) for part in listed if isinstance(part, dict)]
