"""Conformance: every recorded answer of the real API, asked again of the dev store and compared word by word.

Run `python -m shopsync_pipeline_tests.devstore.conformance` for the figures; the recordings lie outside the project.
"""
