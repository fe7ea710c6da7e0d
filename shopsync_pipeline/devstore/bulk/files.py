"""Where uploads and results lie: one folder beside the state file, one file each, named by what cannot be guessed.

It knows paths and bytes. Who may read or write a file, and until when, is decided by the callers.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from shopsync_pipeline.devstore.bulk.records import BulkOperation, StagedUpload

MAXIMUM_UPLOAD: Final = 100 * 1024 * 1024  # bytes; the platform's limit for variables since December 2025


class BulkFiles:
    """The folder of one shop. It is made when the first file comes."""

    def __init__(self, state_path: Path) -> None:
        """`shop.sqlite` keeps its files in `shop.sqlite.files`."""
        self.folder = state_path.with_name(f"{state_path.name}.files")

    def upload(self, record: StagedUpload) -> Path:
        """The file of an upload, whether or not it has arrived."""
        return self._place("uploads") / f"{record.id}-{record.signature[:32]}"

    def result(self, record: BulkOperation) -> Path:
        """The result file of an operation."""
        return self._place("results") / f"{record.secret}.jsonl"

    def scratch(self, name: str) -> Path:
        """A file that is still arriving; it is renamed when it is whole."""
        return self._place("arriving") / name

    def clear(self) -> None:
        """Forgets every file."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _place(self, name: str) -> Path:
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        return place
