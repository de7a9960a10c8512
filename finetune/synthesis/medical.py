"""Laboratory reports, and the blocks all medical papers share."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence

from finetune.synthesis import content, vocabulary
from finetune.synthesis import medical_texts as texts
from finetune.synthesis.countries import Country, sample_country
from finetune.synthesis.layout import Pair, Run, pairs
from finetune.synthesis.office_page import Sheet, letterhead, page_footer, sample_sheet
from finetune.synthesis.tables import Column, sample_table_style, table
from finetune.synthesis.truth import Draft

LABELS: dict[str, tuple[str, ...]] = {
    "patient_name": ("Patient Name", "Name", "Patient", "Name of Patient", "Pt. Name"),
    "patient_id": ("Patient ID", "MRN", "Hospital No", "UHID", "Patient No.", "Reg. No"),
    "date_of_birth": ("DOB", "Date of Birth", "Birth Date", "D.O.B.", "Born"),
    "age": ("Age", "Age (years)"),
    "sex": ("Sex", "Gender"),
    "physician": (
        "Ordering Physician",
        "Referred by",
        "Ref. Doctor",
        "Requested by",
        "Doctor",
        "Physician",
    ),
    "report_number": (
        "Accession No",
        "Lab No",
        "Report No.",
        "Sample ID",
        "Request No",
        "Specimen ID",
    ),
    "collection_date": ("Collected", "Date Collected", "Collection Date", "Sample Date", "Drawn"),
    "received_date": ("Received", "Date Received"),
    "report_date": ("Reported", "Report Date", "Date of Report", "Printed"),
    "specimen": ("Specimen", "Sample Type", "Sample"),
    "date": ("Date", "Date Written", "Issued"),
    "patient_address": ("Address", "Patient Address"),
    "diagnosis": (
        "Diagnosis",
        "Dx",
        "Principal Diagnosis",
        "Discharge Diagnosis",
        "Primary Diagnosis",
    ),
    "refills": ("Refills", "Refill", "Repeats"),
    "prescriber_license": ("License No", "Reg. No", "DEA No", "NPI", "Lic. #"),
    "admission_date": ("Admission Date", "Date of Admission", "Admitted", "Adm. Date"),
    "discharge_date": ("Discharge Date", "Date of Discharge", "Discharged", "Disch. Date"),
    "department": ("Department", "Ward", "Service", "Unit"),
    "attending_physician": ("Attending Physician", "Consultant", "Attending", "Physician"),
    "allergies": ("Allergies", "Allergy", "Drug Allergies"),
    "condition": ("Condition at Discharge", "Condition", "Discharge Condition"),
    "follow_up": ("Follow-up", "Follow up", "Follow-up Plan", "Appointments"),
    "admission_reason": ("Reason for Admission", "Chief Complaint", "Presenting Complaint"),
    "discharge_destination": ("Disposition", "Discharged to"),
    "comment": ("Comment", "Interpretation", "Remarks", "Note"),
    "procedures": ("Procedures", "Operations", "Procedures Performed"),
    "secondary_diagnoses": ("Secondary Diagnoses", "Other Diagnoses", "Comorbidities"),
    "phone": ("Tel", "Phone", "Telephone"),
    "test": ("Test", "Investigation", "Test Name", "Analyte", "Parameter"),
    "value": ("Result", "Value", "Results", "Observed Value"),
    "unit": ("Units", "Unit"),
    "reference_range": (
        "Reference Range",
        "Normal Range",
        "Ref. Interval",
        "Reference",
        "Biological Ref. Range",
    ),
    "flag": ("Flag", "", "Abn", "H/L"),
    "name": ("Medication", "Drug", "Medicine", "Name of Drug"),
    "dose": ("Dose", "Strength", "Dosage"),
    "frequency": ("Frequency", "Directions", "Sig", "Instructions"),
    "duration": ("Duration", "Days"),
    "quantity": ("Qty", "Disp", "Quantity"),
    "form": ("Form",),
}


def printed_label(rng: random.Random, key: str) -> str:
    return rng.choice(LABELS[key])


def labelled(draft: Draft, path: str, text: str, value: str | None = None) -> Pair:
    tag = printed_label(draft.rng, path)
    return tag, [draft.mark(path, text, value, tag)]


def labelled_date(
    draft: Draft, path: str, date: datetime.date, pattern: str, clock: bool = False
) -> Pair:
    """A labelled date; the time may follow it, outside the field."""
    tag, runs = labelled(draft, path, content.format_date(date, pattern), date.isoformat())
    if clock:
        runs = [*runs, Run(f" {draft.rng.randint(6, 22):02d}:{draft.rng.randint(0, 59):02d}")]
    return tag, runs


def institution_sheet(
    draft: Draft, name_path: str, address_path: str, endings: Sequence[str]
) -> tuple[Sheet, Country]:
    """A sheet with the letterhead of an institution."""
    rng = draft.rng
    sheet = sample_sheet(draft, rng.choices(("sans", "serif", "mono"), (6, 3, 2))[0], (8, 11))
    country = sample_country(rng, asia=0.2)
    place = rng.choice(
        (
            rng.choice(vocabulary.COMPANY_WORDS),
            content.person(rng, country).split()[-1],
            rng.choice(vocabulary.MALAY_CITIES)[1],
            "St. " + rng.choice(("Mary", "John", "Luke", "Anna")),
        )
    )
    lines = (
        draft.mark_lines(address_path, content.address(rng, country)) if rng.random() < 0.85 else []
    )
    if rng.random() < 0.7:
        tag = printed_label(rng, "phone")
        lines.append(
            [
                Run(tag + ": ", label=True),
                draft.mark("phone", content.phone(rng, country), label=tag),
            ]
        )
    letterhead(
        sheet,
        draft.mark(name_path, f"{place} {rng.choice(endings)}"),
        lines,
        rng.choice(("left", "center", "center", "right")),
    )
    sheet.gap(rng.uniform(0.5, 1.5))
    return sheet, country


def patient_data(draft: Draft, country: Country, pattern: str) -> list[Pair]:
    """Name, number, birth, age and sex."""
    rng = draft.rng
    birth = content.sample_date(rng, 1930, 2015)
    name = content.person(rng, country)
    out = [
        labelled(
            draft,
            "patient_name",
            rng.choice(
                (name, name.upper(), f"{name.split()[-1].upper()}, {' '.join(name.split()[:-1])}")
            ),
        )
    ]
    sex = rng.choice(("Male", "Female", "M", "F", "MALE", "FEMALE"))
    for share, pair in (
        (0.75, lambda: labelled(draft, "patient_id", content.code(rng))),
        (0.75, lambda: labelled_date(draft, "date_of_birth", birth, pattern)),
        (
            0.4,
            lambda: labelled(
                draft,
                "age",
                rng.choice(
                    (str(2024 - birth.year), f"{2024 - birth.year} years", f"{2024 - birth.year}Y")
                ),
                str(2024 - birth.year),
            ),
        ),
        (0.75, lambda: labelled(draft, "sex", sex)),
    ):
        if rng.random() < share:
            out.append(pair())
    return out


def data_block(sheet: Sheet, items: list[Pair]) -> None:
    """Labelled data in one or two columns, perhaps in a box."""
    rng, look = sheet.rng, sheet.look
    style = rng.choice(("column", "colons", "column", "inline"))
    mark = "" if style == "colons" else rng.choice((":", ":", ""))
    items = [(tag + mark, runs) for tag, runs in items]
    fonts = (look.body, look.bold if rng.random() < 0.4 else look.body)
    top = sheet.y
    if rng.random() < 0.7 and len(items) > 3:
        half = (len(items) + 1) // 2
        left = pairs(
            sheet.canvas,
            items[:half],
            (sheet.x0 + 4, sheet.at(0.49), top),
            fonts,
            style,
            look.leading,
        )
        right = pairs(
            sheet.canvas,
            items[half:],
            (sheet.at(0.53), sheet.x1 - 4, top),
            fonts,
            style,
            look.leading,
        )
        sheet.y = max(left, right)
    else:
        sheet.y = pairs(
            sheet.canvas, items, (sheet.x0 + 4, sheet.at(0.8), top), fonts, style, look.leading
        )
    if rng.random() < 0.4:
        sheet.canvas.box(
            sheet.x0 - 4, top - 0.4 * sheet.em, sheet.x1 + 4, sheet.y + 0.1 * sheet.em, 2
        )
    sheet.gap(rng.uniform(0.8, 1.6))


def make_lab_report(rng: random.Random) -> Draft:
    """A laboratory report of one page."""
    draft = Draft("lab_report", rng)
    sheet, country = institution_sheet(draft, "laboratory", "laboratory_address", texts.LAB_NAMES)
    pattern = rng.choice(country.dates)
    sheet.line(
        Run(
            rng.choice(
                (
                    "LABORATORY REPORT",
                    "Test Report",
                    "FINAL REPORT",
                    "Pathology Report",
                    "Clinical Laboratory Report",
                )
            )
        ),
        font=sheet.look.bold,
        align=rng.choice(("center", "left")),
    )
    sheet.gap(0.6)
    taken = content.sample_date(rng, 2005)
    items = patient_data(draft, country, pattern)
    extra = [
        labelled(draft, "report_number", content.code(rng)),
        labelled(
            draft, "physician", rng.choice(("Dr. ", "Dr ", "")) + content.person(rng, country)
        ),
        labelled_date(draft, "collection_date", taken, pattern, rng.random() < 0.3),
        labelled_date(draft, "received_date", taken, pattern, rng.random() < 0.3),
        labelled_date(
            draft,
            "report_date",
            taken + datetime.timedelta(days=rng.randint(0, 4)),
            pattern,
            rng.random() < 0.3,
        ),
        labelled(draft, "specimen", rng.choice(texts.SPECIMENS)),
    ]
    items += [pair for pair in extra if rng.random() < 0.65]
    if rng.random() < 0.4:
        rng.shuffle(items)
    data_block(sheet, items)
    _results(sheet)
    if rng.random() < 0.4 and sheet.fits(6 * sheet.em):
        sheet.gap(1)
        tag = printed_label(rng, "comment")
        sheet.line(
            Run(tag + ": ", label=True),
            draft.mark("comment", rng.choice(texts.COMMENTS), label=tag),
        )
    page_footer(
        sheet,
        [
            Run(
                rng.choice(
                    (
                        "*** End of report ***",
                        "Page 1 of 1",
                        "This report is electronically validated.",
                    )
                )
            )
        ],
    )
    return draft


def _results(sheet: Sheet) -> None:
    """One table of all panels, or one table for each."""
    rng, draft = sheet.rng, sheet.draft
    leaves = rng.choice(
        (
            ("test", "value", "unit", "reference_range"),
            ("test", "value", "flag", "unit", "reference_range"),
            ("test", "value", "unit", "reference_range", "flag"),
            ("test", "value", "reference_range"),
            ("test", "reference_range", "unit", "value"),
        )
    )
    columns = [
        Column(
            printed_label(rng, leaf),
            "left" if leaf == "test" else rng.choice(("left", "center", "right")),
            leaf == "test",
        )
        for leaf in leaves
    ]
    style = sample_table_style(rng)
    index, dash = 0, rng.choice((" - ", "-", " - ", " to "))
    joined = rng.random() < 0.4
    rows: list[list[list[Run]]] = []
    for number, panel in enumerate(rng.sample(list(texts.LAB_PANELS), rng.choice((1, 1, 2, 3)))):
        tests = texts.LAB_PANELS[panel]
        chosen = rng.sample(tests, rng.randint(min(3, len(tests)), len(tests)))
        if joined:
            rows.append([[Run(panel, font=sheet.look.bold)], *([] for _ in leaves[1:])])
        elif not sheet.fits((len(chosen) + 4) * 1.9 * sheet.em):
            break
        else:
            sheet.line(Run(panel if rng.random() < 0.6 else panel.title()), font=sheet.look.bold)
            sheet.gap(0.3)
        for test in chosen:
            rows.append(_result_row(draft, index, test, leaves, dash))
            index += 1
        if not joined:
            shown = (
                columns
                if number == 0 or rng.random() < 0.5
                else [Column("", c.align, c.flexible) for c in columns]
            )
            sheet.y = table(
                sheet.canvas,
                shown,
                rows,
                (sheet.x0, sheet.x1, sheet.y),
                (sheet.look.body, sheet.look.bold),
                style,
            )
            sheet.gap(0.8)
            rows = []
    if rows:
        sheet.y = table(
            sheet.canvas,
            columns,
            rows,
            (sheet.x0, sheet.x1, sheet.y),
            (sheet.look.body, sheet.look.bold),
            style,
        )


def _result_row(
    draft: Draft,
    index: int,
    test: tuple[str, str, float, float, int],
    leaves: Sequence[str],
    dash: str,
) -> list[list[Run]]:
    rng = draft.rng
    name, unit, low, high, decimals = test
    span = high - low
    value = max(
        0.0,
        rng.uniform(low, high)
        if rng.random() < 0.75
        else rng.choice((low - 0.3 * span * rng.random(), high + 0.8 * span * rng.random())),
    )
    text = f"{value:.{decimals}f}"
    flag = "H" if float(text) > high else "L" if float(text) < low else ""
    limits = (
        f"{low:.{decimals}f}{dash}{high:.{decimals}f}"
        if low > 0
        else rng.choice((f"< {high:.{decimals}f}", f"{low:.{decimals}f}{dash}{high:.{decimals}f}"))
    )
    base = f"results[{index}]"
    glued = "unit" not in leaves and unit
    cells: dict[str, list[Run]] = {
        "test": [draft.mark(f"{base}.test", name)],
        "value": [draft.mark(f"{base}.value", text)],
        "unit": [draft.mark(f"{base}.unit", unit)] if unit else [],
        "reference_range": [draft.mark(f"{base}.reference_range", limits)],
        "flag": [draft.mark(f"{base}.flag", flag)] if flag else [],
    }
    if glued:
        cells["value"] += [Run(" "), draft.mark(f"{base}.unit", unit)]
    if flag and "flag" not in leaves and rng.random() < 0.6:
        cells["value"] += [Run(" "), draft.mark(f"{base}.flag", flag)]
    return [cells[leaf] for leaf in leaves]
