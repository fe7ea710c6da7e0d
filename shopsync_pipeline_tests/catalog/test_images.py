"""Which rows of productimages become pictures, and in which order."""

from __future__ import annotations

from shopsync_pipeline.catalog import ProjectionRules
from shopsync_pipeline.catalog.inquire.images import images_of
from shopsync_pipeline.catalog.inquire.record import Picture

RULES = ProjectionRules()


def kinds(*types: str, status: str = "Published", rules: ProjectionRules = RULES) -> list[str]:
    images = images_of(7, "Binder", [Picture(kind, status) for kind in types], rules)
    return [image.source.split("/")[-2] for image in images]


def test_one_picture_at_many_sizes_is_shown_once_at_its_largest() -> None:
    assert kinds("75", "1500", "300", "Large", "Thumbnail", "225") == ["1500"]
    assert kinds("Thumbnail", "Large") == ["Large"]
    assert kinds("500", "5000") == ["500"]
    assert kinds("500", "900", rules=ProjectionRules(image_size_limit=600)) == ["500"]


def test_angles_prefer_their_maximum_twin_and_have_a_fixed_order() -> None:
    assert kinds("Rear", "RearMaximum", "FrontMaximum", "Front", "500", "Top") == [
        "500", "FrontMaximum", "RearMaximum", "Top"]


def test_numbered_views_are_sorted_as_numbers() -> None:
    assert kinds("Alternate-Image10", "Alternate-Image2", "Alternate-Image1") == [
        "Alternate-Image1", "Alternate-Image2", "Alternate-Image10"]


def test_documents_and_unknown_types_are_no_pictures() -> None:
    assert kinds("User-Manual", "Manufacturer-Brochure", "HTML", "Tour", "Additional-pdf4", "Energy-Guide") == []


def test_only_published_pictures_count() -> None:
    assert kinds("500", status="Series Published") == ["500"]
    assert kinds("500", status="Third Party Series Published") == ["500"]
    assert kinds("500", status="Pending") == []


def test_alternative_texts_say_what_is_seen() -> None:
    images = images_of(7, "Binder", [Picture("500", "Published"), Picture("Life-Style", "Published")], RULES)
    assert [image.alt for image in images] == ["Binder", "Life Style – Binder"]
