"""Measurements: run by hand, print figures with the machine named, assert nothing."""
