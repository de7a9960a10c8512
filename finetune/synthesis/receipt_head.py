# ruff: noqa: E501
"""The head of a receipt: company, address, numbers, date, cashier."""

from __future__ import annotations

from finetune.synthesis import content, vocabulary
from finetune.synthesis.labels import label
from finetune.synthesis.layout import Run, put, width_of
from finetune.synthesis.receipt_printer import Till


def print_head(till: Till) -> None:
    rng, draft = till.rng, till.draft
    if rng.random() < 0.1:
        till.line(
            Run(till.case(content.person(rng, till.country))),
            align=rng.choice(("left", "center", "right")),
        )
        till.gap(0.5)
    if rng.random() < 0.12:
        brand = rng.choice(vocabulary.COMPANY_WORDS)
        till.line(Run(brand.upper(), font=till.look.title), align=till.align)
        till.gap(0.3)
    title = till.case(label(rng, "receipt_title", till.country.language))
    title_first = rng.random() < 0.15
    if title_first:
        till.line(Run(title), align=till.align, bold=True)
    name = till.case(content.company(rng, till.country, till.trade))
    _company_lines(till, name)
    lines = [till.case(line) for line in content.address(rng, till.country)]
    if rng.random() < 0.95:
        for runs in draft.mark_lines("address", lines):
            till.line(*runs, align=till.align)
    _contact_lines(till)
    if rng.random() < 0.1:
        till.line(Run(f"({till.case(rng.choice(vocabulary.MALAY_AREAS))})"), align=till.align)
    if not title_first and rng.random() < 0.75:
        till.gap(rng.choice((0, 0.4, 1)))
        till.line(
            Run(title), align="center", bold=rng.random() < 0.5, scale=rng.choice((1, 1, 1.2))
        )
    till.gap(rng.choice((0, 0.3, 0.8)))


def _company_lines(till: Till, name: str) -> None:
    rng, draft = till.rng, till.draft
    runs = [draft.mark("company", name)]
    number = content.fill(
        rng,
        rng.choice(
            ("######-?", "######-?", "########", "(######-?)", "20##########", "00######-?")
        ),
    )
    where = rng.random()
    scale = rng.choice((1, 1, 1.15, 1.3, 1.6))
    bold = rng.random() < 0.5
    if where < 0.2:
        text = number if number.startswith("(") else f"({number})"
        runs += [Run(" "), draft.mark("registration_number", text, number.strip("()"))]
    till.line(*runs, align=till.align, scale=scale, bold=bold)
    if 0.2 <= where < 0.6:
        tag = till.label("registration")
        open_, shut = rng.choice((("", ""), ("(", ")")))
        bare = number.strip("()")
        if rng.random() < 0.4:
            till.line(draft.mark("registration_number", f"({bare})", bare), align=till.align)
        else:
            mark = draft.mark("registration_number", bare, label=tag)
            till.line(
                Run(f"{open_}{tag}", label=True),
                Run(rng.choice((": ", " : ", " ", ":"))),
                mark,
                Run(shut),
                align=till.align,
            )


def _contact_lines(till: Till) -> None:
    rng, draft = till.rng, till.draft
    colon = rng.choices((": ", " : ", ":", " ", "."), (40, 32, 8, 16, 4))[0]
    parts: list[list[Run]] = []
    if rng.random() < 0.75:
        tag = till.label("phone")
        parts.append(
            [
                Run(tag, label=True),
                Run(colon),
                draft.mark("phone", content.phone(rng, till.country), label=tag),
            ]
        )
    if rng.random() < 0.3:
        tag = till.label("fax")
        parts.append(
            [
                Run(tag, label=True),
                Run(colon),
                draft.mark("fax", content.phone(rng, till.country), label=tag),
            ]
        )
    if len(parts) == 2 and rng.random() < 0.4:
        parts = [[*parts[0], Run("  "), *parts[1]]]
    if rng.random() < 0.6:
        tag = till.label("tax_id")
        number = content.fill(
            rng,
            rng.choice(
                (
                    "############",
                    "00##########",
                    "GB ### #### ##",
                    "##-#######",
                    "M#-########-#",
                    "DE#########",
                )
            ),
        )
        runs = [Run(tag, label=True), Run(colon), draft.mark("tax_id", number, label=tag)]
        if rng.random() < 0.25:
            runs = [Run("("), *runs, Run(")")]
        parts.append(runs)
    if rng.random() < 0.15:
        parts.append([Run(content.email(rng, draft.texts.get("company", "shop")))])
    if rng.random() < 0.25:
        rng.shuffle(parts)
    for runs in parts:
        till.line(*runs, align=till.align)


def _date_run(till: Till, key: str = "date") -> tuple[str, Run]:
    """(printed label, run) of the purchase date."""
    rng = till.rng
    date = content.sample_date(rng, 2005)
    pattern = rng.choice(till.country.dates)
    if rng.random() < 0.03:
        pattern = "%Y%m%d"
    text = till.case(content.format_date(date, pattern, till.country.language))
    tag = till.label(key)
    return tag, till.draft.mark("date", text, date.isoformat(), tag)


def _time_run(till: Till, tag: str | None = None) -> Run:
    rng = till.rng
    hour, minute, second = rng.randint(7, 22), rng.randint(0, 59), rng.randint(0, 59)
    forms = (
        f"{hour:02d}:{minute:02d}",
        f"{hour:02d}:{minute:02d}:{second:02d}",
        f"{(hour - 1) % 12 + 1}:{minute:02d} {'AM' if hour < 12 else 'PM'}",
        f"{(hour - 1) % 12 + 1:02d}:{minute:02d}:{second:02d}{'AM' if hour < 12 else 'PM'}",
    )
    return till.draft.mark("time", rng.choice(forms), f"{hour:02d}:{minute:02d}", tag)


def _meta_pairs(till: Till, date_here: bool) -> list[list[Run]]:
    """Runs of the lines on receipt number, date, time, cashier and so on."""
    rng, draft = till.rng, till.draft
    colon = rng.choices((": ", " : ", ":", " ", " :"), (40, 32, 8, 16, 4))[0]
    out: list[list[Run]] = []

    def pair(path: str, text: str, share: float) -> None:
        if rng.random() < share:
            tag = till.label(path)
            out.append([Run(tag, label=True), Run(colon), draft.mark(path, text, label=tag)])

    pair("receipt_number", content.code(rng), 0.85)
    if date_here:
        joined = rng.random() < 0.5
        tag, run = _date_run(till, "datetime" if joined else "date")
        head = [Run(tag, label=True), Run(colon)] if rng.random() < 0.85 else []
        if joined:
            out.append([*head, run, Run(rng.choice((" ", "  ", " / ", " "))), _time_run(till)])
        else:
            out.append([*head, run])
            if rng.random() < 0.5:
                time_tag = till.label("time")
                out.append([Run(time_tag, label=True), Run(colon), _time_run(till, time_tag)])
    pair(
        "cashier",
        till.case(
            rng.choice(
                (
                    content.person(rng, till.country).split()[0],
                    content.code(rng),
                    "USER",
                    "ADMIN",
                    str(rng.randint(1, 99)),
                )
            )
        ),
        0.6,
    )
    pair(
        "terminal",
        rng.choice(
            (str(rng.randint(1, 20)), f"T{rng.randint(1, 9)}", f"POS{rng.randint(1, 9):02d}")
        ),
        0.25,
    )
    if till.trade == "restaurant":
        pair(
            "table",
            rng.choice((str(rng.randint(1, 60)), f"C{rng.randint(1, 40)}", "TAKE AWAY")),
            0.5,
        )
    pair(
        "customer",
        till.case(
            rng.choice(
                (
                    "CASH",
                    content.person(rng, till.country),
                    "Walk-in customer",
                    content.company(rng, till.country),
                )
            )
        ),
        0.12,
    )
    if rng.random() < 0.25:
        out.append(
            [
                Run(
                    f"{till.case(rng.choice(('Ref', 'Pax', 'Store', 'Branch', 'Shift', 'Order Type')))}{colon}{rng.randint(1, 900)}"
                )
            ]
        )
    if rng.random() < 0.5:
        rng.shuffle(out)
    return out


def print_meta(till: Till, date_here: bool) -> None:
    rng = till.rng
    lines = _meta_pairs(till, date_here)
    if rng.random() < 0.4:
        till.separator()
    two = rng.random() < 0.35
    align = "center" if rng.random() < 0.08 else "left"
    room = till.x1 - till.x0
    while lines:
        left = lines.pop(0)
        if (
            two
            and lines
            and width_of(left, till.look.body) + width_of(lines[0], till.look.body) < 0.93 * room
        ):
            right = lines.pop(0)
            if (
                rng.random() < 0.5
                or width_of(left, till.look.body) > 0.5 * room
                or width_of(right, till.look.body) > 0.46 * room
            ):
                till.ends(left, right)
            else:
                put(till.canvas, right, till.x0 + 0.53 * room, till.y, till.look.body)
                till.line(*left)
        else:
            till.line(*left, align=align)


def print_dated_line(till: Till) -> None:
    """The line many tills print under the totals: date, time, shop, till, slip number."""
    rng = till.rng
    _, run = _date_run(till)
    till.draft.labels.pop("date", None)
    tail = (
        f" {content.fill(rng, 'SH## ')}{content.fill(rng, 'T# R#########')}"
        if rng.random() < 0.5
        else f" {content.code(rng)}"
    )
    runs = [run, Run(" "), _time_run(till), Run(tail if rng.random() < 0.7 else "")]
    till.line(*runs, align=rng.choice(("left", "left", "center")))
