"""The sensor takes a delivery once, and only after it stayed the same for a tick."""

from __future__ import annotations

import os

import dagster as dg
import pytest

from shopsync_pipeline.orchestration.resources import Shopsync
from shopsync_pipeline.orchestration.sensors import new_delivery
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.orchestration.conftest import ControlRoom

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Daemon:
    """Ticks like Dagster's daemon: the cursor that one tick leaves is the next one's."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room
        self.cursor: str | None = None

    def tick(self) -> dg.RunRequest | str:
        """A run request, or why there is none."""
        with dg.build_sensor_context(
            instance=self.room.instance, cursor=self.cursor,
            resources={"shopsync": Shopsync(lambda: self.room.settings)},
        ) as context:
            data = new_delivery.evaluate_tick(context)
        self.cursor = data.cursor
        if data.run_requests:
            (request,) = data.run_requests
            return request
        assert data.skip_message is not None
        return data.skip_message


def test_a_delivery_is_taken_once_and_only_when_it_rests(room: ControlRoom) -> None:
    daemon = Daemon(room)

    assert daemon.tick() == "the delivery has changed; it is taken once it stays as it is"
    taken = daemon.tick()
    assert isinstance(taken, dg.RunRequest)
    assert taken.run_key == f"1 {taken.tags['shopsync/delivery']}"
    assert daemon.tick() == daemon.tick() == "the delivery is the one that was launched last"


def test_a_changed_delivery_is_taken_again(room: ControlRoom, shelf: Shelf) -> None:
    daemon = Daemon(room)
    daemon.tick()
    first = daemon.tick()
    shelf.change("L1", title="Lamp One")

    assert isinstance(daemon.tick(), str)
    shelf.change("L1", title="Lamp One, still being written")
    assert isinstance(daemon.tick(), str), "it changed again, so it is not at rest"
    second = daemon.tick()

    assert isinstance(first, dg.RunRequest)
    assert isinstance(second, dg.RunRequest)
    assert second.run_key != first.run_key


def test_a_delivery_that_comes_back_is_taken_again(room: ControlRoom, shelf: Shelf) -> None:
    daemon = Daemon(room)
    files = {file: (file.read_bytes(), file.stat()) for file in shelf.file.parent.iterdir()}
    daemon.tick()
    first = daemon.tick()
    shelf.change("L1", title="Lamp One")
    daemon.tick()
    daemon.tick()
    for file, (content, stat) in files.items():
        file.write_bytes(content)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    daemon.tick()
    third = daemon.tick()

    assert isinstance(first, dg.RunRequest)
    assert isinstance(third, dg.RunRequest)
    assert third.tags == first.tags
    assert third.run_key != first.run_key


def test_without_an_export_there_is_a_sentence(room: ControlRoom, shelf: Shelf) -> None:
    shelf.file.unlink()
    shelf.file.parent.rmdir()
    daemon = Daemon(room)

    told = daemon.tick()

    assert isinstance(told, str)
    assert "does not exist (see SHOPSYNC_EXPORT_PATH" in told
    shelf.write()
    assert isinstance(daemon.tick(), str)
    assert isinstance(daemon.tick(), dg.RunRequest)
