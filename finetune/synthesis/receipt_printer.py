"""A receipt while it is printed: the place of the next line, and how lines look."""

from __future__ import annotations

import random
from dataclasses import dataclass

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.content import MoneyStyle
from finetune.synthesis.countries import Country
from finetune.synthesis.labels import label
from finetune.synthesis.layout import Look, Run, flow, put, width_of
from finetune.synthesis.truth import Draft


@dataclass
class Till:
    """One receipt being printed: where the next line goes and how things look."""

    draft: Draft
    canvas: Canvas
    look: Look
    country: Country
    money: MoneyStyle
    upper: bool
    x0: float
    x1: float
    y: float
    trade: str
    align: str

    @property
    def rng(self) -> random.Random:
        return self.draft.rng

    def case(self, text: str) -> str:
        """The text in the case this till prints."""
        return text.upper() if self.upper else text

    def gap(self, em: float) -> None:
        """Leave vertical room."""
        self.y += em * self.look.body.size

    def line(self, *runs: Run, align: str = "left", scale: float = 1.0, bold: bool = False) -> None:
        """Print a line, wrapped where it is too wide."""
        font = self.look.bold if bold else self.look.body
        font = font.at(round(font.size * scale))
        self.y = flow(self.canvas, runs, self.x0, self.x1, self.y, font, self.look.leading, align)

    def ends(
        self,
        left: list[Run],
        right: list[Run],
        indent: float = 0.0,
        scale: float = 1.0,
        bold: bool = False,
    ) -> None:
        """Print a label at the left (or next to the amount) and an amount at the right."""
        font = self.look.bold if bold else self.look.body
        font = font.at(round(font.size * scale))
        room = self.x1 - self.x0
        wide = min(width_of(right, font), 0.6 * room)
        put(self.canvas, right, self.x1, self.y, font, "right", room=wide)
        put(
            self.canvas,
            left,
            self.x0 + indent * room,
            self.y,
            font,
            room=room * (1 - indent) - wide - font.size * 0.6,
        )
        self.y += self.look.leading * font.size

    def label(self, key: str) -> str:
        """A printed label in the language and case of the till."""
        return self.case(label(self.rng, key, self.country.language))

    def separator(self) -> None:
        """A rule, or a row of characters; sometimes nothing."""
        style = self.rng.choice(self.separators)
        self.gap(0.2)
        if style == "rule":
            self.canvas.rule(self.x0, self.y, self.x1, self.y, max(1, self.look.body.size // 14))
            self.gap(0.3)
        elif style:
            count = int((self.x1 - self.x0) / self.look.body.width(style))
            self.line(Run(style * count))

    separators: tuple[str, ...] = ("rule",)
