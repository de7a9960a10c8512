"""Tables of figures, rows of keys and boxes to tick on free forms."""

from __future__ import annotations

import random

from finetune.synthesis import vocabulary
from finetune.synthesis.countries import Country
from finetune.synthesis.fonts import Font
from finetune.synthesis.form_fields import FormField, register, sample_fields, slug
from finetune.synthesis.form_parts import key_text
from finetune.synthesis.layout import Run, put, width_of
from finetune.synthesis.office_page import Sheet
from finetune.synthesis.queries import spell
from finetune.synthesis.tables import Column, sample_table_style, table
from finetune.synthesis.truth import QueryTruth


def number_table(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """A table of numbers with row and column heads, asked cell by cell."""
    rng, draft = sheet.rng, sheet.draft
    heads = rng.sample(
        (
            "1997",
            "1998",
            "1999",
            "2000",
            "Jan",
            "Feb",
            "Mar",
            "Q1",
            "Q2",
            "Q3",
            "Q4",
            "Actual",
            "Budget",
            "Target",
            "Min",
            "Max",
            "Mean",
            "Sample A",
            "Sample B",
            "Control",
            "Male",
            "Female",
            "Total",
            "Volume",
            "Share",
            "Change",
        ),
        rng.randint(2, 5),
    )
    names = rng.sample(vocabulary.FORM_QUALIFIERS, rng.randint(3, 9))
    names = [
        f"{name} {rng.choice(vocabulary.FORM_NOUNS['quantity'])}" if rng.random() < 0.4 else name
        for name in names
    ]
    style = rng.choice(("whole", "one", "two", "percent", "large"))
    rows, cells = [], []
    for name in names:
        row = [[Run(name, label=True)]]
        for head in heads:
            path = f"cells.{slug(name)}.{slug(head)}"
            text = _figure(rng, style)
            if rng.random() < 0.06 or path in draft.texts:
                row.append([Run(rng.choice(("-", "--", "N/A")))])
                continue
            draft.mark(path, text)
            row.append([Run(text, field=path)])
            cells.append((path, name, head))
        rows.append(row)
    if not sheet.fits((len(rows) + 2) * 1.9 * filled.size):
        return
    columns = [Column(rng.choice(("", "Item", "Brand", "Description", "Test")), "left", True)] + [
        Column(h, rng.choice(("right", "right", "center"))) for h in heads
    ]
    sheet.y = table(
        sheet.canvas,
        columns,
        rows,
        (sheet.x0, sheet.at(rng.choice((1, 1, 0.75))), sheet.y),
        (filled, sheet.look.bold),
        sample_table_style(rng),
    )
    for path, name, head in rng.sample(cells, min(4, len(cells))):
        text = rng.choice(
            (
                "What is the {h} of {n}?",
                "{n} {h}",
                "{h} for {n}",
                "What is the value for {n} in {h}?",
                "{n}, {h}",
                "What figure is given for {n} under {h}?",
                "How much is {n} ({h})?",
            )
        )
        draft.queries.append(
            QueryTruth(
                text.format(n=name.lower() if rng.random() < 0.5 else name, h=head), False, path
            )
        )
    if rng.random() < 0.5:
        draft.queries.append(
            QueryTruth(
                spell(
                    rng,
                    rng.choice(("Cage Fume Index", "Torque rating", "Bond yield", "Glucose level")),
                    "",
                ),
                False,
                "absent.figure",
            )
        )


def _figure(rng: random.Random, style: str) -> str:
    if style == "whole":
        return str(rng.randint(0, 999))
    if style == "one":
        return f"{rng.uniform(0, 100):.1f}"
    if style == "two":
        return f"{rng.uniform(0, 20):.2f}"
    if style == "percent":
        return f"{rng.uniform(0, 100):.1f}%"
    return f"{rng.randint(1000, 900_000):,}"


def row_table(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Keys as column heads over one to three rows of values; the first row is asked for."""
    rng = sheet.rng
    made = [
        f
        for f in sample_fields(sheet.draft, rng.randint(3, 5), country, blank)
        if f.kind != "address"
    ]
    if len(made) < 2:
        return
    rows = [[f.runs() for f in made]]
    columns = [Column(key_text(f, upper, ""), rng.choice(("left", "center")), True) for f in made]
    sheet.y = table(
        sheet.canvas,
        columns,
        rows,
        (sheet.x0, sheet.x1, sheet.y),
        (filled, sheet.look.bold),
        sample_table_style(rng),
    )


def tick_boxes(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """A key with boxes to tick; the value is what is ticked."""
    rng, draft, font = sheet.rng, sheet.draft, sheet.look.body
    for _ in range(rng.randint(1, 3)):
        key = rng.choice(
            vocabulary.PLAIN_KEYS["text"]
            + (
                "Approved",
                "Implement",
                "Type of Request",
                "Test Passed",
                "Smoker",
                "Insurance",
                "Delivery",
            )
        )
        if slug(key) in draft.labels or not sheet.fits(4 * sheet.em):
            continue
        options = (
            rng.sample(vocabulary.FORM_TEXTS, rng.randint(2, 4))
            if rng.random() < 0.7
            else ["Yes", "No"]
        )
        ticked = rng.choice(options) if rng.random() < 0.8 else None
        register(
            draft, FormField(key, slug(key), "text", (ticked,) if ticked else (), ticked or "")
        )
        x = (
            put(
                sheet.canvas,
                [Run(key + ":", label=True)],
                sheet.x0,
                sheet.y,
                font,
                room=0.4 * sheet.room,
            )
            + sheet.em
        )
        brackets, size = rng.random() < 0.3, 0.85 * sheet.em
        for option in options:
            if x + width_of([Run(option)], font) + 3 * sheet.em > sheet.x1:
                x, sheet.y = sheet.x0 + 2 * sheet.em, sheet.y + sheet.look.step
            sign = "X" if option == ticked else ""
            if brackets:
                x = put(sheet.canvas, [Run(f"[{sign or '_'}]")], x, sheet.y, font) + 0.4 * sheet.em
            else:
                sheet.canvas.box(x, sheet.y, x + size, sheet.y + size, 2)
                if sign:
                    put(
                        sheet.canvas,
                        [Run(sign)],
                        x + size / 2,
                        sheet.y - 0.05 * sheet.em,
                        font,
                        "center",
                    )
                x += size + 0.4 * sheet.em
            x = (
                put(
                    sheet.canvas,
                    [Run(option, field=slug(key) if option == ticked else None)],
                    x,
                    sheet.y,
                    font,
                )
                + 1.5 * sheet.em
            )
        sheet.y += sheet.look.step + 0.3 * sheet.em
