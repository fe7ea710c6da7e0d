"""What all commands share: one console, text that is printed as it is, and the opened shop."""

from __future__ import annotations

from rich.console import Console

from shopsync_pipeline.cli.local_shop import settings_or_demo
from shopsync_pipeline.engine.context import Context

console = Console()


def told(*lines: str) -> None:
    """Prints text as it is: nothing in it is markup, and no line is broken, so that ids can be copied."""
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def opened() -> Context:
    """The configured shop's data, or the demo's where no shop is configured."""
    return Context.open(settings_or_demo())
