"""Which rows of productimages become pictures, and in which order."""

from __future__ import annotations

from shopsync_pipeline.catalog.content.record import ContentRecord, Picture, Row
from shopsync_pipeline.catalog.rules import CatalogRules, ImageRules
from shopsync_pipeline_tests.catalog.content.projecting import Outcome, product_of


def kinds(*types: str, status: str = "Published", rules: ImageRules | None = None) -> list[str]:
    record = ContentRecord(productid=7, pictures=tuple(Picture(kind, status) for kind in types))
    images = product_of(record, CatalogRules(images=rules or ImageRules())).images
    return [image.source.split("/")[-2] for image in images]


def test_one_picture_at_many_sizes_is_shown_once_at_its_largest() -> None:
    assert kinds("75", "1500", "300", "Large", "Thumbnail", "225") == ["1500"]
    assert kinds("Thumbnail", "Large") == ["Large"]
    assert kinds("500", "5000") == ["500"]
    assert kinds("5000") == ["5000"]
    assert kinds("500", "900", rules=ImageRules(size_limit=600)) == ["500"]


def test_angles_prefer_their_maximum_twin_and_have_a_fixed_order() -> None:
    assert kinds("Rear", "RearMaximum", "FrontMaximum", "Front", "500", "Top") == [
        "500", "FrontMaximum", "RearMaximum", "Top"]


def test_the_mapping_chooses_the_angles() -> None:
    assert kinds("500", "Front", "Top", rules=ImageRules(angles=("Top",))) == ["500", "Top"]


def test_numbered_views_are_sorted_as_numbers() -> None:
    assert kinds("Alternate-Image10", "Alternate-Image2", "Alternate-Image1", "Alternate-Image1Maximum") == [
        "Alternate-Image1Maximum", "Alternate-Image2", "Alternate-Image10"]


def test_documents_and_unknown_types_are_no_pictures() -> None:
    assert kinds("User-Manual", "Manufacturer-Brochure", "HTML", "Tour", "Additional-pdf4", "Energy-Guide",
                 "360-main-view") == []


def test_only_published_pictures_count() -> None:
    assert kinds("500", status="Series Published") == ["500"]
    assert kinds("500", status="Third Party Series Published") == ["500"]
    assert kinds("500", status="Pending") == []


def test_no_more_images_than_the_shop_takes() -> None:
    assert len(kinds("500", *(f"Screenshot{number}" for number in range(300)))) == 250
    assert len(kinds("500", "Front", "Top", rules=ImageRules(limit=2))) == 2


def test_alternative_texts_say_what_is_seen() -> None:
    images = product_of(ContentRecord(productid=7, mfgpartno="Binder", pictures=(
        Picture("500", "Published"), Picture("Life-Style", "Published")))).images
    assert [(image.source, image.alt) for image in images] == [
        ("https://content.etilize.com/500/7.jpg", "Product 7"),
        ("https://content.etilize.com/Life-Style/7.jpg", "Life Style – Product 7")]


def test_a_complete_address_is_used_as_it_is_and_one_that_is_none_is_set_aside() -> None:
    good, bad = "https://cdn.example.com/a b.jpg".replace(" ", "%20"), "javascript:alert(1)"
    outcome = Outcome(ContentRecord(productid=7, pictures=(
        Picture("225", "Published", Row(3, 8), good), Picture("Front", "Published", Row(3, 9), bad))))
    assert [image.source for image in outcome.product.images] == [good]
    assert outcome.refused[0][:3] == (Row(3, 9), "url", bad)
    assert outcome.origin("images") == ("images", (Row(3, 8),))
