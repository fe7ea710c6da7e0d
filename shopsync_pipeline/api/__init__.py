"""The REST API: what Dagster has no screen for, and launching its jobs from elsewhere."""
