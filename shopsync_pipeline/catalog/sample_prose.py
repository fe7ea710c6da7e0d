"""The words of a full-size sample: sentences, bullets and specification values of the lengths that real content has.

Everything is composed of invented parts; `{noun}`, `{brand}` and `{line}` are filled in for each kind of goods.
"""

from __future__ import annotations

import random

OPENINGS = (
    "Bring order to a busy desk with {noun} that keep their shape through years of daily handling.",
    "{brand} builds {noun} for places where many hands use the same thing, from front desks to classrooms.",
    "When the job has to be right the first time, the {line} series gives you {noun} you do not have to think about.",
    "Quiet, sturdy and easy to live with: {noun} of the {line} series fit the room instead of filling it.",
    "Une présentation soignée, façon {brand}: {noun} for those who notice the difference &mdash; every day.",
    "<p>Start with the basics. {brand} {noun} do one thing, and do it for a long time.</p>",
)
SENTENCES = (
    "The surface wipes clean with a damp cloth and shrugs off the marks that everyday use leaves behind.",
    "Edges are rounded, joints are reinforced, and nothing needs a tool that is not already in the drawer.",
    "Each carton is packed to arrive in one piece, with recyclable fillers and a label that can be read from a shelf.",
    'Fits standard 8-1/2" x 11" material as well as most A4 formats; see the size table in section 4\\5.',
    "Tested well beyond the usual number of cycles, so that the hundredth time works the same as the first.",
    "The color stays even from lot to lot, which matters when you order again in spring.",
    'People who use it say: "It simply works." That is what the {line} series is made for.',
    "Contains post-consumer material where it does not weaken the part, and says so on the package.",
    "Works with accessories of the same series; older ones fit too, although the latch is on the other side.",
    "A wide base keeps it from tipping over, and soft feet spare the tabletop.\n\nMade for offices, schools and homes.",
    "Storage temperature is 5° to 35° C; keep it away from direct sunlight and open flames.",
    "Safe for archival use: free of acid and lignin, and gentle on what you keep in it for decades.",
    "The quantity in the package is chosen for a team of twelve, with two to spare for guests.",
    "Backed by a limited warranty of five years against defects in material and workmanship &reg;.",
    "<ul><li>Easy to carry</li><li>Easy to stack</li><li>Easy to find again</li></ul>",
)
BRAND_SENTENCES = (
    "{brand} has made supplies for working rooms since its founders turned a bindery into a workshop.",
    "Its plants run on one principle: a thing that is returned costs more than a thing that is made well.",
    "Two of every three products carry recycled content, and the share grows with every season.",
    "The range reaches from paper and pens to furniture, and every part of it is tested by people who use it.",
    "Whatever leaves the house carries a lot number, so that a question about it can be answered years later.",
    "Its designers spend a week each year in the offices, schools and workshops that they design for.",
    "What cannot be repaired is taken back, sorted and turned into the cartons that the next order arrives in.",
    "Customers in eleven countries know {brand} for packages that open easily and instructions that fit on a card.",
)
FEATURES = (
    "Sturdy construction stands up to frequent use in shared rooms and busy hallways",
    'Holds standard 8-1/2" x 11" sheets without folding, curling or slipping out of place',
    "Smooth finish resists fingerprints, scratches and most stains from coffee or ink",
    "Color-coded parts are told apart at a glance, even from the other side of the counter",
    "Made with at least 30% post-consumer material & packed without plastic film",
    "Sets up in minutes; the one tool that is needed comes with it",
    "Non-slip base keeps everything where you left it, on wood, glass or laminate",
    "Meets or exceeds the common standards for office and school environments",
    "Refills of the {line} series fit without adapters, including those from earlier years",
    "Acid-free materials keep documents safe for long-term storage",
    "Slim profile leaves room for a second row on most shelves and in most drawers",
    "Replacement parts can be ordered one by one, so that a lost cap is not a lost product",
)
WORDS = (
    "office", "supplies", "storage", "desk", "school", "classroom", "home", "letter", "legal", "durable", "recycled",
    "heavy duty", "economy", "premium", "bulk", "carton", "refill", "replacement", "organizer", "shelf", "drawer",
    "label", "archival", "acid-free", "portable", "stackable", "adjustable", "wall mount", "tabletop", "reusable",
    "break room", "janitorial", "mailroom", "reception", "fournitures", "bureau", "classement", "étagère",
)
_UNITS = ('"', " lb", " sheets", " mm", " oz", " per box", " W", " dpi", " pages", " ft", "° C", "%")
_MATERIALS = (
    "Steel", "Polypropylene", "Chipboard", "Anodized aluminum", "Bonded leather", "Recycled paper", "Acrylic", "Vinyl",
    "Rubberized polymer", "Laminate over particleboard", "Tempered glass", "Stainless steel", "Kraft", "Nylon mesh",
)
_CLAUSES = (
    "suited for daily use in shared rooms", "with reinforced corners", "for use with most refills of the same series",
    "not for outdoor use", "assembled in minutes without special tools", "tested to common industry standards",
    'fits openings of up to 3-1/2"', "includes mounting hardware", "packed flat & ready to ship", "may vary by lot",
    "compatible with earlier generations", "recommended for teams of up to twelve",
)

DETAIL_SUBJECTS = (
    "Body", "Cover", "Frame", "Base", "Handle", "Closure", "Interior", "Exterior", "Label Holder", "Spine", "Pocket",
    "Drawer", "Shelf", "Seat", "Back", "Arm", "Caster", "Cord", "Connector", "Cartridge", "Tip", "Barrel", "Sheet",
    "Roll", "Dispenser", "Package", "Carton", "Pallet", "Display", "Refill",
)
DETAIL_ASPECTS = (
    "Material", "Finish", "Color", "Width", "Height", "Depth", "Weight", "Thickness", "Style", "Quantity", "Capacity",
    "Coating", "Texture", "Closure Type", "Compatibility", "Features", "Application", "Certification", "Edge Style",
    "Additional Information",
)
DETAIL_HEADERS = ("Product Information", "Construction", "Dimensions & Weight", "Additional Details")


def attribute_values(dice: random.Random, aspect: str, count: int) -> list[str]:
    """`count` values of one attribute: measures, materials, or clauses of up to some 300 characters."""
    if aspect in {"Width", "Height", "Depth", "Weight", "Thickness", "Quantity", "Capacity"}:
        unit = dice.choice(_UNITS)
        return [f"{dice.randrange(1, 4000) / 10:g}{unit}" for _ in range(count)]
    if aspect in {"Compatibility", "Features", "Application", "Certification", "Additional Information", "Style"}:
        least, most = (4, 10) if aspect == "Additional Information" else (2, 6)
        return ["; ".join(dice.sample(_CLAUSES, dice.randrange(least, most))).capitalize() for _ in range(count)]
    return [f"{dice.choice(_MATERIALS)}, {dice.choice(_CLAUSES)}" if dice.random() < 0.6 else dice.choice(_MATERIALS)
            for _ in range(count)]
