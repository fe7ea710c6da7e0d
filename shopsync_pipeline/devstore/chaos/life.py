"""Other people: a merchant who edits, customers who order, another app that writes metafields, at rates, from a seed.

Rates run in the shop's time, so advancing its clock makes a whole afternoon of edits happen at once.
"""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any, Final

from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline.devstore.merchant import act
from shopsync_pipeline.devstore.merchant_setup import MerchantError
from shopsync_pipeline.devstore.records import Product, Variant, gid
from shopsync_pipeline.devstore.store import Store

OTHER_APP: Final = "other_app"
_RATES: Final = ("edits_per_second", "orders_per_second", "metafields_per_second")
# After a long sleep of the machine, no more than this is caught up with at once.
_MOST: Final = 10_000


class Life:
    """The other people of one shop. Nothing happens until they are ordered to be there."""

    def __init__(self, store: Store) -> None:
        """Starts without anybody."""
        self._store = store
        self.stop()

    def stop(self) -> None:
        """Sends everybody home and forgets what they did."""
        self.rates: dict[str, float] = dict.fromkeys(_RATES, 0.0)
        self._owed: dict[str, float] = dict.fromkeys(_RATES, 0.0)
        self._at = self._store.clock()
        self._random = random.Random(0)
        self.done: Counter[str] = Counter()

    def order(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sets rates and seed, and does `steps` of each kind named with a rate at once; an empty body stops all."""
        if not body:
            self.stop()
        unknown = set(body) - {*_RATES, "seed", "steps"}
        if unknown:
            raise OrderError(f"life knows no {', '.join(sorted(unknown))}: there are {', '.join(_RATES)}, seed, steps")
        for name, value in body.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise OrderError(f"{name} {value!r} must be a number from 0 up")
        if "seed" in body:
            self._random = random.Random(int(body["seed"]))
        rates: dict[str, float] = {name: float(body[name]) for name in _RATES if name in body}
        if "steps" in body:
            for name in rates or _RATES:
                self._do(name, int(body["steps"]))
        else:
            self.rates.update(rates)
            self._at = self._store.clock()
        return self.as_json()

    def as_json(self) -> dict[str, Any]:
        """The rates, and what was done since the last stop."""
        return {**self.rates, "done": dict(self.done)}

    def run(self) -> None:
        """Does what the rates owe up to now."""
        now = self._store.clock()
        passed, self._at = max(0.0, now - self._at), now
        for name, rate in self.rates.items():
            if rate:
                self._owed[name] = min(_MOST, self._owed[name] + passed * rate)
                whole = int(self._owed[name])
                self._owed[name] -= whole
                self._do(name, whole)

    def _do(self, name: str, times: int) -> None:
        make = {"edits_per_second": self._edit, "orders_per_second": self._order_something}.get(name, self._annotate)
        kind = name.removesuffix("_per_second")
        actor = OTHER_APP if kind == "metafields" else None
        for _ in range(times):
            if not self._store.product_ids:
                return
            product = self._store.products[self._random.choice(self._store.product_ids)]
            try:
                act(self._store, make(product), actor=actor)
                self.done[kind] += 1
            except MerchantError:
                # An order for something that is not stocked anywhere is one that nobody can place.
                self.done["refused"] += 1

    def _edit(self, product: Product) -> dict[str, Any]:
        what = self._random.choice(("title", "tags", "description", "price"))
        mark = self._random.randrange(1_000_000)
        named = {"id": gid(Product.KIND, product.id)}
        if what == "price":
            variant = self._variant(product)
            price = max(Decimal("0.01"), variant.price + Decimal(self._random.randrange(-200, 201)) / 100)
            fields = {"price": str(price)}
            return {"action": "edit_variant", "variant": gid(Variant.KIND, variant.id), "fields": fields}
        if what == "tags":
            kept = [tag for tag in product.tags if not tag.startswith("seen-")]
            return {"action": "edit_product", **named, "fields": {"tags": [*kept, f"seen-{mark}"]}}
        if what == "description":
            fields = {"descriptionHtml": f"<p>Reworded {mark}</p>"}
            return {"action": "edit_product", **named, "fields": fields}
        stem = product.title.split(" (edited ")[0]
        return {"action": "edit_product", **named, "fields": {"title": f"{stem} (edited {mark})"}}

    def _order_something(self, product: Product) -> dict[str, Any]:
        variant = gid(Variant.KIND, self._variant(product).id)
        return {"action": "order", "variant": variant, "quantity": self._random.randint(1, 3)}

    def _annotate(self, product: Product) -> dict[str, Any]:
        value = str(self._random.randrange(1_000_000))
        row = {"namespace": OTHER_APP, "key": "score", "type": "number_integer", "value": value}
        return {"action": "set_metafield", "id": gid(Product.KIND, product.id), "metafield": row}

    def _variant(self, product: Product) -> Variant:
        return self._store.variants[self._random.choice(product.variant_ids)]
