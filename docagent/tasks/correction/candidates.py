"""Other readings of a word: those of the recognizer, and exchanges of shapes that look alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docagent.confidence import DOUBTED_CHARACTER
from docagent.document import Word

CONFUSION_PRIOR = 0.2
"""How often a doubted character is the look-alike that is offered, before looking."""

CONFUSIONS: dict[str, tuple[str, ...]] = {
    "rn": ("m",),
    "m": ("rn",),
    "cl": ("d",),
    "d": ("cl",),
    "vv": ("w",),
    "w": ("vv",),
    "li": ("h",),
    "h": ("b", "li"),
    "b": ("h",),
    "e": ("c", "o"),
    "c": ("e", "o"),
    "o": ("e", "c"),
    "l": ("I", "i", "1", "t"),
    "I": ("l", "1", "T"),
    "i": ("l", "j"),
    "t": ("l", "f"),
    "f": ("t",),
    "1": ("l", "I"),
    "0": ("O", "o"),
    "O": ("0", "Q", "D"),
    "5": ("S", "s"),
    "S": ("5",),
    "8": ("B",),
    "B": ("8", "E"),
    "E": ("B", "F"),
    "F": ("E", "P"),
    "D": ("O",),
    "6": ("G",),
    "G": ("6", "C"),
    "2": ("Z",),
    "Z": ("2",),
    "u": ("n",),
    "n": ("u",),
    "a": ("o",),
    "g": ("q",),
    "q": ("g",),
    "y": ("v",),
    "v": ("y",),
    "H": ("N",),
    "N": ("H",),
    "U": ("V",),
    "V": ("U",),
    "C": ("G",),
    "P": ("F", "R"),
    "R": ("P",),
    "T": ("I",),
}


@dataclass(frozen=True)
class Candidate:
    """Another text for a word: recognition probability 0-1, and where it comes from."""

    text: str
    probability: float
    source: str


def candidates(word: Word) -> list[Candidate]:
    """Other readings of a word, without repetitions, each without spaces and not empty."""
    found: dict[str, Candidate] = {}
    for option in word.alternatives:
        found[option.text] = Candidate(option.text, option.confidence, "recognizer")
    for text, probability in look_alikes(word):
        if text not in found or probability > found[text].probability:
            found.setdefault(text, Candidate(text, probability, "look-alike"))
    usable = (c for c in found.values() if c.text != word.text and c.text.split() == [c.text])
    return list(usable)


def look_alikes(word: Word) -> Iterator[tuple[str, float]]:
    """The word with one doubted character, or pair, replaced by a shape like it."""
    text, confidences = word.text, word.char_confidences
    if len(confidences) != len(text):
        return
    for i in range(len(text)):
        for length in (1, 2):
            doubt = 1 - min(confidences[i : i + length])
            if doubt < 1 - DOUBTED_CHARACTER or i + length > len(text):
                continue
            for shape in CONFUSIONS.get(text[i : i + length], ()):
                yield text[:i] + shape + text[i + length :], doubt * CONFUSION_PRIOR


def are_look_alike_digits(before: str, after: str) -> bool:
    """Whether letters that become digits, and digits that become letters, look like them. Two reads
    of one network may make the same mistake: "32U740" is no number."""
    return all(
        b in CONFUSIONS.get(a, ()) or a in CONFUSIONS.get(b, ())
        for a, b in zip(before, after, strict=True)
        if a.isalnum() and b.isalnum() and a.isalpha() != b.isalpha()
    )
