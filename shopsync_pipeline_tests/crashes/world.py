"""Forty products as they are today and as they are tomorrow: the difference has work in every lane, of every operation.

Pure values. What a day is called does not matter; a crash is somewhere in the sync that follows on tomorrow's catalog.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shopsync_pipeline.core.product import Image, Metafield, Product, ProductKey, Stock, Variant, VariantKey

PRODUCTS = 40
REFUSED = 16
"""The number of a product whose SKU the store can be told to refuse: its stock, its price and its title change."""

COLLECTIONS = ("Lamps", "Desks")
CHANNEL = "Point of Sale"


def sku(number: int, size: str = "S") -> str:
    """The SKU of one size of one product; most have only the first size."""
    return f"W{number}-{size}"


def key(number: int) -> ProductKey:
    """The product's custom id."""
    return ProductKey(f"etilize:{number}")


def _variant(number: int, size: str, *, options: tuple[str, ...]) -> Variant:
    return Variant(
        key=VariantKey(sku(number, size)), sku=sku(number, size), options=options, price=Decimal(f"{number + 10}.50"),
        cost=Decimal(number + 4), tracked=True, taxable=True, requires_shipping=True, inventory_policy="DENY",
        stock=(Stock(available=100 + number),),
    )


def today(number: int) -> Product:
    """One product as both sides have it when the day begins. Every fourth has two sizes, the others no options."""
    sized = number % 4 == 0
    options = ("Size",) if sized else ("Title",)
    sizes = ("S", "M") if sized else ("S",)
    return Product(
        key=key(number), title=f"Widget {number}", handle=f"widget-{number}", status="ACTIVE", vendor="Acme",
        product_type="Widgets", tags=("plain", f"row {number % 5}"), body_html=f"<p>Widget {number} does its work.</p>",
        seo_title=f"Widget {number} of Acme", options=options,
        variants=tuple(_variant(number, size, options=(size,) if sized else ("Default Title",)) for size in sizes),
        metafields=(
            Metafield(namespace="custom", key="colour", type="single_line_text_field", value=f"shade {number}"),
            Metafield(namespace="custom", key="parts", type="number_integer", value=str(number)),
        ),
        images=tuple(Image(source=f"https://pictures.example/w{number}-{side}.jpg", alt=f"Widget {number}, {side}")
                     for side in ("front", "back")),
        collections=("lamps",) if number % 2 else (), publications=("Online Store",),
    )


def tomorrow(number: int) -> Product | None:
    """The same product as the catalog says it next: `None` for one that is gone."""
    product = today(number)
    first, *rest = product.variants
    if 1 <= number <= 20:  # stock
        first = replace(first, stock=(Stock(available=200 + number),))
    if 13 <= number <= 18:  # price
        first = replace(first, price=Decimal(f"{number + 12}.75"), compare_at_price=Decimal(number + 20))
    product = replace(product, variants=(first, *rest))
    if 16 <= number <= 22:  # content
        product = replace(product, title=f"Widget {number}, improved", tags=("plain", "improved"))
    if 20 <= number <= 26:  # metafields: one changed, one dropped, one new
        product = replace(product, metafields=(
            replace(product.metafields[0], value=f"tone {number}"),
            Metafield(namespace="custom", key="origin", type="single_line_text_field", value=f"hall {number}"),
        ))
    if number in (24, 28):  # another size
        product = replace(product, variants=(*product.variants, _variant(number, "L", options=("L",))))
    if 27 <= number <= 30:  # pictures: one new, in another order
        front, back = product.images
        top = Image(source=f"https://pictures.example/w{number}-top.jpg", alt=f"Widget {number}, top")
        product = replace(product, images=(top, replace(back, alt="The back"), front))
    if number in (30, 31):  # a picture of the variant
        product = replace(product, variants=(replace(product.variants[0], image=product.images[0].source),))
    if number in (35, 36):  # off one channel and on another
        product = replace(product, publications=(CHANNEL,))
    if number in (37, 38):  # into another collection
        product = replace(product, collections=("desks",))
    return None if 32 <= number <= 34 else product


def catalog(*, of_tomorrow: bool) -> list[Product]:
    """All products of a day; tomorrow has six new ones, one of them with three sizes."""
    if not of_tomorrow:
        return [today(number) for number in range(1, PRODUCTS + 1)]
    kept = [product for number in range(1, PRODUCTS + 1) if (product := tomorrow(number)) is not None]
    return [*kept, *(_new(number) for number in range(PRODUCTS + 1, PRODUCTS + 7))]


def _new(number: int) -> Product:
    product = replace(today(number), publications=("Online Store", CHANNEL))
    if number != PRODUCTS + 4:
        return product
    return replace(product, variants=(*product.variants, _variant(number, "L", options=("L",))))
