"""Batches of line crops from shards, with light augmentation on the way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from docagent.ocr.recognition.charset import CHARSET
from docagent.ocr.recognition.crop_framing import frame_text
from docagent.ocr.recognition.crops import CROP_HEIGHT_PX, crop_to_input, stack_inputs
from finetune.ocr.types import LineSample

INDEX = {char: i + 1 for i, char in enumerate(CHARSET)}
FRAMED = 0.8
"""Share of crops that are framed as serving does; the others have edges it could not find."""
SHORT = 240
"""Columns of a crop that is taken for words, not for a line."""
SINGLE = 0.6
"""Share of single words that are drawn: with all of them spaces are unlearnt."""


def framed(samples: Iterable[LineSample]) -> list[LineSample]:
    """Samples with their crops framed as serving does."""
    return [(frame_text(crop), text) for crop, text in samples]


def encode(text: str) -> list[int]:
    """Class indices of a text in the charset (0 is the CTC blank)."""
    return [INDEX[char] for char in text]


def read_shard_lines(path: Path) -> list[LineSample]:
    """The crops (32, width) and texts of a shard."""
    with np.load(path) as arrays:
        texts = json.loads(arrays["texts"].tobytes())
        edges = np.cumsum(arrays["crop_widths"])[:-1]
        crops = np.split(arrays["crops"], edges, axis=1)
    return list(zip(crops, texts, strict=True))


def tightened(crop: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """The crop cut close to its ink, as boxes drawn by hand are, which makes digits and capitals
    fill it; as it is where the ink cannot be told from the paper."""
    low, paper = np.percentile(crop, (2, 60))
    ink = crop < (low + paper) / 2
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if paper - low < 40 or rows.size < 10 or columns.size < 6:
        return crop
    top, bottom = max(0, rows[0] - rng.randint(0, 4)), rows[-1] + 1 + rng.randint(0, 4)
    left, right = max(0, columns[0] - rng.randint(0, 4)), columns[-1] + 1 + rng.randint(0, 6)
    close = crop[top:bottom, left:right]
    width = max(8, round(close.shape[1] * CROP_HEIGHT_PX / close.shape[0]))
    return cv2.resize(close, (width, CROP_HEIGHT_PX), interpolation=cv2.INTER_LINEAR)


def slivered(
    crop: NDArray[np.uint8], other: NDArray[np.uint8], rng: random.Random
) -> NDArray[np.uint8]:
    """The crop with the first or last columns of a neighbour's ink at one of its ends, cut off by
    the edge a word space away, as in boxes drawn around words."""
    (ink, paper), (dark, light) = (np.percentile(c, (2, 70)) for c in (crop, other))
    if paper - ink < 40 or light - dark < 40:
        return crop
    inked = np.flatnonzero((other < (dark + light) / 2).any(axis=0))
    before, count = rng.random() < 0.4, rng.randint(1, 7)
    if inked.size < 8:
        return crop
    first = int(inked[-1]) - count + 1 if before else int(inked[0])
    sliver = other[:, first : first + count].astype(np.float32)
    sliver = ink + (sliver - dark) * (paper - ink) / (light - dark)
    gap = np.full((len(crop), rng.randint(3, 12)), paper)
    parts = (sliver, gap, crop) if before else (crop, gap, sliver)
    return np.asarray(np.clip(np.concatenate(parts, axis=1), 0, 255), np.uint8)


def specked(crop: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """The crop with a grey speck or stroke, too faint for the print beside it to be a mark."""
    ink, paper = (int(value) for value in np.percentile(crop, (2, 70)))
    if paper - ink < 90:
        return crop
    crop = cv2.copyMakeBorder(
        crop, 0, 0, 0, rng.randint(2, 16), cv2.BORDER_CONSTANT, value=(paper,)
    )
    height, width = rng.randint(1, 6), rng.randint(1, 8)
    x, y = rng.randrange(crop.shape[1]), rng.randrange(len(crop) - height)
    if rng.random() < 0.6:
        x = max(0, crop.shape[1] - rng.randint(1, 16))
    spot = np.zeros(crop.shape, np.float32)
    spot[y : y + height, x : x + width] = rng.uniform(0.15, 0.4)
    spot = cv2.GaussianBlur(spot, (0, 0), rng.uniform(0.5, 1.2))
    return np.asarray(np.minimum(crop, paper - spot * (paper - ink)), np.uint8)


def ruled(crop: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """The crop on the rule of a form, which often runs on where the answer would stand, or under
    the upper rule of its cell."""
    ink, paper = (int(value) for value in np.percentile(crop, (2, 70)))
    if paper - ink < 40:
        return crop
    run = rng.randint(4, 200) if rng.random() < 0.7 else 0
    crop = cv2.copyMakeBorder(crop, 0, 0, 0, run, cv2.BORDER_CONSTANT, value=(paper,))
    start = crop.shape[1] - run - rng.randint(-2, 2) if run and rng.random() < 0.7 else 0
    thickness = rng.randint(1, 3)
    y = rng.randint(0, 3) if rng.random() < 0.3 else rng.randint(23, 31)
    line = crop[y : y + thickness, max(0, start) :]
    shade = rng.uniform(0.4, 1.0)
    np.minimum(line, round(paper + (ink - paper) * shade), out=line)
    return crop


def augment(
    crop: NDArray[np.uint8], rng: random.Random, other: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Another frame, aspect, resolution, polarity or grain of the same crop; ``other``: a crop
    whose text may peep in at an end."""
    if rng.random() < 0.25:
        crop = tightened(crop, rng)
    elif rng.random() < 0.4:  # a line's edges are found a little too high, low, wide or tight
        crop = cv2.copyMakeBorder(crop, 6, 6, 0, 0, cv2.BORDER_REPLICATE)
        top, bottom = rng.randint(1, 8), rng.randint(1, 8)
        crop = cv2.resize(crop[top : crop.shape[0] - bottom], (crop.shape[1], CROP_HEIGHT_PX))
    if other is not None and rng.random() < (0.2 if crop.shape[1] < SHORT else 0.04):
        crop = slivered(crop, other, rng)
    if rng.random() < 0.06:
        crop = specked(crop, rng)
    if rng.random() < 0.08:
        crop = ruled(crop, rng)
    if rng.random() < FRAMED:
        crop = frame_text(crop)
    # Serving stretches crops by READ_STRETCH; type is condensed and wide around that.
    stretch = rng.uniform(0.95, 1.5) if rng.random() < 0.75 else rng.uniform(0.6, 1.0)
    width = max(8, round(crop.shape[1] * stretch))
    crop = cv2.resize(crop, (width, CROP_HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        small = rng.uniform(0.35, 0.8)
        size = (max(4, round(crop.shape[1] * small)), max(8, round(CROP_HEIGHT_PX * small)))
        low = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        crop = cv2.resize(low, (crop.shape[1], CROP_HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.03:
        crop = 255 - crop
    if rng.random() < 0.2:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 20), crop.shape)
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.06:
        x = rng.randrange(crop.shape[1])
        crop = crop.copy()
        crop[:, x : x + rng.randint(1, 4)] = rng.randint(0, 255)
    return crop


def fits(text: str, width: int) -> bool:
    """CTC needs a step per character and one between equal neighbours; a step is 4 pixels."""
    repeats = sum(a == b for a, b in pairwise(text))
    return len(text) + repeats <= width // 4


class LineBatch(NamedTuple):
    """Crops (n, 1, 32, w) padded to one width, their texts, and the steps (n,) that each crop has;
    strict: leave out of the loss what the network finds hopeless."""

    crops: Tensor
    texts: list[str]
    widths: Tensor
    strict: bool = False


def batches(
    folder: Path, progress: Callable[[], float], pixels: int, rng: random.Random
) -> Iterator[LineBatch]:
    """Endless batches of about ``pixels`` columns each.

    CTC first has to find out that there is anything to align, which many small steps on short
    crops teach soonest: in the first 6 % of the run (``progress`` 0-1) crops are short and
    batches small. Shards that appear in the folder meanwhile are picked up.
    """
    full = pixels
    while True:
        early = progress() < 0.06
        pixels = full // 4 if early else full
        paths = sorted(folder.glob("*.npz"))
        chosen = rng.sample(paths, min(4, len(paths)))
        samples = [sample for path in chosen for sample in read_shard_lines(path)]
        samples = [s for s in samples if " " in s[1] or rng.random() < SINGLE]
        samples = [(augment(crop, rng, rng.choice(samples)[0]), text) for crop, text in samples]
        samples = [s for s in samples if fits(s[1], s[0].shape[1])]
        if early:
            samples = [s for s in samples if s[0].shape[1] <= 220]
        for group in shuffled_groups(samples, pixels, rng):
            yield to_batch(group)


def shuffled_groups(
    samples: list[LineSample], pixels: int, rng: random.Random
) -> list[list[LineSample]]:
    """Samples of like width together, about ``pixels`` columns a group, groups in random order."""
    groups: list[list[LineSample]] = [[]]
    for sample in sorted(samples, key=lambda s: s[0].shape[1]):
        group = groups[-1]
        if (len(group) + 1) * sample[0].shape[1] > pixels:
            groups.append([sample])
        else:
            group.append(sample)
    rng.shuffle(groups)
    return [group for group in groups if group]


def to_batch(group: list[LineSample]) -> LineBatch:
    """The crops and texts of a group as a batch."""
    crops = stack_inputs([crop_to_input(crop) for crop, _ in group])
    widths = torch.tensor([-(-crop.shape[1] // 4) for crop, _ in group])
    return LineBatch(torch.from_numpy(crops), [text for _, text in group], widths)
