"""The invented assortment behind the sample export: brands, a category tree of three levels, specifications.

Every name is made up; only the kinds of goods are real.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BRANDS: tuple[tuple[str, str], ...] = (
    ("Corvane", "Corvane Products, Inc"), ("Pellmar", "Pellmar Paper Company"), ("Quillstone", "Quillstone Ltd."),
    ("Tamberly", "Tamberly Brands, LLC"), ("Ledgermoor", "Ledgermoor Office Corp."), ("Oskvale", "Oskvale Seating AB"),
    ("Varnholt", "Varnholt GmbH"), ("Sundrell", "Sundrell Supply Co."), ("Maison Égaline", "Société Égaline SA"),
    ("Hobrek & Daughters", "Hobrek & Daughters"), ("Brinmark", "Brinmark Technologies"),
    ("Ostrava Hill", "Ostrava Hill Mfg"),
)
"""Brand as shoppers know it, and the legal name of its maker."""

LINES = ("ProMark", "Everyday", "Select", "Heritage", "GreenLeaf", "Ultra", "Classic", "Café", "WorkSmart", "Prime")
COLORS = ("Black", "White", "Navy", "Red", "Clear", "Gray", "Blue", "Green", "Assorted", "Natural", "Espresso",
    "Silver")
COUNTRIES = ("United States", "China", "Canada", "Mexico", "Germany", "Taiwan", "Viet Nam", "Côte d'Ivoire")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf category: what its goods are called, told apart by and specified with, price (USD) and weight (lb)."""

    name: str
    nouns: tuple[str, ...]
    details: tuple[str, ...]
    price: tuple[float, float]
    weight: tuple[float, float]
    unspsc: str
    specs: dict[str, tuple[str, ...]] = field(default_factory=dict)


TREE: dict[str, dict[str, tuple[Leaf, ...]]] = {
    "Office Supplies": {
        "Binders & Accessories": (
            Leaf("Round Ring Binders", ("Round Ring View Binder", "Round Ring Binder"),
                 ('1" Capacity', '2" Capacity', '3" Capacity', '1-1/2" Capacity'), (3.2, 24), (0.8, 3.4), "44122003",
                 {"Ring Diameter": ('1"', '1.5"', '2"', '3"'),
                  "Sheet Capacity": ("175 Sheets", "375 Sheets", "600 Sheets"),
                  "Sheet Size": ('Letter - 8 1/2" x 11"', 'Legal - 8 1/2" x 14"')}),
            Leaf("Index Dividers", ("Tab Dividers", "Numbered Index Dividers"),
                 ("5-Tab Set", "8-Tab Set", "31-Tab Set"),
                 (1.1, 14), (0.1, 0.9), "44122027",
                 {"Number of Tabs": ("5", "8", "12", "31"), "Tab Material": ("Polyester", "Paper", "Plastic")}),
        ),
        "Writing Instruments": (
            Leaf("Ballpoint Pens", ("Retractable Ballpoint Pens", "Stick Ballpoint Pens"),
                 ("Medium Point, 12/Pack", "Fine Point, 60/Box", "Bold Point, 36/Box"), (1.9, 39), (0.1, 1.4),
                 "44121701",
                 {"Point Size": ("0.7 mm", "1 mm", "1.2 mm"), "Ink Color": ("Black", "Blue", "Red"),
                  "Units Per Pack": ("12 / Dozen", "36 / Box", "60 / Box")}),
            Leaf("Dry Erase Markers", ("Dry Erase Markers", "Low-Odor Dry Erase Markers"),
                 ("Chisel Tip, 4/Set", "Bullet Tip, 12/Set"), (3.5, 21), (0.2, 1.1), "44121708",
                 {"Marker Point Style": ("Chisel", "Bullet"), "Fragrance": ("Unscented", "Low Odor")}),
        ),
        "Paper": (
            Leaf("Copy Paper", ("Multipurpose Copy Paper", "Recycled Copy Paper"),
                 ("Letter, 20 lb, 5000/Carton", "Legal, 20 lb, 500/Ream", "Ledger, 24 lb, 2500/Carton"), (7.5, 92),
                 (5, 52),
                 "14111507", {"Paper Weight": ("20 lb", "24 lb", "28 lb"), "Brightness": ("92", "96", "98"),
                              "Media Size": ('8 1/2" x 11"', '8 1/2" x 14"', '11" x 17"')}),
            Leaf("Legal Pads", ("Perforated Writing Pads", "Wide-Ruled Legal Pads"),
                 ("50 Sheets, 12/Pack", "40 Sheets, 6/Pack"),
                 (4.1, 33), (1, 9), "14111514", {"Ruling": ("Wide", "College", "Quad"), "Number of Sheets": ("40",
                 "50")}),
        ),
    },
    "Technology": {
        "Computer Accessories": (
            Leaf("Mice", ("Wireless Optical Mouse", "Ergonomic Vertical Mouse"), ("1600 dpi", "2400 dpi, Rechargeable"),
                 (9, 85), (0.2, 0.7), "43211708", {"Movement Resolution": ("1600 dpi", "2400 dpi", "4000 dpi"),
                                                    "Wireless Technology": ("Radio Frequency", "Bluetooth"),
                                                    "Number of Buttons": ("3", "5", "7")}),
            Leaf("Monitor Stands", ("Adjustable Monitor Riser", "Dual Monitor Arm"), ('Up to 24"', 'Up to 32"'),
                 (22, 240),
                 (3, 19), "43211715", {"Maximum Screen Size": ('24"', '27"', '32"'), "Load Capacity": ("17.6 lb",
                 "44 lb")}),
        ),
        "Cables & Power": (
            Leaf("Surge Protectors", ("6-Outlet Surge Protector", "12-Outlet Surge Suppressor"),
                 ("6 ft Cord", "10 ft Cord"),
                 (12, 96), (0.9, 4), "39121610", {"Surge Energy Rating": ("1080 J", "2160 J", "4320 J"),
                                                   "Cord Length": ("6 ft", "8 ft", "10 ft")}),
            Leaf("USB Cables", ("USB-C Charging Cable", "USB Extension Cable"), ("3.3 ft", "6.6 ft", "10 ft"), (6, 38),
                 (0.1, 0.4),
                 "26121609", {"Cable Length": ("3.30 ft", "6.60 ft", "10 ft"), "Data Transfer Rate": ("480 Mbit/s",
                 "10 Gbit/s")}),
        ),
        "Imaging Supplies": (
            Leaf("Toner Cartridges", ("Remanufactured Toner Cartridge", "High-Yield Toner Cartridge"),
                 ("2600 Page Yield", "6500 Page Yield"), (38, 310), (1.2, 5), "44103103",
                 {"Typical Print Yield": ("2600 Pages", "6500 Pages", "12000 Pages"),
                  "Print Technology": ("Laser", "LED")}),
        ),
    },
    "Furniture": {
        "Seating": (
            Leaf("Task Chairs", ("Mesh-Back Task Chair", "Executive High-Back Chair"),
                 ("Adjustable Arms", "Armless, Fixed Height"),
                 (89, 1450), (24, 62), "56112104", {"Seat Material": ("Mesh", "Bonded Leather", "Fabric"),
                                                     "Maximum Load Capacity": ("250 lb", "300 lb", "400 lb"),
                                                     "Seat Height": ('17" - 21"', '18.5" - 22.5"')}),
            Leaf("Stacking Chairs", ("Stacking Chair", "Folding Chair"), ("4/Carton", "2/Carton"), (64, 480), (18, 48),
                 "56101504",
                 {"Frame Material": ("Steel", "Aluminum"), "Stackable": ("Yes", "No")}),
        ),
        "Desks & Tables": (
            Leaf("Desks", ("Height-Adjustable Desk", "Double-Pedestal Desk"), ('60" x 30"', '48" x 24"', '72" x 36"'),
                 (210, 2890),
                 (60, 240), "56101703", {"Tabletop Width": ('48"', '60"', '72"'), "Tabletop Material": ("Laminate",
                 "Hardwood"),
                                          "Edge Type": ("Square", "T-Mold")}),
            Leaf("Bookcases", ("3-Shelf Bookcase", "5-Shelf Bookcase"), ('36" Wide', '30" Wide'), (75, 620), (35, 130),
                 "56101519",
                 {"Number of Shelves": ("3", "5"), "Shelf Material": ("Laminate", "Steel")}),
        ),
    },
    "Cleaning & Breakroom": {
        "Cleaners": (
            Leaf("All-Purpose Cleaners", ("All-Purpose Cleaner", "Glass & Surface Cleaner"),
                 ("32 fl oz Spray", "1 gal Refill"),
                 (4, 58), (2, 36), "47131805", {"Form": ("Liquid", "Spray", "Concentrate"), "Scent": ("Lemon",
                 "Crème de Menthe"),
                                                 "Liquid Volume": ("32 fl oz", "1 gal")}),
            Leaf("Trash Bags", ("Low-Density Can Liners", "Drawstring Trash Bags"),
                 ("33 gal, 150/Carton", "13 gal, 200/Box"),
                 (12, 88), (4, 28), "47121701", {"Capacity": ("13 gal", "33 gal", "60 gal"), "Thickness": ("0.9 mil",
                 "1.5 mil")}),
        ),
        "Breakroom": (
            Leaf("Coffee", ("Medium Roast Coffee Pods", "Dark Roast Ground Coffee"),
                 ("24/Box", "96/Carton", "18 oz Bag"), (11, 98),
                 (0.8, 9), "50201706", {"Roast": ("Light", "Medium", "Dark"), "Flavor": ("House Blend", "Café Noir",
                 "Vanilla")}),
            Leaf("Paper Towels", ("Perforated Roll Towels", "Multifold Paper Towels"),
                 ("12 Rolls/Carton", "4000/Carton"), (14, 79),
                 (6, 24), "14111703", {"Number of Plies": ("1 Ply", "2 Ply"), "Sheets Per Roll": ("85", "210")}),
        ),
    },
}
"""Department → class → leaves."""

DIMENSIONS = ("Height", "Width", "Depth", "Length")

EXTRA_ATTRIBUTES = tuple(
    f"{subject} {aspect}"
    for subject in ("Packaging", "Surface", "Frame", "Handle", "Cover", "Interior", "Base", "Closure", "Label",
        "Refill")
    for aspect in ("Material", "Finish", "Color", "Width", "Height", "Weight", "Style", "Quantity")
)
EXTRA_VALUES = (
    "Steel", "Matte", "Polypropylene", '15.9"', "600 sheets", "3 mm", "Recyclable", "Hook & Loop", "24 / Carton",
    "2.40 lb",
    '8 1/2" x 11"', "Tear-resistant", "Snap-in", "Chipboard", "Not applicable", "UV-coated",
)

MARKETING = (
    "Keep every project in order with {noun_lower} that stand up to daily use. {line} quality from {brand} means fewer "
    "replacements and a tidier workspace.",
    'Built for busy rooms: the {line} series pairs a {color_lower} finish with details that matter. "It simply works," '
    "say the people who use it.\n\nMade for offices, schools and homes.",
    "<p>{brand} makes {noun_lower} the sensible way &mdash; less waste, more use.</p><ul><li>Easy to handle</li>"
    "<li>Ready for reuse</li></ul>",
    "Une finition soignée, façon {brand}: {noun_lower} for people who notice. Fits most standard fixtures; see the "
    "size table below, section 4\\5.",
)
BULLETS = (
    "Durable construction withstands everyday handling", "Acid-free and archival safe",
    'Fits standard 8-1/2" x 11" sheets',
    "Contains at least 30% post-consumer material", "Tool-free assembly in minutes",
    "Backed by a limited 5-year warranty",
    "Color-coded for quick identification", "Meets or exceeds common industry standards",
)
ANGLES = ("Front", "FrontMaximum", "Rear", "RearMaximum", "Left", "LeftMaximum", "Top", "Life-Style", "In-Package",
          "Alternate-Image1", "Alternate-Image2", "Alternate-Image10")
SIZES = ("75", "160", "225", "300", "500", "900", "1500")
DOCUMENTS = ("User-Manual", "Manufacturer-Brochure", "HTML", "Tour")
