"""A mixed day of a catalog as plan items: stock, prices, content and new products, for benchmarks of what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shopsync_pipeline.core.cheapest import chosen
from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.core.small_plans import whole_plan
from shopsync_pipeline_tests.benchmarks.devstore_speed import METAFIELDS

TEXT = "single_line_text_field"


@dataclass(frozen=True, slots=True)
class Known:
    """A product of the store: its links, its SKU, and what it shows."""

    links: Links
    sku: str
    shown: Mapping[Path, Value]


def day(products: Sequence[Known], stock: int, prices: int, content: int, new: int) -> list[PlanItem]:
    """The items of a day: each kind of change on products of its own, as far as there are enough."""
    items: list[PlanItem] = []
    for number in range(stock):
        one = products[number % len(products)]
        path = Path(f"variants[{one.sku}].stock[default]")
        items += planned(one, {path: 1_000 + number})
    for number in range(prices):
        one = products[(number * 7) % len(products)]
        items += planned(one, {Path(f"variants[{one.sku}].price"): f"{number}.99"})
    for number in range(content):
        items += planned(products[(number * 11 + 3) % len(products)], content_of(number))
    for number in range(new):
        items.append(make_item(f"new:{number}", None, Operation.PRODUCT_CREATE, [
            Change(Path(path), None, value, Reason.NEW) for path, value in lamp(number).items()]))
    return whole_plan(items)


def planned(product: Known, values: Mapping[Path, Value]) -> list[PlanItem]:
    """The items that bring a product to `values`."""
    grouped: dict[Operation, list[Change]] = {}
    for path, value in values.items():
        writer = place(path).field.writer
        assert writer is not None
        grouped.setdefault(writer, []).append(
            Change(path, product.shown.get(path), value, Reason.CATALOG_CHANGED))
    return [make_item(product.sku, product.links.product, operation, changes)
            for operation, changes in chosen(grouped).items()]


def content_of(number: int) -> dict[Path, Value]:
    """Of ten products four get other text, three other attributes, two both, one other pictures and text."""
    text: dict[str, Value] = {"title": f"Better {number}", "body_html": f"<p>Better {number}</p>",
                              "seo.description": f"Better {number}"}
    attributes: dict[str, Value] = {f"metafields[etilize.attribute_{key}]": {"type": TEXT, "value": f"new {number}"}
                                    for key in range(1 + number % 4)}
    pictures: dict[str, Value] = {"images": [{"source": f"https://img.example/{number}.jpg", "alt": "Front"}]}
    kind = number % 10
    found = text if kind < 4 else attributes if kind < 7 else text | attributes if kind < 9 else text | pictures
    return {Path(path): value for path, value in found.items()}


def lamp(number: int) -> dict[str, Value]:
    """A new product: text, eight attributes, two pictures, one variant with stock."""
    return {
        "title": f"New {number}", "body_html": "<p>New</p>", "vendor": "Acme", "product_type": "Lamps",
        "status": "ACTIVE", "tags": ["new"], "options": ["Title"], "seo.title": f"New {number}",
        "images": [{"source": f"https://img.example/new/{number}/{view}.jpg", "alt": ""} for view in range(2)],
        **{f"metafields[etilize.attribute_{key}]": {"type": TEXT, "value": str(key)} for key in range(METAFIELDS)},
        "variants[N].options": ["Default Title"], "variants[N].sku": f"NEW-{number}", "variants[N].price": "9.99",
        "variants[N].cost": "5.00", "variants[N].tracked": True, "variants[N].stock[default]": 5,
    }
