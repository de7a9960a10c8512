"""Turn a drawn page into what a scanner, a fax, a thermal printer or a phone would give.

Each step takes grey levels (height, width) uint8 and gives the same; the geometric step also
returns the 3x3 matrix that carries points along.
"""

from __future__ import annotations

import random

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def _numpy(rng: random.Random) -> np.random.Generator:
    return np.random.default_rng(rng.getrandbits(32))


def warp(image: Image, rng: random.Random, scale: float) -> tuple[Image, NDArray[np.float64]]:
    """Scale, small rotation and (for photos) perspective. Returns the image and the matrix."""
    height, width = image.shape
    if scale < 0.7:  # averaging first keeps thin strokes, as a scanner's optics do
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    before = np.diag([image.shape[1] / width, image.shape[0] / height, 1.0])
    rest = scale / before[0, 0]
    angle = rng.gauss(0, 0.6) if rng.random() < 0.8 else rng.uniform(-4, 4)
    stretch = rng.choice((1.0, 1.0, rng.uniform(0.75, 1.3)))
    out_w, out_h = round(width * scale * stretch), round(height * scale)
    turn = np.vstack([cv2.getRotationMatrix2D((out_w / 2, out_h / 2), angle, 1.0), [0, 0, 1]])
    matrix = turn @ np.diag([rest * stretch, rest, 1.0])
    if rng.random() < 0.15:
        d = 0.03
        corners = np.float32([[0, 0], [out_w, 0], [out_w, out_h], [0, out_h]])
        moved = corners + np.float32(
            [[rng.uniform(-d, d) * out_w, rng.uniform(-d, d) * out_h] for _ in range(4)]
        )
        matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32)) @ matrix
    flags = rng.choice((cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_CUBIC))
    border = int(np.median(image[:: max(1, image.shape[0] // 20)]))
    out = cv2.warpPerspective(image, matrix, (out_w, out_h), flags=flags, borderValue=border)
    return out, matrix @ before


def printer_dots(image: Image, rng: random.Random) -> Image:
    """Low-resolution printer: bilevel dots of a receipt or matrix printer, a needle each."""
    cell = rng.uniform(1.3, 2.4)
    small = cv2.resize(image, None, fx=1 / cell, fy=1 / cell, interpolation=cv2.INTER_AREA)
    small = np.where(small < rng.randint(120, 200), 0, 255).astype(np.uint8)
    size = (image.shape[1], image.shape[0])
    mode = rng.choice((cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_LINEAR))
    return cv2.resize(small, size, interpolation=mode)


def dot_matrix(image: Image, rng: random.Random) -> Image:
    """Ink broken into a grid of round dots."""
    pitch = rng.choice((3, 4))
    tile = np.zeros((pitch, pitch), np.float32)
    cv2.circle(tile, (pitch // 2, pitch // 2), pitch // 2, 1.0, -1)
    tile = np.maximum(tile, rng.uniform(0.0, 0.5))
    grid = np.tile(tile, (image.shape[0] // pitch + 1, image.shape[1] // pitch + 1))
    ink = (255.0 - image) * grid[: image.shape[0], : image.shape[1]]
    return (255 - ink).astype(np.uint8)


def ink_spread(image: Image, rng: random.Random) -> Image:
    """Strokes grown or thinned, as by ink, toner or a fax threshold."""
    if rng.random() < 0.7:
        return cv2.erode(image, np.ones(rng.choice(((2, 2), (2, 1), (1, 2), (3, 3))), np.uint8))
    thin = cv2.dilate(image, np.ones(rng.choice(((2, 1), (1, 2))), np.uint8))
    return cv2.addWeighted(image, 0.4, thin, 0.6, 0)


def worn_ink(image: Image, rng: random.Random, most: float) -> Image:
    """Patches of faded print: low-frequency noise lifts up to ``most`` (0-1) of the ink."""
    gen = _numpy(rng)
    coarse = gen.random((max(2, image.shape[0] // 12), max(2, image.shape[1] // 12)))
    mask = cv2.resize(coarse.astype(np.float32), (image.shape[1], image.shape[0]))
    fade = np.clip((mask - rng.uniform(0.45, 0.75)) * rng.uniform(1, 4), 0, most)
    return (image + (255 - image.astype(np.float32)) * fade).astype(np.uint8)


def fax(image: Image, rng: random.Random, harsh: bool) -> Image:
    """Bilevel scan with ragged edges and specks."""
    gen = _numpy(rng)
    noise = gen.normal(0, rng.uniform(2, 45 if harsh else 20), image.shape)
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.1 if harsh else 0.8)) + noise
    out = np.where(blurred < rng.randint(110 if harsh else 140, 210), 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        specks = gen.random(image.shape) < rng.uniform(0.0002, 0.004)
        out[specks] = rng.choice((0, 255))
    return out


def paper(image: Image, rng: random.Random) -> Image:
    """Paper tone, uneven light, shadows, contrast and bleed-through from the back."""
    height, width = image.shape
    ink, white = rng.uniform(0, 90), rng.uniform(165, 255)
    if rng.random() < 0.1:
        ink = rng.uniform(90, white - 60)
    page = ink + image.astype(np.float32) / 255 * (white - ink)
    if rng.random() < 0.5:
        gen = _numpy(rng)
        corners = gen.uniform(rng.uniform(0.55, 0.95), 1.0, (rng.randint(2, 4), rng.randint(2, 4)))
        light = cv2.resize(
            corners.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        page *= np.clip(light, 0.3, 1.1)
    if rng.random() < 0.15:
        back = cv2.GaussianBlur(image[:, ::-1], (0, 0), rng.uniform(1, 3)).astype(np.float32)
        page -= (255 - back) * rng.uniform(0.05, 0.22)
    if rng.random() < 0.25:
        gen = _numpy(rng)
        grain = gen.normal(0, 1, (height // 3 + 1, width // 3 + 1)).astype(np.float32)
        page += cv2.resize(grain, (width, height)) * rng.uniform(2, 12)
    return np.clip(page, 0, 255).astype(np.uint8)


def sensor(image: Image, rng: random.Random) -> Image:
    """Blur, sharpening, noise and JPEG."""
    if rng.random() < 0.45:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.0))
    elif rng.random() < 0.15:
        length = rng.randint(2, 4)
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2 if rng.random() < 0.5 else slice(None), :] = 1.0
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(image, (0, 0), 1.5)
        image = cv2.addWeighted(image, 1.8, soft, -0.8, 0)
    if rng.random() < 0.4:
        gen = _numpy(rng)
        noise = gen.normal(0, rng.uniform(1, 14), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 92)]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_GRAYSCALE)
    return image


def degrade(
    image: Image, rng: random.Random, scale: float, harsh: bool = True, archived: bool = False
) -> tuple[Image, NDArray[np.float64]]:
    """One plausible life of a page: printed, worn, captured at ``scale``. Returns the picture
    and the matrix (3x3) from drawn pixels to its pixels.

    ``harsh`` pages may lose dots and strokes altogether. They make the detector sturdy; too many
    of them teach the recognizer to guess. ``archived`` pages were copied in black and white, as
    old files are."""
    kind = rng.choices(
        ("clean", "office", "fax", "thermal", "matrix", "photo"),
        (2, 18, 80, 0, 0, 0) if archived else (12, 26, 26, 16, 5, 15),
    )[0]
    if kind == "thermal":
        image = printer_dots(image, rng)
    if kind == "matrix":
        image = dot_matrix(image, rng)
    if kind in ("office", "fax", "thermal") and rng.random() < 0.5:
        image = ink_spread(image, rng)
    if kind != "clean" and rng.random() < (0.12 if kind == "fax" else 0.3):
        image = worn_ink(image, rng, 0.85 if harsh else 0.5)
    if kind == "fax":
        image = fax(image, rng, harsh)
    image, matrix = warp(image, rng, scale)
    if kind == "clean":
        return image, matrix
    if kind == "fax" and rng.random() < 0.25:
        image = np.where(image < rng.randint(110, 190), 0, 255).astype(np.uint8)
    if kind != "fax" or rng.random() < 0.15:
        image = paper(image, rng)
    if kind != "fax" or rng.random() < 0.4:
        image = sensor(image, rng)
    return image, matrix
