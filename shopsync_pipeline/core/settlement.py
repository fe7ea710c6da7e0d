"""What became of a mutation whose answer was lost: decided from what the product shows now.

A mutation takes effect whole or not at all, so one changed field tells about all.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from shopsync_pipeline.core.canonical import same
from shopsync_pipeline.core.fields import Fields, Group, Operation, Path, Value, place
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.ownership import WHOLE_PRODUCT
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.undo import undoes


class Effect(Enum):
    """What became of a mutation."""

    DONE = "it was executed"
    NOT_DONE = "it was not executed"
    UNTOLD = "the store shows neither what was there before nor what was sent"


def effect_of(item: PlanItem, now: Fields | None) -> Effect:
    """What became of the operation of `item`. `now` is what Shopify shows, `None` for no such product.

    One field that shows what was sent tells about all, and so does one that shows what was there before. If each shows
    a third value, nobody can tell: Shopify may have rewritten what it was given, or somebody was faster.
    Pictures never show what was sent, because Shopify gives them addresses of its own.
    """
    if item.operation is Operation.PRODUCT_CREATE:
        return Effect.DONE if now is not None else Effect.NOT_DONE
    if item.operation is Operation.PRODUCT_DELETE or now is None:
        return Effect.DONE if now is None and item.operation is Operation.PRODUCT_DELETE else Effect.NOT_DONE
    told = {_told(change, now.get(change.path)) for change in item.changes}
    return next(effect for effect in (Effect.DONE, Effect.NOT_DONE, Effect.UNTOLD) if effect in told)


def _told(change: Change, now: Value | None) -> Effect:
    field = place(change.path).field
    if same(field, now, change.before):
        return Effect.NOT_DONE
    if same(field, now, change.after) or field.group is Group.MEDIA or change.path.endswith("].image"):
        return Effect.DONE
    return Effect.UNTOLD


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
