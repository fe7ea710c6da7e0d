"""The result of a bulk query on disk: checked while it comes, then read back with every child beside its parent.

Shopify promises that a child comes after its parent, not where. So nothing is taken for whole before the last line is
there; how far behind its parent a child can be is measured on the way in, and that bounds what is held on the way out.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections import deque
from collections.abc import Iterator
from typing import IO, Any

import orjson

from shopsync_pipeline.shopify.bulk.faults import BulkFault

Node = dict[str, Any]

WINDOW = 100_000
"""Parents that are remembered while a file comes. A child behind more of them is found by way of a file of its own."""

_PARENT = b'"__parentId"'
_HEAD = re.compile(rb'\{"id":"gid:\\?/\\?/shopify\\?/([A-Za-z]+)\\?/(\d+)')
_TAIL = re.compile(rb'"__parentId":"gid:\\?/\\?/shopify\\?/([A-Za-z]+)\\?/(\d+)[^"]*"\}\s*$')


class Spool:
    """One result file. `add` takes its lines as they come, `close` says whether they are all there, `nodes` gives them
    back as nodes with their children in them, like those of a page. `ordered`: the roots come by their number."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """`file` is an empty file for reading and writing; `name` says what is in it, for people."""
        self._file = file
        self._name = name
        self._places: dict[bytes, int] = {}
        self._reach = 0
        self._scattered = False
        self._last = 0
        self.ordered = True
        self.lines = 0
        self.roots = 0

    def add(self, lines: list[bytes]) -> None:
        """Takes lines as they come from the network. Raises `BulkFault` for a child that has no parent before it, and
        for what is no object."""
        self._file.write(b"\n".join(lines))
        self._file.write(b"\n")
        self.lines += len(lines)
        places, last = self._places, self._last
        for line in lines:
            at = line.rfind(_PARENT)
            if at < 0:
                name = self._head(line)
                number = int(name)
                if number < last:
                    self.ordered = False
                last = number
                places[name] = self.roots
                self.roots += 1
                continue
            tail = _TAIL.match(line, at)
            kind, parent = self._parent(line) if tail is None else (tail[1], tail[2])
            place = places.get(parent if kind == b"Product" else b"v" + parent)
            if place is None:
                self._scattered = True
                continue
            if self.roots - place > self._reach:
                self._reach = self.roots - place
            if kind == b"Product" and (head := _HEAD.match(line)) is not None and head[1] == b"ProductVariant":
                places[b"v" + head[2]] = place
        self._last = last
        if len(places) > WINDOW:
            for old in list(places)[:len(places) - WINDOW // 2]:
                del places[old]

    def _head(self, line: bytes) -> bytes:
        """The number of a root."""
        found = _HEAD.match(line)
        return found[2] if found is not None else _kind_and_number(self._parsed(line).get("id"), self._name)[1]

    def _parent(self, line: bytes) -> tuple[bytes, bytes]:
        """Kind and number of a child's parent, where the line is written in an unusual way."""
        return _kind_and_number(self._parsed(line).get("__parentId"), self._name)

    def close(self, objects: int) -> None:
        """Ends the taking in. Raises `BulkFault` unless there are as many lines as the operation counted objects."""
        self._places = {}
        self._file.flush()
        if self.lines != objects:
            raise BulkFault(
                f"The result of the bulk query for {self._name} has {self.lines:,} lines, and Shopify counted "
                f"{objects:,} objects: it is not the whole of it. Nothing was removed; run this again."
            )

    def copy_to(self, target: IO[bytes]) -> None:
        """Writes the lines as they came."""
        self._file.seek(0)
        shutil.copyfileobj(self._file, target)

    def nodes(self) -> Iterator[Node]:
        """Each root with its children in it, in the file's order. Raises `BulkFault` for a line that is not JSON."""
        self._file.seek(0)
        if self._scattered:
            yield from self._gathered()
            return
        open_roots: deque[tuple[int, Node]] = deque()
        owners: dict[str, Node] = {}
        roots, reach, parse = 0, self._reach, self._parsed
        for line in self._file:
            node = parse(line)
            parent = node.pop("__parentId", None)
            if parent is not None:
                owner = owners.get(parent)
                if owner is None:
                    raise _orphan(parent, self._name)
                _put(owner, node, owners)
                continue
            while open_roots and roots - open_roots[0][0] >= reach:
                yield _taken(open_roots.popleft()[1], owners)
            open_roots.append((roots, node))
            owners[node["id"]] = node
            roots += 1
        while open_roots:
            yield _taken(open_roots.popleft()[1], owners)

    def _gathered(self) -> Iterator[Node]:
        """The same for a file whose children lie anywhere: its lines are put in order by a database on disk."""
        with sqlite3.connect("") as shelf:  # a temporary file of SQLite's own, gone with the connection
            shelf.execute("CREATE TABLE line(root INTEGER, place INTEGER, text BLOB, PRIMARY KEY(root, place)) "
                          "WITHOUT ROWID")
            shelf.execute("CREATE TABLE owner(id TEXT PRIMARY KEY, root INTEGER) WITHOUT ROWID")
            roots = 0
            for place, line in enumerate(self._file):
                node = self._parsed(line)
                parent = node.get("__parentId")
                if parent is None:
                    root = roots
                    roots += 1
                else:
                    found = shelf.execute("SELECT root FROM owner WHERE id = ?", (parent,)).fetchone()
                    if found is None:
                        raise _orphan(parent, self._name)
                    root = found[0]
                if parent is None or "sku" in node:
                    shelf.execute("INSERT OR IGNORE INTO owner VALUES (?, ?)", (node["id"], root))
                shelf.execute("INSERT INTO line VALUES (?, ?, ?)", (root, place, line))
            owners: dict[str, Node] = {}
            current: Node | None = None
            for (text,) in shelf.execute("SELECT text FROM line ORDER BY root, place"):
                node = self._parsed(text)
                parent = node.pop("__parentId", None)
                if parent is not None:
                    _put(owners[parent], node, owners)
                    continue
                if current is not None:
                    yield current
                current, owners = node, {node["id"]: node}
            if current is not None:
                yield current

    def _parsed(self, line: bytes) -> Node:
        try:
            node = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise self._unreadable(line, str(error)) from None
        if not isinstance(node, dict):
            raise self._unreadable(line, "it is no object")
        return node

    def _unreadable(self, line: bytes, why: str) -> BulkFault:
        shown = line[:60].decode(errors="replace").rstrip()
        return BulkFault(
            f'The result of the bulk query for {self._name} has a line that cannot be read: "{shown}…" ({why}). '
            "Nothing was removed; run this again."
        )


def _put(owner: Node, node: Node, owners: dict[str, Node]) -> None:
    """Puts a child where a page would have it."""
    if "namespace" in node:
        name = "metafields"
    elif "publication" in node:
        name = "publications"
    elif "sku" in node:
        name = "variants"
        owners[node["id"]] = node
    elif "/Collection/" in node["id"]:
        name = "collections"
    else:
        name = "media"
    held = owner.get(name)
    if held is None:
        owner[name] = {"nodes": [node]}
    else:
        held["nodes"].append(node)


def _taken(root: Node, owners: dict[str, Node]) -> Node:
    """A root that is whole; nothing is kept of it here."""
    owners.pop(root["id"], None)
    variants = root.get("variants")
    if variants is not None:
        for row in variants["nodes"]:
            owners.pop(row["id"], None)
    return root


def _kind_and_number(gid: Any, name: str) -> tuple[bytes, bytes]:
    parts = str(gid).split("/")
    if len(parts) < 5 or not parts[4].split("?")[0].isdigit():
        raise BulkFault(f"The result of the bulk query for {name} has a line without a usable id ({gid!r}). Nothing "
                        "was removed; run this again.")
    return parts[3].encode(), parts[4].split("?")[0].encode()


def _orphan(parent: str, name: str) -> BulkFault:
    return BulkFault(f"The result of the bulk query for {name} has a line that belongs to {parent}, which is not "
                     "before it: it is not the whole of it. Nothing was removed; run this again.")
