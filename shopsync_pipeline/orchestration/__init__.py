"""Everything that knows Dagster, one module per concept. Asset bodies call one use case and show what it answered."""
