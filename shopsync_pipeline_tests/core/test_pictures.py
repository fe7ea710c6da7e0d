"""Pictures at first contact: recognised where that is certain, left alone where it is not."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.pictures import adopt_pictures, recognised

CDN = "https://cdn.example/files/"
Pair = tuple[str, str]


@pytest.mark.parametrize(("ours", "theirs", "addresses", "named"), [
    ([("http://x/lamp-1.jpg", "")], [("m1", "")], {"m1": CDN + "lamp-1.jpg?v=3"}, {"m1": "http://x/lamp-1.jpg"}),
    ([("http://x/Lamp%201.JPG", "")], [("m1", "")], {"m1": CDN + "lamp_1_3f2a.webp"}, {"m1": "http://x/Lamp%201.JPG"}),
    ([("http://x/lamp-1.jpg", "")], [("m1", "")], {"m1": CDN + "lamp-12.jpg"}, {}),
    ([("http://x/a/main.jpg", ""), ("http://x/b/main.jpg", "")], [("m1", ""), ("m2", "")],
     {"m1": CDN + "main.jpg", "m2": CDN + "main_2.jpg"}, {}),
    ([("http://x/front.jpg", "")], [("m1", ""), ("m2", "")], {"m1": CDN + "front.jpg", "m2": CDN + "front_9.jpg"}, {}),
    ([("http://x/front.jpg", ""), ("http://x/back.jpg", "")], [("m1", ""), ("m2", "")], {"m2": CDN + "back.jpg"},
     {"m2": "http://x/back.jpg"}),
    ([("http://x/ab.jpg", "")], [("m1", "")], {"m1": CDN + "ab.jpg"}, {}),
    ([("x", "Front"), ("y", "Back")], [("m1", "back"), ("m2", "front ")], {}, {"m1": "y", "m2": "x"}),
    ([("x", "Front")], [("m1", "front"), ("m2", "other")], {}, {}),
    ([("x", "Lamp"), ("y", "Lamp")], [("m1", "Lamp"), ("m2", "Lamp")], {}, {}),
    ([("x", "")], [("m1", "")], {}, {}),
    ([("x", "Front")], [("x", "Front")], {}, {}),
    ([], [], {}, {}),
], ids=["its file name", "however it is spelled", "another number", "one name for two", "two that have the name",
        "some of them", "a name too short to tell", "by alternative texts", "another count", "texts that say nothing",
        "no texts", "known already", "no pictures"])
def test_which_pictures_are_recognised(ours: list[Pair], theirs: list[Pair], addresses: dict[str, str],
                                       named: dict[str, str]) -> None:
    assert recognised(ours, theirs, addresses) == named


def pictures(*named: Pair) -> Value:
    return [{"source": source, "alt": alt} for source, alt in named]


def test_recognised_pictures_are_called_by_the_catalogs_sources_everywhere() -> None:
    local: dict[Path, Value] = {Path("images"): pictures(("x", "Front"), ("y", "Back"))}
    remote: dict[Path, Value] = {Path("title"): "Pot", Path("images"): pictures(("m1", "front"), ("m2", "back")),
                                 Path("variants[A].image"): "m2", Path("variants[B].image"): "elsewhere"}
    links = Links(product="1", images={"m1": "m1", "m2": "m2"})
    fields, found = adopt_pictures(local, remote, links)
    assert fields == {"title": "Pot", "images": pictures(("x", "front"), ("y", "back")), "variants[A].image": "y",
                      "variants[B].image": "elsewhere"}
    assert found == Links(product="1", images={"x": "m1", "y": "m2"})


def test_what_is_not_certain_stays_as_it_is() -> None:
    remote: dict[Path, Value] = {Path("images"): pictures(("m1", ""))}
    links = Links(product="1", images={"m1": "m1"})
    assert adopt_pictures({Path("images"): pictures(("x", ""))}, remote, links) == (remote, links)
    assert adopt_pictures({}, remote, links) == (remote, links)
