"""Bulk operations: started, waited for, and their result files read line by line."""
