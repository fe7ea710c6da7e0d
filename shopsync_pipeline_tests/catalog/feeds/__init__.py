"""Distributor feeds as a specification: bytes in the layouts of the distributors in, facts and an account out."""
