"""What became of a mutation whose answer was lost: decided from what the product shows now.

A mutation takes effect whole or not at all, so one changed field tells about all.
"""

from __future__ import annotations

from collections.abc import Mapping

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.ownership import WHOLE_PRODUCT
from shopsync_pipeline.core.plan import PlanItem, Reason
from shopsync_pipeline.core.undo import undoes


def took_effect(item: PlanItem, now: Fields | None) -> bool:
    """Whether the operation of `item` was executed. `now` is what Shopify shows, `None` for no such product.

    A field that shows neither the value before nor the one sent counts as executed: Shopify rewrites what it is given,
    and where a merchant was faster the merchant's value then stands.
    """
    if item.operation is Operation.PRODUCT_CREATE:
        return now is not None
    if item.operation is Operation.PRODUCT_DELETE or now is None:
        return now is None and item.operation is Operation.PRODUCT_DELETE
    return any(now.get(change.path) != change.before for change in item.changes)


def shown(item: PlanItem, now: Fields) -> dict[Path, Value | None]:
    """What Shopify shows for each field of `item`."""
    return {change.path: now.get(change.path) for change in item.changes}


def choices_done(item: PlanItem) -> list[Path]:
    """The paths whose reviewed choice for the catalog is carried out once `item` took effect; an undo carries out
    none."""
    if undoes(item):
        return []
    if item.operation is Operation.PRODUCT_CREATE:
        return [WHOLE_PRODUCT]
    return [change.path for change in item.changes if change.reason in (Reason.REVIEWED, Reason.NEW)]


def name_images(sources: list[str], fields: Fields, links: Links) -> tuple[dict[Path, Value], Links]:
    """Gives the pictures of a product that was just created their source keys back, by position.

    `fields` and `links` call unknown pictures by their media id. Where the numbers differ (a picture was refused or
    added), positions prove nothing and both come back as they are.
    """
    pictures = fields.get(Path("images"), [])
    if not isinstance(pictures, list) or len(pictures) != len(sources):
        return dict(fields), links
    media = [str(picture["source"]) for picture in pictures if isinstance(picture, dict)]
    named: Mapping[str, str] = dict(zip(media, sources, strict=True))
    renamed: dict[Path, Value] = {}
    for path, value in fields.items():
        if path == "images":
            renamed[path] = [
                {**picture, "source": named[str(picture["source"])]}
                for picture in pictures if isinstance(picture, dict)
            ]
        elif path.endswith("].image") and isinstance(value, str):
            renamed[path] = named.get(value, value)
        else:
            renamed[path] = value
    ids = {source: links.images.get(medium, medium) for medium, source in named.items()}
    return renamed, Links(product=links.product, variants=links.variants, images=ids)
