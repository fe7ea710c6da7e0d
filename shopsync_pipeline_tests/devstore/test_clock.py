"""The shop's own time: what tests advance, and what reads it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.devstore.clock import Clock, epoch_of, normal_time, text_of
from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import start, stop


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_clock_only_goes_forward() -> None:
    clock = Clock()
    clock.advance(0)
    with pytest.raises(ValueError, match="only goes forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="only goes forward"):
        clock.advance(float("nan"))


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_an_instant_is_the_same_after_writing_and_reading(second: int) -> None:
    assert epoch_of(text_of(second)) == second


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        ("2026-11-01T02:00:00+02:00", "2026-11-01T00:00:00Z"),
        ("2026-11-01T00:00:00.500Z", "2026-11-01T00:00:00Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_people_write_become_the_api_s(written: str, normal: str) -> None:
    assert normal_time(written) == normal


def test_what_is_written_after_an_advance_is_later_by_it(shop: DevStoreClient) -> None:
    before = shop.make(title="Early")["updatedAt"]
    shop.control("clock", {"advance_seconds": 86_400})
    after = shop.make(title="Late")["updatedAt"]
    assert (at(after) - at(before)).total_seconds() >= 86_400


def test_an_advance_fills_the_bucket(shop: DevStoreClient) -> None:
    shop.control("settings", {"speed": 0.001})
    shop.make(title="Dear")
    read = "{ shop { id } }"
    assert shop.ask(read)["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] < 2_000
    shop.control("clock", {"advance_seconds": 100_000})
    assert shop.ask(read)["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] >= 1_999


def test_an_advance_survives_a_restart_and_ends_with_a_reset(tmp_path: Path) -> None:
    process, address = start(tmp_path / "shop.sqlite")
    client = DevStoreClient(address)
    ahead = client.control("clock", {"advance_seconds": 1_000_000})["epoch"]
    client.http.close()
    assert stop(process) == 0
    process, address = start(tmp_path / "shop.sqlite")
    client = DevStoreClient(address)
    try:
        assert client.control("clock")["epoch"] >= ahead
        client.control("reset")
        assert client.control("clock")["epoch"] < ahead
    finally:
        client.http.close()
        stop(process)


def test_a_step_back_is_refused(shop: DevStoreClient) -> None:
    response = shop.http.post("/__devstore/clock", json={"advance_seconds": -5})
    assert response.status_code == 400
    assert "from 0 up" in response.json()["error"]
