"""Office forms with arbitrary keys."""

from __future__ import annotations

import random

from finetune.synthesis import content, vocabulary
from finetune.synthesis.countries import Country, sample_country
from finetune.synthesis.fonts import Font, sample_face
from finetune.synthesis.form_fields import hand_font, slug
from finetune.synthesis.form_parts import boxed_grid, free_text, one_column, two_columns
from finetune.synthesis.form_tables import number_table, row_table, tick_boxes
from finetune.synthesis.layout import MINIMUM_SIZE, Run, put
from finetune.synthesis.office_page import Sheet, letterhead, page_footer, sample_sheet
from finetune.synthesis.truth import Draft


def make_form(rng: random.Random) -> Draft:
    """A form of one page with four to thirty keys."""
    draft = Draft("form", rng)
    sheet = sample_sheet(draft, rng.choices(("sans", "serif", "mono"), (5, 3, 3))[0], (8, 12))
    country = sample_country(rng, asia=0.12)
    _head(sheet, country)
    blank = rng.choice((0.0, 0.1, 0.2, 0.4))
    filled = filled_font(sheet)
    parts = rng.choices(
        (one_column, two_columns, boxed_grid, number_table, tick_boxes, free_text, row_table),
        (5, 6, 4, 3, 2, 3, 2),
        k=rng.randint(2, 8),
    )
    if all(part in (free_text, tick_boxes) for part in parts):
        parts = [two_columns, *parts]
    upper = rng.random() < 0.3
    for part in parts:
        if not sheet.fits(14 * sheet.em):
            break
        if rng.random() < 0.35:
            _section(sheet)
        part(sheet, country, filled, blank, upper)
        sheet.gap(rng.uniform(0.6, 2.0))
    if sheet.fits(6 * sheet.em) and rng.random() < 0.5:
        _signatures(sheet)
    stamps(sheet)
    return draft


def _head(sheet: Sheet, country: Country) -> None:
    rng = sheet.rng
    align = rng.choice(("center", "center", "left"))
    if rng.random() < 0.5:
        letterhead(
            sheet,
            Run(content.company(rng, country)),
            [[Run(line)] for line in content.address(rng, country)[: rng.randint(0, 3)]],
            align,
        )
        sheet.gap(0.5)
    title = rng.choice(vocabulary.FORM_TITLES)
    title = title.upper() if rng.random() < 0.5 else title
    font = sheet.look.bold if rng.random() < 0.5 else sheet.look.title
    y = sheet.y
    sheet.line(Run(title), font=font, align=align)
    if rng.random() < 0.2 and align == "center":
        wide = min(font.width(title), sheet.room)
        middle = (sheet.x0 + sheet.x1) / 2
        sheet.canvas.rule(
            middle - wide / 2, y + 1.05 * font.size, middle + wide / 2, y + 1.05 * font.size, 2
        )
    sheet.gap(rng.uniform(0.6, 2))


def filled_font(sheet: Sheet) -> Font:
    """What the values are written with: the form's font, a typewriter or a hand."""
    rng, size = sheet.rng, sheet.em
    draw = rng.random()
    if draw < 0.5:
        return sheet.look.body
    if draw < 0.85:
        return Font(
            sample_face(rng, "mono", bold=False),
            max(MINIMUM_SIZE + 2, round(size * rng.uniform(0.85, 1.05))),
        )
    return hand_font(rng, round(size * rng.uniform(0.95, 1.1)))


def _section(sheet: Sheet) -> None:
    rng = sheet.rng
    text = rng.choice(vocabulary.SECTIONS)
    text = rng.choice((text, text.upper(), f"{rng.randint(1, 9)}. {text}", f"{text}:"))
    if rng.random() < 0.25:
        height = 1.5 * sheet.em
        sheet.canvas.box(
            sheet.x0,
            sheet.y - 0.2 * sheet.em,
            sheet.x1,
            sheet.y - 0.2 * sheet.em + height,
            1,
            None,
            rng.randint(195, 235),
        )
    sheet.line(Run(text), font=sheet.look.bold, align=rng.choice(("left", "left", "center")))
    sheet.gap(0.4)


def _signatures(sheet: Sheet) -> None:
    """Rules to sign on with what belongs there under them: fields that stay blank."""
    rng, font = sheet.rng, sheet.look.small
    sheet.gap(2.5)
    keys = rng.sample(
        (
            "Signature",
            "Approved by",
            "Date signed",
            "Manager",
            "Quality Control",
            "Applicant signature",
            "Witness signature",
            "Tester",
            "Authorized by",
        ),
        rng.randint(1, 3),
    )
    for number, key in enumerate(keys):
        x0, x1 = sheet.at(number / len(keys)), sheet.at((number + 0.85) / len(keys))
        sheet.canvas.rule(x0, sheet.y, x1, sheet.y)
        put(sheet.canvas, [Run(key, label=True)], x0, sheet.y + 0.3 * font.size, font, room=x1 - x0)
        if slug(key) not in sheet.draft.labels:
            sheet.draft.labels[slug(key)] = key
    sheet.gap(1.6)


def stamps(sheet: Sheet) -> None:
    """A page number, form number or archive number at the foot."""
    rng = sheet.rng
    if rng.random() < 0.5:
        page_footer(
            sheet,
            [
                Run(
                    rng.choice(
                        (
                            content.fill(rng, "#########"),
                            content.fill(rng, "Form ??-### (Rev. #/##)"),
                            "Page 1 of 2",
                            "- 1 -",
                            "CONFIDENTIAL",
                            content.fill(rng, "???## #######"),
                        )
                    )
                )
            ],
        )
