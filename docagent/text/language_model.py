"""A small language model of printed words: which of two readings is more likely text.

A word's probability mixes a lexicon (English, names and the vocabulary of finance, law and
medicine, with costs) with a character n-gram model for words outside it, times how common its
letter case is. A word that follows a known one is also scored by word pairs. Written by
``python -m finetune.language_model``; see ``weights/language_model.md``.
"""

from __future__ import annotations

import json
import lzma
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from docagent.errors import ModelError

WEIGHTS = Path(__file__).parents[1] / "weights" / "language_model.bin"
FORMAT = "docagent-lm-1"

COST_STEP = 0.1
"""Costs (-natural log of probability) are stored in one byte, in steps of this."""
ORDER = 5
BACKOFF = math.log(0.4)
"""Weight of a shorter context (stupid backoff; Brants et al., 2007)."""
UNSEEN_CHARACTER = math.log(1e-5)
LEXICON_SHARE = 0.95
PAIR_SHARE = 0.5
START, END = "^", "$"

_EDGE = ".,;:!?'\"()[]{}*#_|/\\$€£¥₹-&@%+=<>~"
_PARTS = re.compile(r"[-/&@.,:;_+()'’]+")
_SHAPES = {"lower": 0.55, "title": 0.25, "upper": 0.18, "mixed": 0.02}


@dataclass(frozen=True)
class LanguageModel:
    """words: lower-case word -> cost. pairs: "word word" -> cost of the second after the
    first. grams: 1 to ORDER characters -> cost of the last after the others."""

    words: Mapping[str, float]
    pairs: Mapping[str, float] = field(default_factory=dict)
    grams: Mapping[str, float] = field(default_factory=dict)

    def __contains__(self, text: str) -> bool:
        """Whether every part of the word (punctuation aside) is in the lexicon."""
        parts = word_parts(text)
        return bool(parts) and all(digits_to_class(p.lower()) in self.words for p in parts)

    def log_probability(self, text: str, previous: str | None = None) -> float:
        """Natural logarithm of the probability of a printed word, after another one.

        Digits count as one class; punctuation at the edges costs nothing. Text without a
        letter or digit has 0.
        """
        parts = word_parts(text)
        if not parts:
            return 0.0
        before = word_parts(previous or "")
        context = before[-1].lower() if before else None
        return sum(
            self._part(part, context if index == 0 else None) for index, part in enumerate(parts)
        )

    def character_log_probability(self, context: str, character: str) -> float:
        """Of a lower-case character after the characters before it in the word.

        START opens a word and END is the character after the last one.
        """
        backed_off = 0.0
        for length in range(min(len(context), ORDER - 1), -1, -1):
            cost = self.grams.get(context[len(context) - length :] + character)
            if cost is not None:
                return backed_off - cost
            backed_off += BACKOFF
        return backed_off + UNSEEN_CHARACTER

    def _part(self, text: str, context: str | None) -> float:
        lower = digits_to_class(text.lower())
        known = self.words.get(lower)
        score = math.log(1 - LEXICON_SHARE) + self._spelling(lower)
        if known is not None:
            score = _add(score, math.log(LEXICON_SHARE) - known)
        pair = self.pairs.get(f"{context} {lower}") if context else None
        if pair is not None:
            score = _add(score + math.log(1 - PAIR_SHARE), math.log(PAIR_SHARE) - pair)
        return score + math.log(_SHAPES[letter_case(text)])

    def _spelling(self, lower: str) -> float:
        padded = START + lower + END
        return sum(
            self.character_log_probability(padded[max(0, i - ORDER + 1) : i], padded[i])
            for i in range(1, len(padded))
        )


def word_parts(text: str) -> list[str]:
    """A printed word without punctuation at its edges, cut at the punctuation inside."""
    return [part for part in _PARTS.split(text.strip(_EDGE)) if part]


def digits_to_class(text: str) -> str:
    """Every digit becomes 0: the model knows that numbers exist, not which."""
    return re.sub(r"\d", "0", text)


def letter_case(text: str) -> str:
    """lower, title, upper or mixed."""
    letters = "".join(c for c in text if c.isalpha())
    if letters == letters.lower():
        return "lower"
    if letters == letters.upper():
        return "upper" if len(letters) > 1 else "title"
    return "title" if letters[1:] == letters[1:].lower() else "mixed"


def dump_language_model(model: LanguageModel) -> bytes:
    """The weight file: LZMA of a JSON header line, then the tables' keys, then their costs."""
    tables = (model.words, model.pairs, model.grams)
    header = json.dumps({"format": FORMAT, "sizes": [len(table) for table in tables]})
    keys = [key for table in tables for key in sorted(table)]
    costs = bytes(_to_byte(table[key]) for table in tables for key in sorted(table))
    body = "\n".join([header, *keys, ""]).encode("utf-8")
    return lzma.compress(body + b"\n" + costs, preset=9 | lzma.PRESET_EXTREME)


def parse_language_model(data: bytes, name: str) -> LanguageModel:
    """The model in a weight file; ``name`` is for the error. Raises ModelError if damaged."""
    try:
        body, _, costs = lzma.decompress(data).partition(b"\n\n")
        header, *keys = body.decode("utf-8").split("\n")
        fields = json.loads(header)
        sizes = [int(size) for size in fields["sizes"]]
    except (lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name}: not a language model ({error}); train it again") from error
    if fields.get("format") != FORMAT or not sum(sizes) == len(keys) == len(costs):
        raise ModelError(f"{name}: a language model of another format; train it again")
    values = [byte * COST_STEP for byte in costs]
    tables: list[dict[str, float]] = []
    for size in sizes:
        tables.append(dict(zip(keys[:size], values[:size], strict=True)))
        keys, values = keys[size:], values[size:]
    return LanguageModel(*tables)


@cache
def load_language_model(path: Path = WEIGHTS) -> LanguageModel:
    """The shipped model, read once per process. Raises ModelError if missing or damaged."""
    if not path.exists():
        reason = f"{path}: missing; run `python -m finetune.language_model` to make it"
        raise ModelError(reason, "missing")
    return parse_language_model(path.read_bytes(), str(path))


def _to_byte(cost: float) -> int:
    return min(255, max(0, round(cost / COST_STEP)))


def _add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))"""
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))
