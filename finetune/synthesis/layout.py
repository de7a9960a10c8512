"""Placing text on a page: runs, wrapped flow, tables, label-value pairs. Pixels throughout.

``y`` is the top of the next line; each function returns the top of the line after what it
placed. Text is shrunk or wrapped to its width, so it never meets its neighbour."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.fonts import Font, FontFace, sample_face, sample_family

ASCENT = 0.8


MINIMUM_SIZE = 9


@dataclass(frozen=True)
class Run:
    """Text of one look; ``font`` None takes the font of the place it is put."""

    text: str
    field: str | None = None
    label: bool = False
    font: Font | None = None


@dataclass(frozen=True)
class Look:
    """Fonts of a document: body, bold, title (larger), small, and filled-in values."""

    body: Font
    bold: Font
    title: Font
    small: Font
    filled: Font
    leading: float

    @property
    def step(self) -> float:
        """Height of a body line."""
        return self.body.size * self.leading


def sample_look(rng: random.Random, size: int, style: str | None = None) -> Look:
    """Fonts of one family at a body size, with the title larger and perhaps of another."""
    family = sample_family(rng, style)
    body = Font(_upright(rng, family), size)
    bold = Font(sample_face(rng, bold=True, family=family), size)
    title = bold if rng.random() < 0.7 else Font(sample_face(rng, bold=True), size)
    return Look(
        body=body,
        bold=bold if rng.random() < 0.85 else body,
        title=title.at(round(size * rng.choice((1.2, 1.4, 1.7, 2.2)))),
        small=body.at(max(MINIMUM_SIZE + 1, round(size * rng.uniform(0.7, 0.9)))),
        filled=body,
        leading=rng.uniform(1.12, 1.5),
    )


def _upright(rng: random.Random, family: tuple[FontFace, ...]) -> FontFace:
    plain = tuple(f for f in family if not f.italic and not f.bold)
    return rng.choice(plain) if plain and rng.random() < 0.95 else sample_face(rng, family=family)


def plain_runs(text: str) -> list[Run]:
    """One unmarked run."""
    return [Run(text)]


def tokens(runs: Sequence[Run], font: Font) -> list[Run]:
    """Split runs at spaces; runs that touch without a space make one token (its field is the
    first one that has any)."""
    out: list[Run] = []
    glue = False
    for run in runs:
        for position, piece in enumerate(run.text.split(" ")):
            if position:
                glue = False
            if not piece:
                continue
            token = replace(run, text=piece, font=run.font or font)
            if glue and out:
                last = out[-1]
                token = replace(
                    last,
                    text=last.text + piece,
                    field=last.field or run.field,
                    label=last.label and run.label,
                )
                out.pop()
            out.append(token)
            glue = True
    return out


def width_of_tokens(items: Sequence[Run]) -> float:
    total = 0.0
    for item in items:
        assert item.font is not None
        total += item.font.width(item.text) + item.font.width(" ")
    return total - (items[-1].font.width(" ") if items and items[-1].font else 0.0)


def width_of(runs: Sequence[Run], font: Font) -> float:
    """Width of the runs on one line."""
    return width_of_tokens(tokens(runs, font))


def _place(
    canvas: Canvas, items: Sequence[Run], x: float, baseline: float, stretch: float
) -> float:
    for item in items:
        assert item.font is not None
        end = canvas.text(x, baseline, item.text, item.font, field=item.field, label=item.label)
        x = end + item.font.width(" ") + stretch
    return x


def put(
    canvas: Canvas,
    runs: Sequence[Run],
    x: float,
    y: float,
    font: Font,
    align: str = "left",
    room: float = 1e9,
) -> float:
    """Place runs on one line; shrink them to ``room``. x is the left, centre or right by
    ``align``. Returns the x where the text ends."""
    return put_items(canvas, tokens(runs, font), x, y + ASCENT * font.size, align, room)


def put_items(
    canvas: Canvas, items: Sequence[Run], x: float, baseline: float, align: str, room: float
) -> float:
    wide = width_of_tokens(items)
    if wide > room:
        scale = room / wide
        items = [
            replace(i, font=i.font.at(max(MINIMUM_SIZE, int(i.font.size * scale))))
            for i in items
            if i.font
        ]
        wide = width_of_tokens(items)
    if align == "right":
        x -= wide
    elif align == "center":
        x -= wide / 2
    _place(canvas, items, x, baseline, 0.0)
    return x + wide


def wrap(items: Sequence[Run], room: float) -> list[list[Run]]:
    """Break tokens into lines no wider than ``room`` (a longer token has its own line)."""
    lines: list[list[Run]] = []
    used = 0.0
    for item in items:
        assert item.font is not None
        wide, space = item.font.width(item.text), item.font.width(" ")
        if lines and used + space + wide <= room:
            lines[-1].append(item)
            used += space + wide
        else:
            lines.append([item])
            used = wide
    return lines


def flow(
    canvas: Canvas,
    runs: Sequence[Run],
    x0: float,
    x1: float,
    y: float,
    font: Font,
    leading: float = 1.25,
    align: str = "left",
    indent: float = 0.0,
) -> float:
    """Wrap runs between x0 and x1; align: left, right, center or justify."""
    lines = flow_lines(runs, x1 - x0, font, indent)
    return place_lines(canvas, lines, (x0, x1, y), font, leading, align, indent)


def flow_lines(
    runs: Sequence[Run], room: float, font: Font, indent: float = 0.0
) -> list[list[Run]]:
    """Tokens of each line when wrapped to ``room`` with the first line indented."""
    items = tokens(runs, font)
    if not indent or not items:
        return wrap(items, room)
    first = wrap(items, room - indent)[0]
    return [first, *wrap(items[len(first) :], room)]


def place_lines(
    canvas: Canvas,
    lines: Sequence[Sequence[Run]],
    box: tuple[float, float, float],
    font: Font,
    leading: float,
    align: str = "left",
    indent: float = 0.0,
    ended: bool = True,
) -> float:
    """Place wrapped lines in box (x0, x1, y). ended: the last one ends its paragraph, so it is
    not stretched."""
    x0, x1, y = box
    for number, line in enumerate(lines):
        left = x0 + (indent if number == 0 else 0.0)
        wide, room = width_of_tokens(line), x1 - left
        if wide > room:
            put_items(canvas, line, left, y + ASCENT * font.size, "left", room)
            y += leading * font.size
            continue
        stretch = 0.0
        if align == "justify" and len(line) > 3 and not (ended and number == len(lines) - 1):
            stretch = (room - wide) / (len(line) - 1)
        elif align == "right":
            left = x1 - wide
        elif align == "center":
            left += (room - wide) / 2
        _place(canvas, line, left, y + ASCENT * font.size, stretch)
        y += leading * font.size
    return y


def stack(
    canvas: Canvas,
    lines: Sequence[Sequence[Run]],
    x0: float,
    x1: float,
    y: float,
    font: Font,
    leading: float = 1.25,
    align: str = "left",
) -> float:
    """Lines under each other; each is wrapped if it is too wide."""
    for line in lines:
        y = flow(canvas, line, x0, x1, y, font, leading, align)
    return y


Pair = tuple[str, Sequence[Run]]


def pairs(
    canvas: Canvas,
    items: Sequence[Pair],
    box: tuple[float, float, float],
    fonts: tuple[Font, Font],
    style: str,
    leading: float = 1.3,
) -> float:
    """Labels with values in box (x0, x1, y); fonts (value, label).

    style: "column" (values aligned), "colons" (colons aligned), "inline", "ends" (values at
    the right edge), "leaders" (dots between), "right" (both right-aligned) or "above".
    """
    x0, x1, y = box
    value_font, label_font = fonts
    widest = max((label_font.width(label) for label, _ in items), default=0.0)
    em = value_font.size
    step = leading * max(em, label_font.size)
    at = min(x0 + widest + 0.8 * em, x0 + 0.6 * (x1 - x0))
    for label, runs in items:
        mark = [Run(label, label=True, font=label_font)]
        if style == "above":
            put(canvas, mark, x0, y, label_font, room=x1 - x0)
            y = flow(canvas, runs, x0, x1, y + 1.15 * label_font.size, value_font, 1.15) + 0.4 * em
        elif style == "inline":
            y = flow(canvas, [*mark, Run(" "), *runs], x0, x1, y, value_font, leading)
        elif style in ("ends", "leaders"):
            room = min(width_of(runs, value_font), 0.6 * (x1 - x0))
            end = put(canvas, mark, x0, y, label_font, room=x1 - x0 - room - em)
            put(canvas, runs, x1, y, value_font, "right", room=room)
            if style == "leaders":
                _leaders(canvas, end + 0.4 * em, x1 - room - 0.4 * em, y, value_font)
            y += step
        elif style == "right":
            room = max(width_of(runs, value_font), 4 * em)
            put(canvas, runs, x1, y, value_font, "right")
            put(
                canvas,
                mark,
                x1 - max(room, 0.35 * (x1 - x0)) - em,
                y,
                label_font,
                "right",
                room=0.62 * (x1 - x0),
            )
            y += step
        else:
            put(canvas, mark, x0, y, label_font, room=at - x0 - 0.5 * em)
            if style == "colons":
                put(canvas, [Run(":")], at, y, value_font)
            below = flow(
                canvas, runs, at + (0.7 * em if style == "colons" else 0), x1, y, value_font, 1.15
            )
            y = max(y + step, below + (leading - 1.15) * em)
    return y


def _leaders(canvas: Canvas, x0: float, x1: float, y: float, font: Font) -> None:
    count = int((x1 - x0) / max(1.0, font.width(".")))
    if count > 2:
        put(canvas, [Run("." * count)], x0, y, font)


def overlapping(canvas: Canvas) -> bool:
    """Whether two words share area or a word leaves the page."""
    tall = sorted(canvas.words, key=lambda w: w.bbox[1])
    active: list[tuple[float, float, float]] = []
    for word in tall:
        a, b, c, d = word.bbox
        inner = 0.12 * word.font.size
        b, d = b + inner, d - inner
        if a < -1 or c > canvas.width + 1 or b < -1 or d > canvas.height + 1:
            return True
        active = [box for box in active if box[2] > b]
        if any(x0 < c - 0.5 and a < x1 - 0.5 for x0, x1, _ in active):
            return True
        active.append((a, c, d))
    return False
