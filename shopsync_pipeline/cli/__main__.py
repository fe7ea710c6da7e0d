"""`python -m shopsync_pipeline.cli` does what `shopsync` does."""

from shopsync_pipeline.cli.app import main

main()
