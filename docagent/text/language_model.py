"""A small language model of printed words, used to choose between alternatives of the recognizer.

The probability of a word mixes a lexicon (English, names and the vocabulary of finance, law and
medicine) with a character n-gram model for words outside it, and is multiplied by the frequency of
its letter case. A word that follows a known word is also scored by word pairs. Costs are negative
natural logarithms of probabilities. ``python -m finetune.language_model`` writes the weights; see
``weights/language_model.md``.
"""

from __future__ import annotations

import json
import lzma
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docagent.errors import ModelError
from docagent.models import MODELS

WEIGHTS = Path(__file__).parents[1] / "weights" / "language_model.bin"
FORMAT = "docagent-lm-1"

COST_STEP_NATS = 0.1
"""Step in which costs are stored, one byte each."""
MAX_NGRAM_LENGTH = 5
"""Length of the longest character n-gram."""
LOG_BACKOFF = math.log(0.4)
"""Log-weight of a shorter context (stupid backoff; Brants et al., 2007)."""
LOG_UNSEEN_CHARACTER = math.log(1e-5)
LEXICON_SHARE = 0.95
PAIR_SHARE = 0.5
START, END = "^", "$"

_EDGE = ".,;:!?'\"()[]{}*#_|/\\$€£¥₹-&@%+=<>~"
_PARTS = re.compile(r"[-/&@.,:;_+()'’]+")
_SHAPES = {"lower": 0.55, "title": 0.25, "upper": 0.18, "mixed": 0.02}


@dataclass(frozen=True)
class LanguageModel:
    """Tables of costs.

    words: lower-case word -> cost. pairs: "word word" -> cost of the second word after the first.
    grams: 1 to MAX_NGRAM_LENGTH characters -> cost of the last character after the others.
    """

    words: Mapping[str, float]
    pairs: Mapping[str, float] = field(default_factory=dict)
    grams: Mapping[str, float] = field(default_factory=dict)

    def __contains__(self, text: str) -> bool:
        """Whether every part of a word is in the lexicon; punctuation is ignored."""
        parts = word_parts(text)
        return bool(parts) and all(digits_to_class(p.lower()) in self.words for p in parts)

    def log_probability(self, text: str, previous: str | None = None) -> float:
        """Natural logarithm of the probability of a printed word, given the word before it.

        Digits count as one class and punctuation at the edges costs nothing. A text without a
        letter or digit has log-probability 0.
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
        """Log-probability of a lower-case character after the characters before it in the word.

        ``START`` precedes the first character, and ``END`` is the character after the last one.
        """
        backed_off = 0.0
        for length in range(min(len(context), MAX_NGRAM_LENGTH - 1), -1, -1):
            cost = self.grams.get(context[len(context) - length :] + character)
            if cost is not None:
                return backed_off - cost
            backed_off += LOG_BACKOFF
        return backed_off + LOG_UNSEEN_CHARACTER

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
            self.character_log_probability(padded[max(0, i - MAX_NGRAM_LENGTH + 1) : i], padded[i])
            for i in range(1, len(padded))
        )


def word_parts(text: str) -> list[str]:
    """Strip punctuation from the edges of a printed word and split it at the punctuation inside."""
    return [part for part in _PARTS.split(text.strip(_EDGE)) if part]


def digits_to_class(text: str) -> str:
    """Replace every digit by 0; the model does not tell numbers apart."""
    return re.sub(r"\d", "0", text)


def letter_case(text: str) -> str:
    """Letter case of a word: lower, title, upper or mixed."""
    letters = "".join(c for c in text if c.isalpha())
    if letters == letters.lower():
        return "lower"
    if letters == letters.upper():
        return "upper" if len(letters) > 1 else "title"
    return "title" if letters[1:] == letters[1:].lower() else "mixed"


def dump_language_model(model: LanguageModel) -> bytes:
    """Bytes of a weight file: LZMA of a JSON header line, the keys of the tables, and their
    costs."""
    tables = (model.words, model.pairs, model.grams)
    header = json.dumps({"format": FORMAT, "sizes": [len(table) for table in tables]})
    keys = [key for table in tables for key in sorted(table)]
    costs = bytes(_to_byte(table[key]) for table in tables for key in sorted(table))
    body = "\n".join([header, *keys, ""]).encode("utf-8")
    return lzma.compress(body + b"\n" + costs, preset=9 | lzma.PRESET_EXTREME)


def parse_language_model(data: bytes, name: str) -> LanguageModel:
    """Parse a weight file. Raises ModelError if it is damaged; ``name`` appears in the message."""
    try:
        body, _, costs = lzma.decompress(data).partition(b"\n\n")
        header, *keys = body.decode("utf-8").split("\n")
        fields = json.loads(header)
        sizes = [int(size) for size in fields["sizes"]]
    except (lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name}: not a language model ({error}); train it again") from error
    if fields.get("format") != FORMAT or not sum(sizes) == len(keys) == len(costs):
        raise ModelError(f"{name}: a language model of another format; train it again")
    values = [byte * COST_STEP_NATS for byte in costs]
    tables: list[dict[str, float]] = []
    for size in sizes:
        tables.append(dict(zip(keys[:size], values[:size], strict=True)))
        keys, values = keys[size:], values[size:]
    return LanguageModel(*tables)


def load_language_model(path: Path = WEIGHTS) -> LanguageModel:
    """The shipped model, read once per process. Raises ModelError if it is missing or damaged."""
    return MODELS.get(_read_language_model, path)


def _read_language_model(path: Path) -> LanguageModel:
    if not path.exists():
        reason = f"{path}: missing; run `python -m finetune.language_model` to make it"
        raise ModelError(reason, "missing")
    return parse_language_model(path.read_bytes(), str(path))


def _to_byte(cost: float) -> int:
    return min(255, max(0, round(cost / COST_STEP_NATS)))


def _add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))"""
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))
