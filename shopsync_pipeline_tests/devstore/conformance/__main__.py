"""`python -m shopsync_pipeline_tests.devstore.conformance [--write-docs]`: asks, prints the figures, writes the doc."""

from __future__ import annotations

import argparse
import sys

from shopsync_pipeline_tests.devstore.conformance.costs import agreement, official_schema, priced_documents
from shopsync_pipeline_tests.devstore.conformance.recordings import recordings_folder
from shopsync_pipeline_tests.devstore.conformance.report import DOC, figures, write
from shopsync_pipeline_tests.devstore.conformance.run import run


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, 1 when something differs without an accepted reason, 2 when there are no recordings."""
    parser = argparse.ArgumentParser(prog="conformance", description="Ask the recorded questions again.")
    parser.add_argument("--write-docs", action="store_true", help=f"write the figures into docs/{DOC.name}")
    given = parser.parse_args(arguments)
    folder = recordings_folder()
    if not folder.is_dir():
        print(f"no recordings at {folder}: set SHOPSYNC_SHARED_DIR to the folder that holds them", file=sys.stderr)
        return 2
    outcome = run(folder)
    documents = agreement(priced_documents(folder / "costs.jsonl.gz", official_schema()))
    text = figures(outcome, agreement(outcome.points), documents)
    print(text)
    for line in outcome.different:
        print(f"DIFFERENT {line}", file=sys.stderr)
    if given.write_docs:
        write(text)
    return 1 if outcome.different else 0


if __name__ == "__main__":
    sys.exit(main())
