# ruff: noqa: E501
"""Legal documents: non-disclosure agreements, contracts, court judgments; one to four pages."""

from __future__ import annotations

import datetime
import random
import re
from dataclasses import dataclass, field

from finetune.synthesis import content
from finetune.synthesis import legal_texts as texts
from finetune.synthesis.countries import MONTHS, Country, sample_country
from finetune.synthesis.layout import Run, put
from finetune.synthesis.office_page import Sheet, page_footer, sample_sheet
from finetune.synthesis.truth import Draft


@dataclass
class Deed:
    """A legal text being written. values: printed text by path (marked); words: by name (not)."""

    sheet: Sheet
    country: Country
    align: str
    indent: float
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    @property
    def rng(self) -> random.Random:
        return self.sheet.rng

    def runs(self, template: str) -> list[Run]:
        """Replace ``{path}``: values become marked runs, words plain text."""
        out: list[Run] = []
        for position, piece in enumerate(re.split(r"\{([^}]+)\}", template)):
            if not position % 2:
                out.append(Run(piece))
            elif piece in self.values:
                text, value = self.values[piece]
                out.append(self.sheet.draft.mark(piece, text, value))
            else:
                out.append(Run(self.words[piece]))
        return out

    def write(self, template: str, left: float = 0.0) -> None:
        """Print a paragraph."""
        self.sheet.paragraph(self.runs(template), self.align, self.indent, left)
        self.sheet.gap(self.spread)

    spread: float = 0.6


def _deed(draft: Draft, points: tuple[float, float] = (9, 12)) -> Deed:
    rng = draft.rng
    sheet = sample_sheet(draft, rng.choices(("serif", "sans", "mono"), (6, 3, 1))[0], points)
    country = sample_country(rng, asia=0.12)
    return Deed(
        sheet,
        country,
        rng.choice(("left", "justify", "justify")),
        rng.choice((0.0, 0.0, 2.5)),
        spread=rng.uniform(0.2, 1.0),
    )


def duration(rng: random.Random, months: bool = True) -> tuple[str, str]:
    """(as printed, normalised): ("two (2) years", "2 years")."""
    unit = rng.choice(("year", "year", "year", "month")) if months else "day"
    number = rng.choice(
        (1, 2, 2, 3, 3, 5, 10)
        if unit == "year"
        else (6, 12, 15, 18, 24, 36)
        if unit == "month"
        else (7, 10, 15, 30, 60, 90)
    )
    word = texts.NUMBERS[number]
    plural = unit if number == 1 else f"{unit}s"
    return rng.choice(
        (
            f"{word} ({number}) {plural}",
            f"{number} {plural}",
            f"{word} {plural}",
            f"{word} ({number}) {plural}",
        )
    ), f"{number} {plural}"


def formal_date(rng: random.Random, date: datetime.date) -> str:
    """A date as contracts write it."""
    suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(date.day, "th")
    month = MONTHS["en"][date.month - 1]
    return rng.choice(
        (
            f"{month} {date.day}, {date.year}",
            f"{month} {date.day}, {date.year}",
            f"{month} {date.day}, {date.year}",
            f"{date.day} {month} {date.year}",
            f"the {date.day}{suffix} day of {month}, {date.year}",
            f"{date.day}{suffix} {month} {date.year}",
            f"this {date.day}{suffix} day of {month} {date.year}",
            f"{date.month}/{date.day}/{date.year}",
        )
    )


def _parties(deed: Deed, roles: tuple[str, str]) -> None:
    """Two parties, the second now and then a person, with what is said about them."""
    rng = deed.rng
    for number, role in enumerate(roles):
        person = number == 1 and rng.random() < (
            0.8 if role in ("Employee", "Tenant", "Consultant") else 0.3
        )
        name = content.person(rng, deed.country) if person else content.company(rng, deed.country)
        if rng.random() < 0.2:
            name = name.upper()
        state = rng.choice(texts.STATES)
        place = " ".join(content.address(rng, deed.country)).strip(" .,")
        about = (
            f"a {state} {rng.choice(texts.ENTITY_TYPES)}" if not person else f"residing at {place}"
        )
        if not person and rng.random() < 0.4:
            about += f" with its principal place of business at {place}"
        deed.values[f"parties[{number}]"] = (name, name)
        short = role if rng.random() < 0.6 else name.split()[0].strip(",").title()
        deed.words |= {f"short{number}": short, f"about{number}": about, f"place{number}": place}
    if deed.words["short0"] == deed.words["short1"]:
        deed.words |= {"short0": roles[0], "short1": roles[1]}


def _terms(deed: Deed) -> None:
    rng = deed.rng
    state = rng.random() < 0.75
    law = rng.choice(texts.STATES if state else texts.COUNTRIES)
    deed.values["jurisdiction"] = (law, law)
    date = content.sample_date(rng, 1996)
    deed.values["effective_date"] = (formal_date(rng, date), date.isoformat())
    end = date.replace(year=date.year + rng.randint(1, 5), day=min(date.day, 28))
    deed.values["end"] = (formal_date(rng, end), end.isoformat())
    deed.values["term"] = duration(rng)
    deed.values["renewal_term"] = duration(rng)
    deed.values["notice_period"] = duration(rng, months=False)
    purpose = rng.choice(texts.PURPOSES)
    deed.values["purpose"] = (purpose, purpose)
    forum = rng.choice(texts.FORUMS).format(city=rng.choice(texts.CITIES))
    deed.values["dispute_forum"] = (forum, forum)
    deed.words |= {
        "the_state": rng.choice(("the State of ", "the Commonwealth of ", "the State of ", ""))
        if state
        else "",
        "other_term": duration(rng)[0],
        "days": str(rng.choice((5, 10, 14, 20, 30))),
        "percent": f"{rng.choice((1, 1.5, 2, 6, 10))}%",
        "amount": content.money_style(rng, deed.country, 0.0)(rng.randint(10, 2000) * 100_000),
    }


def _title(deed: Deed, title: str, marked: bool = True) -> None:
    sheet, rng = deed.sheet, deed.rng
    if rng.random() < 0.25:
        sheet.line(
            Run(rng.choice(("Exhibit 10.", "EX-99.", "Annex ")) + str(rng.randint(1, 40))),
            align=rng.choice(("right", "left")),
            font=sheet.look.small,
        )
        sheet.gap(0.6)
    font = sheet.look.bold if rng.random() < 0.6 else sheet.look.title
    run = sheet.draft.mark("title", title) if marked else Run(title)
    sheet.line(run, font=font, align=rng.choice(("center", "center", "left")))
    sheet.gap(rng.uniform(0.6, 1.8))


def _clause(deed: Deed, number: int, heading: str, template: str, style: str) -> None:
    sheet = deed.sheet
    if not sheet.fits(3 * sheet.look.step):
        sheet.next_page()
    if style == "own_line":
        sheet.line(Run(f"{number}. {heading}"), font=sheet.look.bold)
        deed.write(template)
        return
    tag = {
        "inline": f"{number}. {heading}. ",
        "number": f"{number}. ",
        "section": f"Section {number}. {heading}. ",
        "upper": f"{number}. {heading.upper()}. ",
    }[style]
    sheet.paragraph([Run(tag, font=sheet.look.bold), *deed.runs(template)], deed.align, deed.indent)
    sheet.gap(deed.spread)


def _signatures(deed: Deed) -> None:
    """Blocks to sign in for both parties, with names of persons and titles."""
    sheet, rng, draft = deed.sheet, deed.rng, deed.sheet.draft
    if not sheet.fits(13 * sheet.look.step):
        sheet.next_page()
    sheet.paragraph(
        [
            Run(
                rng.choice(
                    (
                        "IN WITNESS WHEREOF, the parties have executed this Agreement as of the date first above written.",
                        "The parties have signed this Agreement through their duly authorized representatives.",
                        "Agreed and accepted:",
                    )
                )
            )
        ],
        deed.align,
    )
    sheet.gap(1.2)
    side = rng.random() < 0.6
    top = sheet.y
    signed = content.sample_date(rng, 2000)
    for number in range(2):
        x0, x1 = (
            (sheet.at(0.52 * number), sheet.at(0.46 + 0.54 * number))
            if side
            else (sheet.x0, sheet.at(0.5))
        )
        y = top if side else sheet.y
        name = deed.values[f"parties[{number}]"][0]
        signer = content.person(rng, deed.country)
        person = "residing" in deed.words[f"about{number}"]
        rows: list[list[Run]] = [
            [draft.mark(f"parties[{number}]", name)],
            [Run("By: "), Run("________________")],
        ]
        if not person:
            rows.append([Run("Name: ", label=True), draft.mark(f"signatories[{number}]", signer)])
            rows.append(
                [
                    Run(
                        f"Title: {rng.choice(('President', 'Chief Executive Officer', 'Vice President', 'Director', 'General Counsel', 'Managing Director'))}"
                    )
                ]
            )
        if draft.kind == "contract" and rng.random() < 0.5:
            rows.append(
                [
                    Run("Date: ", label=True),
                    draft.mark(
                        "signature_date",
                        *_same(
                            draft, "signature_date", formal_date(rng, signed), signed.isoformat()
                        ),
                    ),
                ]
            )
        for row in rows:
            put(sheet.canvas, row, x0, y, sheet.look.body, room=x1 - x0)
            y += 1.45 * sheet.look.step
        sheet.y = max(sheet.y, y) + (0 if side and number == 0 else sheet.em)


def _same(draft: Draft, path: str, text: str, value: str) -> tuple[str, str]:
    """The text already printed for a path, else this one."""
    return draft.texts.get(path, text), draft.values.get(path, value)


def _footers(draft: Draft, sheet: Sheet) -> None:
    if draft.rng.random() < 0.5:
        for number, page in enumerate(draft.pages, 1):
            sheet.canvas = page
            page_footer(
                sheet,
                [
                    Run(
                        draft.rng.choice(
                            (str(number), f"Page {number} of {len(draft.pages)}", f"- {number} -")
                        )
                    )
                ],
            )


def _body(
    deed: Deed, wanted: dict[str, tuple[str, ...]], special: list[tuple[str, str]], limit: int
) -> None:
    """Numbered clauses in a random order, those with fields among them."""
    rng = deed.rng
    long = rng.random() < 0.5
    clauses = [
        (h, " ".join(rng.sample(t, len(t))) if long else rng.choice(t))
        for h, t in rng.sample(list(wanted.items()), min(limit, len(wanted)))
    ]
    for extra in special:
        clauses.insert(rng.randint(len(clauses) // 2, len(clauses)), extra)
    style = rng.choice(("own_line", "inline", "number", "section", "upper"))
    for number, (heading, template) in enumerate(clauses, 1):
        _clause(deed, number, heading, template, style)


def make_nda(rng: random.Random) -> Draft:
    """A non-disclosure agreement, as an agreement or now and then as a letter."""
    draft = Draft("nda", rng)
    deed = _deed(draft)
    title = rng.choice(texts.NDA_TITLES)
    _parties(
        deed,
        rng.choice(
            (
                ("Company", "Recipient"),
                ("Disclosing Party", "Receiving Party"),
                ("Company", "Employee"),
                ("Discloser", "Recipient"),
            )
        ),
    )
    _terms(deed)
    _title(deed, title)
    deed.words["title_words"] = title.title()
    deed.values["expiry_date"] = deed.values["end"]
    deed.write(rng.choice(texts.OPENINGS))
    for recital in rng.sample(texts.RECITALS, rng.randint(0, 3)):
        deed.write(recital)
    special: list[tuple[str, str]] = []
    if rng.random() < 0.92:
        special.append(
            (
                rng.choice(("Governing Law", "Applicable Law", "Miscellaneous", "Law")),
                rng.choice(texts.LAW_CLAUSES),
            )
        )
    if rng.random() < 0.6:
        special.append(
            (rng.choice(("Term", "Duration", "Term and Survival")), rng.choice(texts.TERM_CLAUSES))
        )
    elif rng.random() < 0.3:
        special.append(("Term", rng.choice(texts.EXPIRY_CLAUSES).replace("{end}", "{expiry_date}")))
    if rng.random() < 0.25:
        special.append(("Termination", rng.choice(texts.NOTICE_CLAUSES)))
    if rng.random() < 0.3:
        special.append(
            (
                "Venue",
                rng.choice(texts.FORUM_CLAUSES).replace(
                    "{dispute_forum}", deed.values["dispute_forum"][0]
                ),
            )
        )
    _body(deed, texts.NDA_CLAUSES, special, rng.randint(3, 13))
    deed.sheet.gap(1)
    if rng.random() < 0.85:
        _signatures(deed)
    _footers(draft, deed.sheet)
    draft.unasked.update(("disclosing_party", "receiving_party"))
    return draft


def make_contract(rng: random.Random) -> Draft:
    """A contract on services, goods, work or rent."""
    draft = Draft("contract", rng)
    deed = _deed(draft)
    title = rng.choice(texts.CONTRACT_TITLES)
    _parties(deed, texts.ROLES.get(title.split()[0].upper(), ("Client", "Contractor")))
    _terms(deed)
    money = content.money_style(rng, deed.country, 0.0)
    cents = rng.randint(5, 5000) * 10_000
    deed.values |= {
        "value": (money(cents), content.decimal_text(cents)),
        "end_date": deed.values["end"],
        "liability_cap": (money(cents * 2), content.decimal_text(cents * 2)),
        "payment_terms": (rng.choice(texts.PAYMENT_TERMS),) * 2,
    }
    deed.words["title_words"] = title.title()
    _title(deed, title)
    if rng.random() < 0.4:
        tag = rng.choice(("Contract No.", "Agreement No", "Ref.", "Contract Number"))
        deed.sheet.line(
            Run(tag + ": ", label=True),
            draft.mark("contract_number", content.code(rng), label=tag),
            align=rng.choice(("left", "center", "right")),
        )
        deed.sheet.gap(0.8)
    deed.write(rng.choice(texts.OPENINGS[:5]))
    chance = {
        "Price": (texts.VALUE_CLAUSES, 0.8),
        "Payment": (texts.PAYMENT_CLAUSES, 0.6),
        "Termination": (texts.NOTICE_CLAUSES, 0.6),
        "Term": (texts.TERM_CLAUSES[1:5:2], 0.6),
        "Expiry": (texts.EXPIRY_CLAUSES, 0.35),
        "Renewal": (texts.RENEWAL_CLAUSES, 0.3),
        "Limitation of Liability": (texts.LIABILITY_CLAUSES, 0.4),
        "Governing Law": (texts.LAW_CLAUSES, 0.85),
        "Disputes": (texts.FORUM_CLAUSES, 0.45),
    }
    special = [
        (h, rng.choice(t).replace("{end}", "{end_date}").replace("Effective Date", "date hereof"))
        for h, (t, share) in chance.items()
        if rng.random() < share
    ]
    _body(
        deed,
        texts.CONTRACT_CLAUSES
        | {
            k: texts.NDA_CLAUSES[k]
            for k in ("Assignment", "Entire Agreement", "Severability", "Notices")
        },
        special,
        rng.randint(2, 11),
    )
    deed.sheet.gap(1)
    if rng.random() < 0.85:
        _signatures(deed)
    _footers(draft, deed.sheet)
    draft.unasked.add("currency")
    return draft
