"""What a user of a third-party client writes to update many products: one script for each, a program of its own."""
