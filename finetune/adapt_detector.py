"""The detector and a user's pages: what ``python -m finetune.detector --data`` trains."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from docagent.errors import SettingsError
from docagent.geometry import BBox
from docagent.ocr.detection.detector import TextDetector, page_to_input
from docagent.ocr.detection.probability_map import map_to_detections
from docagent.ocr.types import Detection
from eval.metrics import Counts
from eval.metrics.matching import TextBox, detection_counts
from finetune import detector_data
from finetune.adapt import REHEARSAL, AdaptOptions, Figures, load_parts, warn
from finetune.adapt_data import Skipped, are_words, read_pages
from finetune.adapt_recognizer import autocast
from finetune.detector_data import Page, page_to_sample
from finetune.detector_model import DetectorModel
from finetune.export import export_detector
from finetune.fine_tuning import Score, State
from finetune.losses import band_loss
from finetune.quantize import Inputs

SIZE, BATCH = 448, 4
"""Side of the squares that are trained on, and squares a step."""
PEAK = 3e-4
SCORED = 8
"""Most pages aside that are looked at in a check."""


class DetectorTask:
    """Raises SettingsError or SourceError if there is nothing usable to train on."""

    name = "detector"
    example = torch.ones(1, 1, 64, 64)

    def __init__(self, options: AdaptOptions) -> None:
        cv2.setNumThreads(1)
        self.parts = load_parts(options, "boxes")
        words = options.boxes == "words"
        if options.boxes == "auto":
            words = are_words(self.parts.train)
            print(f"boxes are taken for {'words' if words else 'lines'}; --boxes says otherwise")
        skipped = Skipped()
        self._train = read_pages(self.parts.train, words, skipped)
        self._aside = read_pages(self.parts.aside, words, skipped)
        self._held_out = self._aside
        if self.parts.held_out is not self.parts.aside:
            self._held_out = read_pages(self.parts.held_out, words, skipped)
        for sentence in skipped.sentences():
            warn(sentence)
        counts = len(self._train), len(self._aside), len(self._held_out)
        print(f"pages: {counts[0]} to train, {counts[1]} aside, {counts[2]} held out", flush=True)
        if not all(counts):
            raise SettingsError(
                f"{options.data}: no usable page in one of the parts; label more pages"
            )
        self._shards = sorted(options.shards.glob("*.npz")) if options.shards else []
        self._rehearsed: list[Page] = []
        self._random = random.Random(len(self._train))

    def new_model(self) -> nn.Module:
        return DetectorModel()

    def loss(self, model: nn.Module) -> Tensor:
        pages = self._train
        if self._shards and self._random.random() < REHEARSAL:
            pages = self._rehearsal()
        chosen = self._random.choices(pages, k=BATCH)
        samples = [page_to_sample(page, SIZE, self._random) for page in chosen]
        columns = zip(*samples, strict=True)
        inputs, bands, weights = (torch.from_numpy(np.stack(c)[:, None]) for c in columns)
        with autocast():
            logits = model(inputs.contiguous(memory_format=torch.channels_last))
        return band_loss(logits.float(), bands, weights)

    def score(self, model: nn.Module) -> Score:
        model.eval()
        counts = Counts()
        for image, quads in self._aside[:SCORED]:
            height, width = image.shape
            padded = np.ones((1, 1, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
            padded[0, 0, :height, :width] = page_to_input(image)
            with torch.no_grad(), autocast():
                bands = model(torch.from_numpy(padded)).float().sigmoid().numpy()[0, 0]
            seen = bands[: (height + 1) // 2, : (width + 1) // 2]
            counts += _counts(map_to_detections(np.ascontiguousarray(seen), 2.0, 2.0), quads)
        return (counts.f1,)

    def measure(self, weights: Path, held_out: bool) -> Figures:
        detector = TextDetector(weights, threads=torch.get_num_threads())
        pages = self._held_out if held_out else self._aside
        figures = _figures(detector, pages)
        if held_out and self._shards:
            shipped = detector_data.read_pages(self._shards[-1])[:SCORED]
            figures["F1, shipped style"] = _figures(detector, shipped)["F1"]
        return figures

    def rank(self, figures: Figures) -> Score:
        return (figures["F1"],)

    def export(self, state: State, target: Path) -> None:
        export_detector(state, target)

    def read_words(self, weights: Path) -> None:
        """The detector reads nothing; confidences are those of the recognizer."""

    def examples(self) -> Iterator[Inputs]:
        for image, _ in self._train[:40]:
            height, width = (max(32, side // 32 * 32) for side in image.shape)
            page = np.ones((1, 1, height, width), np.float32)
            part = page_to_input(image)[:height, :width]
            page[0, 0, : part.shape[0], : part.shape[1]] = part
            yield {"pages": page}

    def _rehearsal(self) -> list[Page]:
        """Pages of a shard, of another one now and then; the last is kept for measuring."""
        if not self._rehearsed or self._random.random() < 0.05:
            path = self._random.choice(self._shards[:-1] or self._shards)
            self._rehearsed = detector_data.read_pages(path)
        return self._rehearsed


def _figures(detector: TextDetector, pages: Sequence[Page]) -> Figures:
    counts = sum((_counts(detector.detect(image), quads) for image, quads in pages), Counts())
    return {"recall": counts.recall, "precision": counts.precision, "F1": counts.f1}


def _counts(found: Sequence[Detection], quads: NDArray[np.float32]) -> Counts:
    """Lines found at IoU 0.5 of their upright boxes."""
    predicted = [TextBox("", _box(detection.polygon)) for detection in found]
    return detection_counts(predicted, [TextBox("", _box(quad)) for quad in quads])


def _box(quad: NDArray[np.float32]) -> BBox:
    x0, y0 = quad.min(axis=0).tolist()
    x1, y1 = quad.max(axis=0).tolist()
    return (x0, y0, x1, y1)
