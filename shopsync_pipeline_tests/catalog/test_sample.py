"""The sample export: byte-identical by seed, and a good delivery in every respect."""

from __future__ import annotations

import hashlib
from pathlib import Path

from shopsync_pipeline.catalog import write_sample_export
from shopsync_pipeline.core.fields import digests, flatten
from shopsync_pipeline_tests.catalog.exports import Imported


def digest_of(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        write_sample_export(tmp_path / name, products=60, seed=seed)
    assert digest_of(tmp_path / "one") == digest_of(tmp_path / "same")
    assert digest_of(tmp_path / "one") != digest_of(tmp_path / "other")


def test_a_sample_reads_back_whole(tmp_path: Path) -> None:
    sample = write_sample_export(tmp_path, products=200)
    imported = Imported(tmp_path)
    assert len(imported.products) == sample.products == 200
    assert {product.variants[0].sku for product in imported.products} == set(sample.skus)
    assert imported.counts.get("rows.quarantined", 0) == 0
    assert imported.counts["products.stubs_skipped"] == 16
    assert len({product.handle for product in imported.products}) == 200
    active = [product for product in imported.products if product.status == "ACTIVE"]
    assert len(active) > 180
    for product in active:
        assert product.variants[0].price is not None
        assert product.variants[0].stock
        assert product.images
        assert len(product.tags) == 3
        assert "<table>" in (product.body_html or "")


def test_two_readings_of_a_delivery_are_equal(tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=50)
    one, other = (
        [digests(flatten(product)) for product in Imported(tmp_path).products] for _ in range(2))
    assert one == other


def test_the_smallest_samples_are_faultless(tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=10)
    imported = Imported(tmp_path)
    assert len(imported.products) == 10
    assert all(product.status == "ACTIVE" for product in imported.products)
    assert imported.quarantine == []
