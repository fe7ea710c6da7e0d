"""Writes the pages of `docs/` that follow from the code. Usage: python scripts/write_docs.py (or `make docs`)"""

from __future__ import annotations

from pathlib import Path

from shopsync_pipeline.core.decisions_page import page as decisions_page
from shopsync_pipeline.core.faults_page import faults_page
from shopsync_pipeline.core.fields_page import fields_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {"decisions.md": decisions_page, "errors.md": faults_page, "fields.md": fields_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
