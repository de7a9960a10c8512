"""Parts of free forms: keys in columns, boxes, tables of figures, choices, remarks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from finetune.synthesis import content
from finetune.synthesis.countries import Country
from finetune.synthesis.fonts import Font
from finetune.synthesis.form_fields import FormField, register, sample_fields, slug
from finetune.synthesis.layout import Run, flow, pairs, put, stack
from finetune.synthesis.office_page import Sheet


def key_text(made: FormField, upper: bool, mark: str) -> str:
    return (made.key.upper() if upper else made.key) + (
        "" if made.key.endswith((".", "#", "?")) and mark == "." else mark
    )


def _underline(sheet: Sheet, x0: float, x1: float, y: float) -> None:
    if x1 - x0 > sheet.em:
        sheet.canvas.rule(x0, y, x1, y, max(1, sheet.em // 16))


def _written(
    sheet: Sheet, made: FormField, filled: Font, box: tuple[float, float, float], lined: bool
) -> float:
    """A value in (x0, x1, y), on a rule where the form has rules; returns the y below."""
    x0, x1, y = box
    step = sheet.look.leading * max(sheet.em, filled.size)
    if made.kind == "address" and len(made.lines) > 1 and x1 - x0 > 8 * sheet.em:
        return stack(
            sheet.canvas,
            [[Run(line, field=made.path)] for line in made.lines],
            x0,
            x1,
            y,
            filled,
            sheet.look.leading,
        )
    below = (
        flow(sheet.canvas, made.runs(), x0 + 0.2 * sheet.em, x1, y, filled, sheet.look.leading)
        if made.lines
        else y + step
    )
    if lined:
        _underline(sheet, x0, x1, max(below, y + step) - step + 1.12 * filled.size)
    return max(below, y + step)


Part = Callable[[Sheet, Country, Font, float, bool], None]


def _line_of(
    sheet: Sheet,
    made: FormField,
    filled: Font,
    box: tuple[float, float, float],
    look: tuple[bool, str, float, bool],
) -> float:
    """Label and value on one line in (x0, x1, y). look: capitals, mark, x of values (0: after
    the label), rules."""
    x0, x1, y = box
    upper, mark, at, lined = look
    font = sheet.look.body
    text = key_text(made, upper, mark)
    room = (at - x0 - 0.5 * sheet.em) if at else 0.6 * (x1 - x0)
    end = put(
        sheet.canvas,
        [Run(text, label=True)],
        x0,
        y + max(0.0, 0.8 * (filled.size - font.size)),
        font,
        room=room,
    )
    return _written(
        sheet,
        made,
        filled,
        (max(at, end + 0.6 * font.size), x1, y + max(0.0, 0.8 * (font.size - filled.size))),
        lined,
    )


def one_column(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Keys under each other, values aligned, inline, dotted or at the right edge."""
    rng = sheet.rng
    made = sample_fields(sheet.draft, rng.randint(3, 8), country, blank)
    style = rng.random()
    if style < 0.2 and not any(f.kind == "address" for f in made):
        end = sheet.at(rng.uniform(0.55, 1.0))
        items = [(key_text(f, upper, rng.choice(("", ":"))), f.runs(filled)) for f in made]
        sheet.y = pairs(
            sheet.canvas,
            items,
            (sheet.x0, end, sheet.y),
            (filled, sheet.look.body),
            rng.choice(("leaders", "ends", "above")),
            sheet.look.leading,
        )
        return
    mark, lined = rng.choice((":", ":", "", " :", ".")), rng.random() < 0.45
    widest = max(sheet.look.body.width(key_text(f, upper, mark)) for f in made)
    at = (
        sheet.x0 + min(widest + rng.uniform(1, 4) * sheet.em, 0.5 * sheet.room)
        if rng.random() < 0.65
        else 0.0
    )
    spread = rng.uniform(0.0, 0.7) * sheet.em
    for field in made:
        if not sheet.fits(5 * sheet.em):
            return
        sheet.y = (
            _line_of(sheet, field, filled, (sheet.x0, sheet.x1, sheet.y), (upper, mark, at, lined))
            + spread
        )


def two_columns(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Two or three keys on a line."""
    rng = sheet.rng
    across = rng.choice((2, 2, 2, 3))
    made = sample_fields(sheet.draft, across * rng.randint(2, 5), country, blank)
    mark, lined = rng.choice((":", ":", "", " :")), rng.random() < 0.5
    cut = [0.0, *sorted(rng.uniform(0.9, 1.1) * i / across for i in range(1, across)), 1.0]
    aligned = rng.random() < 0.5
    lefts = []
    for column in range(across):
        labels = [sheet.look.body.width(key_text(f, upper, mark)) for f in made[column::across]]
        wide = (cut[column + 1] - cut[column]) * sheet.room
        lefts.append(
            sheet.at(cut[column]) + min(max(labels) + sheet.em, 0.55 * wide) if aligned else 0.0
        )
    spread = rng.uniform(0.0, 0.6) * sheet.em
    for start in range(0, len(made), across):
        if not sheet.fits(6 * sheet.em):
            return
        below = sheet.y
        for column, field in enumerate(made[start : start + across]):
            box = (sheet.at(cut[column]), sheet.at(cut[column + 1]) - 1.2 * sheet.em, sheet.y)
            below = max(
                below, _line_of(sheet, field, filled, box, (upper, mark, lefts[column], lined))
            )
        sheet.y = below + spread


def boxed_grid(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """A grid of boxes, a small label at the top of each with its value below."""
    rng, look = sheet.rng, sheet.look
    across, down = rng.randint(2, 4), rng.randint(1, 4)
    small = look.small
    for _ in range(down):
        made = sample_fields(sheet.draft, across, country, blank)
        weights = [rng.uniform(0.7, 1.4) for _ in made]
        edges = [0.0]
        for weight in weights:
            edges.append(edges[-1] + weight / sum(weights))
        if not sheet.fits(9 * sheet.em):
            return
        bottom = sheet.y
        for field, left, right in zip(made, edges, edges[1:], strict=False):
            x0, x1 = sheet.at(left) + 0.35 * sheet.em, sheet.at(right) - 0.35 * sheet.em
            y = flow(
                sheet.canvas,
                [Run(key_text(field, upper, ""), label=True)],
                x0,
                x1,
                sheet.y + 0.2 * sheet.em,
                small,
                1.1,
            )
            bottom = max(
                bottom,
                _written(
                    sheet,
                    field,
                    filled,
                    (x0 + rng.choice((0, 1)) * sheet.em, x1, y + 0.1 * sheet.em),
                    False,
                ),
            )
        for left, right in pairwise(edges):
            sheet.canvas.box(
                sheet.at(left),
                sheet.y,
                sheet.at(right),
                bottom + 0.15 * sheet.em,
                max(1, sheet.em // 18),
            )
        sheet.y = bottom + 0.15 * sheet.em
    sheet.gap(0.3)


def free_text(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Instructions, or remarks under a key."""
    rng = sheet.rng
    key = rng.choice(
        (
            "Remarks",
            "Comments",
            "Description",
            "Objective",
            "Reason for request",
            "Conclusions",
            "Purpose of the project",
            "Special instructions",
            "Background",
            "Notes",
        )
    )
    if rng.random() < 0.5 or slug(key) in sheet.draft.labels:
        sheet.line(Run(content.paragraph(rng, 1, 3)), font=sheet.look.small)
        return
    words = content.paragraph(rng, 1, 3)
    made = register(sheet.draft, FormField(key, slug(key), "text", (words,), words))
    sheet.line(Run(key_text(made, upper, ":"), label=True))
    sheet.y = flow(
        sheet.canvas,
        made.runs(),
        sheet.x0 + rng.choice((0, 2)) * sheet.em,
        sheet.x1,
        sheet.y,
        filled,
        sheet.look.leading,
    )
