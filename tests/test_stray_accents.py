"""Accents on pages whose language has none."""

from __future__ import annotations

import pytest

from docagent.document import Line, Word
from docagent.geometry import bbox_to_polygon
from docagent.ocr.stray_accents import MIN_WORDS, without_stray_accents

PLAIN = ("total", "amount", "cash", "change") * 15


def line(*texts: str, sure: float) -> Line:
    """A line whose accents, and only they, have a confidence."""
    return Line(
        words=tuple(
            Word(
                text=text,
                polygon=bbox_to_polygon((0, 0, 0.1, 0.02)),
                confidence=sure,
                char_confidences=tuple(1.0 if c.isascii() else sure for c in text),
            )
            for text in texts
        )
    )


@pytest.mark.parametrize(
    ("texts", "sure", "read"),
    [
        ((*PLAIN, "Pélabur"), 0.5, "Pelabur"),
        ((*PLAIN, "ÇASH"), 0.6, "CASH"),
        ((*PLAIN, "café"), 0.99, "café"),
        ((*PLAIN, "Straße"), 0.5, "Straße"),
        ((*PLAIN, *("à", "été", "créé", "où") * 2, "Pélabur"), 0.5, "Pélabur"),
        ((*PLAIN[: MIN_WORDS - 5], "Pélabur"), 0.5, "Pélabur"),
    ],
)
def test_an_unsure_accent_on_a_page_without_any_is_a_speck(
    texts: tuple[str, ...], sure: float, read: str
) -> None:
    (changed,) = without_stray_accents([line(*texts, sure=sure)])
    assert changed.words[-1].text == read
    assert [word.text for word in changed.words[:-1]] == list(texts[:-1])
