"""A variant that got another SKU in the catalog is still the same variant: its option values tell, which Shopify keeps
unique within a product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shopsync_pipeline.core.documents import variant_keys, variants_of
from shopsync_pipeline.core.fields import Fields, Path, Value
from shopsync_pipeline.core.links import Links


def renamed_variants(local: Fields, remote: Fields, agreed: Fields) -> dict[str, str]:
    """Old variant key → new one, for variants that the catalog now calls by another name.

    Old: agreed on and still in the store, but no longer in the catalog. New: in the catalog only. Both have the same
    option values.
    """
    if variant_keys(local).keys() <= variant_keys(remote).keys():
        return {}  # Nearly always: no variant is new.
    ours, theirs, known = variants_of(local), variants_of(remote), variants_of(agreed)
    fresh = {_options(values): key for key, values in ours.items() if key not in theirs and key not in known}
    return {
        key: fresh[_options(values)] for key, values in theirs.items()
        if key in known and key not in ours and _options(values) in fresh
    }


def rename(fields: Fields, renames: Mapping[str, str]) -> dict[Path, Value]:
    """The same fields with variants called by their new names."""
    renamed: dict[Path, Value] = {}
    for path, value in fields.items():
        if path.startswith("variants["):
            end = path.rindex("].")
            key = path[len("variants["):end]
            path = Path(f"variants[{renames.get(key, key)}{path[end:]}")
        renamed[path] = value
    return renamed


def rename_links(links: Links, renames: Mapping[str, str]) -> Links:
    """The same links with variants called by their new names."""
    return replace(links, variants={renames.get(key, key): link for key, link in links.variants.items()})


def _options(values: Mapping[str, Value]) -> str:
    return str(values.get("options"))
