"""Confidence: aggregation over characters and words, cut-offs, and calibration.

A raw score only ranks. A calibrated confidence is the share of right answers among those with that
score. Calibrations are fitted on labelled documents and shipped as a small JSON file; without the
file, scores are used unchanged.
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
    """Every cut-off of the tasks; all are probabilities or ratios, 0-1.

    absent: the reader's "no such value" is accepted above this. candidate: spans with a lower score
    are dropped. illegible: a value whose weakest word is below this is not trusted
    (``finetune.calibrate`` makes sure that calibrated word confidences can be that low). rival:
    a field is ambiguous if another value reaches this ratio of the best score. answer: answers
    below this are withheld: of held-out questions as many are dealt with rightly as at any other
    (docs/report.md, risk and coverage). slot: words at or above this are never corrected. digits:
    words with digits at or above this are never corrected either (on 30 clean pages, without this
    cut-off and a rule on lengths, six numbers and codes were broken by misreadings that both reads
    shared).
    edit: the least probability of a correction for a word with confidence 0; it rises to 1 with
    the confidence of the word (27 receipts with an early recognizer: 102 words fixed and 4 broken;
    120 and 10 with a constant cut-off). unsure: a field below this is dropped if a sure field has
    the same words as evidence (``Settings.vlm.unsure`` decides which fields a vision-language
    model is asked for).
    """

    absent: float = 0.5
    candidate: float = 0.02
    illegible: float = 0.3
    rival: float = 0.8
    answer: float = 0.58
    slot: float = 0.9
    digits: float = 0.7
    edit: float = 0.8
    unsure: float = 0.8


THRESHOLDS = Thresholds()

DOUBTED_CHARACTER = 0.9
"""Characters with a lower confidence may be replaced by a correction."""


def minimum(values: Iterable[float | None]) -> float:
    """The lowest value; None counts as 1 (text of a native text layer). 1 if empty."""
    return min((value for value in values if value is not None), default=1.0)


def geometric_mean(values: Iterable[float | None]) -> float:
    """Geometric mean; None counts as 1. 1 if empty, 0 if any value is 0."""
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
    """Confidence of a word: an aggregate of its characters' confidences, calibrated.

    how: the minimum or the geometric mean. (The product would be too low for long words, as
    character errors are not independent.) table: maps the aggregate to the share of words with
    that aggregate that are right.
    """

    how: Aggregate = "minimum"
    table: Calibration | None = None

    def __call__(self, char_confidences: Sequence[float]) -> float:
        """The confidence of the word, 0-1; 1 if there are no characters."""
        raw = AGGREGATES[self.how](char_confidences)
        return self.table.apply(raw) if self.table and char_confidences else raw

    @classmethod
    def of(cls, settings: Settings) -> WordConfidence:
        """The aggregate that the settings name, with the table fitted for their weights, if any."""
        tables = load_calibrations(calibration_file(settings.weights_dir))
        return cls(settings.ocr.confidence, tables.get(f"word_{settings.ocr.confidence}"))


def words_confidence(words: Iterable[Word], how: Aggregate) -> float | None:
    """Aggregate confidence of several words; None if no word was recognised from pixels."""
    known = [word.confidence for word in words if word.confidence is not None]
    return round(AGGREGATES[how](known), 4) if known else None


def with_confidences(page: Page, how: Aggregate) -> Page:
    """The page with the confidence of each line and of the page set from those of the words."""
    lines = tuple(line.replace(confidence=words_confidence(line.words, how)) for line in page.lines)
    sure = words_confidence((word for line in lines for word in line.words), how)
    return page.replace(lines=lines, confidence=sure)


def span_confidence(document: Document, start: int, end: int) -> float:
    """Recognition confidence of ``document.words[start:end]``: geometric mean over the words."""
    return geometric_mean(word.word.confidence for word in document.words[start:end])


class Calibration(Frozen):
    """A monotone map from raw scores to probabilities, both 0-1.

    kind: ``temperature`` divides the log-odds by ``temperature`` (Guo et al., 2017); ``piecewise``
    interpolates linearly between knots (``scores``, ``probabilities``) fitted by isotonic
    regression (Zadrozny and Elkan, 2002); ``identity`` changes nothing.
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
    """The calibration file of a folder of weights; the shipped file if the folder has none or if
    no folder is given."""
    if weights_dir is not None and (weights_dir / CALIBRATION_FILE.name).exists():
        return weights_dir / CALIBRATION_FILE.name
    return CALIBRATION_FILE


def load_calibrations(path: Path = CALIBRATION_FILE) -> Mapping[str, Calibration]:
    """Calibrations by name (``field``, ``word_minimum``); empty if there is no file.

    The file is parsed once, and again when it has changed. Raises ModelError if it is damaged.
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
    """The temperature (0.1-10) with the least log loss.

    scores: raw scores, 0-1. right: whether each answer is right. Raises ValueError if there is no
    data.
    """
    _require_labels(scores, right)
    logits = np.array([_logit(score) for score in scores])
    signs = np.where(np.array(right), 1.0, -1.0)
    grid = np.exp(np.linspace(math.log(0.1), math.log(10), 200))
    losses = [float(np.logaddexp(0, -signs * logits / t).mean()) for t in grid]
    return Calibration(kind="temperature", temperature=float(grid[int(np.argmin(losses))]))


def fit_isotonic(scores: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Isotonic regression by pooling adjacent violators; each pool gives one knot, at its mean.

    scores: raw scores, 0-1. right: whether each answer is right. Half a right and half a wrong
    answer are added to each pool, so that no confidence is 0 or 1. Raises ValueError if there is
    no data.
    """
    _require_labels(scores, right)
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


def _require_labels(scores: Sequence[float], right: Sequence[bool]) -> None:
    if not scores or len(scores) != len(right):
        raise ValueError(f"{len(scores)} scores and {len(right)} labels; need as many, at least 1")


def _score_then_right(item: tuple[float, bool]) -> tuple[float, bool]:
    # Among equal scores the right answers come first, which violates the order and so puts all
    # of them into one pool.
    return item[0], not item[1]


def _rate(pool: tuple[float, float, int]) -> float:
    return pool[1] / pool[2]


def _logit(p: float) -> float:
    p = min(1 - 1e-6, max(1e-6, p))
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
