"""Look: one product after another, what its two sides and its base mean for each field, and what follows from it.

Gathers plan items, disputes, bases and overrides for the diff, which saves them. Nothing is written here but the names
of variants and pictures, under which the store's documents are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.documents import variant_keys, variants_of, without
from shopsync_pipeline.core.fields import Fields, Group, Operation, Path, Value, place
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.matching import Matches, RemoteIdentity, match
from shopsync_pipeline.core.merge import (
    WHOLE_PRODUCT,
    Base,
    Decision,
    Dispute,
    Faces,
    Outcome,
    Policies,
    ProductMerge,
    Resolution,
    Rules,
    Seen,
    Situation,
    merge_product,
)
from shopsync_pipeline.core.overrides import Override, ended, new_overrides, overridden
from shopsync_pipeline.core.ownership import facts_of
from shopsync_pipeline.core.pictures import adopt_pictures
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import items_for, make_item
from shopsync_pipeline.core.renames import rename, rename_links, renamed_variants
from shopsync_pipeline.core.suggest import Suggestion, suggest
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline.db.seen import catalog_changed
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.names import barcodes_of, identity_of


@dataclass(slots=True)
class Found:
    """What a diff gathers, product by product."""

    items: list[PlanItem] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    disputes: dict[str, list[Decision]] = field(default_factory=dict)
    suggestions: dict[tuple[str, Path], Suggestion] = field(default_factory=dict)
    bases: list[Agreed] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    overrides: dict[tuple[str, Path], tuple[Override, str]] = field(default_factory=dict)
    ended: list[tuple[str, Path]] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    products: Counter[str] = field(default_factory=Counter)


class Looking:
    """One diff's look at products, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str, rules: Rules, matches: Matches,
                 resolutions: Mapping[str, Mapping[Path, Resolution]], *, bidirectional: bool,
                 unsynced: Collection[str] = ()) -> None:
        """`resolutions`: product key → path → what a person chose. `bidirectional`: accepted values of the store become
        overrides of the catalog. `unsynced`: fields that this shop does not sync, whatever the catalog says."""
        self._connection = connection
        self._shop = shop_id
        self._rules = rules
        self._matches = matches
        self._resolutions = resolutions
        self._bidirectional = bidirectional
        self._unsynced = unsynced
        self._holders: dict[str, str] | None = None
        self.found = Found()

    def look_at(self, keys: list[str]) -> None:
        """Looks at catalog products."""
        connection, shop, matches = self._connection, self._shop, self._matches
        local = {key: (seen, document) for key, seen, document in Catalog(connection, shop).documents(keys)}
        bases = BaseStore(connection, shop).get(keys)
        overrides = Overrides(connection, shop).of(keys)
        changed = catalog_changed(connection, shop, keys)
        ids = {key: bases[key].links.product if key in bases else matches.linked.get(key) for key in keys}
        found = Snapshot(connection, shop).products(filter(None, ids.values()))
        store = {product.product_id: product for product in found}
        for key in keys:
            if key in matches.ambiguous:
                self._ambiguous(key, matches.ambiguous[key])
                continue
            seen_local, whole = local[key]
            document = without(whole, self._unsynced)
            remote, base = self._under_our_names(document, store.get(ids[key] or ""), bases.get(key))
            self._look(key, document, remote, base, without(overrides.get(key, {}), self._unsynced), seen_local,
                       changed.get(key, {}))
            if remote is not None and len(document) < len(whole):
                # Never settled: once the shop syncs the field too, the same document has more to say.
                self.found.bases[-1] = replace(self.found.bases[-1], seen_local="", seen_remote="")

    def look_at_gone(self, keys: list[str]) -> None:
        """Looks at linked products that the catalog no longer has."""
        bases = BaseStore(self._connection, self._shop).get(keys)
        ids = [base.links.product for base in bases.values()]
        store = {product.product_id: product for product in Snapshot(self._connection, self._shop).products(ids)}
        for key in keys:
            base, remote = bases[key], store.get(bases[key].links.product)
            if remote is None:
                self.found.forgotten.append(key)
                continue
            facts = facts_of(key, base.local)
            merge = merge_product(local=None, remote=remote.document, base=Base(base.local, base.remote),
                                  rules=self._rules, facts=facts, resolutions=self._resolutions.get(key, {}),
                                  seen=Seen({}, remote.seen_changed))
            policies = self._rules.of(facts)
            items = [_deletion(key, remote)] if any(merge.having(Outcome.DELETE)) else None
            self._gather(key, merge, gone_mark(self._rules), remote, base, policies, items=items)

    def _look(self, key: str, document: Fields, remote: StoredProduct | None, base: Agreed | None,
              overrides: Mapping[Path, Override], seen_local: str, changed: Mapping[Group, datetime]) -> None:
        # What was agreed on while the field was synced is no reason to take it away from the store now.
        agreed = Base(without(base.local, self._unsynced), without(base.remote, self._unsynced)) if base else None
        over = overridden(document, agreed, overrides)
        facts = facts_of(key, document)
        seen = Seen(changed, remote.seen_changed if remote else {})
        merge = merge_product(
            local=over.document, remote=remote.document if remote else None, base=over.base, rules=self._rules,
            facts=facts, resolutions=self._resolutions.get(key, {}), seen=seen,
            moved=self._moved(document, remote, base),
        )
        merge = replace(merge, decisions=tuple(_told(decision, over.fresh) for decision in merge.decisions))
        policies = self._rules.of(facts)
        accepted: Mapping[Path, Override] = {}
        if self._bidirectional and remote is not None:
            accepted = new_overrides(document, merge.decisions, policies)
            for path, override in accepted.items():
                self.found.overrides[key, path] = (override, _source(merge, path))
        self.found.ended += [(key, path) for path in sorted(ended(merge.decisions, overrides, over.stale))]
        self._gather(key, merge, seen_local, remote, base, policies, seen=seen, overrides=accepted)

    def _gather(self, key: str, merge: ProductMerge, seen_local: str, remote: StoredProduct | None,
                base: Agreed | None, policies: Policies, *, seen: Seen | None = None,
                overrides: Mapping[Path, Override] | None = None, items: list[PlanItem] | None = None) -> None:
        found = self.found
        outcomes = Counter(decision.outcome for decision in merge.decisions)
        found.outcomes.update(outcomes)
        if items is None:
            items = items_for(key, merge, product_id=remote.product_id if remote else None,
                              remote=remote.document if remote else {})
        found.items.extend(items)
        if items:
            found.inputs[key] = seen_local + (remote.digests if remote else "")
        disputes = [d for d in merge.decisions if d.dispute is not None or d.outcome is Outcome.KEPT]
        if disputes:
            found.disputes[key] = disputes
            for decision in disputes:
                of = None if decision.path == WHOLE_PRODUCT else place(decision.path).field
                suggestion = suggest(decision, policies.of(decision.path, of), seen or Seen())
                if suggestion is not None:
                    found.suggestions[key, decision.path] = suggestion
        if remote is not None:
            settled = not items and not outcomes[Outcome.CONFLICT] and not outcomes[Outcome.KEPT]
            # An edit that stands in a gone product needs no second look: only a change on a side could alter that.
            # Only a decision about the whole product has to be met again, or else it would be forgotten.
            settled = settled or (merge.situation is Situation.GONE and not items)
            settled = settled and not any(decision.path == WHOLE_PRODUCT for decision in disputes)
            found.bases.append(_agree(key, merge, remote, base, (seen_local, remote.digests) if settled else ("", ""),
                                      overrides or {}))
        for word, applies in (
            ("create", merge.situation is Situation.NEW),
            ("update", merge.situation is Situation.LINKED and bool(items)),
            ("retire", merge.situation is Situation.GONE and bool(items)),
            ("conflict", bool(outcomes[Outcome.CONFLICT])),
            ("kept", bool(outcomes[Outcome.KEPT])),
            ("accepted", bool(outcomes[Outcome.ACCEPTED])),
            ("waiting", merge.situation is not Situation.GONE and not items and bool(
                outcomes[Outcome.CONFLICT] + outcomes[Outcome.KEPT])),
        ):
            found.products[word] += applies

    def _ambiguous(self, key: str, products: tuple[str, ...]) -> None:
        faces = Faces(local=key, remote=list(products))
        decision = Decision(WHOLE_PRODUCT, Outcome.CONFLICT, faces, None, Dispute.AMBIGUOUS)
        self.found.disputes[key] = [decision]
        suggestion = suggest(decision, self._rules.of().of(WHOLE_PRODUCT, None))
        if suggestion is not None:
            self.found.suggestions[key, WHOLE_PRODUCT] = suggestion
        self.found.products.update(["conflict", "waiting"])

    def _under_our_names(self, document: Fields, remote: StoredProduct | None,
                         base: Agreed | None) -> tuple[StoredProduct | None, Agreed | None]:
        """Store and base with their variants called as the catalog calls them now, where it gave one another SKU; at
        first contact, the store's pictures called by the catalog's sources, where that is certain."""
        if remote is None:
            return remote, base
        if base is None:
            adopted, links = adopt_pictures(document, remote.document, remote.links)
            return (remote if adopted == remote.document else self._renamed(remote, adopted, links)), None
        renames = renamed_variants(document, remote.document, base.local)
        if not renames:
            return remote, base
        called = self._renamed(remote, rename(remote.document, renames), rename_links(remote.links, renames))
        return called, replace(base, local=rename(base.local, renames), remote=rename(base.remote, renames),
                               links=rename_links(base.links, renames))

    def _renamed(self, remote: StoredProduct, document: dict[Path, Value], links: Links) -> StoredProduct:
        called = replace(remote, document=document, links=links)
        Snapshot(self._connection, self._shop).put([called])
        return replace(called, digests=digests(document))

    def _moved(self, document: Fields, remote: StoredProduct | None, base: Agreed | None) -> frozenset[str]:
        """Keys of variants new to the store whose SKU stands under another linked product of it, from which the catalog
        took it."""
        there = variant_keys(remote.document) if remote else {}
        if variant_keys(document).keys() <= there.keys():
            return frozenset()
        known = variant_keys(base.local) if base else {}
        fresh = {str(values["sku"]): key for key, values in variants_of(document).items()
                 if key not in there and key not in known and "sku" in values}
        if not fresh:
            return frozenset()
        holders = self._sku_holders()
        held = {sku: holders[sku] for sku in fresh if sku in holders}
        if not held:
            return frozenset()
        catalog = {key: document for key, _, document in Catalog(self._connection, self._shop).documents(held.values())}
        return frozenset(
            fresh[sku] for sku, key in held.items()
            if sku not in {values.get("sku") for values in variants_of(catalog.get(key, {})).values()}
        )

    def _sku_holders(self) -> dict[str, str]:
        """SKU → key of the linked product under which the store has it. Read once, where it is asked for at all."""
        if self._holders is None:
            linked = {product_id: key for key, product_id in BaseStore(self._connection, self._shop).linked().items()}
            self._holders = {
                sku: linked[product_id]
                for product_id, _, _, skus in Snapshot(self._connection, self._shop).identities()
                if product_id in linked for sku in skus
            }
        return self._holders


def gone_mark(rules: Rules) -> str:
    """What the base of a product that left the catalog is marked with, once the policy has been carried out."""
    return f"gone:{rules.gone.value}"


def first_contact(connection: Connection, shop_id: str, keys: list[str]) -> Matches:
    """Store products for catalog products that have no base yet, seen all together."""
    unlinked_keys = BaseStore(connection, shop_id).unlinked(keys)
    if not unlinked_keys:
        return Matches()
    snapshot = Snapshot(connection, shop_id)
    free = [RemoteIdentity(product_id, custom_id, skus, handle)
            for product_id, custom_id, handle, skus in snapshot.identities(unlinked=True)]
    if not free:
        return Matches()
    unlinked = Catalog(connection, shop_id).documents(unlinked_keys)

    def barcodes() -> Iterator[tuple[str, str]]:
        for product in snapshot.products(identity.product_id for identity in free):
            for barcode in barcodes_of(product.document):
                yield barcode, product.product_id

    return match((identity_of(key, document) for key, _, document in unlinked), free, barcodes)


def put_face(face: dict[Path, Value], path: Path, value: Value | None) -> None:
    """Sets a field of one face of a base; `None` (absent) takes it out."""
    if value is None:
        face.pop(path, None)
    else:
        face[path] = value


def _agree(key: str, merge: ProductMerge, remote: StoredProduct, base: Agreed | None, seen: tuple[str, str],
           overrides: Mapping[Path, Override]) -> Agreed:
    """The base after what both sides agree on, or what was accepted, is written into it.

    What became an override counts as said by the catalog, which then says what the store shows.
    """
    local = dict(base.local) if base else {}
    shown = dict(base.remote) if base else {}
    for decision in merge.decisions:
        if decision.outcome in (Outcome.AGREED, Outcome.ACCEPTED) and decision.path != WHOLE_PRODUCT:
            said = decision.faces.remote if decision.path in overrides else decision.faces.local
            put_face(local, decision.path, said)
            put_face(shown, decision.path, decision.faces.remote)
    links = remote.links if base is None else replace(base.links, variants={**base.links.variants,
                                                                             **remote.links.variants})
    return Agreed(product_key=key, local=local, remote=shown, links=links, seen_local=seen[0], seen_remote=seen[1])


def _told(decision: Decision, fresh: frozenset[Path]) -> Decision:
    """A push of an override says so, since the catalog did not change."""
    if decision.path in fresh and decision.reason is Reason.CATALOG_CHANGED:
        return replace(decision, reason=Reason.OVERRIDDEN)
    return decision


def _source(merge: ProductMerge, path: Path) -> str:
    decision = next(decision for decision in merge.decisions if decision.path == path)
    if decision.dispute is None:
        return "accepted: the store has the last word"
    return f"{decision.dispute.value}: {decision.strategy.value if decision.strategy else 'decided by review'}"


def _deletion(key: str, remote: StoredProduct) -> PlanItem:
    changes = [Change(path, value, None, Reason.GONE) for path, value in remote.document.items()]
    return make_item(key, remote.product_id, Operation.PRODUCT_DELETE, changes)
