# ruff: noqa: E501
"""Business letters and reports in one or two columns."""

from __future__ import annotations

import random

from finetune.synthesis import content, vocabulary
from finetune.synthesis.countries import Country, sample_country
from finetune.synthesis.fonts import Font
from finetune.synthesis.form_fields import hand_font
from finetune.synthesis.layout import Run, flow, put, stack
from finetune.synthesis.office_page import Sheet, letterhead, page_footer, sample_sheet
from finetune.synthesis.truth import Draft

TITLES = (
    "Sales Manager",
    "Director",
    "Vice President",
    "Customer Service",
    "Head of Research",
    "Managing Director",
    "Secretary",
    "Chief Executive Officer",
    "Geschäftsführer",
    "Legal Counsel",
    "Account Executive",
)


def make_letter(rng: random.Random) -> Draft:
    """A letter of one page."""
    draft = Draft("letter", rng)
    country = sample_country(rng, asia=0.12)
    sheet = sample_sheet(draft, rng.choices(("serif", "sans", "mono"), (5, 3, 3))[0], (9, 12))
    contact: list[list[Run]] = (
        draft.mark_lines("sender_address", content.address(rng, country))
        if rng.random() < 0.85
        else []
    )
    if rng.random() < 0.6:
        tag = rng.choice(("Tel", "Phone", "Telephone", "T"))
        contact.append(
            [
                Run(tag + rng.choice((": ", " ")), label=True),
                draft.mark("phone", content.phone(rng, country), label=tag),
            ]
        )
    letterhead(
        sheet,
        draft.mark("sender", content.company(rng, country)),
        contact,
        rng.choice(("left", "center", "right")),
    )
    sheet.gap(rng.uniform(1, 3))
    date = content.sample_date(rng, 1965)
    dated = draft.mark(
        "date",
        content.format_date(date, rng.choice(country.dates), country.language),
        date.isoformat(),
    )
    date_first = rng.random() < 0.6
    place = Run(rng.choice(vocabulary.MALAY_CITIES)[1] + ", " if rng.random() < 0.1 else "")
    if date_first:
        sheet.line(place, dated, align=rng.choice(("left", "right")))
        sheet.gap(rng.uniform(0.5, 2))
    _reference(sheet)
    _recipient(sheet, country)
    if not date_first:
        sheet.line(place, dated, align=rng.choice(("left", "right")))
        sheet.gap(1)
    _body(sheet, country)
    _closing(sheet, country)
    if rng.random() < 0.3:
        page_footer(
            sheet,
            [
                Run(
                    rng.choice(
                        (
                            content.fill(rng, "########"),
                            "Registered office as above",
                            content.email(rng, draft.texts["sender"]),
                        )
                    )
                )
            ],
        )
    return draft


def _reference(sheet: Sheet) -> None:
    if sheet.rng.random() < 0.45:
        tag = sheet.rng.choice(
            ("Our ref", "Our Ref.", "Ref", "Reference", "File No.", "Unser Zeichen")
        )
        sheet.line(
            Run(tag + ": ", label=True),
            sheet.draft.mark("reference", content.code(sheet.rng), label=tag),
        )
        sheet.gap(0.8)


def _recipient(sheet: Sheet, country: Country) -> None:
    rng, draft = sheet.rng, sheet.draft
    name = content.person(rng, country) if rng.random() < 0.6 else content.company(rng, country)
    lines = [[draft.mark("recipient", name)]]
    if rng.random() < 0.3:
        lines.append([Run(content.company(rng, country))])
    lines += draft.mark_lines("recipient_address", content.address(rng, country))
    sheet.y = stack(
        sheet.canvas, lines, sheet.x0, sheet.at(0.6), sheet.y, sheet.look.body, sheet.look.leading
    )
    sheet.gap(rng.uniform(1, 2.5))


def _body(sheet: Sheet, country: Country) -> None:
    rng, draft = sheet.rng, sheet.draft
    subject = f"{rng.choice(('Your order', 'Review of', 'Invitation to', 'Notice of', 'Information on', 'Contract for', 'Complaint about', 'Delivery of'))} {rng.choice(vocabulary.SENTENCE_OBJECTS)}"
    if rng.random() < 0.7:
        tag = rng.choice(("Re: ", "Subject: ", "RE: ", "", "", "Betreff: "))
        sheet.line(
            Run(tag, label=True),
            draft.mark("subject", subject, label=tag or None),
            font=sheet.look.bold,
        )
        sheet.gap(0.8)
    sheet.line(
        Run(
            rng.choice(
                (
                    "Dear Sir or Madam,",
                    "Dear Mr. Brown,",
                    "Dear Colleague:",
                    "Gentlemen:",
                    "To whom it may concern,",
                    f"Dear {draft.texts['recipient']},",
                )
            )
        )
    )
    sheet.gap(0.8)
    align, indent = rng.choice(("left", "left", "justify")), rng.choice((0.0, 0.0, 2.0))
    paragraphs = [[Run(content.paragraph(rng))] for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.4:
        cents = rng.randint(10, 90_000) * 100
        amount = draft.mark(
            "amount", content.money_style(rng, country, 0.0)(cents), content.decimal_text(cents)
        )
        lead = rng.choice(
            (
                "We kindly ask you to transfer the amount of ",
                "The outstanding balance on your account is ",
                "We are pleased to offer you a refund of ",
            )
        )
        paragraphs.append(
            [
                Run(lead),
                amount,
                Run(rng.choice((".", " at your earliest convenience.", ", as agreed."))),
            ]
        )
    if rng.random() < 0.35:
        day = content.sample_date(rng, 1990)
        deadline = draft.mark(
            "deadline",
            content.format_date(
                day, rng.choice(country.dates[5:] or country.dates), country.language
            ),
            day.isoformat(),
        )
        paragraphs.append(
            [
                Run(
                    rng.choice(
                        (
                            "Please reply no later than ",
                            "We must receive your answer by ",
                            "The offer is open until ",
                        )
                    )
                ),
                deadline,
                Run("."),
            ]
        )
    rng.shuffle(paragraphs)
    for runs in paragraphs:
        if sheet.fits(16 * sheet.em):
            sheet.paragraph(runs, align, indent)
            sheet.gap(0.9)


def _closing(sheet: Sheet, country: Country) -> None:
    rng, draft = sheet.rng, sheet.draft
    x = sheet.x0 if rng.random() < 0.65 else sheet.at(0.55)
    signer = content.person(rng, country)
    y = flow(
        sheet.canvas,
        [
            Run(
                rng.choice(
                    (
                        "Sincerely,",
                        "Yours faithfully,",
                        "Best regards,",
                        "Very truly yours,",
                        "Kind regards",
                        "Mit freundlichen Grüßen",
                    )
                )
            )
        ],
        x,
        sheet.x1,
        sheet.y,
        sheet.look.body,
    )
    if rng.random() < 0.4 and y + 9 * sheet.em < sheet.bottom:
        hand = hand_font(rng, round(1.5 * sheet.em))
        put(
            sheet.canvas,
            [Run(signer)],
            x + sheet.em,
            y + 0.6 * sheet.em,
            hand,
            room=sheet.x1 - x - sheet.em,
        )
    y += rng.uniform(2.8, 4) * sheet.em
    lines = [[draft.mark("signatory", signer)]]
    if rng.random() < 0.7:
        lines.append([draft.mark("signatory_title", rng.choice(TITLES))])
    sheet.y = stack(sheet.canvas, lines, x, sheet.x1, y, sheet.look.body, sheet.look.leading)


def make_report(rng: random.Random) -> Draft:
    """A page of running text with headings, in one or two columns."""
    draft = Draft("report", rng)
    country = sample_country(rng, asia=0.1)
    sheet = sample_sheet(draft, rng.choices(("serif", "sans"), (5, 3))[0], (8, 11))
    _report_head(sheet, country)
    columns = rng.choices((1, 2, 3), (5, 4, 1))[0]
    top, align = sheet.y, rng.choice(("left", "justify"))
    gutter = 1.6 * sheet.em
    wide = (sheet.room - gutter * (columns - 1)) / columns
    whole = (sheet.x0, sheet.x1)
    end = top + (sheet.bottom - top) * rng.uniform(0.35, 0.98)
    for column in range(columns):
        sheet.x0 = whole[0] + column * (wide + gutter)
        sheet.x1, sheet.y = sheet.x0 + wide, top
        _column(sheet, end, align, sheet.look.body)
    sheet.x0, sheet.x1 = whole
    page_footer(sheet, [Run(str(rng.randint(1, 300)))])
    return draft


def _report_head(sheet: Sheet, country: Country) -> None:
    rng, draft = sheet.rng, sheet.draft
    align = rng.choice(("left", "center"))
    if rng.random() < 0.5:
        sheet.line(
            draft.mark("organization", content.company(rng, country)),
            align=align,
            font=sheet.look.small,
        )
        sheet.gap(0.5)
    title = f"{rng.choice(('A Study of', 'Annual Report on', 'Notes on', 'An Analysis of', 'Guide to', 'Summary of', 'Effects of'))} {rng.choice(vocabulary.FORM_QUALIFIERS)} {rng.choice(vocabulary.FORM_NOUNS['text'])} in {rng.choice(vocabulary.MALAY_CITIES)[1]}"
    title = draft.mark("title", title.upper() if rng.random() < 0.2 else title)
    sheet.line(title, font=sheet.look.title, align=align)
    sheet.gap(0.4)
    if rng.random() < 0.8:
        sheet.line(
            Run(rng.choice(("by ", "", "Author: ", "Prepared by "))),
            draft.mark("author", content.person(rng, country)),
            align=align,
        )
    if rng.random() < 0.7:
        date = content.sample_date(rng, 1960)
        sheet.line(
            draft.mark(
                "date", content.format_date(date, rng.choice(country.dates)), date.isoformat()
            ),
            align=align,
        )
    if rng.random() < 0.3:
        tag = rng.choice(("Report No.", "Document No.", "Project No."))
        sheet.line(
            Run(tag + " ", label=True),
            draft.mark("report_number", content.code(rng), label=tag),
            align=align,
        )
    sheet.gap(rng.uniform(0.8, 2))


def _column(sheet: Sheet, end: float, align: str, font: Font) -> None:
    rng = sheet.rng
    while sheet.y + 9 * sheet.look.step < end:
        if rng.random() < 0.3:
            heading = rng.choice(vocabulary.SECTIONS)
            sheet.line(
                Run(
                    heading
                    if rng.random() < 0.7
                    else f"{rng.randint(1, 9)}.{rng.randint(1, 9)} {heading}"
                ),
                font=sheet.look.bold,
            )
            sheet.gap(0.3)
        text = content.paragraph(rng, 1, 4)
        if (
            sheet.y + (font.width(text) / (sheet.x1 - sheet.x0) + 2) * sheet.look.step
            > sheet.bottom
        ):
            return
        sheet.paragraph([Run(text)], align, rng.choice((0.0, 1.5)))
        sheet.gap(0.6)
