"""What a user of a third-party client would write: one script for each client, run as a program of its own."""
