"""A page of office paper: margins, a moving line, page breaks, letterheads and signatures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.fonts import Font
from finetune.synthesis.layout import Look, Run, flow, flow_lines, place_lines, put, sample_look
from finetune.synthesis.truth import Draft


@dataclass
class Sheet:
    """The page being filled. x0, x1: margins; y: top of the next line; bottom: last usable y."""

    draft: Draft
    look: Look
    canvas: Canvas
    x0: float
    x1: float
    y: float
    bottom: float

    @property
    def rng(self) -> random.Random:
        return self.draft.rng

    @property
    def em(self) -> int:
        """Body size in pixels."""
        return self.look.body.size

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.x1 - self.x0

    def gap(self, em: float) -> None:
        """Leave vertical room."""
        self.y += em * self.em

    def at(self, share: float) -> float:
        """The x at a share of the width between the margins."""
        return self.x0 + share * self.room

    def line(self, *runs: Run, font: Font | None = None, align: str = "left") -> None:
        """Place runs, wrapped between the margins."""
        font = font or self.look.body
        self.y = flow(self.canvas, runs, self.x0, self.x1, self.y, font, self.look.leading, align)

    def rule(self, width: int = 1) -> None:
        """A rule across the page."""
        self.gap(0.25)
        self.canvas.rule(self.x0, self.y, self.x1, self.y, width)
        self.gap(0.35)

    def fits(self, height: float) -> bool:
        """Whether so many pixels are left."""
        return self.y + height < self.bottom

    def paragraph(
        self,
        runs: Sequence[Run],
        align: str = "left",
        indent: float = 0.0,
        left: float = 0.0,
        font: Font | None = None,
    ) -> None:
        """Wrapped text that goes on over page breaks; indent and left in em."""
        font = font or self.look.body
        x0, step = self.x0 + left * self.em, self.look.leading * font.size
        lines = flow_lines(runs, self.x1 - x0, font, indent * self.em)
        while lines:
            if not self.fits(2 * step):
                self.next_page()
            count = max(1, int((self.bottom - self.y) / step))
            now, lines = lines[:count], lines[count:]
            self.y = place_lines(
                self.canvas,
                now,
                (x0, self.x1, self.y),
                font,
                self.look.leading,
                align,
                indent * self.em,
                not lines,
            )
            indent = 0.0

    def next_page(self) -> None:
        """Go on at the top of a new page of the same size."""
        self.canvas = self.draft.page(self.canvas.width, self.canvas.height)
        self.y = self.canvas.height - self.bottom


def sample_sheet(
    draft: Draft, style: str | None = None, points: tuple[float, float] = (8.5, 11.5)
) -> Sheet:
    """A4 or Letter at 130-200 dpi with a body of so many points."""
    rng = draft.rng
    dpi = rng.uniform(130, 200)
    wide, tall = rng.choice(((8.27, 11.69), (8.27, 11.69), (8.5, 11.0)))
    width, height = round(wide * dpi), round(tall * dpi)
    size = max(14, round(rng.uniform(*points) * dpi / 72))
    margin = rng.uniform(0.05, 0.12) * width
    top = rng.uniform(0.035, 0.08) * height
    canvas = draft.page(width, height)
    look = sample_look(rng, size, style)
    return Sheet(draft, look, canvas, margin, width - margin, top, height - top)


def letterhead(sheet: Sheet, name: Run, lines: Sequence[Sequence[Run]], align: str) -> None:
    """A sender's name in large type with lines under it, perhaps with a logo."""
    rng = sheet.rng
    if rng.random() < 0.35:
        logo(sheet, align)
    sheet.line(
        Run(name.text, field=name.field, font=sheet.look.title), font=sheet.look.title, align=align
    )
    sheet.gap(0.2)
    font = sheet.look.small if rng.random() < 0.6 else sheet.look.body
    for line in lines:
        sheet.line(*line, font=font, align=align)
    if rng.random() < 0.4:
        sheet.rule(rng.randint(1, 3))


def logo(sheet: Sheet, align: str) -> None:
    """A few nested shapes, above the text."""
    rng = sheet.rng
    size = rng.uniform(2.0, 5.0) * sheet.em
    wide = size * rng.choice((1, 1, 2, 3))
    x = {"left": sheet.x0, "center": (sheet.x0 + sheet.x1 - wide) / 2, "right": sheet.x1 - wide}[
        align
    ]
    shade = rng.randint(0, 180)
    sheet.canvas.box(
        x, sheet.y, x + wide, sheet.y + size, rng.randint(1, 4), shade, rng.choice((None, shade))
    )
    inset = size * rng.uniform(0.1, 0.3)
    sheet.canvas.box(
        x + inset,
        sheet.y + inset,
        x + wide - inset,
        sheet.y + size - inset,
        2,
        255,
        rng.choice((None, 255, 120)),
    )
    sheet.y += size + 0.5 * sheet.em


def page_footer(sheet: Sheet, runs: Sequence[Run]) -> None:
    """A small line at the foot of the current page."""
    font = sheet.look.small
    y = sheet.bottom + 0.2 * font.size
    if y + 1.3 * font.size < sheet.canvas.height:
        put(sheet.canvas, runs, (sheet.x0 + sheet.x1) / 2, y, font, "center", room=sheet.room)
