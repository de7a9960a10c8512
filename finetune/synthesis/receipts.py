"""Till receipts: shops, restaurants, fuel; Asia, Europe and the Americas."""

from __future__ import annotations

import random

from finetune.synthesis import content, vocabulary
from finetune.synthesis.canvas import Canvas
from finetune.synthesis.countries import sample_country
from finetune.synthesis.fonts import sample_face
from finetune.synthesis.layout import Run, sample_look
from finetune.synthesis.receipt_head import print_dated_line, print_head, print_meta
from finetune.synthesis.receipt_items import Basket, print_items, sample_basket
from finetune.synthesis.receipt_printer import Till
from finetune.synthesis.receipt_totals import print_totals
from finetune.synthesis.truth import Draft


def make_receipt(rng: random.Random) -> Draft:
    """A receipt on a strip of paper, now and then lying on a larger sheet."""
    draft = Draft("receipt", rng)
    country = sample_country(rng, asia=0.5)
    size = rng.randint(17, 34)
    style = rng.choices(("mono", "sans", "serif"), (0.55, 0.38, 0.07))[0]
    look = sample_look(rng, size, style)
    columns = rng.randint(30, 46) * (1.0 if style == "mono" else 0.85)
    inner = columns * (look.body.width("0") if style == "mono" else 0.58 * size)
    margin = rng.uniform(0.3, 3.5) * size
    canvas = draft.page(round(inner + 2 * margin), 20_000)
    till = Till(
        draft=draft,
        canvas=canvas,
        look=look,
        country=country,
        money=content.money_style(rng, country, bare=0.55),
        upper=rng.random() < 0.62,
        x0=margin,
        x1=margin + inner,
        y=rng.uniform(1.0, 5.0) * size,
        trade=rng.choices(
            (
                "grocery",
                "hardware",
                "restaurant",
                "bakery",
                "stationery",
                "fuel",
                "pharmacy",
                "clothing",
                "electronics",
                "services",
            ),
            (6, 4, 6, 2, 3, 1, 2, 2, 2, 1),
        )[0],
        align="center" if rng.random() < 0.75 else "left",
        separators=rng.choice(
            (
                ("rule",),
                ("-",),
                ("=", "-"),
                ("-",),
                ("*", "-"),
                ("",),
                ("rule", ""),
                ("_",),
                ("- ",),
            )
        ),
    )
    basket = sample_basket(rng, till.trade, country)
    draft.unasked.add("currency")
    _print_all(till, basket)
    canvas.height = round(till.y + rng.uniform(1.0, 5.0) * size)
    if rng.random() < 0.2:
        draft.pages[0] = _on_sheet(canvas, rng)
    return draft


def _print_all(till: Till, basket: Basket) -> None:
    rng = till.rng
    meta_first, date_below = rng.random() < 0.12, rng.random() < 0.25
    if meta_first:
        print_meta(till, date_here=True)
        till.separator()
    print_head(till)
    if not meta_first:
        print_meta(till, date_here=not date_below)
    till.separator()
    print_items(till, basket)
    till.separator()
    print_totals(till, basket)
    if date_below and not meta_first:
        till.separator()
        print_dated_line(till)
    if rng.random() < 0.55:
        till.gap(0.5)
        _footer(till)


def _footer(till: Till) -> None:
    rng = till.rng
    till.gap(0.5)
    footers = vocabulary.FOREIGN_FOOTERS.get(till.country.language, vocabulary.RECEIPT_FOOTERS)
    for text in rng.sample(footers, rng.randint(1, min(4, len(footers)))):
        till.line(Run(till.case(text)), align="center")
    if rng.random() < 0.15:
        font = till.look.body
        y = till.y + 0.4 * font.size
        x, end = till.x0 + 0.2 * (till.x1 - till.x0), till.x1 - 0.2 * (till.x1 - till.x0)
        while x < end:
            thick = rng.randint(1, 5)
            till.canvas.rule(x, y, x, y + 2.5 * font.size, thick)
            x += thick + rng.randint(3, 8)
        till.y = y + 3.2 * font.size
    if rng.random() < 0.1:
        till.line(Run(content.fill(rng, "##########")), align="center")


def _on_sheet(strip: Canvas, rng: random.Random) -> Canvas:
    """The receipt as scanned on a larger sheet, with a note in another hand."""
    width = round(strip.width * rng.uniform(1.1, 2.2))
    height = max(round(strip.height * rng.uniform(1.03, 1.3)), round(width * rng.uniform(0.8, 1.4)))
    dx, dy = rng.randint(0, width - strip.width), rng.randint(0, (height - strip.height) // 2)
    sheet = Canvas(width, height)
    for word in strip.words:
        x0, y0, x1, y1 = word.bbox
        sheet.words.append(
            type(word)(
                word.text,
                (x0 + dx, y0 + dy, x1 + dx, y1 + dy),
                word.baseline + dy,
                word.font,
                word.fill,
                word.field,
                word.label,
            )
        )
    for shape in strip.shapes:
        x0, y0, x1, y1 = shape.bbox
        sheet.shapes.append(
            type(shape)(
                shape.kind,
                (x0 + dx, y0 + dy, x1 + dx, y1 + dy),
                shape.width,
                shape.outline,
                shape.fill,
            )
        )
    if dy > 70 and rng.random() < 0.6:
        face = sample_face(rng)
        size = rng.randint(20, 44)
        from_left = rng.uniform(0.05, 0.5) * width
        sheet.text(
            from_left,
            dy - 20,
            content.fill(rng, "?######"),
            type(strip.words[0].font)(face, min(size, dy - 40)),
        )
    return sheet
