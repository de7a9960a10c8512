"""Words found at the right place, and pages as one string. Boxes are (x0, y0, x1, y1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.geometry import BBox
from eval.metrics import Counts, ErrorRate, bag_of_words, cer, fold_text, wer

IOU = 0.5


@dataclass(frozen=True)
class TextBox:
    """Text and its axis-aligned box; confidence 0-1 where an engine gives one."""

    text: str
    box: BBox
    confidence: float | None = None


@dataclass(frozen=True)
class PageScore:
    """One page: words end to end, words found without regard to text, bag of words, CER, WER.

    cer: with case and spaces. page_cer: without, in the normalised reading order.
    """

    words: Counts
    detection: Counts
    bag: Counts
    cer: ErrorRate
    page_cer: ErrorRate
    wer: ErrorRate

    def __add__(self, other: PageScore) -> PageScore:
        return PageScore(
            self.words + other.words,
            self.detection + other.detection,
            self.bag + other.bag,
            self.cer + other.cer,
            self.page_cer + other.page_cer,
            self.wer + other.wer,
        )


EMPTY_SCORE = PageScore(Counts(), Counts(), Counts(), ErrorRate(), ErrorRate(), ErrorRate())


def iou_matrix(a: Sequence[BBox], b: Sequence[BBox]) -> NDArray[np.float64]:
    """Intersection over union of every box of ``a`` with every box of ``b``: (len a, len b)."""
    if not a or not b:
        return np.zeros((len(a), len(b)))
    p = np.asarray(a, dtype=np.float64)[:, None, :]
    q = np.asarray(b, dtype=np.float64)[None, :, :]
    sides = np.minimum(p[..., 2:], q[..., 2:]) - np.maximum(p[..., :2], q[..., :2])
    inter = np.prod(np.clip(sides, 0, None), axis=-1)
    area_p = np.prod(np.clip(p[..., 2:] - p[..., :2], 0, None), axis=-1)
    area_q = np.prod(np.clip(q[..., 2:] - q[..., :2], 0, None), axis=-1)
    union = area_p + area_q - inter
    iou: NDArray[np.float64] = np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)
    return iou


def match_boxes(
    predicted: Sequence[TextBox],
    truth: Sequence[TextBox],
    same: Callable[[str, str], bool] | None = None,
    threshold: float = IOU,
) -> list[tuple[int, int]]:
    """Pairs (predicted index, true index), one to one, as many as possible.

    A pair needs IoU >= ``threshold`` and, if ``same`` is given, ``same(text, true text)``.
    A maximum bipartite matching (augmenting paths), so it does not depend on who comes first.
    """
    overlap = iou_matrix([p.box for p in predicted], [t.box for t in truth])
    options: list[list[int]] = []
    for i, p in enumerate(predicted):
        near = [int(j) for j in np.flatnonzero(overlap[i] >= threshold)]
        fit = [j for j in near if same is None or same(p.text, truth[j].text)]
        options.append(sorted(fit, key=lambda j, row=overlap[i]: -row[j]))  # type: ignore[misc]
    owner: dict[int, int] = {}
    for i in range(len(predicted)):
        _augment(i, options, owner, set())
    return sorted((i, j) for j, i in owner.items())


def _augment(i: int, options: list[list[int]], owner: dict[int, int], seen: set[int]) -> bool:
    for j in options[i]:
        if j in seen:
            continue
        seen.add(j)
        if j not in owner or _augment(owner[j], options, owner, seen):
            owner[j] = i
            return True
    return False


def equal_text(case: bool) -> Callable[[str, str], bool]:
    """Equality of folded text, with or without regard to case."""
    return lambda a, b: fold_text(a, case) == fold_text(b, case)


def word_counts(
    predicted: Sequence[TextBox], truth: Sequence[TextBox], case: bool = True
) -> Counts:
    """End-to-end words: one-to-one, IoU >= 0.5 and equal text."""
    pairs = match_boxes(predicted, truth, equal_text(case))
    return Counts(len(pairs), len(predicted), len(truth))


def detection_counts(predicted: Sequence[TextBox], truth: Sequence[TextBox]) -> Counts:
    """Words found at IoU >= 0.5, whatever was read there."""
    return Counts(len(match_boxes(predicted, truth)), len(predicted), len(truth))


def reading_order(boxes: Sequence[TextBox]) -> list[TextBox]:
    """Boxes row by row, left to right: the same rule for truth and prediction."""
    return [item for row in boxes_to_rows(boxes) for item in row]


def boxes_to_rows(boxes: Sequence[TextBox]) -> list[list[TextBox]]:
    """Rows from the top, each from the left.

    Boxes are taken by the y of their centre. One joins the last row if it shares at least half
    of the smaller height with the row's mean top and bottom; otherwise it opens a row. Within
    a row boxes go by x of the left edge. Columns are therefore read across, on both sides.
    """
    rows: list[list[TextBox]] = []
    for item in sorted(boxes, key=lambda b: (b.box[1] + b.box[3], b.box[0])):
        if rows and _in_row(item.box, rows[-1]):
            rows[-1].append(item)
        else:
            rows.append([item])
    return [sorted(row, key=lambda b: b.box[0]) for row in rows]


def _in_row(box: BBox, row: Sequence[TextBox]) -> bool:
    top = sum(item.box[1] for item in row) / len(row)
    bottom = sum(item.box[3] for item in row) / len(row)
    shared = min(bottom, box[3]) - max(top, box[1])
    return shared >= 0.5 * min(bottom - top, box[3] - box[1])


def boxes_to_text(boxes: Sequence[TextBox], case: bool = True, spaces: bool = True) -> str:
    """One string in the normalised reading order, folded; optionally without case or spaces."""
    text = fold_text(" ".join(item.text for item in reading_order(boxes)), case)
    return text if spaces else text.replace(" ", "")


def page_cer(predicted: Sequence[TextBox], truth: Sequence[TextBox]) -> ErrorRate:
    """Character errors of a page: reading order normalised, case and spaces ignored."""
    return cer(
        boxes_to_text(predicted, case=False, spaces=False),
        boxes_to_text(truth, case=False, spaces=False),
    )


def score_page(
    predicted: Sequence[TextBox], truth: Sequence[TextBox], case: bool = True
) -> PageScore:
    """All OCR scores of a page from its words. ``case``: of words, bag of words, CER and WER."""
    read, true = boxes_to_text(predicted, case), boxes_to_text(truth, case)
    return PageScore(
        words=word_counts(predicted, truth, case),
        detection=detection_counts(predicted, truth),
        bag=bag_of_words(
            [fold_text(p.text, case) for p in predicted], [fold_text(t.text, case) for t in truth]
        ),
        cer=cer(read, true),
        page_cer=page_cer(predicted, truth),
        wer=wer(read, true),
    )


def segment_to_words(segment: TextBox) -> list[TextBox]:
    """Cut a segment into words, its width shared in proportion to characters (spaces too)."""
    x0, y0, x1, y1 = segment.box
    text = " ".join(segment.text.split())
    step = (x1 - x0) / max(1, len(text))
    words: list[TextBox] = []
    start = 0
    for word in text.split():
        box = (x0 + start * step, y0, x0 + (start + len(word)) * step, y1)
        words.append(TextBox(word, box, segment.confidence))
        start += len(word) + 1
    return words
