"""Result files line by line: each line once, whatever the connection does, and nothing that opens the shop's data."""

from __future__ import annotations

import asyncio
import random

import pytest

from shopsync_pipeline.shopify.bulk import lines as module
from shopsync_pipeline.shopify.bulk.faults import ResultLost
from shopsync_pipeline.shopify.bulk.lines import blocks, lines
from shopsync_pipeline_tests.shopify.bulk.storage import Served, storage


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)


def written(count: int) -> list[bytes]:
    """Lines of very different lengths, some longer than what a socket gives at once."""
    chance = random.Random(7)  # what can be compressed to nothing breaks off nowhere
    return [b'{"n":%d,"x":"%s"}' % (number, chance.randbytes(number * 7919 % 1500 + (150_000 if number == 5 else 0))
                                    .hex().encode()) for number in range(count)]


def file(rows: list[bytes]) -> bytes:
    return b"".join(row + b"\n" for row in rows)


def read(served: Served) -> list[bytes]:
    async def whole(url: str) -> list[bytes]:
        return [line async for line in lines(url, timeout_seconds=10)]

    with storage(served) as url:
        return asyncio.run(whole(url))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("gzipped", [False, True])
def test_a_file_is_its_lines_in_order(gzipped: bool, chunked: bool) -> None:
    rows = written(60)
    assert read(Served(file(rows), gzipped=gzipped, chunked=chunked)) == rows


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_connections_that_break_anywhere_lose_and_repeat_nothing(seed: int, gzipped: bool, ranges: bool) -> None:
    rows, chance = written(60), random.Random(seed)
    served = Served(file(rows), gzipped=gzipped, ranges=ranges, chunked=seed % 2 == 1,
                    breaks=[chance.randrange(1, 40_000) for _ in range(4)])

    assert read(served) == rows
    assert len(served.requests) == 5
    assert all(request.get("range", "").startswith("bytes=") for request in served.requests[1:])


def test_only_the_rest_is_asked_for_again_and_only_of_the_same_file() -> None:
    rows = written(3)
    served = Served(file(rows), breaks=[17])
    assert read(served) == rows
    assert (served.requests[1]["range"], served.requests[1]["if-range"]) == ("bytes=17-", '"one"')


def test_a_file_that_ends_when_only_its_end_was_not_told_is_whole() -> None:
    rows = written(4)
    served = Served(file(rows), chunked=True, breaks=[len(file(rows))])
    assert read(served) == rows
    assert len(served.requests) == 2


def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one() -> None:
    with pytest.raises(ResultLost, match="not the one that reading began with"):
        read(Served(file(written(3)), breaks=[17], tags=['"one"', '"two"']))


def test_a_last_line_that_is_cut_short_is_given_to_be_judged() -> None:
    assert read(Served(b'{"a":1}\n\n{"b"')) == [b'{"a":1}', b'{"b"']


def test_an_empty_file_has_no_lines() -> None:
    assert read(Served(b"")) == []


def test_a_service_that_is_busy_is_asked_again() -> None:
    served = Served(file(written(3)), statuses=[503, 429])
    assert read(served) == written(3)
    assert len(served.requests) == 3


def test_a_link_that_has_expired_is_told_without_the_link() -> None:
    with pytest.raises(ResultLost, match="end after seven days") as error:
        read(Served(b"x\n", statuses=[400]))
    assert "secret" not in str(error.value)


def test_a_file_that_does_not_come_is_given_up() -> None:
    served = Served(file(written(3)), statuses=[503] * 20)
    with pytest.raises(ResultLost, match=f"{module.ATTEMPTS} tries") as error:
        read(served)
    assert len(served.requests) == module.ATTEMPTS
    assert "secret" not in str(error.value)


def test_patience_begins_anew_with_each_byte() -> None:
    rows = written(40)
    assert read(Served(file(rows), breaks=[5_000] * (module.ATTEMPTS + 3))) == rows


def test_what_claims_to_be_compressed_and_is_not_is_told() -> None:
    served = Served(b"plain\n" * 50)

    async def whole(url: str) -> None:
        async for _ in blocks(url):
            pass

    with storage(served) as url:
        served.gzipped = True
        with pytest.raises(ResultLost, match="marked as gzip and is none"):
            asyncio.run(whole(url))


def test_the_access_token_never_goes_to_the_storage_service() -> None:
    served = Served(b"{}\n")
    read(served)
    assert "x-shopify-access-token" not in served.requests[0]
    assert "authorization" not in served.requests[0]
