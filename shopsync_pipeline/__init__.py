"""shopsync: keeps a Shopify store in step with a distributor-content catalog."""

__version__ = "0.1.0"
