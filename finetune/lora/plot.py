"""Draw the losses of a training as a small PNG, with Pillow alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (640, 360)
FRAME = (56, 24, 616, 320)
"""Left, top, right and bottom of the axes, pixels."""
COLOURS = {"loss": (31, 119, 180), "held_out_loss": (214, 39, 40)}

Points = Sequence[tuple[float, float]]


def plot_log(log: Path, picture: Path) -> None:
    """Losses by step of a ``log.jsonl``: of training and, with dots, of held-out samples.
    Raises ValueError if the log has no loss."""
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    curves = {
        name: [(float(r["step"]), float(r[name])) for r in rows if name in r] for name in COLOURS
    }
    if not any(curves.values()):
        raise ValueError(f"{log}: there is no loss in it; train first")
    draw_curves(curves).save(picture)


def draw_curves(curves: dict[str, Points]) -> Image.Image:
    """Curves on shared axes from 0."""
    right = max(x for points in curves.values() for x, _ in points) or 1.0
    top = max(y for points in curves.values() for _, y in points) or 1.0
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle(FRAME, outline=(160, 160, 160))
    for share in (0.0, 0.5, 1.0):
        x, y = _place(share, share)
        pen.text((x, FRAME[3] + 6), f"{share * right:.0f}", fill="black", anchor="ma")
        pen.text((FRAME[0] - 6, y), f"{share * top:.2f}", fill="black", anchor="rm")
    pen.text(((FRAME[0] + FRAME[2]) / 2, SIZE[1] - 14), "step", fill="black", anchor="ma")
    for number, (name, points) in enumerate(curves.items()):
        placed = [_place(x / right, y / top) for x, y in points]
        pen.line(placed, fill=COLOURS[name], width=2)
        if name != "loss":
            for x, y in placed:
                pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=COLOURS[name])
        pen.text((FRAME[0] + 10 + 130 * number, 6), name.replace("_", " "), fill=COLOURS[name])
    return image


def _place(x: float, y: float) -> tuple[float, float]:
    left, top, right, bottom = FRAME
    return left + x * (right - left), bottom - y * (bottom - top)
