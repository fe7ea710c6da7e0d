"""Decisions: values in, values out. No I/O, no clock, no Dagster, no SQL, no HTTP."""
