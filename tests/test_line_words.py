"""Letter-spaced headings become words; ordinary lines and rows of figures stay as they are."""

from __future__ import annotations

import pytest

from docagent.ocr.recognition.line_words import join_spaced_letters
from docagent.ocr.types import CharReading, WordReading


def words(*placed: tuple[str, float]) -> list[WordReading]:
    """Words by text and left edge; every character is 0.02 wide."""
    made = []
    for text, left in placed:
        chars = [
            CharReading(c, 0.9, left + 0.02 * i, left + 0.02 * (i + 1)) for i, c in enumerate(text)
        ]
        made.append(WordReading(tuple(chars)))
    return made


def spaced(text: str, gap: float) -> list[WordReading]:
    """Letters ``gap`` apart, words twice that."""
    left, placed = 0.0, []
    for char in text:
        if char == " ":
            left += gap
            continue
        placed.append((char, left))
        left += 0.02 + gap
    return words(*placed)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (spaced("SPORTS SHEET", 0.015), ["SPORTS", "SHEET"]),
        (spaced("INVOICE", 0.02), ["INVOICE"]),
        (spaced("123456", 0.12), list("123456")),  # cells of a table
        (words(("To", 0.0), ("be", 0.05), ("or", 0.1), ("not", 0.15)), ["To", "be", "or", "not"]),
        (words(("The", 0.0), ("total", 0.1)), ["The", "total"]),
        ([], []),
    ],
)
def test_letters_join_where_the_gaps_say_so(line: list[WordReading], wanted: list[str]) -> None:
    joined = join_spaced_letters(line)
    assert ["".join(c.text for c in word.chars) for word in joined] == wanted
    assert [c for word in joined for c in word.chars] == [c for word in line for c in word.chars]
