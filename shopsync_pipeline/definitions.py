"""The front door: `workspace.yaml` loads this module and nothing else."""

from shopsync_pipeline.orchestration.build import build_defs

defs = build_defs()
