"""Court judgments: caption, parties, judges, counsel, reasons and order."""

from __future__ import annotations

import datetime
import random

from finetune.synthesis import content
from finetune.synthesis import legal_texts as texts
from finetune.synthesis.contracts import Deed, _deed, _footers, duration, formal_date
from finetune.synthesis.layout import Run
from finetune.synthesis.truth import Draft


def make_judgment(rng: random.Random) -> Draft:
    """A judgment of one to three pages."""
    draft = Draft("court_judgment", rng)
    deed = _deed(draft)
    sheet = deed.sheet
    sides = rng.choice(texts.SIDES)
    names = [[_party(deed) for _ in range(1 if rng.random() < 0.8 else 2)] for _ in range(2)]
    money = content.money_style(rng, deed.country, 0.0)
    deed.words |= {
        "side0": sides[0],
        "side1": sides[1],
        "other_term": duration(rng)[0],
        "past": formal_date(rng, content.sample_date(rng, 1985, 2010)),
        "amount": money(rng.randint(20, 9000) * 10_000),
    }
    align = rng.choice(("center", "center", "left"))
    court = rng.choice(texts.COURTS)
    sheet.line(draft.mark("court", court), font=sheet.look.bold, align=align)
    sheet.gap(0.6)
    _number(deed, align)
    draw = rng.random()
    if draw < 0.6:
        _stacked_caption(deed, names, sides)
    else:
        _short_caption(deed, names, sides)
    sheet.gap(0.6)
    sheet.line(
        Run(
            rng.choice(
                (
                    "JUDGMENT",
                    "GROUNDS OF JUDGMENT",
                    "OPINION AND ORDER",
                    "MEMORANDUM OPINION",
                    "DECISION",
                    "REASONS FOR JUDGMENT",
                )
            )
        ),
        font=sheet.look.bold,
        align="center",
    )
    sheet.gap(0.8)
    _details(deed, sides)
    reasons = [
        *rng.sample(texts.JUDGMENT_TEXTS, len(texts.JUDGMENT_TEXTS)),
        *(content.paragraph(rng, 2, 4) for _ in range(rng.randint(0, 12))),
    ]
    for number, reason in enumerate(reasons[rng.randint(0, 6) :], 1):
        tag = f"[{number}] " if draw < 0.5 else f"{number}. "
        sheet.paragraph([Run(tag), *deed.runs(reason)], deed.align, deed.indent)
        sheet.gap(deed.spread)
    _order(deed, money)
    _footers(draft, sheet)
    draft.unasked.add("currency")
    return draft


def _party(deed: Deed) -> str:
    name = (
        content.company(deed.rng, deed.country)
        if deed.rng.random() < 0.5
        else content.person(deed.rng, deed.country)
    )
    return name.upper() if deed.rng.random() < 0.5 else name


def _number(deed: Deed, align: str) -> None:
    rng, sheet = deed.rng, deed.sheet
    tag = rng.choice(
        (
            "Case No.",
            "CIVIL ACTION NO.",
            "Suit No.",
            "Docket No.",
            "CIVIL APPEAL NO:",
            "Case Number:",
            "No.",
            "Claim No:",
        )
    )
    number = content.fill(
        rng,
        rng.choice(
            (
                "##-cv-#####",
                "W-02-####-##/20##",
                "20##-??-####",
                "####/20##",
                "B2-##-##",
                "CA-##-###-20##",
                "A-#####-##",
                "[20##] EWHC ### (QB)",
            )
        ),
    )
    sheet.line(
        Run(tag + " ", label=True), sheet.draft.mark("case_number", number, label=tag), align=align
    )
    sheet.gap(0.8)


def _stacked_caption(deed: Deed, names: list[list[str]], sides: tuple[str, str]) -> None:
    """BETWEEN / name ... Plaintiff / AND / name ... Defendant."""
    sheet, rng = deed.sheet, deed.rng
    if rng.random() < 0.7:
        sheet.line(Run(rng.choice(("BETWEEN", "Between"))), align="center")
    for number, path in enumerate(("plaintiffs", "defendants")):
        for index, name in enumerate(names[number]):
            tail = f" ({index + 1})" if len(names[number]) > 1 else ""
            sheet.line(
                sheet.draft.mark(f"{path}[{index}]", name),
                Run(tail),
                align="center",
                font=sheet.look.bold,
            )
        plural = sides[number] + ("s" if len(names[number]) > 1 else "")
        sheet.line(
            Run(rng.choice(("... ", "", "…")) + rng.choice((plural, plural.upper(), plural + ","))),
            align=rng.choice(("right", "center")),
        )
        if number == 0:
            sheet.line(
                Run(rng.choice(("AND", "v.", "- and -", "vs.", "-against-"))), align="center"
            )


def _short_caption(deed: Deed, names: list[list[str]], sides: tuple[str, str]) -> None:
    sheet, rng = deed.sheet, deed.rng
    versus = rng.choice((" v. ", " vs. ", " v "))
    for path, side in zip(("plaintiffs", "defendants"), names, strict=True):
        for index, name in enumerate(side):
            sheet.draft.texts[f"{path}[{index}]"] = name
    runs: list[Run] = []
    for number, path in enumerate(("plaintiffs", "defendants")):
        for index, name in enumerate(names[number]):
            if index:
                runs.append(Run(" and "))
            runs.append(Run(name, field=f"{path}[{index}]"))
        runs.append(Run(f", {sides[number]}," if rng.random() < 0.5 else ""))
        if number == 0:
            runs.append(Run(versus))
    sheet.line(*runs, font=sheet.look.bold, align=rng.choice(("center", "left")))
    sheet.draft.unasked.add("case_name")


def _details(deed: Deed, sides: tuple[str, str]) -> None:
    """Lines on judges, dates and counsel."""
    rng, sheet, draft = deed.rng, deed.sheet, deed.sheet.draft
    draft.unasked.add("case_name")
    decided = content.sample_date(rng, 1990)
    heard = decided - datetime.timedelta(days=rng.randint(1, 200))
    rows: list[list[Run]] = []
    before = rng.choice(("Before:", "Coram:", "BEFORE", "Judge:", "Presiding:"))
    row = [Run(before + " ", label=True)]
    for index in range(rng.choice((1, 1, 1, 3))):
        if index:
            row.append(Run("; " if rng.random() < 0.5 else ", "))
        judge = content.person(rng, deed.country)
        row += [
            Run(rng.choice(("Hon. ", "Justice ", "The Honourable Mr Justice ", "Judge ", ""))),
            draft.mark(f"judges[{index}]", judge),
        ]
    rows.append(row)
    tag = rng.choice(
        ("Date of judgment:", "Decided:", "Judgment delivered on", "Dated:", "Filed:", "Date:")
    )
    rows.append(
        [
            Run(tag + " ", label=True),
            draft.mark("judgment_date", formal_date(rng, decided), decided.isoformat(), tag),
        ]
    )
    if rng.random() < 0.4:
        tag = rng.choice(("Date of hearing:", "Heard:", "Argued:", "Hearing dates:"))
        rows.append(
            [
                Run(tag + " ", label=True),
                draft.mark("hearing_date", formal_date(rng, heard), heard.isoformat(), tag),
            ]
        )
    for number, path in enumerate(("plaintiff_counsel", "defendant_counsel")):
        if rng.random() < 0.45:
            tag = rng.choice(
                (
                    f"For the {sides[number]}:",
                    f"Counsel for the {sides[number]}:",
                    f"Attorney for {sides[number]}:",
                )
            )
            counsel = (
                content.person(rng, deed.country)
                if rng.random() < 0.6
                else f"{content.person(rng, deed.country).split()[-1]} & Partners"
            )
            rows.append([Run(tag + " ", label=True), draft.mark(path, counsel, label=tag)])
    if rng.random() < 0.4:
        rng.shuffle(rows)
    for line in rows:
        sheet.paragraph(line)
    sheet.gap(1)


def _order(deed: Deed, money: content.MoneyStyle) -> None:
    """What the court decides, with sums awarded."""
    rng, draft = deed.rng, deed.sheet.draft
    outcome = rng.choice(texts.OUTCOMES)
    deed.values["outcome"] = (outcome, outcome)
    template = rng.choice(
        (
            "For the reasons given, {outcome}.",
            "ORDER: {outcome}.",
            "{outcome}. Order accordingly.",
            "Accordingly it is ordered as follows. {outcome}.",
        )
    )
    damages, costs = rng.randint(5, 90_000) * 1000, rng.randint(5, 900) * 1000
    if rng.random() < 0.4:
        deed.values["damages"] = (money(damages), content.decimal_text(damages))
        template += rng.choice(
            (
                " The {side1} shall pay damages in the sum of {damages}.",
                " Judgment is entered in the amount of {damages} together with interest.",
            )
        )
    if rng.random() < 0.4:
        deed.values["costs"] = (money(costs), content.decimal_text(costs))
        template += rng.choice(
            (
                " Costs of {costs} are awarded to the {side0}.",
                " There will be costs fixed at {costs}.",
            )
        )
    deed.write(template)
    if rng.random() < 0.6 and "judges[0]" in draft.texts and deed.sheet.fits(6 * deed.sheet.em):
        deed.sheet.gap(2)
        deed.sheet.line(
            draft.mark("judges[0]", draft.texts["judges[0]"]), align=rng.choice(("left", "right"))
        )
        deed.sheet.line(
            Run(
                rng.choice(
                    ("Judge", "High Court Judge", "United States District Judge", "Circuit Judge")
                )
            ),
            align="left",
        )
