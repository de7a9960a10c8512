"""Make the sample documents shipped in ``docagent/samples``.

    python -m finetune.synthesis samples --output docagent/samples

Each is drawn by the project's own generators from a fixed seed and then printed and scanned
or photographed on paper; no person or company in them exists.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from finetune.synthesis.documents import generate
from finetune.synthesis.sample_invoice import draw_invoice


@dataclass(frozen=True)
class Sample:
    """A shipped file: which document, which seed, and how wide its pages are in pixels."""

    file: str
    kind: str
    seed: int
    width: int


SAMPLES = (
    Sample("invoice.png", "written", 5, 1654),
    Sample("receipt.jpg", "receipt", 5, 700),
    Sample("bank_statement.jpg", "bank_statement", 3, 1654),
    Sample("lab_report.jpg", "lab_report", 3, 1654),
    Sample("nda.pdf", "nda", 3, 1275),
)


def scanned(page: NDArray[np.uint8], width: int, rng: random.Random) -> NDArray[np.uint8]:
    """A drawn page as a decent office scanner gives it, ``width`` pixels wide: a little askew,
    greyish paper with some grain, darker towards one side, soft edges."""
    grain = np.random.default_rng(rng.getrandbits(32))
    scale = width / page.shape[1]
    size = (width, round(page.shape[0] * scale))
    image = cv2.resize(page, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), rng.uniform(0.4, 1.1), 0.985)
    image = cv2.warpAffine(image, turn, size, flags=cv2.INTER_CUBIC, borderValue=255)
    image = cv2.GaussianBlur(image, (0, 0), 0.8)
    light = np.linspace(1.0, rng.uniform(0.86, 0.94), size[0])
    grey = (35 + image / 255.0 * 205) * light + grain.normal(0, 4, image.shape)
    # Fewer grey levels make small files and no difference to anyone's eye.
    return np.asarray(np.clip(np.round(grey / 16) * 16, 0, 255), np.uint8)


def make(sample: Sample, folder: Path) -> Path:
    """Write one sample and return where it is."""
    rng = random.Random(sample.seed)
    drawn = [draw_invoice()] if sample.kind == "written" else generate(sample.kind, rng).pages
    pages = [scanned(page.draw(), sample.width, rng) for page in drawn]
    path = folder / sample.file
    images = [Image.fromarray(page) for page in pages]
    if path.suffix == ".pdf":
        dpi = sample.width / 8.27
        images[0].save(path, save_all=True, append_images=images[1:], resolution=dpi, quality=60)
    elif path.suffix == ".jpg":
        images[0].save(path, quality=70, dpi=(200, 200))
    else:
        images[0].save(path, optimize=True, dpi=(200, 200))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("docagent/samples"))
    parser.add_argument("--only", help="one file name")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.output.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        if args.only in (None, sample.file):
            path = make(sample, args.output)
            print(f"{path}: {path.stat().st_size // 1024} KB", flush=True)
