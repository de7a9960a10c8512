"""The recognizer and a user's crops: what ``python -m finetune.recognizer --data`` trains."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from docagent.errors import SettingsError
from docagent.ocr.recognition.charset import CHARSET
from docagent.ocr.recognition.crops import READ_STRETCH, crop_to_input, stack_inputs
from docagent.ocr.recognition.recognizer import TextRecognizer
from docagent.text.language_model import load_language_model
from eval.metrics import ErrorRate, cer
from eval.tasks.confidence import Outcome
from finetune.ocr.adaptation.calibration import line_outcomes
from finetune.ocr.adaptation.crops_and_pages import Skipped, read_crops
from finetune.ocr.adaptation.run import REHEARSAL, AdaptOptions, load_parts, warn
from finetune.ocr.export import export_recognizer
from finetune.ocr.losses import caseless_ctc_loss, ctc_loss, greedy_texts
from finetune.ocr.quantize import Inputs
from finetune.ocr.recognizer.batches import (
    LineBatch,
    augment,
    fits,
    framed,
    read_shard_lines,
    shuffled_groups,
    to_batch,
)
from finetune.ocr.recognizer.model import RecognizerModel
from finetune.ocr.types import LineSample
from finetune.training import Figures, Progress, State, device_of

PIXELS = 9_000
"""Columns of a batch: fewer than in training from nothing, for more steps in few minutes."""
PEAK = 2e-4
SCORED = 400
"""Most crops of the pages aside that are read at a check."""
PLAIN = 0.3
"""Share of the crops that are trained on as they are read, not worn further."""


class RecognizerTask:
    """Raises SettingsError or SourceError if there is nothing usable to train on."""

    name = "recognizer"
    example = torch.ones(1, 1, 32, 64)

    def __init__(self, options: AdaptOptions) -> None:
        self.parts = load_parts(options, "texts")
        self._ignore_case = options.ignore_case
        self._shards = sorted(options.shards.glob("*.npz")) if options.shards else []
        skipped = Skipped()
        self._train = _fitting(read_crops(self.parts.train, 1.0, skipped), skipped)
        self._aside = framed(read_crops(self.parts.aside, READ_STRETCH, skipped))
        self._held_out = self._aside
        if self.parts.held_out is not self.parts.aside:
            self._held_out = framed(read_crops(self.parts.held_out, READ_STRETCH, skipped))
        for sentence in skipped.sentences():
            warn(sentence)
        counts = len(self._train), len(self._aside), len(self._held_out)
        print(f"crops: {counts[0]} to train, {counts[1]} aside, {counts[2]} held out", flush=True)
        if not all(counts):
            raise SettingsError(
                f"{options.data}: no usable crop in one of the parts; label more pages"
            )

    def new_model(self) -> nn.Module:
        return RecognizerModel(len(CHARSET) + 1)

    def batches(self, progress: Progress) -> Iterator[LineBatch]:
        """Batches of the user's crops, and of synthetic ones, which are strict."""
        rng = random.Random(f"{len(self._train)} {progress.step}")
        own, rehearsal = self._own_batches(rng), self._rehearsal_batches(rng)
        while True:
            rehearse = bool(self._shards) and rng.random() < REHEARSAL
            yield next(rehearsal)._replace(strict=True) if rehearse else next(own)

    def loss(self, model: nn.Module, batch: LineBatch) -> Tensor:
        logits = model(batch.crops)
        # Shards know their case.
        if self._ignore_case and not batch.strict:
            return caseless_ctc_loss(logits, batch.texts, batch.widths)
        return ctc_loss(logits, batch.texts, batch.widths, strict=batch.strict)

    def score(self, model: nn.Module) -> Figures:
        chosen = self._aside[:: max(1, len(self._aside) // SCORED)]
        read: list[str] = []
        truth: list[str] = []
        for group in shuffled_groups(chosen, PIXELS, random.Random(0)):
            batch = to_batch(group)
            logits = model(batch.crops.to(device_of(model))).float()
            read += greedy_texts(logits, batch.widths)
            truth += batch.texts
        figures = self._figures(read, truth)
        return {"exact match": figures["exact match"], "minus CER": -figures["CER"]}

    def measure(self, weights: Path, held_out: bool) -> Figures:
        recognizer = TextRecognizer(weights, threads=torch.get_num_threads())
        samples = self._held_out if held_out else self._aside
        figures = self._figures(_read(recognizer, samples), [text for _, text in samples])
        if held_out and self._shards:
            shipped = _served(read_shard_lines(self._shards[-1])[:SCORED])
            right = zip(_read(recognizer, shipped), shipped, strict=True)
            figures["exact match, shipped style"] = float(
                np.mean([a.strip() == text.strip() for a, (_, text) in right])
            )
        return figures

    def rank(self, figures: Figures) -> tuple[float, ...]:
        return figures["exact match"], -figures["CER"]

    def export(self, state: State, target: Path) -> None:
        export_recognizer(state, target)

    def read_words(self, weights: Path) -> list[Outcome]:
        # With the language model, as docagent reads.
        recognizer = TextRecognizer(weights, torch.get_num_threads(), load_language_model())
        samples = list(self._aside)
        if self._held_out is not self._aside:
            samples += self._held_out
        readings = recognizer.recognize([crop for crop, _ in samples])
        return [
            outcome
            for reading, (_, text) in zip(readings, samples, strict=True)
            for outcome in line_outcomes(reading, text, self._ignore_case)
        ]

    def examples(self) -> Iterator[Inputs]:
        order = sorted((crop for crop, _ in _served(self._train)), key=lambda c: c.shape[1])
        for start in np.linspace(0, max(0, len(order) - 8), 40).astype(int):
            yield {"crops": stack_inputs([crop_to_input(c) for c in order[start : start + 8]])}

    def _own_batches(self, rng: random.Random) -> Iterator[LineBatch]:
        while True:
            worn = [_wear(sample, rng) for sample in self._train]
            for group in shuffled_groups(_fitting(worn), PIXELS, rng):
                yield to_batch(group)

    def _rehearsal_batches(self, rng: random.Random) -> Iterator[LineBatch]:
        # The last shard is kept for measuring what was forgotten.
        usable = self._shards[:-1] or self._shards
        while True:
            samples = read_shard_lines(rng.choice(usable))
            worn = [(augment(crop, rng), text) for crop, text in samples]
            for group in shuffled_groups(_fitting(worn), PIXELS, rng):
                yield to_batch(group)

    def _figures(self, read: list[str], truth: list[str]) -> Figures:
        """Share of crops read exactly, and CER; white space at the ends does not count."""
        pairs = [(a.strip(), b.strip()) for a, b in zip(read, truth, strict=True)]
        if self._ignore_case:
            pairs = [(a.casefold(), b.casefold()) for a, b in pairs]
        errors = sum((cer(a, b) for a, b in pairs), ErrorRate())
        return {"exact match": float(np.mean([a == b for a, b in pairs])), "CER": errors.rate}


def _wear(sample: LineSample, rng: random.Random) -> LineSample:
    crop, text = sample
    if rng.random() < PLAIN:
        return _served([sample])[0]
    return augment(crop, rng), text


def _fitting(samples: list[LineSample], skipped: Skipped | None = None) -> list[LineSample]:
    """Samples whose crop has room for its text when it is widened as little as it may be."""
    kept = []
    for crop, text in samples:
        if fits(text, crop.shape[1]):
            kept.append((crop, text))
        elif skipped is not None:
            skipped.add("crops too narrow for their text", text[:40])
    return kept


def _served(samples: list[LineSample]) -> list[LineSample]:
    """Crops of true width framed and widened as serving does."""
    return [
        (np.asarray(cv2.resize(crop, (width, crop.shape[0])), np.uint8), text)
        for crop, text in framed(samples)
        if (width := round(crop.shape[1] * READ_STRETCH))
    ]


def _read(recognizer: TextRecognizer, samples: list[LineSample]) -> list[str]:
    return [line.text for line in recognizer.recognize([crop for crop, _ in samples])]
