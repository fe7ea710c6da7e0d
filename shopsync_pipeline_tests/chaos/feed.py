"""A delivery that is rewritten all the time: prices, stock, content, pictures, products that come and go.

It is a CSV in Shopify's columns, replaced in one step, as a well-behaved sender does it.
"""

from __future__ import annotations

import csv
import os
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from shopsync_pipeline_tests.engine.shelf import COLUMNS, lamp

KINDS = {"stock": 8, "price": 4, "title": 2, "tags": 2, "picture": 1, "gone": 1, "new": 1}
"""What changes, and how often against the others."""

WORDS = ("red", "blue", "new", "sale", "led", "slim")


@dataclass
class Feed:
    """The delivery in `folder`, of `products` lamps at first, changed by a thread of its own."""

    folder: Path
    products: int
    seed: int
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    away: dict[str, dict[str, str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Writes the first delivery."""
        self._dice = random.Random(self.seed)
        self._made = self.products
        self.rows = {f"L{number}": lamp(number) for number in range(1, self.products + 1)}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def start(self, every: float) -> None:
        """Changes something about `every` so many seconds."""
        self._thread = threading.Thread(target=self._run, args=[every], daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Changes nothing any more."""
        self._stop.set()
        self._thread.join()

    def _run(self, every: float) -> None:
        while not self._stop.wait(self._dice.uniform(0, 2 * every)):
            for _ in range(self._dice.randint(1, 8)):
                self._change()
            self._write()

    def _change(self) -> None:
        kind = self._dice.choices(list(KINDS), list(KINDS.values()))[0]
        self.done[kind] += 1
        if kind == "gone":
            if len(self.rows) > self.products * 0.9:
                sku = self._dice.choice(sorted(self.rows))
                self.away[sku] = self.rows.pop(sku)
            return
        if kind == "new":
            if self.away and self._dice.random() < 0.7:
                sku = self._dice.choice(sorted(self.away))
                self.rows[sku] = self.away.pop(sku)
            elif self._made < self.products * 1.5:
                self._made += 1
                self.rows[f"L{self._made}"] = lamp(self._made)
            return
        row = self.rows[self._dice.choice(sorted(self.rows))]
        if kind == "stock":
            row["Variant Inventory Qty"] = str(self._dice.randint(0, 500))
        elif kind == "price":
            row["Variant Price"] = f"{self._dice.randint(10, 90)}.{self._dice.choice(('00', '50', '95'))}"
        elif kind == "title":
            row["Title"] = f"Lamp {self._dice.choice(WORDS)} {self._dice.randint(1, 999)}"
        elif kind == "tags":
            row["Tags"] = ", ".join(["lamp", *(word for word in WORDS if self._dice.random() < 0.4)])
        else:
            row["Image Alt Text"] = f"Seen from the {self._dice.choice(('front', 'side', 'top'))}"

    def _write(self) -> None:
        path = self.folder / "shop.csv"
        with (self.folder / ".shop.part").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows.values())
        os.replace(self.folder / ".shop.part", path)
