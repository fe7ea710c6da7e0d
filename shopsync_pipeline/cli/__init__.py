"""The `shopsync` command: set-up, the demo, the dev store, and looking at plans and conflicts without a browser."""

from shopsync_pipeline.cli.app import main

__all__ = ["main"]
