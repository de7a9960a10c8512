"""Crops of synthetic pages with their target maps for the detector."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from docagent.ocr.detection.detector import page_to_input
from docagent.ocr.detection.probability_map import MAP_STRIDE_PX, shrink_quad
from finetune.ocr.types import PageSample


def read_shard_pages(path: Path) -> list[PageSample]:
    """The pages (h, w) of a shard and their line quads (n, 4, 2)."""
    with np.load(path) as arrays:
        packed = np.split(arrays["pages"], np.cumsum(arrays["page_bytes"])[:-1])
        quads = np.split(arrays["quads"], np.cumsum(arrays["quad_counts"])[:-1])
    return [(cv2.imdecode(p, cv2.IMREAD_GRAYSCALE), q) for p, q in zip(packed, quads, strict=True)]


def target_map(
    quads: NDArray[np.float32], size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Band map and weight map, both (size / stride, size / stride). Around the band the weight
    is 2 between lines, so that neighbours are kept apart."""
    side = size // MAP_STRIDE_PX
    bands, weights = np.zeros((side, side), np.uint8), np.ones((side, side), np.float32)
    for quad in quads:
        cv2.fillPoly(weights, [np.round(quad / MAP_STRIDE_PX).astype(np.int32)], 2.0)
    for quad in quads:
        fixed = np.round(shrink_quad(quad) / MAP_STRIDE_PX * 8 - 4).astype(np.int32)
        cv2.fillPoly(bands, [fixed], 1, cv2.LINE_8, 3)
    return bands.astype(np.float32), weights


def clutter(image: NDArray[np.uint8], rng: random.Random, quads: NDArray[np.float32]) -> None:
    """Things that are no text, drawn in place where no line is: logos, scribbles, borders."""
    height, width = image.shape
    ink = rng.randint(0, 110)
    if rng.random() < 0.2:
        edge = rng.randint(3, 40)
        side = rng.randrange(4)
        region = (np.s_[:edge], np.s_[-edge:], np.s_[:, :edge], np.s_[:, -edge:])[side]
        image[region] = ink
    boxes = [(q.min(axis=0), q.max(axis=0)) for q in quads]
    for _ in range(rng.choice((0, 1, 2, 3))):
        size = rng.randint(15, 120)
        x, y = rng.randrange(width), rng.randrange(height)
        if any(x < b[0] and x + size > a[0] and y < b[1] and y + size > a[1] for a, b in boxes):
            continue
        _draw_clutter(image, rng, x, y, size, ink)


def _draw_clutter(
    image: NDArray[np.uint8], rng: random.Random, x: int, y: int, size: int, ink: int
) -> None:
    kind = rng.randrange(4)
    thick = rng.choice((-1, 1, 2, 4))
    if kind == 0:
        cv2.ellipse(
            image,
            (x + size // 2, y + size // 2),
            (size // 2, max(2, int(size * rng.uniform(0.2, 0.5)))),
            0,
            0,
            360,
            ink,
            thick,
        )
    elif kind == 1:
        points = [
            (x + rng.randrange(size), y + rng.randrange(size)) for _ in range(rng.randint(3, 7))
        ]
        cv2.polylines(
            image, [np.array(points, np.int32)], rng.random() < 0.5, ink, rng.randint(1, 3)
        )
    elif kind == 2:
        patch = image[y : y + size, x : x + size]
        noise = np.random.default_rng(rng.getrandbits(32)).integers(0, 255, patch.shape)
        patch[:] = cv2.GaussianBlur(noise.astype(np.uint8), (0, 0), rng.uniform(0.5, 5))
    else:
        for step in range(0, size, rng.randint(2, 6)):
            cv2.line(image, (x + step, y), (x + step, y + size // 2), ink, rng.randint(1, 3))


def page_to_sample(
    page: PageSample, size: int, rng: random.Random
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """A random square of a page at a random scale: input, target and weight."""
    image, quads = page
    scale = float(np.exp(rng.uniform(np.log(0.65), np.log(1.7))))
    need = int(np.ceil(size / scale))
    height, width = image.shape
    x = rng.randint(min(0, width - need), max(0, width - need))
    y = rng.randint(min(0, height - need), max(0, height - need))
    patch = np.full((need, need), int(np.median(image[::16, ::16])), np.uint8)
    part = image[max(0, y) : y + need, max(0, x) : x + need]
    patch[max(0, -y) :, max(0, -x) :][: part.shape[0], : part.shape[1]] = part
    moved = quads - np.array([x, y], np.float32)
    near = [q for q in moved if q.max() > 0 and q[:, 0].min() < need and q[:, 1].min() < need]
    chosen = np.array(near, np.float32).reshape(-1, 4, 2)
    if rng.random() < 0.6:
        clutter(patch, rng, chosen)
    flag = cv2.INTER_AREA if scale < 1 else rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC))
    patch = cv2.resize(patch, (size, size), interpolation=flag)
    chosen = chosen * (size / need)
    if rng.random() < 0.12:  # pages also come in sideways and upside down
        for _ in range(rng.randint(1, 3)):
            patch = np.ascontiguousarray(np.rot90(patch))
            chosen = np.stack([chosen[..., 1], size - chosen[..., 0]], axis=-1)
    bands, weights = target_map(chosen, size)
    return page_to_input(patch), bands, weights


class PageBatch(NamedTuple):
    """Squares of pages (n, 1, size, size), and bands and weights (n, 1, size/2, size/2)."""

    pages: Tensor
    bands: Tensor
    weights: Tensor


def to_batch(samples: Sequence[tuple[NDArray[np.float32], ...]]) -> PageBatch:
    """Samples of ``page_to_sample`` as a batch."""
    columns = zip(*samples, strict=True)
    return PageBatch(*(torch.from_numpy(np.stack(column)[:, None]) for column in columns))


def detector_batches(
    folder: Path, size: int, count: int, rng: random.Random
) -> Iterator[PageBatch]:
    """Endless batches of ``count`` squares of shards in a folder."""
    while True:
        pages = read_shard_pages(rng.choice(sorted(folder.glob("*.npz"))))
        samples = [page_to_sample(page, size, rng) for page in pages for _ in range(2)]
        rng.shuffle(samples)
        for i in range(0, len(samples) - count + 1, count):
            yield to_batch(samples[i : i + count])
