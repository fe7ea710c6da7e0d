"""The assets, one module per phase."""
