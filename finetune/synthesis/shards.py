"""Render synthetic pages to shards that the detector and the recognizer train on.

    python -m finetune.synthesis shards --output runs/shards --count 200 --seed 1

A shard holds the pages (PNG bytes), the polygons of their lines and the crops of those lines.
Shards are numbered from the seed, so that several processes can write to one folder, and an
interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.recognition.charset import fold_text
from docagent.ocr.recognition.crops import cut_crop
from finetune.synthesis.canvas import BBox, Canvas, PlacedWord, TextLine, split_into_lines
from finetune.synthesis.degrade import degrade
from finetune.synthesis.documents import KINDS, generate
from finetune.synthesis.pages import random_page

PAGES_PER_SHARD = 24


def draw_page(rng: random.Random, documents: float) -> Canvas:
    """A page of a whole document, in a share of ``documents`` of cases, or of unrelated text."""
    if rng.random() < documents:
        document = generate(rng.choice(sorted(KINDS)), rng)
        page: Canvas = rng.choice(document.pages)
        if len(page.words) >= 5:
            return page
    return random_page(rng)


def _quads(boxes: list[BBox], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    corners = np.float32([[[a, b], [c, b], [c, d], [a, d]] for a, b, c, d in boxes])
    moved = cv2.perspectiveTransform(corners.reshape(-1, 1, 2), matrix)
    return moved.reshape(-1, 4, 2).astype(np.float32)


def _jitter(quad: NDArray[np.float32], rng: random.Random) -> NDArray[np.float32]:
    """Move a line's edges as a detector would: a little off, seldom cutting ink."""
    a, b, c, d = quad
    down, right = (d - a), (b - a) / max(1e-3, float(np.linalg.norm(b - a)))
    right = right * float(np.linalg.norm(d - a))
    top, bottom = rng.uniform(-0.16, 0.06), rng.uniform(-0.08, 0.16)
    left, end = rng.uniform(-0.3, 0.02), rng.uniform(-0.02, 0.3)
    return np.stack(
        [
            a + top * down + left * right,
            b + top * down + end * right,
            c + bottom * down + end * right,
            d + bottom * down + left * right,
        ]
    ).astype(np.float32)


def cut_words(line: TextLine, rng: random.Random) -> tuple[BBox, str]:
    """One to three words of a line, with a box as people draw it around a word: from close to
    its ink to the line's own height, with up to a sliver of its neighbours at the sides, and
    sometimes one of the lines above and below or the rule it stands on."""
    count = min(rng.choice((1, 1, 1, 1, 2, 3)), len(line.words))
    first = rng.randint(0, len(line.words) - count)
    words = line.words[first : first + count]
    em = words[0].font.size
    if count == 1 and len(words[0].text) > 2 and rng.random() < 0.2:
        words = (_part(words[0], rng),)
    inks = [word.font.drawable.getbbox(word.text, anchor="ls") for word in words]
    baseline = words[0].baseline
    top, bottom = (baseline + f(i[k] for i in inks) for f, k in ((min, 1), (max, 3)))
    _, high, _, low = TextLine(words).bbox
    loose = rng.random() ** 1.5
    left = words[0].bbox[0] - em * rng.uniform(0.0, 0.4)
    right = words[-1].bbox[2] + em * rng.uniform(0.0, 0.4)
    slack = 0.45 if rng.random() < 0.2 else 0.25
    top += loose * min(0.0, high - top) - em * rng.uniform(0.0, slack)
    bottom += loose * max(0.0, low - bottom) + em * rng.uniform(0.0, slack)
    return (left, top, right, bottom), " ".join(word.text for word in words)


_TOKEN = re.compile(r"[^\W\d_]+|\d+|.")


def _part(word: PlacedWord, rng: random.Random) -> PlacedWord:
    """The piece of a word on one side of a mark, or the mark ("/17" of "3/17", "30/"), as those
    who cut words at marks label them; all of a word without any."""
    edges = [match.start() for match in _TOKEN.finditer(word.text)] + [len(word.text)]
    if len(edges) < 3:
        return word
    first, last = sorted(rng.sample(range(len(edges)), 2))
    start, stop = edges[first], edges[last]
    left = word.bbox[0] + word.font.width(word.text[:start])
    right = word.bbox[0] + word.font.width(word.text[:stop])
    box = (left, word.bbox[1], right, word.bbox[3])
    return replace(word, text=word.text[start:stop], bbox=box)


def is_text(text: str) -> bool:
    """Whether a line says something: rows of dashes, dots or stars are rules, not text."""
    return any(char.isalnum() for char in text) or len(text) < 4


Labelled = tuple[NDArray[np.float32], list[str]]
"""Quads (n, 4, 2) in pixels and their texts."""


@dataclass(frozen=True)
class Mix:
    """Shares (0-1): documents: whole documents instead of unrelated text; typed: typewritten
    pages from an archive; archived: other pages copied in black and white and kept small, as files
    of offices are; wear: harshly worn pages; words: lines that words are cut out of too."""

    documents: float = 0.0
    typed: float = 0.0
    archived: float = 0.0
    wear: float = 1.0
    words: float = 0.6


def make_page(rng: random.Random, mix: Mix) -> tuple[NDArray[np.uint8], Labelled, Labelled]:
    """A degraded page, its lines, and words cut out of them."""
    typed = rng.random() < mix.typed
    canvas = random_page(rng, typed=True) if typed else draw_page(rng, mix.documents)
    em = float(np.median([word.font.size for word in canvas.words]))
    harsh = rng.random() < mix.wear
    archived = mix.archived > 0 and rng.random() < mix.archived
    smallest, largest = (9.5, 30) if harsh else (10.5, 20 if typed else 36)
    if archived:
        smallest, largest = 8.5, 18
    target = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
    image, matrix = degrade(canvas.draw(), rng, min(target / em, 1.6), harsh, typed or archived)
    lines = [line for line in split_into_lines(canvas.words) if is_text(line.text)]
    whole = _quads([line.bbox for line in lines], matrix), [fold_text(x.text) for x in lines]
    cuts = [cut_words(line, rng) for line in lines if rng.random() < mix.words]
    cuts = [cut for cut in cuts if is_text(cut[1])]
    if not cuts:
        return image, whole, (np.zeros((0, 4, 2), np.float32), [])
    parts = _quads([box for box, _ in cuts], matrix), [fold_text(text) for _, text in cuts]
    return image, whole, parts


def make_shard(
    rng: random.Random, mix: Mix, page_count: int = PAGES_PER_SHARD
) -> dict[str, NDArray[np.generic]]:
    """Arrays of one shard, ready for numpy.savez."""
    pages, quads, crops, texts, counts = [], [], [], [], []
    for _ in range(page_count):
        image, (page_quads, page_texts), (word_quads, word_texts) = make_page(rng, mix)
        pages.append(np.frombuffer(cv2.imencode(".png", image)[1].tobytes(), np.uint8))
        quads.append(page_quads)
        counts.append(len(page_texts))
        height, width = image.shape
        jittered = [_jitter(quad, rng) for quad in page_quads]
        for quad, text in zip([*jittered, *word_quads], [*page_texts, *word_texts], strict=True):
            centre = quad.mean(axis=0)
            inside = 0 <= centre[0] < width and 0 <= centre[1] < height
            slack = 3 + 0.3 * float(np.linalg.norm(quad[3] - quad[0]))
            whole = quad.min() > -slack and quad[:, 0].max() < width + slack
            if text.strip() and inside and whole:
                crop = cut_crop(image, quad)
                if crop.shape[1] <= 1400:
                    crops.append(crop)
                    texts.append(text)
    return {
        "pages": np.concatenate(pages),
        "page_bytes": np.array([p.size for p in pages]),
        "quads": np.concatenate(quads),
        "quad_counts": np.array(counts),
        "crops": np.concatenate(crops, axis=1),
        "crop_widths": np.array([c.shape[1] for c in crops]),
        "texts": np.frombuffer(json.dumps(texts).encode(), np.uint8),
    }


def write_shard(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write so that a reader never sees half a file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    part = path.with_suffix(".part")
    part.write_bytes(buffer.getvalue())
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/shards"))
    parser.add_argument("--count", type=int, default=200, help="shards to write")
    parser.add_argument("--pages", type=int, default=PAGES_PER_SHARD, help="of a shard")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=float, default=0.0, help="share of whole documents")
    parser.add_argument("--typed", type=float, default=0.0, help="share of typewritten pages")
    parser.add_argument("--archived", type=float, default=0.0, help="share of small b/w copies")
    parser.add_argument("--wear", type=float, default=1.0, help="share of harshly worn pages")
    parser.add_argument("--words", type=float, default=0.6, help="share of lines cut to words too")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.output.mkdir(parents=True, exist_ok=True)
    mix = Mix(args.documents, args.typed, args.archived, args.wear, args.words)
    for index in range(args.count):
        path = args.output / f"{args.seed:03d}_{index:05d}.npz"
        if path.exists():
            continue
        start = time.time()
        rng = random.Random(args.seed * 1_000_003 + index)
        arrays = make_shard(rng, mix, args.pages)
        write_shard(path, arrays)
        print(
            f"{path.name}: {len(arrays['crop_widths'])} lines, {time.time() - start:.1f} s",
            flush=True,
        )
