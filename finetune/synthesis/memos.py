"""Memoranda and fax cover sheets."""

from __future__ import annotations

import random
from collections.abc import Sequence

from finetune.synthesis import content, vocabulary
from finetune.synthesis.countries import Country, sample_country
from finetune.synthesis.fonts import Font
from finetune.synthesis.forms import filled_font, stamps
from finetune.synthesis.layout import Run, pairs
from finetune.synthesis.office_page import Sheet, letterhead, sample_sheet
from finetune.synthesis.truth import Draft

MEMO_LABELS = {
    "to": ("TO", "To", "Attention", "Attn", "FOR"),
    "from": ("FROM", "From", "Sender"),
    "cc": ("CC", "cc", "Copies", "c.c."),
    "date": ("DATE", "Date", "Sent"),
    "subject": ("SUBJECT", "Subject", "Re", "RE"),
    "fax_number": ("FAX", "Fax No.", "Fax Number", "FAX #"),
    "phone": ("PHONE", "Tel", "Telephone", "Phone No."),
    "pages": ("PAGES", "No. of pages", "Pages (incl. cover)", "Number of pages"),
    "to_company": ("COMPANY", "Company", "Firm", "Organization"),
    "department": ("DEPT", "Department", "Division"),
}


def make_memo(rng: random.Random) -> Draft:
    """A memorandum or a fax cover sheet."""
    draft = Draft("memo", rng)
    country = sample_country(rng, asia=0.1)
    sheet = sample_sheet(draft, rng.choices(("sans", "serif", "mono"), (3, 3, 4))[0], (9, 12))
    fax = rng.random() < 0.4
    filled = filled_font(sheet)
    if rng.random() < 0.75:
        letterhead(
            sheet,
            draft.mark("organization", content.company(rng, country)),
            [[Run(line)] for line in content.address(rng, country)[: rng.randint(0, 3)]],
            rng.choice(("center", "left", "right")),
        )
    sheet.gap(rng.uniform(0.5, 2))
    title = (
        rng.choice(
            ("FAX", "FACSIMILE TRANSMITTAL SHEET", "Fax Cover Sheet", "TELEFAX", "FAX TRANSMISSION")
        )
        if fax
        else rng.choice(
            (
                "MEMORANDUM",
                "Memo",
                "INTEROFFICE MEMORANDUM",
                "Inter-Office Correspondence",
                "INTERNAL MEMO",
                "NOTE TO FILE",
            )
        )
    )
    sheet.line(Run(title), font=sheet.look.title, align=rng.choice(("center", "left")))
    sheet.gap(rng.uniform(0.5, 1.5))
    _memo_lines(sheet, country, filled, fax)
    sheet.rule(rng.randint(1, 3))
    sheet.gap(rng.uniform(0.5, 1.5))
    for _ in range(rng.randint(1, 4)):
        if not sheet.fits(12 * sheet.em):
            break
        sheet.line(
            Run(content.paragraph(rng)), font=filled if rng.random() < 0.3 else sheet.look.body
        )
        sheet.gap(0.8)
    stamps(sheet)
    return draft


def _memo_lines(sheet: Sheet, country: Country, filled: Font, fax: bool) -> None:
    rng, draft = sheet.rng, sheet.draft
    date = content.sample_date(rng, 1965)
    texts = {
        "to": content.person(rng, country),
        "from": content.person(rng, country),
        "cc": content.person(rng, country),
        "subject": _subject(rng),
        "date": content.format_date(date, rng.choice(country.dates)),
        "fax_number": content.phone(rng, country),
        "phone": content.phone(rng, country),
        "pages": str(rng.randint(1, 40)),
        "to_company": content.company(rng, country),
        "department": rng.choice(
            (
                "Research & Development",
                "Marketing",
                "Legal",
                "Purchasing",
                "Human Resources",
                "Quality Assurance",
            )
        ),
    }
    shares = {
        "to": 1,
        "from": 1,
        "date": 0.95,
        "subject": 0.8,
        "cc": 0.3,
        "fax_number": 0.9 * fax,
        "phone": 0.5 * fax,
        "pages": 0.9 * fax,
        "to_company": 0.6 * fax,
        "department": 0.15,
    }
    items = []
    mark, upper = rng.choice((":", ":", "")), rng.random() < 0.5
    for path, text in texts.items():
        if rng.random() < shares[path]:
            tag = rng.choice(MEMO_LABELS[path])
            run = draft.mark(path, text, date.isoformat() if path == "date" else text, tag)
            items.append(
                ((tag.upper() if upper else tag) + mark, [Run(run.text, field=path, font=filled)])
            )
    if rng.random() < 0.5:
        rng.shuffle(items)
    if fax and len(items) > 4 and rng.random() < 0.6:
        _side_by_side(sheet, items, filled)
        return
    sheet.y = pairs(
        sheet.canvas,
        items,
        (sheet.x0, sheet.x1, sheet.y),
        (filled, sheet.look.bold),
        rng.choice(("column", "column", "inline")),
        sheet.look.leading * rng.choice((1, 1.3)),
    )


def _side_by_side(sheet: Sheet, items: Sequence[tuple[str, list[Run]]], filled: Font) -> None:
    half = (len(items) + 1) // 2
    left = pairs(
        sheet.canvas,
        items[:half],
        (sheet.x0, sheet.at(0.48), sheet.y),
        (filled, sheet.look.bold),
        "column",
        sheet.look.leading,
    )
    right = pairs(
        sheet.canvas,
        items[half:],
        (sheet.at(0.52), sheet.x1, sheet.y),
        (filled, sheet.look.bold),
        "column",
        sheet.look.leading,
    )
    sheet.y = max(left, right)


def _subject(rng: random.Random) -> str:
    head = rng.choice(
        (
            "Review of",
            "Proposal for",
            "Update on",
            "Results of",
            "Meeting on",
            "Request for",
            "Status of",
            "Change in",
            "Analysis of",
        )
    )
    return (
        f"{head} {rng.choice(vocabulary.SENTENCE_OBJECTS)}"
        if rng.random() < 0.7
        else f"{rng.choice(vocabulary.COMPANY_WORDS)} {rng.choice(vocabulary.FORM_TITLES)}"
    )
