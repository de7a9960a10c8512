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
from finetune.ocr.adaptation.crops_and_pages import Skipped, are_words, read_pages
from finetune.ocr.adaptation.run import REHEARSAL, AdaptOptions, load_parts, warn
from finetune.ocr.detector.batches import (
    PageBatch,
    page_to_sample,
    read_shard_pages,
    to_batch,
)
from finetune.ocr.detector.model import DetectorModel
from finetune.ocr.export import export_detector
from finetune.ocr.losses import band_loss
from finetune.ocr.quantize import Inputs
from finetune.ocr.types import PageSample
from finetune.training import Figures, Progress, State, device_of

SIZE, BATCH = 448, 4
"""Side of the squares that are trained on, and squares a step."""
PEAK = 3e-4
NEW_SHARD = 0.05
"""Chance that a step on synthetic pages takes another shard."""
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

    def new_model(self) -> nn.Module:
        return DetectorModel()

    def batches(self, progress: Progress) -> Iterator[PageBatch]:
        """Squares of the user's pages, and of synthetic ones."""
        rng = random.Random(f"{len(self._train)} {progress.step}")
        rehearsal = self._rehearsal(rng)
        while True:
            rehearse = bool(self._shards) and rng.random() < REHEARSAL
            pages = next(rehearsal) if rehearse else self._train
            chosen = rng.choices(pages, k=BATCH)
            yield to_batch([page_to_sample(page, SIZE, rng) for page in chosen])

    def loss(self, model: nn.Module, batch: PageBatch) -> Tensor:
        return band_loss(model(batch.pages).float(), batch.bands, batch.weights)

    def score(self, model: nn.Module) -> Figures:
        counts = Counts()
        for image, quads in self._aside[:SCORED]:
            height, width = image.shape
            padded = np.ones((1, 1, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
            padded[0, 0, :height, :width] = page_to_input(image)
            logits = model(torch.from_numpy(padded).to(device_of(model)))
            bands = logits.float().sigmoid().cpu().numpy()[0, 0]
            seen = bands[: (height + 1) // 2, : (width + 1) // 2]
            counts += _counts(map_to_detections(np.ascontiguousarray(seen), 2.0, 2.0), quads)
        return {"F1": counts.f1}

    def measure(self, weights: Path, held_out: bool) -> Figures:
        detector = TextDetector(weights, threads=torch.get_num_threads())
        pages = self._held_out if held_out else self._aside
        figures = _figures(detector, pages)
        if held_out and self._shards:
            shipped = read_shard_pages(self._shards[-1])[:SCORED]
            figures["F1, shipped style"] = _figures(detector, shipped)["F1"]
        return figures

    def rank(self, figures: Figures) -> tuple[float, ...]:
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

    def _rehearsal(self, rng: random.Random) -> Iterator[list[PageSample]]:
        """Pages of a shard, of another one now and then; the last is kept for measuring."""
        pages: list[PageSample] = []
        while True:
            if not pages or rng.random() < NEW_SHARD:
                pages = read_shard_pages(rng.choice(self._shards[:-1] or self._shards))
            yield pages


def _figures(detector: TextDetector, pages: Sequence[PageSample]) -> Figures:
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
