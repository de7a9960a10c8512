"""Office forms with arbitrary keys, memos and fax covers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

from finetune.synthesis import content, vocabulary
from finetune.synthesis.content import Country
from finetune.synthesis.fonts import Font, sample_face
from finetune.synthesis.form_fields import FormField, hand_font, register, sample_fields, slug
from finetune.synthesis.layout import (
    MINIMUM_SIZE,
    Column,
    Run,
    flow,
    pairs,
    put,
    sample_table_style,
    stack,
    table,
    width_of,
)
from finetune.synthesis.queries import spell
from finetune.synthesis.sheet import Sheet, letterhead, page_footer, sample_sheet
from finetune.synthesis.truth import Draft, QueryTruth


def make_form(rng: random.Random) -> Draft:
    """A form of one page with four to thirty keys."""
    draft = Draft("form", rng)
    sheet = sample_sheet(draft, rng.choices(("sans", "serif", "mono"), (5, 3, 3))[0], (8, 12))
    country = content.sample_country(rng, asia=0.12)
    _head(sheet, country)
    blank = rng.choice((0.0, 0.1, 0.2, 0.4))
    filled = _filled_font(sheet)
    parts = rng.choices((_one_column, _two_columns, _boxes, _figures, _choices, _text, _row_table), (5, 6, 4, 3, 2, 3, 2), k=rng.randint(2, 8))
    if all(part in (_text, _choices) for part in parts):
        parts = [_two_columns, *parts]
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
    _stamps(sheet)
    return draft


def _head(sheet: Sheet, country: Country) -> None:
    rng = sheet.rng
    align = rng.choice(("center", "center", "left"))
    if rng.random() < 0.5:
        letterhead(sheet, Run(content.company(rng, country)), [[Run(line)] for line in content.address(rng, country)[: rng.randint(0, 3)]], align)
        sheet.gap(0.5)
    title = rng.choice(vocabulary.FORM_TITLES)
    title = title.upper() if rng.random() < 0.5 else title
    font = sheet.look.bold if rng.random() < 0.5 else sheet.look.title
    y = sheet.y
    sheet.line(Run(title), font=font, align=align)
    if rng.random() < 0.2 and align == "center":
        wide = min(font.width(title), sheet.room)
        middle = (sheet.x0 + sheet.x1) / 2
        sheet.canvas.rule(middle - wide / 2, y + 1.05 * font.size, middle + wide / 2, y + 1.05 * font.size, 2)
    sheet.gap(rng.uniform(0.6, 2))


def _filled_font(sheet: Sheet) -> Font:
    """What the values are written with: the form's font, a typewriter or a hand."""
    rng, size = sheet.rng, sheet.em
    draw = rng.random()
    if draw < 0.5:
        return sheet.look.body
    if draw < 0.85:
        return Font(sample_face(rng, "mono", bold=False), max(MINIMUM_SIZE + 2, round(size * rng.uniform(0.85, 1.05))))
    return hand_font(rng, round(size * rng.uniform(0.95, 1.1)))


def _section(sheet: Sheet) -> None:
    rng = sheet.rng
    text = rng.choice(vocabulary.SECTIONS)
    text = rng.choice((text, text.upper(), f"{rng.randint(1, 9)}. {text}", f"{text}:"))
    if rng.random() < 0.25:
        height = 1.5 * sheet.em
        sheet.canvas.box(sheet.x0, sheet.y - 0.2 * sheet.em, sheet.x1, sheet.y - 0.2 * sheet.em + height, 1, None, rng.randint(195, 235))
    sheet.line(Run(text), font=sheet.look.bold, align=rng.choice(("left", "left", "center")))
    sheet.gap(0.4)


def _key(made: FormField, upper: bool, mark: str) -> str:
    return (made.key.upper() if upper else made.key) + ("" if made.key.endswith((".", "#", "?")) and mark == "." else mark)


def _underline(sheet: Sheet, x0: float, x1: float, y: float) -> None:
    if x1 - x0 > sheet.em:
        sheet.canvas.rule(x0, y, x1, y, max(1, sheet.em // 16))


def _written(sheet: Sheet, made: FormField, filled: Font, box: tuple[float, float, float], lined: bool) -> float:
    """A value in (x0, x1, y), on a rule where the form has rules; returns the y below."""
    x0, x1, y = box
    step = sheet.look.leading * max(sheet.em, filled.size)
    if made.kind == "address" and len(made.lines) > 1 and x1 - x0 > 8 * sheet.em:
        return stack(sheet.canvas, [[Run(line, field=made.path)] for line in made.lines], x0, x1, y, filled, sheet.look.leading)
    below = flow(sheet.canvas, made.runs(), x0 + 0.2 * sheet.em, x1, y, filled, sheet.look.leading) if made.lines else y + step
    if lined:
        _underline(sheet, x0, x1, max(below, y + step) - step + 1.12 * filled.size)
    return max(below, y + step)


Part = Callable[[Sheet, Country, Font, float, bool], None]


def _line_of(sheet: Sheet, made: FormField, filled: Font, box: tuple[float, float, float], look: tuple[bool, str, float, bool]) -> float:
    """Label and value on one line in (x0, x1, y). look: capitals, mark, x of values (0: after
    the label), rules."""
    x0, x1, y = box
    upper, mark, at, lined = look
    font = sheet.look.body
    text = _key(made, upper, mark)
    room = (at - x0 - 0.5 * sheet.em) if at else 0.6 * (x1 - x0)
    end = put(sheet.canvas, [Run(text, label=True)], x0, y + max(0.0, 0.8 * (filled.size - font.size)), font, room=room)
    return _written(sheet, made, filled, (max(at, end + 0.6 * font.size), x1, y + max(0.0, 0.8 * (font.size - filled.size))), lined)


def _one_column(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Keys under each other, values aligned, inline, dotted or at the right edge."""
    rng = sheet.rng
    made = sample_fields(sheet.draft, rng.randint(3, 8), country, blank)
    style = rng.random()
    if style < 0.2 and not any(f.kind == "address" for f in made):
        end = sheet.at(rng.uniform(0.55, 1.0))
        items = [(_key(f, upper, rng.choice(("", ":"))), f.runs(filled)) for f in made]
        sheet.y = pairs(sheet.canvas, items, (sheet.x0, end, sheet.y), (filled, sheet.look.body), rng.choice(("leaders", "ends", "above")), sheet.look.leading)
        return
    mark, lined = rng.choice((":", ":", "", " :", ".")), rng.random() < 0.45
    widest = max(sheet.look.body.width(_key(f, upper, mark)) for f in made)
    at = sheet.x0 + min(widest + rng.uniform(1, 4) * sheet.em, 0.5 * sheet.room) if rng.random() < 0.65 else 0.0
    spread = rng.uniform(0.0, 0.7) * sheet.em
    for field in made:
        if not sheet.fits(5 * sheet.em):
            return
        sheet.y = _line_of(sheet, field, filled, (sheet.x0, sheet.x1, sheet.y), (upper, mark, at, lined)) + spread


def _two_columns(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Two or three keys on a line."""
    rng = sheet.rng
    across = rng.choice((2, 2, 2, 3))
    made = sample_fields(sheet.draft, across * rng.randint(2, 5), country, blank)
    mark, lined = rng.choice((":", ":", "", " :")), rng.random() < 0.5
    cut = [0.0, *sorted(rng.uniform(0.9, 1.1) * i / across for i in range(1, across)), 1.0]
    aligned = rng.random() < 0.5
    lefts = []
    for column in range(across):
        labels = [sheet.look.body.width(_key(f, upper, mark)) for f in made[column::across]]
        wide = (cut[column + 1] - cut[column]) * sheet.room
        lefts.append(sheet.at(cut[column]) + min(max(labels) + sheet.em, 0.55 * wide) if aligned else 0.0)
    spread = rng.uniform(0.0, 0.6) * sheet.em
    for start in range(0, len(made), across):
        if not sheet.fits(6 * sheet.em):
            return
        below = sheet.y
        for column, field in enumerate(made[start : start + across]):
            box = (sheet.at(cut[column]), sheet.at(cut[column + 1]) - 1.2 * sheet.em, sheet.y)
            below = max(below, _line_of(sheet, field, filled, box, (upper, mark, lefts[column], lined)))
        sheet.y = below + spread


def _boxes(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
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
            y = flow(sheet.canvas, [Run(_key(field, upper, ""), label=True)], x0, x1, sheet.y + 0.2 * sheet.em, small, 1.1)
            bottom = max(bottom, _written(sheet, field, filled, (x0 + rng.choice((0, 1)) * sheet.em, x1, y + 0.1 * sheet.em), False))
        for left, right in pairwise(edges):
            sheet.canvas.box(sheet.at(left), sheet.y, sheet.at(right), bottom + 0.15 * sheet.em, max(1, sheet.em // 18))
        sheet.y = bottom + 0.15 * sheet.em
    sheet.gap(0.3)


def _figures(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """A table of numbers with row and column heads, asked cell by cell."""
    rng, draft = sheet.rng, sheet.draft
    heads = rng.sample(("1997", "1998", "1999", "2000", "Jan", "Feb", "Mar", "Q1", "Q2", "Q3", "Q4", "Actual", "Budget", "Target", "Min", "Max", "Mean", "Sample A", "Sample B", "Control", "Male", "Female", "Total", "Volume", "Share", "Change"), rng.randint(2, 5))
    names = rng.sample(vocabulary.FORM_QUALIFIERS, rng.randint(3, 9))
    names = [f"{name} {rng.choice(vocabulary.FORM_NOUNS['quantity'])}" if rng.random() < 0.4 else name for name in names]
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
    columns = [Column(rng.choice(("", "Item", "Brand", "Description", "Test")), "left", True)] + [Column(h, rng.choice(("right", "right", "center"))) for h in heads]
    sheet.y = table(sheet.canvas, columns, rows, (sheet.x0, sheet.at(rng.choice((1, 1, 0.75))), sheet.y), (filled, sheet.look.bold), sample_table_style(rng))
    for path, name, head in rng.sample(cells, min(4, len(cells))):
        text = rng.choice(("What is the {h} of {n}?", "{n} {h}", "{h} for {n}", "What is the value for {n} in {h}?", "{n}, {h}", "What figure is given for {n} under {h}?", "How much is {n} ({h})?"))
        draft.queries.append(QueryTruth(text.format(n=name.lower() if rng.random() < 0.5 else name, h=head), False, path))
    if rng.random() < 0.5:
        draft.queries.append(QueryTruth(spell(rng, rng.choice(("Cage Fume Index", "Torque rating", "Bond yield", "Glucose level")), ""), False, "absent.figure"))


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


def _row_table(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Keys as column heads over one to three rows of values; the first row is asked for."""
    rng = sheet.rng
    made = [f for f in sample_fields(sheet.draft, rng.randint(3, 5), country, blank) if f.kind != "address"]
    if len(made) < 2:
        return
    rows = [[f.runs() for f in made]]
    columns = [Column(_key(f, upper, ""), rng.choice(("left", "center")), True) for f in made]
    sheet.y = table(sheet.canvas, columns, rows, (sheet.x0, sheet.x1, sheet.y), (filled, sheet.look.bold), sample_table_style(rng))


def _choices(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """A key with boxes to tick; the value is what is ticked."""
    rng, draft, font = sheet.rng, sheet.draft, sheet.look.body
    for _ in range(rng.randint(1, 3)):
        key = rng.choice(vocabulary.PLAIN_KEYS["text"] + ("Approved", "Implement", "Type of Request", "Test Passed", "Smoker", "Insurance", "Delivery"))
        if slug(key) in draft.labels or not sheet.fits(4 * sheet.em):
            continue
        options = rng.sample(vocabulary.FORM_TEXTS, rng.randint(2, 4)) if rng.random() < 0.7 else ["Yes", "No"]
        ticked = rng.choice(options) if rng.random() < 0.8 else None
        register(draft, FormField(key, slug(key), "text", (ticked,) if ticked else (), ticked or ""))
        x = put(sheet.canvas, [Run(key + ":", label=True)], sheet.x0, sheet.y, font, room=0.4 * sheet.room) + sheet.em
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
                    put(sheet.canvas, [Run(sign)], x + size / 2, sheet.y - 0.05 * sheet.em, font, "center")
                x += size + 0.4 * sheet.em
            x = put(sheet.canvas, [Run(option, field=slug(key) if option == ticked else None)], x, sheet.y, font) + 1.5 * sheet.em
        sheet.y += sheet.look.step + 0.3 * sheet.em


def _text(sheet: Sheet, country: Country, filled: Font, blank: float, upper: bool) -> None:
    """Instructions, or remarks under a key."""
    rng = sheet.rng
    key = rng.choice(("Remarks", "Comments", "Description", "Objective", "Reason for request", "Conclusions", "Purpose of the project", "Special instructions", "Background", "Notes"))
    if rng.random() < 0.5 or slug(key) in sheet.draft.labels:
        sheet.line(Run(content.paragraph(rng, 1, 3)), font=sheet.look.small)
        return
    words = content.paragraph(rng, 1, 3)
    made = register(sheet.draft, FormField(key, slug(key), "text", (words,), words))
    sheet.line(Run(_key(made, upper, ":"), label=True))
    sheet.y = flow(sheet.canvas, made.runs(), sheet.x0 + rng.choice((0, 2)) * sheet.em, sheet.x1, sheet.y, filled, sheet.look.leading)


def _signatures(sheet: Sheet) -> None:
    """Rules to sign on with what belongs there under them: fields that stay blank."""
    rng, font = sheet.rng, sheet.look.small
    sheet.gap(2.5)
    keys = rng.sample(("Signature", "Approved by", "Date signed", "Manager", "Quality Control", "Applicant signature", "Witness signature", "Tester", "Authorized by"), rng.randint(1, 3))
    for number, key in enumerate(keys):
        x0, x1 = sheet.at(number / len(keys)), sheet.at((number + 0.85) / len(keys))
        sheet.canvas.rule(x0, sheet.y, x1, sheet.y)
        put(sheet.canvas, [Run(key, label=True)], x0, sheet.y + 0.3 * font.size, font, room=x1 - x0)
        if slug(key) not in sheet.draft.labels:
            sheet.draft.labels[slug(key)] = key
    sheet.gap(1.6)


def _stamps(sheet: Sheet) -> None:
    """A page number, form number or archive number at the foot."""
    rng = sheet.rng
    if rng.random() < 0.5:
        page_footer(sheet, [Run(rng.choice((content.fill(rng, "#########"), content.fill(rng, "Form ??-### (Rev. #/##)"), "Page 1 of 2", "- 1 -", "CONFIDENTIAL", content.fill(rng, "???## #######"))))])


MEMO_LABELS = {"to": ("TO", "To", "Attention", "Attn", "FOR"), "from": ("FROM", "From", "Sender"), "cc": ("CC", "cc", "Copies", "c.c."), "date": ("DATE", "Date", "Sent"), "subject": ("SUBJECT", "Subject", "Re", "RE"), "fax_number": ("FAX", "Fax No.", "Fax Number", "FAX #"), "phone": ("PHONE", "Tel", "Telephone", "Phone No."), "pages": ("PAGES", "No. of pages", "Pages (incl. cover)", "Number of pages"), "to_company": ("COMPANY", "Company", "Firm", "Organization"), "department": ("DEPT", "Department", "Division")}  # fmt: skip


def make_memo(rng: random.Random) -> Draft:
    """A memorandum or a fax cover sheet."""
    draft = Draft("memo", rng)
    country = content.sample_country(rng, asia=0.1)
    sheet = sample_sheet(draft, rng.choices(("sans", "serif", "mono"), (3, 3, 4))[0], (9, 12))
    fax = rng.random() < 0.4
    filled = _filled_font(sheet)
    if rng.random() < 0.75:
        letterhead(sheet, draft.mark("organization", content.company(rng, country)), [[Run(line)] for line in content.address(rng, country)[: rng.randint(0, 3)]], rng.choice(("center", "left", "right")))
    sheet.gap(rng.uniform(0.5, 2))
    title = rng.choice(("FAX", "FACSIMILE TRANSMITTAL SHEET", "Fax Cover Sheet", "TELEFAX", "FAX TRANSMISSION")) if fax else rng.choice(("MEMORANDUM", "Memo", "INTEROFFICE MEMORANDUM", "Inter-Office Correspondence", "INTERNAL MEMO", "NOTE TO FILE"))
    sheet.line(Run(title), font=sheet.look.title, align=rng.choice(("center", "left")))
    sheet.gap(rng.uniform(0.5, 1.5))
    _memo_lines(sheet, country, filled, fax)
    sheet.rule(rng.randint(1, 3))
    sheet.gap(rng.uniform(0.5, 1.5))
    for _ in range(rng.randint(1, 4)):
        if not sheet.fits(12 * sheet.em):
            break
        sheet.line(Run(content.paragraph(rng)), font=filled if rng.random() < 0.3 else sheet.look.body)
        sheet.gap(0.8)
    _stamps(sheet)
    return draft


def _memo_lines(sheet: Sheet, country: Country, filled: Font, fax: bool) -> None:
    rng, draft = sheet.rng, sheet.draft
    date = content.sample_date(rng, 1965)
    texts = {
        "to": content.person(rng, country), "from": content.person(rng, country), "cc": content.person(rng, country), "subject": _subject(rng),
        "date": content.format_date(date, rng.choice(country.dates)), "fax_number": content.phone(rng, country), "phone": content.phone(rng, country),
        "pages": str(rng.randint(1, 40)), "to_company": content.company(rng, country), "department": rng.choice(("Research & Development", "Marketing", "Legal", "Purchasing", "Human Resources", "Quality Assurance")),
    }  # fmt: skip
    shares = {"to": 1, "from": 1, "date": 0.95, "subject": 0.8, "cc": 0.3, "fax_number": 0.9 * fax, "phone": 0.5 * fax, "pages": 0.9 * fax, "to_company": 0.6 * fax, "department": 0.15}
    items = []
    mark, upper = rng.choice((":", ":", "")), rng.random() < 0.5
    for path, text in texts.items():
        if rng.random() < shares[path]:
            tag = rng.choice(MEMO_LABELS[path])
            run = draft.mark(path, text, date.isoformat() if path == "date" else text, tag)
            items.append(((tag.upper() if upper else tag) + mark, [Run(run.text, field=path, font=filled)]))
    if rng.random() < 0.5:
        rng.shuffle(items)
    if fax and len(items) > 4 and rng.random() < 0.6:
        _side_by_side(sheet, items, filled)
        return
    sheet.y = pairs(sheet.canvas, items, (sheet.x0, sheet.x1, sheet.y), (filled, sheet.look.bold), rng.choice(("column", "column", "inline")), sheet.look.leading * rng.choice((1, 1.3)))


def _side_by_side(sheet: Sheet, items: Sequence[tuple[str, list[Run]]], filled: Font) -> None:
    half = (len(items) + 1) // 2
    left = pairs(sheet.canvas, items[:half], (sheet.x0, sheet.at(0.48), sheet.y), (filled, sheet.look.bold), "column", sheet.look.leading)
    right = pairs(sheet.canvas, items[half:], (sheet.at(0.52), sheet.x1, sheet.y), (filled, sheet.look.bold), "column", sheet.look.leading)
    sheet.y = max(left, right)


def _subject(rng: random.Random) -> str:
    head = rng.choice(("Review of", "Proposal for", "Update on", "Results of", "Meeting on", "Request for", "Status of", "Change in", "Analysis of"))
    return f"{head} {rng.choice(vocabulary.SENTENCE_OBJECTS)}" if rng.random() < 0.7 else f"{rng.choice(vocabulary.COMPANY_WORDS)} {rng.choice(vocabulary.FORM_TITLES)}"
