"""Confidence: how it is combined, where the cut-offs are, and how it is calibrated on data.

A raw score ranks; a calibrated confidence is the share of right answers among those with that
score. Calibration is a table fitted on labelled documents and shipped as a small JSON file;
without the file scores pass unchanged.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError, model_validator

from docagent.document import Document, Frozen, Page, Word
from docagent.errors import ModelError
from docagent.models import MODELS
from docagent.settings import Aggregate, Settings

CALIBRATION_FILE = Path(__file__).parent / "weights" / "calibration.json"


@dataclass(frozen=True)
class Thresholds:
    """Every cut-off the tasks use; all are probabilities or ratios, 0-1.

    absent: above this the reader's "no such value" is believed. candidate: spans with a lower
    score are not considered. illegible: a value whose weakest word is below it is not trusted
    (tables of word confidences have to reach below it; ``finetune.calibrate`` sees to that).
    rival: another value this close (ratio of scores) makes the field ambiguous. answer:
    answers below it are withheld. slot: words at or above it are never corrected. digits: nor
    are words with digits at or above it (30 clean pages: without it and a rule on lengths, six
    numbers and codes were broken by readings that two looks shared). edit: how sure a correction
    must be of a word with confidence 0; it rises to 1 with the confidence (27 receipts with an
    early recognizer: 102 words mended and 4 broken; 120 and 10 with the plain cut-off).
    shown: a calibrated answer of the reader below it is withheld: of 91 answers with 0.3 to 0.7 to
    questions on contracts and forms 41 % were right, of 75 with 0.7 and more 73 %.
    unsure: a field below it is not believed where a sure one stands on the same words (which fields
    a vision-language model is asked for is ``Settings.vlm.unsure``).
    """

    absent: float = 0.5
    candidate: float = 0.02
    illegible: float = 0.3
    rival: float = 0.8
    answer: float = 0.3
    slot: float = 0.9
    digits: float = 0.7
    edit: float = 0.8
    unsure: float = 0.8
    shown: float = 0.7


THRESHOLDS = Thresholds()

DOUBTED_CHARACTER = 0.9
"""Confidence of a character below which another reading of it is considered."""


def minimum(values: Iterable[float | None]) -> float:
    """The weakest value; None counts as certain (text that was not recognised). 1 if empty."""
    return min((value for value in values if value is not None), default=1.0)


def geometric_mean(values: Iterable[float | None]) -> float:
    """Geometric mean; None counts as certain. 1 if empty, 0 if any value is 0."""
    known = [1.0 if value is None else value for value in values]
    if not known:
        return 1.0
    if min(known) <= 0:
        return 0.0
    return math.exp(sum(math.log(value) for value in known) / len(known))


AGGREGATES: Mapping[Aggregate, Callable[[Iterable[float | None]], float]] = {
    "minimum": minimum,
    "geometric_mean": geometric_mean,
}


@dataclass(frozen=True)
class WordConfidence:
    """Confidence of a word from those of its characters, put together and calibrated.

    how: the weakest character, or their geometric mean. (The product would punish long words,
    as errors inside a word come together.) table: from the aggregate to the share of words
    with it that are right.
    """

    how: Aggregate = "minimum"
    table: Calibration | None = None

    def __call__(self, char_confidences: Sequence[float]) -> float:
        """0-1; 1 if there are no characters."""
        raw = AGGREGATES[self.how](char_confidences)
        return self.table.apply(raw) if self.table and char_confidences else raw

    @classmethod
    def of(cls, settings: Settings) -> WordConfidence:
        """As the settings say, with the table that belongs to their weights, if there is one."""
        tables = load_calibrations(calibration_file(settings.weights_dir))
        return cls(settings.ocr.confidence, tables.get(f"word_{settings.ocr.confidence}"))


def words_confidence(words: Iterable[Word], how: Aggregate) -> float | None:
    """Confidence of several words together; None if none was recognised from pixels."""
    known = [word.confidence for word in words if word.confidence is not None]
    return round(AGGREGATES[how](known), 4) if known else None


def with_confidences(page: Page, how: Aggregate) -> Page:
    """The page with its confidence and those of its lines, put together from the words'."""
    lines = tuple(line.replace(confidence=words_confidence(line.words, how)) for line in page.lines)
    sure = words_confidence((word for line in lines for word in line.words), how)
    return page.replace(lines=lines, confidence=sure)


def span_confidence(document: Document, start: int, end: int) -> float:
    """Recognition confidence of ``document.words[start:end]``: geometric mean over the words."""
    return geometric_mean(word.word.confidence for word in document.words[start:end])


class Calibration(Frozen):
    """A monotone map from raw scores to probabilities, both 0-1.

    temperature: the log-odds are divided by it (Guo et al., 2017). piecewise: straight lines
    between knots fitted by isotonic regression (Zadrozny and Elkan, 2002). identity: as is.
    """

    kind: Literal["identity", "temperature", "piecewise"] = "identity"
    temperature: float = 1.0
    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Calibration:
        if self.temperature <= 0:
            raise ValueError(f"temperature is {self.temperature}; it must be above 0")
        if len(self.scores) != len(self.probabilities):
            raise ValueError("scores and probabilities must be of the same length")
        for knots in (self.scores, self.probabilities):
            if list(knots) != sorted(knots) or any(not 0 <= k <= 1 for k in knots):
                raise ValueError("scores and probabilities must rise within 0-1")
        if self.kind == "piecewise" and not self.scores:
            raise ValueError("a piecewise calibration needs at least one knot")
        return self

    def apply(self, score: float) -> float:
        """The calibrated probability, 0-1; a score outside 0-1 is clipped first."""
        score = min(1.0, max(0.0, score))
        if self.kind == "temperature":
            return _sigmoid(_logit(score) / self.temperature)
        if self.kind == "piecewise":
            return float(np.interp(score, self.scores, self.probabilities))
        return score


IDENTITY = Calibration()


def calibration_file(weights_dir: Path | None) -> Path:
    """The tables that were fitted for networks, in the folder of those; the shipped ones where it
    has none, or where the shipped networks are used."""
    if weights_dir is not None and (weights_dir / CALIBRATION_FILE.name).exists():
        return weights_dir / CALIBRATION_FILE.name
    return CALIBRATION_FILE


def load_calibrations(path: Path = CALIBRATION_FILE) -> Mapping[str, Calibration]:
    """Calibrations by name (``field``, ``word_minimum``); empty if there is no file. Read once,
    and again when the file has changed.

    Raises ModelError if the file is damaged.
    """
    return MODELS.get(_read_calibrations, path)


def _read_calibrations(path: Path) -> Mapping[str, Calibration]:
    if not path.exists():
        return {}
    try:
        tables = json.loads(path.read_text("utf-8"))
        return {name: Calibration.model_validate(table) for name, table in tables.items()}
    except (ValueError, AttributeError, ValidationError) as error:
        raise ModelError(f"{path}: not a calibration file ({error}); fit it again") from error


def save_calibrations(calibrations: Mapping[str, Calibration], path: Path) -> None:
    """Write the file that ``load_calibrations`` reads."""
    tables = {name: c.model_dump(exclude_defaults=True) for name, c in calibrations.items()}
    path.write_text(json.dumps(tables, indent=2) + "\n", "utf-8")


def fit_temperature(scores: Sequence[float], right: Sequence[bool]) -> Calibration:
    """The temperature, 0.1-10, with the least log loss. Raises ValueError if there is no data."""
    if not scores or len(scores) != len(right):
        raise ValueError(f"{len(scores)} scores and {len(right)} labels; need as many, at least 1")
    logits = np.array([_logit(score) for score in scores])
    signs = np.where(np.array(right), 1.0, -1.0)
    grid = np.exp(np.linspace(math.log(0.1), math.log(10), 200))
    losses = [float(np.logaddexp(0, -signs * logits / t).mean()) for t in grid]
    return Calibration(kind="temperature", temperature=float(grid[int(np.argmin(losses))]))


def fit_isotonic(scores: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Isotonic regression by pooling adjacent violators; a knot at the mean of each pool.

    Each pool gets half a right and half a wrong answer more, so that no confidence is 0 or 1.
    Raises ValueError if there is no data.
    """
    if not scores or len(scores) != len(right):
        raise ValueError(f"{len(scores)} scores and {len(right)} labels; need as many, at least 1")
    pools: list[tuple[float, float, int]] = []  # sum of scores, sum of right, count
    for score, label in sorted(zip(scores, right, strict=True), key=_score_then_right):
        pools.append((score, float(label), 1))
        while len(pools) > 1 and _rate(pools[-2]) >= _rate(pools[-1]):
            last, before = pools.pop(), pools.pop()
            pools.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    knots = np.array([(total / n, (hits + 0.5) / (n + 1)) for total, hits, n in pools])
    rising = np.maximum.accumulate(knots[:, 1])
    return Calibration(
        kind="piecewise", scores=tuple(knots[:, 0].tolist()), probabilities=tuple(rising.tolist())
    )


def _score_then_right(item: tuple[float, bool]) -> tuple[float, bool]:
    # Of equal scores the right ones come first: out of order, so they fall into one pool.
    return item[0], not item[1]


def _rate(pool: tuple[float, float, int]) -> float:
    return pool[1] / pool[2]


def _logit(p: float) -> float:
    p = min(1 - 1e-6, max(1e-6, p))
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
