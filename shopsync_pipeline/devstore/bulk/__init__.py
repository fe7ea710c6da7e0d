"""Bulk operations: a file of variables run line by line, or a query exported whole, behind the back of the requests.

Importing the package does nothing; the parts are imported by name, because the records are needed before the store.
"""
