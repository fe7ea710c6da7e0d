"""Webhooks: what was committed becomes events, events become signed deliveries to loopback addresses.

Importing the package does nothing; the parts are imported by name, because the records are needed before the store.
"""
