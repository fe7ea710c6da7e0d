"""The sample's products as values, one at a time: each is a function of the seed and its place in the catalog."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from shopsync_pipeline.catalog.sample_data import (
    ANGLES,
    BRANDS,
    BULLETS,
    COLORS,
    COUNTRIES,
    DIMENSIONS,
    DOCUMENTS,
    EXTRA_ATTRIBUTES,
    EXTRA_VALUES,
    LINES,
    MARKETING,
    SIZES,
    TREE,
    Leaf,
)
from shopsync_pipeline.catalog.values import gtin_check_digit

FIRST_PRODUCT = 1_010_000_000
PRODUCT_STEP = 7
STUB_OFFSET = 3
STUB_EVERY = 12
_MPN_ENDS = ("", "BK", "WH", "/R", "Q")
_FIRST_FEW = 10

LEAVES: tuple[tuple[str, str, Leaf], ...] = tuple(
    (department, group, leaf) for department, groups in TREE.items() for group,
    leaves in groups.items() for leaf in leaves)


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """One product: `specs` are (attribute name, value); `codes` are (file token, code system, number); `offer` is its
    row of the feed. A `stub` exists only as somebody's accessory and has nothing but a name."""

    productid: int
    leaf: int
    brand: int
    mpn: str
    sku: str
    title: str
    stub: bool = False
    specs: list[tuple[str, str]] = field(default_factory=list)
    codes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    offer: tuple[str, ...] | None = None
    accessory: int | None = None
    orphan: bool = False
    keywords: str = ""


def products_of(
    products: int, seed: int, specs_per_product: int, stub_every: int = STUB_EVERY,
) -> Iterator[SampleProduct]:
    """So many products for sale, with an accessory stub after every twelfth (or `stub_every`)."""
    for place in range(products):
        stub = place % stub_every == stub_every - 1
        yield _product(place, random.Random(f"{seed}:{place}"), specs_per_product, stub)
        if stub:
            yield _stub(place, random.Random(f"{seed}:stub:{place}"))


def _productid(place: int) -> int:
    return FIRST_PRODUCT + place * PRODUCT_STEP


def _stub(place: int, dice: random.Random) -> SampleProduct:
    brand = dice.randrange(len(BRANDS))
    number = f"ACC-{place:06d}"
    return SampleProduct(_productid(place) + STUB_OFFSET, dice.randrange(len(LEAVES)), brand, number, number,
                         f"{BRANDS[brand][0]} Replacement Part {place}", stub=True)


def _product(place: int, dice: random.Random, specs_per_product: int, has_stub: bool) -> SampleProduct:
    leaf_place = dice.randrange(len(LEAVES))
    leaf = LEAVES[leaf_place][2]
    brand = dice.randrange(len(BRANDS))
    name = BRANDS[brand][0]
    color = dice.choice(COLORS)
    line = dice.choice(LINES)
    noun = dice.choice(leaf.nouns)
    prefix = "".join(letter for letter in name.upper() if "A" <= letter <= "Z")[:3]
    mpn = f"{dice.choice('ABCDEKMPTX')}{dice.randrange(10, 99)}-{place + 1000}{dice.choice(_MPN_ENDS)}"
    sku = f"{prefix}{place + 100000}"
    title = f"{name} {line} {noun}, {dice.choice(leaf.details)}, {color}"
    upc_body = f"0{dice.randrange(10_000, 99_999)}{place % 100_000:05d}"
    upc = upc_body + gtin_check_digit(upc_body)
    # The first few products are faultless, so that the smallest export is a good one.
    faulty = place >= _FIRST_FEW
    bad_upc = faulty and place % 97 == 96
    return SampleProduct(
        _productid(place), leaf_place, brand, mpn, sku, title,
        specs=_specs(dice, leaf, name, BRANDS[brand][1], line, noun, color, mpn, specs_per_product),
        codes=_codes(dice, sku, upc[:-1] + str((int(upc[-1]) + 1) % 10) if bad_upc else upc, leaf,
            faulty and place % 31 == 30),
        texts=_texts(dice, title, name, line, noun, color),
        bullets=dice.sample(BULLETS, dice.randrange(2, 5)), pictures=_pictures(dice),
        offer=_offer(dice, place, sku, mpn, "" if bad_upc or dice.random() < 0.1 else upc, leaf, faulty),
        accessory=_productid(place) + STUB_OFFSET if has_stub else None,
        orphan=faulty and place % 89 == 88,
    )


def _specs(
    dice: random.Random, leaf: Leaf, brand: str, maker: str, line: str, noun: str, color: str, mpn: str, wanted: int,
) -> list[tuple[str, str]]:
    specs = [
        ("Brand Name", brand), ("Manufacturer", maker), ("Manufacturer Part Number", mpn), ("Product Type", noun),
        ("Product Line", line), ("Color", color),
    ]
    if dice.random() < 0.25:
        specs.append(("Color", dice.choice([other for other in COLORS if other != color])))
    specs += [(name, dice.choice(values)) for name, values in leaf.specs.items()]
    specs += [(name, f'{dice.randrange(2, 700) / 10:g}"') for name in DIMENSIONS[:3]]
    specs += [
        ("Country of Origin", dice.choice(COUNTRIES)), ("Recycled", "Yes" if dice.random() < 0.4 else "No"),
        ("Assembly Required", "Yes" if leaf.weight[1] > 40 else "No"),
    ]
    if specs[-2][1] == "Yes":
        percent = dice.choice((10, 30, 50, 100))
        specs += [("Recycled Content", f"{percent}%"), ("Post-consumer-waste%", f"{percent // 2}%")]
    extra = max(wanted - len(specs), 0)
    for number in range(extra):
        attribute = EXTRA_ATTRIBUTES[(number * 7 + dice.randrange(7)) % len(EXTRA_ATTRIBUTES)]
        specs.append((attribute, dice.choice(EXTRA_VALUES)))
    return specs


def _codes(dice: random.Random, sku: str, upc: str, leaf: Leaf, no_upc: bool) -> list[tuple[str, str, str]]:
    codes = [("Distributor", "Distributor SKU", sku), ("UNSPSC", "UNSPSC", leaf.unspsc)]
    if not no_upc:
        codes.append(("UPC", "UPC", upc))
        if dice.random() < 0.6:
            codes.append(("GTIN", "GTIN", f"0{upc}"))
    return codes


def _texts(dice: random.Random, title: str, brand: str, line: str, noun: str, color: str) -> list[tuple[int, str]]:
    written = title.replace("&", "&amp;")
    if dice.random() < 0.5:
        written = written.replace('"', "&quot;")
    if dice.random() < 0.1:
        written = written.replace(f"{line} ", f"{line}&reg; ")
    marketing = dice.choice(MARKETING).format(brand=brand, line=line, noun_lower=noun.lower(),
        color_lower=color.lower())
    texts = [(1, f"{written} - {color}, {noun}"), (2, written), (3, f"{noun} - {color}")]
    if dice.random() < 0.9:
        texts.append((4, marketing))
    return texts


def _pictures(dice: random.Random) -> list[str]:
    pictures = [*SIZES[:dice.randrange(3, len(SIZES) + 1)], "Large", "Thumbnail"]
    pictures += ANGLES[:dice.choice((0, 2, 4, 8, len(ANGLES)))]
    if dice.random() < 0.3:
        pictures.append(dice.choice(DOCUMENTS))
    return pictures


def _offer(dice: random.Random, place: int, sku: str, mpn: str, upc: str, leaf: Leaf, faulty: bool) -> tuple[str,
    ...] | None:
    low, high = leaf.price
    price = round(low + (high - low) * dice.random() ** 2, 2)
    listed = round(price * dice.uniform(1.05, 1.6), 2)
    quantity = 0 if dice.random() < 0.08 else dice.randrange(1, 900)
    weight = round(dice.uniform(*leaf.weight), 2)
    status = "D" if faulty and place % 67 == 66 else "A"
    written = "call for price" if faulty and place % 149 == 148 else f"{price:,.2f}"
    if faulty and place % 41 == 40:
        return None
    return (sku, mpn, f"{listed:,.2f}", written, f"{price * 0.62:.2f}", str(quantity), upc, f"{weight:.2f}", "lb",
        status)
