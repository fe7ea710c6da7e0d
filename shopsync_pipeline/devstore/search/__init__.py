"""Search as the platform has it: a grammar, fields, an index that lags behind the records, and an order."""
