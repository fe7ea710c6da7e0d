"""Text in the wrong encoding is found by what it is, and words that only look like it are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.mojibake import mojibake, repaired
from shopsync_pipeline_tests.core.samples import LAW


def misread(text: str) -> str:
    """What a program shows that takes UTF-8 for Windows-1252 and lets the bytes through that it does not know."""
    return "".join(
        chr(byte) if byte in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else bytes([byte]).decode("cp1252")
        for byte in text.encode())


@pytest.mark.parametrize("text", [
    "é", "protégé", "it’s", "5 °C", "naïve", "Maison Égaline", "“quoted”", "Corvane™", "Corvane®", "10 µm", "½", "£5",
    "€5", "dash – dash", "cœur", "š", "привет", "αβγ", "🎉", "…", "•",
])
def test_utf_8_read_as_windows_1252_is_found_and_told_as_it_was_meant(text: str) -> None:
    wrong = misread(text)
    assert mojibake(wrong) is not None
    assert repaired(wrong) == text


@pytest.mark.parametrize("wrong", [
    "a\ufffdb", "don\x92t", "\x93quoted\x94", "1\x962", "ï»¿Title", "Ã la carte", "9 â€",
])
def test_other_traces_of_a_wrong_encoding_are_found(wrong: str) -> None:
    assert mojibake(wrong) is not None


@pytest.mark.parametrize("right", [
    "", "plain", "NESCAFÉ®", "Café™", "CAFÉ’S", "PÂTÉ “MAISON”", "CHÂTEAU®", "CITROËN®", "JALAPEÑO®", "FAÇADE™",
    "HÄAGEN-DAZS®", "à la «carte»", "30° – 40°", "São Paulo, SÃO PAULO", "IRMÃ de", "tâche – été", "naïve “x”",
    "Señor Ñandú", "Å – 5", "ØÅ-1", "привет", "ΑΒΓ®", "日本", "🎉", "Crème de Menthe", "½ × ¾", "Île-de-France",
    "½\u00a0in",
])
def test_words_that_are_right_are_left_alone(right: str) -> None:
    assert mojibake(right) is None


def test_the_place_is_shown_with_what_stands_around_it() -> None:
    assert mojibake("a" * 500 + "Ã©" + "b" * 500) == "a" * 30 + "Ã©" + "b" * 30


@LAW
@given(st.text(alphabet="abz éüàçñ’“”–™°®½", min_size=1))
def test_what_french_spanish_and_punctuation_become_is_always_found(text: str) -> None:
    wrong = misread(text)
    assert (mojibake(wrong) is not None) == (not text.isascii())
    assert (mojibake(text)) is None


@LAW
@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    found = mojibake(text)
    assert found is None or found in text
    repaired(text)
