"""Turn labelled images into crops with texts and pages with lines, at the size serving uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.errors import SourceError
from docagent.ocr.detection.input_scaling import detection_view
from docagent.ocr.preprocess import flatten_lighting
from docagent.ocr.recognition.crops import cut_crop, quad_size, whole_image
from docagent.ocr.types import Image
from docagent.settings import Settings
from docagent.sources.scan import load
from finetune.ocr.labelled_data import LabelledImage, LabelledLine, fold_label
from finetune.ocr.types import LineSample, PageSample

ANY_SIZE = Settings(min_side=1)
"""A crop may be smaller than a page that holds text."""
MARGIN = 0.1
"""Crops are cut this share of their height wider than labelled: the detector's lines are."""
WORD_GAP = 0.6
"""Largest gap between words of a line, as a share of their height."""


@dataclass
class Skipped:
    """What could not be used, counted by reason, to be told once at the end."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, example: str) -> None:
        self.counts[reason] += 1
        self.examples.setdefault(reason, example)

    def sentences(self) -> list[str]:
        """``skipped 3 images that cannot be read (b.png: ...)``."""
        return [
            f"skipped {count} {reason} ({self.examples[reason]})"
            for reason, count in self.counts.items()
        ]


def images_with_pixels(
    images: Sequence[LabelledImage], skipped: Skipped
) -> Iterator[tuple[LabelledImage, Image]]:
    """Each image that can be read, with its upright grey pixels (height, width)."""
    for image in images:
        try:
            pixels = load(image.path, ANY_SIZE).pages[0].image()
        except SourceError as error:
            skipped.add("images that cannot be read", str(error))
        else:
            yield image, pixels


def read_crops(
    images: Sequence[LabelledImage], stretch: float, skipped: Skipped
) -> list[LineSample]:
    """Crops (32, w) of all lines with a text, and their folded texts.

    stretch: how much wider than true the crops are (READ_STRETCH as serving does).
    """
    samples: list[LineSample] = []
    for image, pixels in images_with_pixels(images, skipped):
        for line in image.lines:
            if not line.readable or line.text is None:
                continue
            text = fold_label(line.text)
            if text is None:
                reason = "labels that are empty or have a character outside the charset"
                skipped.add(reason, f"{image.path.name}: {line.text[:40]!r}")
                continue
            if not _inside(line, pixels):
                skipped.add("boxes outside of their image", f"{image.path.name}: {line.text[:40]}")
                continue
            samples.append((cut_crop(pixels, _crop_quad(line, pixels), stretch), text))
    return samples


def _inside(line: LabelledLine, pixels: Image) -> bool:
    if line.quad is None:
        return True
    x, y = line.quad.mean(axis=0)
    return bool(0 <= x < pixels.shape[1] and 0 <= y < pixels.shape[0])


def _crop_quad(line: LabelledLine, pixels: Image) -> NDArray[np.float32]:
    if line.quad is None:
        return whole_image(pixels)
    return widen_quad(line.quad, MARGIN * quad_size(line.quad)[1])


def widen_quad(quad: NDArray[np.float32], margin: float) -> NDArray[np.float32]:
    """A quadrilateral (4, 2) with each side moved out by ``margin`` pixels."""
    right, down = quad[1] - quad[0], quad[3] - quad[0]
    along = right / max(float(np.linalg.norm(right)), 1e-6) * margin
    across = down / max(float(np.linalg.norm(down)), 1e-6) * margin
    moves = np.stack([-along - across, along - across, along + across, across - along])
    return np.asarray(quad + moves, np.float32)


def are_words(images: Sequence[LabelledImage]) -> bool:
    """Whether boxes are of words rather than lines: few texts have a space, or there are none."""
    texts = [line.text for image in images for line in image.lines if line.text is not None]
    return sum(" " in text.strip() for text in texts) < 0.1 * len(texts) if texts else True


def read_pages(images: Sequence[LabelledImage], words: bool, skipped: Skipped) -> list[PageSample]:
    """Pages at the size the detector looks at them, and their lines (n, 4, 2).

    words: join the boxes to lines first, which is what the detector finds. Places marked as
    unreadable are painted over with the paper around them.
    """
    pages: list[PageSample] = []
    for image, pixels in images_with_pixels(images, skipped):
        lines = [line for line in image.lines if line.quad is not None and _inside(line, pixels)]
        for _ in range(len(image.lines) - len(lines)):
            skipped.add("boxes outside of their image", image.path.name)
        clean = _paint_over([q.quad for q in lines if not q.readable], flatten_lighting(pixels))
        quads = [line.quad for line in lines if line.readable and line.quad is not None]
        if words:
            quads = join_words(quads)
        view = detection_view(clean)
        seen = view.from_page(np.array(quads, np.float32).reshape(-1, 4, 2))
        pages.append((view.image, seen))
    return pages


def _paint_over(quads: Sequence[NDArray[np.float32] | None], pixels: Image) -> Image:
    painted = pixels.copy()
    for quad in (q for q in quads if q is not None):
        x0, y0 = np.clip(np.floor(quad.min(axis=0)).astype(int) - 8, 0, None)
        x1, y1 = np.ceil(quad.max(axis=0)).astype(int) + 8
        around = pixels[y0:y1, x0:x1]
        if around.size:
            paper = float(np.percentile(around, 80))
            cv2.fillPoly(painted, [np.round(quad).astype(np.int32)], paper)
    return painted


def join_words(quads: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Lines (4, 2) out of word boxes of an upright page: neighbours of like height, side by side.

    Words of one line share at least half of the smaller height and are at most WORD_GAP of the
    larger height apart.
    """
    group = list(range(len(quads)))
    boxes = [(*quad.min(axis=0).tolist(), *quad.max(axis=0).tolist()) for quad in quads]
    by_left = sorted(group, key=lambda i: boxes[i][0])

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    for position, i in enumerate(by_left):
        for j in by_left[position + 1 :]:
            if boxes[j][0] - boxes[i][2] > WORD_GAP * 2 * (boxes[i][3] - boxes[i][1]):
                break
            if _side_by_side(boxes[i], boxes[j]):
                group[root(j)] = root(i)
    members: dict[int, list[int]] = {}
    for i in range(len(quads)):
        members.setdefault(root(i), []).append(i)
    return [_hull([quads[i] for i in found]) for found in members.values()]


Box = tuple[float, float, float, float]


def _side_by_side(left: Box, right: Box) -> bool:
    heights = left[3] - left[1], right[3] - right[1]
    shared = min(left[3], right[3]) - max(left[1], right[1])
    gap = right[0] - left[2]
    alike = max(heights) < 2 * min(heights)
    return alike and shared >= 0.5 * min(heights) and gap <= WORD_GAP * max(heights)


def _hull(quads: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The rectangle around words, leaning as they do."""
    right = np.sum([quad[1] - quad[0] for quad in quads], axis=0)
    right = right / max(float(np.linalg.norm(right)), 1e-6)
    axes = np.stack([right, [-right[1], right[0]]])
    points = np.concatenate(quads) @ axes.T
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return np.asarray(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) @ axes, np.float32)
