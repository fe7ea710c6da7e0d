"""The law of undo: whatever was written, taking it back gives what was there before, and taking that back gives it
again. The store here rewrites what it is given, as a real one does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import assume, given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import Fields, Operation, Path, Strategy, Value, place
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Base, Rules, merge_product
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import items_for
from shopsync_pipeline.core.undo import ProductUndo, Wish, undo_product
from shopsync_pipeline.core.written import Write
from shopsync_pipeline_tests.core.samples import LAW, bases, carried_out, documents, rewritten

Store = Mapping[Path, Value] | None
EVERYTHING = Wish(stock=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answered(before: Value | None, after: Value | None, *, again: bool) -> Value | None:
    """What the store shows for a value: its own text for a new one, and for one of its own texts just that."""
    return after if again else rewritten(after) if isinstance(after, str) else after


class Ledger:
    """A store of one product and what was written to it. It rewrites the catalog's values, and not its own."""

    def __init__(self, store: Store) -> None:
        self.store: dict[Path, Value] | None = None if store is None else dict(store)
        self.writes: list[Write] = []
        self._clock = count()

    def send(self, items: list[PlanItem], plan: str, *, undoing: bool = False) -> None:
        """Applies items in their order; each must find the values that it was made for."""
        for item in items:
            shown = dict(self.store or {})
            after: dict[Path, Value | None] = {}
            for change in item.changes:
                assert shown.get(change.path) == change.before, change
                name = place(change.path).field.name
                structural = undoing or name.endswith(("options", "image"))
                after[change.path] = answered(change.before, change.after, again=structural)
                if after[change.path] is None:
                    shown.pop(change.path, None)
                else:
                    shown[change.path] = after[change.path]  # type: ignore[assignment]
            if item.operation is Operation.PRODUCT_DELETE:
                assert not shown, "a deletion names everything that goes"
            self.store = None if item.operation is Operation.PRODUCT_DELETE else shown
            self.writes.append(Write(
                plan_id=plan, item_id=item.item_id, operation=item.operation, undone=undoing,
                at=NOON + timedelta(seconds=next(self._clock)), before={c.path: c.before for c in item.changes},
                sent={c.path: c.after for c in item.changes}, after=after))

    def of(self, *plans: str) -> list[Write]:
        return [write for write in self.writes if write.plan_id in plans]

    def undo(self, *plans: str, wish: Wish = EVERYTHING, catalog: Fields | None = None) -> ProductUndo:
        taken = self.of(*plans)
        later = [write for write in self.writes if write not in taken and taken and write.at >= taken[0].at]
        return undo_product("p", taken, later, product_id=None if self.store is None else "gid", remote=self.store,
                            catalog=catalog, wish=wish)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Ledger, Store, list[str]]:
    """A store, and one to three syncs to catalogs of any kind; the plans that wrote something."""
    original = draw(st.none() | documents())
    base: Base | None = draw(bases()) if original is not None and draw(st.booleans()) else None
    ledger = Ledger(original)
    strategy = draw(st.sampled_from([Strategy.ETILIZE_PRIORITY, Strategy.MANUAL_REVIEW]))
    plans = []
    for number in range(draw(st.integers(1, 3))):
        local = draw(documents())
        merge = merge_product(local=local, remote=ledger.store, base=base, rules=Rules(strategy))
        items = items_for("p", merge, product_id=None if ledger.store is None else "gid", remote=ledger.store or {})
        # A variant that is made stays made; what else an undo does around it has a test of its own.
        assume(all(item.operation is not Operation.VARIANTS_CREATE for item in items))
        shown = ledger.store
        ledger.send(items, f"plan {number}")
        base = carried_out(merge, shown, base)[1]
        plans += [f"plan {number}"] * bool(items)
    assume(plans)
    return ledger, original, plans


def pictures_fit(store: Store) -> bool:
    """Whether each variant shows a picture of its product, as in every real store."""
    images = (store or {}).get(Path("images"), [])
    sources = [one["source"] for one in images if isinstance(one, dict)] if isinstance(images, list) else []
    return all(value in sources for path, value in (store or {}).items() if path.endswith("].image"))


def has_stock_everywhere(store: Store, later: Store) -> bool:
    """Whether no stock appeared where there was no figure: none can be taken away again."""
    return all(path in (store or {}) for path in later or {} if ".stock[" in path)


@LAW
@given(histories())
def test_taking_back_all_that_was_written_gives_the_store_as_it_was(case: tuple[Ledger, Store, list[str]]) -> None:
    ledger, original, plans = case
    assume(pictures_fit(original) and (original is None or has_stock_everywhere(original, ledger.store)))

    done = ledger.undo(*plans)
    ledger.send(list(done.items), "undo", undoing=True)

    assert done.clashes == ()
    assert ledger.store == (None if original is None else dict(original))


@LAW
@given(histories())
def test_taking_an_undo_back_gives_what_it_took(case: tuple[Ledger, Store, list[str]]) -> None:
    ledger, _, plans = case
    written = None if ledger.store is None else dict(ledger.store)
    assume(pictures_fit(written))
    first = ledger.undo(*plans)
    assume(first.items)
    ledger.send(list(first.items), "undo", undoing=True)
    assume(pictures_fit(ledger.store) and (ledger.store is None or has_stock_everywhere(ledger.store, written)))

    again = ledger.undo("undo")
    ledger.send(list(again.items), "redo", undoing=True)

    assert again.clashes == ()
    assert ledger.store == written


@LAW
@given(histories(), st.data())
def test_what_people_changed_since_is_never_touched_and_always_named(case: tuple[Ledger, Store, list[str]],
                                                                     data: st.DataObject) -> None:
    ledger, original, plans = case
    assume(original is not None and ledger.store is not None)
    written = [path for path in dict.fromkeys(path for write in ledger.of(*plans) for path in write.sent)
               if path in (ledger.store or {}) and not path.endswith("options") and ".stock[" not in path]
    assume(written)
    assert ledger.store is not None
    edited = data.draw(st.lists(st.sampled_from(written), unique=True, min_size=1))
    for path in edited:
        ledger.store[path] = f"by hand: {path}"

    done = ledger.undo(*plans)

    assert {clash.path for clash in done.clashes} == set(edited)
    assert not {change.path for item in done.items for change in item.changes} & set(edited)
    assert WHOLE_PRODUCT not in {clash.path for clash in done.clashes}


@LAW
@given(histories())
def test_the_same_undo_is_planned_to_the_byte_and_once_done_is_empty(case: tuple[Ledger, Store, list[str]]) -> None:
    ledger, original, plans = case
    assume(pictures_fit(original))
    done = ledger.undo(*plans)
    assert ledger.undo(*plans) == done
    ledger.send(list(done.items), "undo", undoing=True)
    assert ledger.undo(*plans).items == ()
