"""Pages of unrelated text in many sizes, faces, columns, rules and boxes.

They teach the detector and the recognizer what ink looks like; documents with meaning are in
``documents.py``.
"""

from __future__ import annotations

import random

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.fonts import (
    Font,
    FontFace,
    sample_face,
    sample_family,
    sample_printer_family,
    sample_typewriter_family,
)
from finetune.synthesis.text import sample_text


def random_page(rng: random.Random, typed: bool = False) -> Canvas:
    """A page about 900-1400 pixels wide with a body text of 22-40 pixels em; ``typed``: most of it
    by typewriter."""
    width, height = rng.randint(800, 1300), rng.randint(700, 1300)
    dark_page = rng.random() < 0.03
    canvas = Canvas(width, height, background=rng.randint(0, 60) if dark_page else 255)
    ink = 255 if dark_page else 0
    columns = rng.choices((1, 2, 3), (0.6, 0.3, 0.1))[0]
    em = rng.randint(22, 40)
    for column in range(columns):
        left = 20 + column * width // columns
        right = (column + 1) * width // columns - 10
        _fill_column(canvas, rng, left, right, em, ink, typed)
    if rng.random() < 0.15:
        _grid(canvas, rng, ink)
    return canvas


def _fill_column(
    canvas: Canvas, rng: random.Random, left: int, right: int, em: int, ink: int, typed: bool
) -> None:
    printed = not typed and rng.random() < 0.35
    family = sample_printer_family(rng) if printed else _family(rng, typed)
    pitch = rng.uniform(1.02, 1.8)
    y = float(rng.randint(20, 80))
    while True:
        if not printed and rng.random() < 0.3:
            family = _family(rng, typed)
        size = em if rng.random() < 0.8 else int(em * rng.uniform(0.65, 2.2))
        font = Font(sample_face(rng, family=family), size)
        y += size * (pitch if rng.random() < 0.85 else rng.uniform(1.05, 3.0))
        if y > canvas.height - size:
            return
        if rng.random() < 0.06:
            mark = rng.choice("--==*_.~#")
            text = mark * rng.randint(8, max(9, int((right - left) / font.width(mark)) - 1))
            canvas.text(left, y, text, font, fill=ink)
            continue
        _place_row(canvas, rng, left, right, y, font, ink)


def _family(rng: random.Random, typed: bool) -> tuple[FontFace, ...]:
    """Forms are printed and then filled in by typewriter."""
    return sample_typewriter_family(rng) if typed and rng.random() < 0.75 else sample_family(rng)


def _place_row(
    canvas: Canvas, rng: random.Random, left: int, right: int, y: float, font: Font, ink: int
) -> None:
    size = font.size
    x = left + (rng.uniform(0, 0.3) * (right - left) if rng.random() < 0.4 else 0)
    while x < right - 2 * size:
        text = sample_text(rng)
        while text and x + font.width(text) > right:
            text = text.rsplit(" ", 1)[0] if " " in text else ""
        if not text:
            return
        if rng.random() < 0.04:  # letter-spaced heading
            text = " ".join(text.replace(" ", "")[:14])
        end = font.width(text) + x
        fill = ink if rng.random() < 0.93 else min(255, abs(ink - rng.randint(0, 130)))
        if rng.random() < 0.05 and ink == 0:
            canvas.box(x - 8, y - size, end + 8, y + 0.35 * size, fill=rng.randint(0, 70), ink=None)
            fill = 255
        canvas.text(x, y, text, font, fill=fill)
        _decorate(canvas, rng, x, end, y, size, ink)
        x = end + size * rng.choice((1.5, 2.5, 4.0, rng.uniform(1.2, 9.0), 99.0))


def _decorate(
    canvas: Canvas, rng: random.Random, x: float, end: float, y: float, size: int, ink: int
) -> None:
    """Underlines, boxes and rules that touch or nearly touch the text."""
    roll = rng.random()
    thick = rng.randint(1, 3)
    if roll < 0.12:
        below = y + rng.uniform(0.02, 0.35) * size
        canvas.rule(x - rng.uniform(0, 20), below, end + rng.uniform(0, 60), below, thick, ink)
    elif roll < 0.17:
        pad = rng.uniform(0.05, 0.4) * size
        canvas.box(x - pad, y - size, end + pad, y + 0.28 * size + pad / 2, thick, ink)
    elif roll < 0.20:
        canvas.rule(x - 6, y - 1.2 * size, x - 6, y + 0.5 * size, thick, ink)
    elif roll < 0.23:
        canvas.rule(end + 5, y - 1.2 * size, end + 5, y + 0.5 * size, thick, ink)


def _grid(canvas: Canvas, rng: random.Random, ink: int) -> None:
    """Table rules across the page that ignore the text."""
    thick = rng.randint(1, 2)
    for _ in range(rng.randint(1, 6)):
        x = rng.uniform(0, canvas.width)
        canvas.rule(x, 0, x, canvas.height, thick, ink)
    for _ in range(rng.randint(1, 8)):
        y = rng.uniform(0, canvas.height)
        canvas.rule(0, y, canvas.width, y, thick, ink)
