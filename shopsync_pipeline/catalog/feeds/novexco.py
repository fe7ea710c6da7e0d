"""Novexco's price workbook (once SPR Canada's), declared as a shop would declare a feed of its own.

Amounts: `cost` (dealer net price, or unit cost), `net_price`, `direct_cost`, `list_price` (list or retail price). Each
city's inventory is a location by the city's name.
"""

from __future__ import annotations

from shopsync_pipeline.catalog.feeds.generic import declared
from shopsync_pipeline.catalog.rules import FeedRule

RULE = FeedRule(
    name="novexco", files=(), systems=("Novexco", "SPRC"),
    columns={
        "sku": ("Novexco Product Code", "SPRC SKU", "SPR Product Code"),
        "mfgpartno": ("Supplier Product Code*", "Supplier Code"), "manufacturer": ("Supplier Name",),
        "title": ("English Short Description", "EN Short Description", "Description"),
        "uom": ("UoM", "*Unit of Measure"), "units": ("Number of units per pack or box",),
        "barcode": ("UPC", "UPC 1*"), "status": ("Product Status", "Warehous* Purchasing Status*",
                                                "Direct Purchasing Status*", "Purchasing Status*"),
        "available": ("* Inventory",),
        "cost": ("*Dealer Net Price", "Unit Cost"), "list_price": ("List Price", "Retail Price"),
    },
    amounts={"net_price": ("Net Price",), "direct_cost": ("Direct Cost",)},
    # DS sells while stock lasts; the others are discontinued by the vendor, inactive or not available.
    discontinued=("DS", "DF", "IN", "IF", "ID", "NC", "ND", "BS"),
)
FORMAT = declared(RULE)
