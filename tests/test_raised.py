"""Raised digits of a text layer: footnote marks, powers and cents."""

from __future__ import annotations

from typing import Any

import pytest

from docagent.sources.pdf.text_layer import chars_to_words


def drawn(text: str) -> list[dict[str, Any]]:
    """Characters of a line; what stands between ^ and ^ is small and raised, # is a narrow gap."""
    chars, x, raised = [], 50.0, False
    for letter in text:
        if letter == "^":
            raised = not raised
            continue
        width = 3.4 if raised or letter == "#" else 6.0
        top, bottom = (99.5, 106.0) if raised else (100.0, 111.0)
        if letter not in " #":
            chars.append(
                {
                    "text": letter,
                    "x0": x,
                    "x1": x + width,
                    "top": top,
                    "bottom": bottom,
                    "size": bottom - top,
                    "matrix": (1, 0, 0, 1, 0, 0),
                }
            )
        x += width
    return chars


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("483.20^2^", ["483.20", "²"]),
        ("Osei^1,3^", ["Osei", "¹,³"]),
        ("A 12 m^2^", ["A", "12", "m²"]),
        ("10^9^/L", ["10⁹/L"]),
        ("£7#^95^", ["£7", "⁹⁵"]),
        ("483.202", ["483.202"]),
        ("2^nd^ May", ["2nd", "May"]),
    ],
)
def test_raised_digits_are_no_digits_of_the_number_before(printed: str, words: list[str]) -> None:
    made = chars_to_words(drawn(printed), 600, 800, 0)
    assert sorted(word.text for word in made) == sorted(words)
