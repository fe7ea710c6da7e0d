"""Undo: from what the ledger says was written and what the store shows now, the plan items that take it back.

Never clobbers: a field that no longer shows what was left there is a clash that is named, not a change. Nothing here
sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value, place, variant_path
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Decision, Faces, Outcome, ProductMerge, Situation
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import items_for, make_item
from shopsync_pipeline.core.written import Write, edits

STATUS, IMAGES = Path("status"), Path("images")

@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of the writes shall be taken back. `fields` empty: all; `forced`: also where the store was edited since.

    A field is called by its path, its registry name, or the beginning or the last part of a path (`metafields`,
    `price`). `stock`: also stock, which orders move, so that it is never taken back unasked.
    """

    fields: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    stock: bool = False

    def wants(self, path: Path) -> bool:
        """Whether a path is to be taken back."""
        return not self.fields or any(called(path, name) for name in self.fields)

    def forces(self, path: Path) -> bool:
        """Whether a path is to be taken back although it was edited since."""
        return any(called(path, name) for name in self.forced)


def called(path: Path, name: str) -> bool:
    """Whether a person who says `name` can mean `path`."""
    if path == name or path.startswith((f"{name}[", f"{name}.")) or path.endswith(f"].{name}"):
        return True
    return path != WHOLE_PRODUCT and place(path).field.name == name


def undoes(item: PlanItem) -> bool:
    """Whether an item takes something back."""
    return any(change.reason is Reason.UNDONE for change in item.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A field that an undo leaves alone because the store no longer shows what was written. `None`: absent."""

    product_key: str
    path: Path
    before: Value | None
    wrote: Value | None
    now: Value | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A field that an undo does not take back, and why."""

    product_key: str
    path: Path
    why: str


class Fate(StrEnum):
    """What an undo does to a product as a whole."""

    DELETED = "deleted"
    DRAFTED = "set to draft"
    RECREATED = "created anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductUndo:
    """What taking back means for one product. `items` in sending order; `told` says why the product has its `fate`."""

    items: tuple[PlanItem, ...] = ()
    clashes: tuple[Clash, ...] = ()
    left: tuple[Left, ...] = ()
    fate: Fate | None = None
    told: str = ""


@dataclass(slots=True)
class _Net:
    """What all chosen writes of one path come to: the value before the first of them, and the last one."""

    before: Value | None
    last: Write

    def wrote(self, path: Path) -> Value | None:
        return self.last.after.get(path)


@dataclass(slots=True)
class _Found:
    """What is gathered, field by field."""

    key: str
    targets: dict[Path, tuple[Value | None, Value | None]] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def leave(self, path: Path, why: str) -> None:
        self.left.append(Left(product_key=self.key, path=path, why=why))


def undo_product(key: str, writes: Sequence[Write], later: Sequence[Write] = (), *, product_id: str | None,
                 remote: Fields | None, catalog: Fields | None, wish: Wish) -> ProductUndo:
    """The items that bring one product back to before the first of `writes`.

    `writes` (oldest first) are taken back, `later` are all other writes since the first of them. `product_id` and
    `remote` are what the store has for the key now, `catalog` what the catalog says, `None` where there is nothing.
    """
    life = [write.operation for write in writes
            if write.operation in (Operation.PRODUCT_CREATE, Operation.PRODUCT_DELETE)]
    existed = not life or life[0] is Operation.PRODUCT_DELETE
    left_there = not life or life[-1] is Operation.PRODUCT_CREATE
    if not left_there and remote is not None:
        why = f"it was deleted, and is in the store again as {product_id}"
        return ProductUndo(clashes=(_whole(key, wrote=None, now=product_id, why=why),))
    if not existed:
        return ProductUndo() if remote is None else _unmake(key, writes, later, product_id, remote, wish)
    if not left_there:
        return _remake(key, _nets(writes), wish)
    if remote is None:
        return ProductUndo(clashes=(_whole(key, wrote="in the store", now=None,
                                           why="the product was deleted in the store since"),))
    return _take_back(key, writes, later, product_id, remote, catalog, wish)


def _whole(key: str, *, wrote: Value | None, now: Value | None, why: str) -> Clash:
    return Clash(product_key=key, path=WHOLE_PRODUCT, before=None, wrote=wrote, now=now, why=why)


def _nets(writes: Iterable[Write]) -> dict[Path, _Net]:
    nets: dict[Path, _Net] = {}
    for write in writes:
        for path in write.sent:
            if path in nets:
                nets[path].last = write
            else:
                nets[path] = _Net(write.before.get(path), write)
    return nets


def _take_back(key: str, writes: Sequence[Write], later: Sequence[Write], product_id: str | None, remote: Fields,
               catalog: Fields | None, wish: Wish) -> ProductUndo:
    found = _Found(key)
    made = {place(path).variant: write for write in writes if write.operation is Operation.VARIANTS_CREATE
            for path, value in write.before.items() if path.endswith("].options") and value is None}
    for variant, write in made.items():
        at = variant_path(variant or "", "options")
        if wish.wants(at) and at in remote:
            found.leave(at, f"the variant was made by plan {write.plan_id}, and an undo removes no variants; delete it "
                            "in the store if it shall go")
    for path, net in _nets(writes).items():
        if wish.wants(path) and place(path).variant not in made:
            _weigh(path, net, later, remote, catalog, wish, found)
    _drop_pictures_that_will_not_be_there(remote, found)
    decisions = tuple(Decision(path, Outcome.PUSH, Faces(local=target, remote=now), Reason.UNDONE)
                      for path, (now, target) in found.targets.items())
    items = items_for(key, ProductMerge(Situation.LINKED, decisions), product_id=product_id, remote=remote)
    return ProductUndo(items=tuple(items), clashes=tuple(found.clashes), left=tuple(found.left))


def _weigh(path: Path, net: _Net, later: Sequence[Write], remote: Fields, catalog: Fields | None, wish: Wish,
           found: _Found) -> None:
    """Decides one field: take it back, leave it, or name the clash."""
    where, now, wrote = place(path), remote.get(path), net.wrote(path)
    if now == net.before:
        return
    if where.field.writer is None:
        found.leave(path, "it cannot be changed while the product exists")
    elif where.field.writer is Operation.INVENTORY_SET and (why := _stock_stays(path, net, catalog, wish)):
        found.leave(path, why)
    elif where.variant is not None and variant_path(where.variant, "options") not in remote:
        found.clashes.append(Clash(product_key=found.key, path=path, before=net.before, wrote=wrote, now=now,
                                   why="the variant is no longer in the store, or is called otherwise by now"))
    elif now == wrote or wish.forces(path) or _lost_with_its_picture(path, wrote, remote):
        found.targets[path] = (now, net.before)
    else:
        again = next((write for write in reversed(later) if write.sent and path in write.sent), None)
        ours = again is not None and again.after.get(path) == now
        why = f"written again by plan {again.plan_id}" if again and ours else "edited in the store since"
        found.clashes.append(Clash(product_key=found.key, path=path, before=net.before, wrote=wrote, now=now, why=why))


def _stock_stays(path: Path, net: _Net, catalog: Fields | None, wish: Wish) -> str:
    """Why a figure of stock is not taken back; empty if it is."""
    if not wish.stock:
        return "stock is taken back only when that is asked for, because orders move it"
    if net.before is None:
        return "there was no figure before"
    if catalog is not None and path in catalog and catalog[path] != net.last.sent.get(path):
        return "the feed has given another figure since"
    return ""


def _lost_with_its_picture(path: Path, wrote: Value | None, remote: Fields) -> bool:
    """Whether a variant shows no picture only because the one that it was given is gone from the product."""
    return place(path).field.name == "variants[].image" and path not in remote and wrote not in _sources(
        remote.get(IMAGES))


def _sources(pictures: Value | None) -> list[Value]:
    listed = pictures if isinstance(pictures, list) else []
    return [picture["source"] for picture in listed if isinstance(picture, dict)]


def _drop_pictures_that_will_not_be_there(remote: Fields, found: _Found) -> None:
    """A variant can show a picture of its product only."""
    there = _sources(found.targets[IMAGES][1] if IMAGES in found.targets else remote.get(IMAGES))
    for path, (_, target) in list(found.targets.items()):
        if place(path).field.name == "variants[].image" and target is not None and target not in there:
            del found.targets[path]
            found.leave(path, "the picture that it had before is not among the product's pictures")


def _unmake(key: str, writes: Sequence[Write], later: Sequence[Write], product_id: str | None, remote: Fields,
            wish: Wish) -> ProductUndo:
    """A product that the writes made: deleted if nobody touched it since, else taken out of sale."""
    if wish.fields:
        return ProductUndo(left=(Left(product_key=key, path=WHOLE_PRODUCT, why=(
            "the product was made by what is undone, so its fields had no value before; undo it as a whole")),))
    edited = edits(sorted([*writes, *later], key=lambda write: write.at), remote)
    if not edited:
        changes = [Change(path, value, None, Reason.UNDONE) for path, value in remote.items()]
        item = make_item(key, product_id, Operation.PRODUCT_DELETE, changes)
        return ProductUndo(items=(item,), fate=Fate.DELETED,
                           told="it was made by what is undone, and nobody has changed it since")
    touched = ", ".join(edited[:5]) + (f" and {len(edited) - 5} more" if len(edited) > 5 else "")
    told = f"it was made by what is undone, and is not deleted because it was changed in the store since: {touched}"
    now = remote.get(STATUS)
    if now in ("DRAFT", "ARCHIVED"):
        return ProductUndo(left=(Left(product_key=key, path=WHOLE_PRODUCT, why=f"{told}; it is not on sale"),))
    if STATUS in edited and not wish.forces(STATUS):
        written = _nets([*writes, *later]).get(STATUS)
        return ProductUndo(clashes=(Clash(product_key=key, path=STATUS, before=None, now=now, why=told,
                                          wrote=written.wrote(STATUS) if written else None),))
    item = make_item(key, product_id, Operation.PRODUCT_UPDATE, [Change(STATUS, now, "DRAFT", Reason.UNDONE)])
    return ProductUndo(items=(item,), fate=Fate.DRAFTED, told=told)


def _remake(key: str, nets: Mapping[Path, _Net], wish: Wish) -> ProductUndo:
    """A product that the writes deleted: made anew with everything that it had."""
    if wish.fields:
        return ProductUndo(left=(Left(product_key=key, path=WHOLE_PRODUCT, why=(
            "the product was deleted by what is undone; undo it as a whole")),))
    found = _Found(key)
    content = dict(_content(nets, found))
    if not content:
        found.leave(WHOLE_PRODUCT, "the ledger does not have its content, so it cannot be made anew")
        return ProductUndo(left=tuple(found.left))
    decisions = tuple(Decision(path, Outcome.PUSH, Faces(local=value), Reason.UNDONE)
                      for path, value in content.items())
    items = items_for(key, ProductMerge(Situation.NEW, decisions), product_id=None, remote={})
    return ProductUndo(items=tuple(items), left=tuple(found.left), fate=Fate.RECREATED,
                       told="it was deleted by what is undone, and gets a new Shopify id")


def _content(nets: Mapping[Path, _Net], found: _Found) -> Iterator[tuple[Path, Value]]:
    """What a product had, without the pictures that only the store knew: they went with it."""
    for path, net in nets.items():
        value = net.before
        if path == IMAGES and isinstance(value, list):
            kept = [picture for picture in value
                    if isinstance(picture, dict) and not str(picture["source"]).startswith("gid://")]
            if len(kept) < len(value):
                found.leave(path, f"{len(value) - len(kept)} pictures were known to the store only and are gone with "
                                  "the deleted product")
            value = list(kept) or None
        elif place(path).field.name == "variants[].image" and str(value).startswith("gid://"):
            value = None
        if value is not None:
            yield path, value
