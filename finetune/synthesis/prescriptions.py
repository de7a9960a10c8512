"""Prescriptions and discharge summaries."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence

from finetune.synthesis import content
from finetune.synthesis import medical_texts as texts
from finetune.synthesis.form_fields import hand_font
from finetune.synthesis.layout import Run, flow
from finetune.synthesis.medical import (
    data_block,
    institution_sheet,
    labelled,
    labelled_date,
    patient_data,
    printed_label,
)
from finetune.synthesis.office_page import Sheet
from finetune.synthesis.tables import Column, sample_table_style, table
from finetune.synthesis.truth import Draft


def _medicine(draft: Draft, index: int) -> dict[str, list[Run]]:
    """Marked parts of a medicine by leaf."""
    rng = draft.rng
    name, strengths, form = rng.choice(texts.MEDICINES)
    base = f"medications[{index}]"
    parts = {
        "name": name if rng.random() < 0.8 else name.upper(),
        "dose": rng.choice(strengths),
        "form": form,
        "frequency": rng.choice(texts.FREQUENCIES),
        "duration": rng.choice(texts.DURATIONS),
        "quantity": str(rng.choice((10, 14, 20, 21, 28, 30, 60, 90))),
    }
    return {leaf: [draft.mark(f"{base}.{leaf}", text)] for leaf, text in parts.items()}


def _medicines(sheet: Sheet, leaves: Sequence[str], count: int, filled: bool) -> None:
    """Medicines as a table or as numbered lines."""
    rng, draft = sheet.rng, sheet.draft
    font = hand_font(rng, round(sheet.em * 1.1)) if filled else sheet.look.body
    medicines = [_medicine(draft, index) for index in range(count)]
    if rng.random() < 0.45:
        columns = [
            Column(printed_label(rng, leaf), "left", leaf in ("name", "frequency"))
            for leaf in leaves
        ]
        sheet.y = table(
            sheet.canvas,
            columns,
            [[m[leaf] for leaf in leaves] for m in medicines],
            (sheet.x0, sheet.x1, sheet.y),
            (font, sheet.look.bold),
            sample_table_style(rng),
        )
        return
    bullet = rng.choice(("{n}. ", "- ", "{n}) ", "Rx ", ""))
    two = rng.random() < 0.6
    for number, medicine in enumerate(medicines, 1):
        if not sheet.fits(5 * sheet.em):
            return
        first = [
            Run(bullet.format(n=number)),
            *(medicine["form"] + [Run(" ")] if "form" in leaves and rng.random() < 0.5 else []),
            *medicine["name"],
            Run(" "),
            *medicine["dose"],
        ]
        rest: list[Run] = []
        for leaf, lead in (
            ("frequency", rng.choice((", ", " ", " - "))),
            ("duration", rng.choice((" for ", ", "))),
            ("quantity", rng.choice((" #", "  Disp: ", " Qty: "))),
        ):
            if leaf in leaves:
                rest += [Run(lead), *medicine[leaf]]
        if two and rest:
            sheet.y = flow(
                sheet.canvas, first, sheet.x0, sheet.x1, sheet.y, font, sheet.look.leading
            )
            sheet.y = flow(
                sheet.canvas,
                [Run(rng.choice(("Sig: ", "", "Take "))), *rest[1:]],
                sheet.x0 + 2 * sheet.em,
                sheet.x1,
                sheet.y,
                font,
                sheet.look.leading,
            )
        else:
            sheet.y = flow(
                sheet.canvas, [*first, *rest], sheet.x0, sheet.x1, sheet.y, font, sheet.look.leading
            )
        sheet.gap(0.35)


def make_prescription(rng: random.Random) -> Draft:
    """A prescription; half a page, sometimes written by hand."""
    draft = Draft("prescription", rng)
    sheet, country = institution_sheet(draft, "clinic", "clinic_address", texts.CLINIC_NAMES)
    pattern = rng.choice(country.dates)
    doctor = (
        rng.choice(("Dr. ", "Dr ", ""))
        + content.person(rng, country)
        + rng.choice(("", ", M.D.", ", MBBS", ""))
    )
    doctor_first = rng.random() < 0.6
    if doctor_first:
        sheet.line(draft.mark("prescriber", doctor), font=sheet.look.bold)
        _license(sheet)
        sheet.gap(0.8)
    items = [
        labelled_date(draft, "date", content.sample_date(rng, 2000), pattern),
        *patient_data(draft, country, pattern),
    ]
    if rng.random() < 0.4:
        items.append(labelled(draft, "patient_address", " ".join(content.address(rng, country))))
    if rng.random() < 0.4:
        items.append(labelled(draft, "diagnosis", rng.choice(texts.DIAGNOSES)))
    data_block(sheet, items)
    if rng.random() < 0.6:
        sheet.line(Run(rng.choice(("Rx", "R/", "PRESCRIPTION", "Rp."))), font=sheet.look.title)
        sheet.gap(0.5)
    leaves = [
        "name",
        "dose",
        *(
            leaf
            for leaf in ("form", "frequency", "duration", "quantity")
            if rng.random() < (0.9 if leaf == "frequency" else 0.5)
        ),
    ]
    _medicines(sheet, leaves, rng.choice((1, 1, 2, 3, 4, 5)), rng.random() < 0.2)
    sheet.gap(1)
    if rng.random() < 0.5:
        tag = printed_label(rng, "refills")
        sheet.line(
            Run(tag + ": ", label=True), draft.mark("refills", str(rng.randint(0, 5)), label=tag)
        )
    if not doctor_first and sheet.fits(8 * sheet.em):
        sheet.gap(2.5)
        sheet.line(draft.mark("prescriber", doctor), align=rng.choice(("left", "right")))
        _license(sheet)
    if rng.random() < 0.5:
        sheet.canvas.height = min(
            sheet.canvas.height, round(sheet.y + rng.uniform(3, 9) * sheet.em)
        )
    return draft


def _license(sheet: Sheet) -> None:
    if sheet.rng.random() < 0.5:
        tag = printed_label(sheet.rng, "prescriber_license")
        sheet.line(
            Run(tag + ": ", label=True),
            sheet.draft.mark("prescriber_license", content.code(sheet.rng), label=tag),
        )


def make_discharge(rng: random.Random) -> Draft:
    """A discharge summary of one page or two."""
    draft = Draft("discharge_summary", rng)
    sheet, country = institution_sheet(draft, "hospital", "hospital_address", texts.HOSPITAL_NAMES)
    pattern = rng.choice(country.dates)
    sheet.line(
        Run(
            rng.choice(
                (
                    "DISCHARGE SUMMARY",
                    "Discharge Summary",
                    "Hospital Discharge Report",
                    "DISCHARGE LETTER",
                )
            )
        ),
        font=sheet.look.title,
        align=rng.choice(("center", "left")),
    )
    sheet.gap(0.8)
    admitted = content.sample_date(rng, 2000)
    items = patient_data(draft, country, pattern)
    items += [
        labelled_date(draft, "admission_date", admitted, pattern),
        labelled_date(
            draft, "discharge_date", admitted + datetime.timedelta(days=rng.randint(1, 21)), pattern
        ),
        *(
            pair
            for pair in (
                labelled(draft, "department", rng.choice(texts.DEPARTMENTS)),
                labelled(
                    draft,
                    "attending_physician",
                    rng.choice(("Dr. ", "Prof. ", "")) + content.person(rng, country),
                ),
            )
            if rng.random() < 0.7
        ),
    ]
    data_block(sheet, items)
    sections = [
        _diagnoses,
        _lists,
        _course,
        _discharge_medicines,
        _plain("allergies", texts.ALLERGIES, 0.6),
        _plain("condition", texts.CONDITIONS, 0.6),
        _plain("admission_reason", texts.REASONS, 0.6),
        _plain("discharge_destination", texts.DESTINATIONS, 0.35),
        _plain("follow_up", texts.FOLLOW_UPS, 0.75),
    ]
    inline = rng.random() < 0.4
    if rng.random() < 0.4:
        rng.shuffle(sections)
    for section in sections:
        if not sheet.fits(14 * sheet.em):
            sheet.next_page()
        section(sheet, inline)
    return draft


def _heading(sheet: Sheet, tag: str, runs: list[Run], inline: bool) -> None:
    """A section with its text beside or under its heading."""
    if inline:
        sheet.paragraph([Run(tag + ": ", label=True, font=sheet.look.bold), *runs])
    else:
        sheet.line(
            Run(tag.upper() if sheet.rng.random() < 0.3 else tag, label=True), font=sheet.look.bold
        )
        sheet.paragraph(runs)
    sheet.gap(0.6)


def _plain(path: str, choices: Sequence[str], share: float):  # type: ignore[no-untyped-def]
    def section(sheet: Sheet, inline: bool) -> None:
        if sheet.rng.random() < share:
            tag = printed_label(sheet.rng, path)
            _heading(
                sheet, tag, [sheet.draft.mark(path, sheet.rng.choice(choices), label=tag)], inline
            )

    return section


def _diagnoses(sheet: Sheet, inline: bool) -> None:
    tag = printed_label(sheet.rng, "diagnosis")
    _heading(
        sheet,
        tag,
        [sheet.draft.mark("diagnosis", sheet.rng.choice(texts.DIAGNOSES), label=tag)],
        inline,
    )


def _lists(sheet: Sheet, inline: bool) -> None:
    """Further diagnoses and procedures, numbered or in a row."""
    rng, draft = sheet.rng, sheet.draft
    for path, choices in (
        ("secondary_diagnoses", texts.DIAGNOSES),
        ("procedures", texts.PROCEDURES),
    ):
        if rng.random() < 0.45:
            continue
        chosen = [
            c for c in rng.sample(choices, rng.randint(1, 4)) if c != draft.texts.get("diagnosis")
        ]
        tag = printed_label(rng, path)
        marked = [draft.mark(f"{path}[{i}]", text) for i, text in enumerate(chosen)]
        if inline:
            runs = [
                piece
                for i, run in enumerate(marked)
                for piece in ((Run("; "), run) if i else (run,))
            ]
            _heading(sheet, tag, runs, True)
            continue
        sheet.line(Run(tag, label=True), font=sheet.look.bold)
        for number, run in enumerate(marked, 1):
            sheet.paragraph([Run(f"{number}. "), run])
        sheet.gap(0.6)


def _course(sheet: Sheet, inline: bool) -> None:
    rng = sheet.rng
    text = " ".join(rng.sample(texts.COURSES, rng.randint(2, 6)))
    sheet.line(
        Run(rng.choice(("Hospital Course", "Course in Hospital", "Summary", "Clinical Summary"))),
        font=sheet.look.bold,
    )
    sheet.paragraph([Run(text)])
    sheet.gap(0.6)


def _discharge_medicines(sheet: Sheet, inline: bool) -> None:
    rng = sheet.rng
    if rng.random() < 0.2:
        return
    sheet.line(
        Run(
            rng.choice(
                (
                    "Discharge Medications",
                    "Medications on Discharge",
                    "Medication",
                    "Current Medications",
                )
            )
        ),
        font=sheet.look.bold,
    )
    _medicines(sheet, ("name", "dose", "frequency"), rng.randint(1, 6), False)
    sheet.gap(0.6)
