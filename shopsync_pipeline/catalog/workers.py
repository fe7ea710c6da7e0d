"""Child processes that apply one function to batches, in order: for work that one core cannot do in time.

A child is a plain Python process behind a pipe: it ends when its parent does, however that ends, and it imports only
what its function needs. Batches and answers are pickled; nothing else ever writes to the pipe.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, TypeVar

from shopsync_pipeline.core.errors import CatalogError, ShopsyncError

Answer = TypeVar("Answer")

_ROOT = Path(__file__).resolve().parents[2]


def in_children(
    make: Callable[[Any], Callable[[Any], Answer]], given: object, batches: Iterable[Any], *, children: int,
) -> Iterator[Answer]:
    """The answers of `make(given)` for each batch, in the order of the batches, worked out by child processes.

    `make` is a module-level function. At most two batches a child are under way, so memory stays bounded. Raises
    `CatalogError` as the function raised it, and when a child ends before its time.
    """
    started = [_Child(make, given) for _ in range(children)]
    idle: SimpleQueue[_Child] = SimpleQueue()
    for child in started:
        idle.put(child)

    def work(batch: Any) -> Any:
        child = idle.get()
        try:
            return child.ask(batch)
        finally:
            idle.put(child)

    waiting: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(children)
    try:
        for batch in batches:
            waiting.append(pool.submit(work, batch))
            if len(waiting) >= 2 * children:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(cancel_futures=True)
        for child in started:
            child.close()


class _Child:
    def __init__(self, make: Callable[[Any], Any], given: object) -> None:
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path})
        self._send((make.__module__, make.__qualname__, given))

    def ask(self, batch: object) -> Any:
        """The function's answer. Raises what it raised."""
        self._send(batch)
        assert self._process.stdout is not None
        try:
            failed, answer = pickle.load(self._process.stdout)
        except EOFError:
            raise CatalogError(
                f"A process that projects products ended before its time (status {self._process.wait()}); the catalog "
                "stays as it was. Look whether the machine ran out of memory, then import again.") from None
        if not failed:
            return answer
        if isinstance(answer, ShopsyncError):
            raise answer
        raise RuntimeError(f"in a child process: {answer}")

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _send(self, value: object) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # its end shows when the answer is read
            pickle.dump(value, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """A child's life: the function first, then batch by batch until the pipe ends."""
    module, name, given = pickle.load(source)
    work = getattr(importlib.import_module(module), name)(given)
    while True:
        try:
            batch = pickle.load(source)
        except EOFError:
            return
        try:
            answer: tuple[bool, Any] = (False, work(batch))
        except ShopsyncError as error:
            answer = (True, error)
        except Exception:  # noqa: BLE001 - told to the parent, which raises it
            answer = (True, traceback.format_exc())
        pickle.dump(answer, target, pickle.HIGHEST_PROTOCOL)
        target.flush()


def main() -> None:
    """What a child runs. What anything prints goes to the error stream: the pipe belongs to the answers."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, pipe)
