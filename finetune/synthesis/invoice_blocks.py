"""The content of an invoice, and its blocks: references, seller, buyer."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.synthesis import content
from finetune.synthesis.checked_numbers import tax_number
from finetune.synthesis.content import MoneyStyle
from finetune.synthesis.countries import Country
from finetune.synthesis.labels import label
from finetune.synthesis.layout import Pair, Run, pairs, stack
from finetune.synthesis.office_page import Sheet
from finetune.synthesis.receipt_items import Basket
from finetune.synthesis.truth import Draft

PAIR_STYLES = ("column", "column", "colons", "inline", "ends", "right", "above")


@dataclass
class Bill:
    """What an invoice is about and how it writes."""

    sheet: Sheet
    country: Country
    money: MoneyStyle
    basket: Basket
    shipping: int
    paid: int
    upper_labels: bool
    colon: str

    @property
    def rng(self) -> random.Random:
        return self.sheet.rng

    @property
    def draft(self) -> Draft:
        return self.sheet.draft

    @property
    def total(self) -> int:
        """Total with tax and shipping, in cents."""
        return self.basket.total + self.shipping

    def label(self, key: str) -> str:
        """A printed label, with its colon."""
        text = label(self.rng, key, self.country.language)
        return (text.upper() if self.upper_labels else text) + self.colon

    def pair(self, path: str, text: str, value: str | None = None, key: str | None = None) -> Pair:
        """A labelled value."""
        tag = self.label(key or path)
        return tag, [self.draft.mark(path, text, value, tag)]

    def date_text(self, date: datetime.date, pattern: str) -> str:
        return content.format_date(date, pattern, self.country.language)


def references(bill: Bill) -> list[Pair]:
    """Number, dates and references in the order of importance."""
    rng = bill.rng
    pattern = rng.choice(bill.country.dates)
    issued = content.sample_date(rng, 2000)
    days = rng.choice((7, 10, 14, 15, 30, 30, 45, 60))
    due = issued + datetime.timedelta(days=days)
    out = [
        bill.pair("invoice_number", content.code(rng)),
        bill.pair("invoice_date", bill.date_text(issued, pattern), issued.isoformat()),
    ]
    if rng.random() < 0.5:
        out.append(bill.pair("due_date", bill.date_text(due, pattern), due.isoformat()))
    options = [
        bill.pair("purchase_order", content.code(rng)),
        bill.pair("customer_number", content.code(rng)),
        bill.pair("salesperson", content.person(rng, bill.country)),
        bill.pair(
            "payment_terms",
            rng.choice(
                (
                    f"Net {days}",
                    f"{days} days",
                    f"{days} Days Net",
                    "Due on receipt",
                    "COD",
                    "Cash in advance",
                    f"2% 10, Net {days}",
                )
            ),
        ),
        bill.pair(
            "delivery_date",
            bill.date_text(issued - datetime.timedelta(days=rng.randint(0, 6)), pattern),
            None,
        ),
        bill.pair("currency", rng.choice(bill.country.symbols[1:] or bill.country.symbols)),
    ]
    out += [pair for pair in options if rng.random() < 0.28]
    if rng.random() < 0.3:
        rng.shuffle(out)
    return out


KEYED: dict[str, tuple[str, str]] = {
    "en": ("Name", "Address"),
    "de": ("Name", "Anschrift"),
    "fr": ("Nom", "Adresse"),
    "es": ("Nombre", "Dirección"),
    "it": ("Nome", "Indirizzo"),
    "nl": ("Naam", "Adres"),
    "pt": ("Nome", "Morada"),
}
"""Labels of a party's name and of its address."""


def headed_block(bill: Bill, path: str, box: tuple[float, float, float], is_keyed: bool) -> float:
    """A party below a heading that says which one it is, with labels of name and address or not;
    returns the y below."""
    rng, look = bill.rng, bill.sheet.look
    heading = Run(label(rng, path, bill.country.language), label=True, font=look.bold)
    if path == "seller":
        name, lines = seller_block(bill)
        rows = [[name], *lines]
    else:
        text = content.company(rng, bill.country)
        rows = [[bill.draft.mark(path, text, label=heading.text)]]
        rows += bill.draft.mark_lines(f"{path}_address", content.address(rng, bill.country))
    if is_keyed:
        keys = KEYED.get(bill.country.language, KEYED["en"])
        tags = [Run(f"{key}:", label=True) for key in keys]
        rows = [
            [tags[k], Run(" "), *runs] if k < len(tags) and not runs[0].label else runs
            for k, runs in enumerate(rows)
        ]
    return stack(bill.sheet.canvas, [[heading], *rows], *box, look.body, look.leading)


def seller_block(bill: Bill) -> tuple[Run, list[list[Run]]]:
    """Name and lines of the issuer."""
    rng, draft, country = bill.rng, bill.draft, bill.country
    name = content.company(rng, country)
    run = draft.mark("seller", name.upper() if rng.random() < 0.3 else name)
    address = list(content.address(rng, country))
    if rng.random() < 0.25:
        address = [", ".join(part.rstrip(",") for part in address)]
    lines = draft.mark_lines("seller_address", address)
    for key, path, text in (
        ("phone", "seller_phone", content.phone(rng, country)),
        ("email", "seller_email", content.email(rng, name)),
        (
            "tax_id",
            "seller_tax_id",
            tax_number(rng, country.code),
        ),
    ):
        if rng.random() < 0.6:
            tag, runs = bill.pair(path, text, key=key)
            lines.append([Run(tag, label=True), Run(" "), *runs])
    return run, lines


def party_block(
    bill: Bill, key: str, path: str, box: tuple[float, float, float], titled: bool = True
) -> float:
    """Bill-to or ship-to lines in (x0, x1, y); returns the y below."""
    rng, draft, look = bill.rng, bill.draft, bill.sheet.look
    x0, x1, y = box
    company = rng.random() < 0.7
    name = content.company(rng, bill.country) if company else content.person(rng, bill.country)
    lines: list[list[Run]] = []
    if titled:
        tag = bill.label(key)
        lines.append([Run(tag, label=True, font=look.bold)])
    lines.append([draft.mark(path, name, label=tag if titled else None)])
    if company and rng.random() < 0.35:
        lines.append(
            [
                Run(
                    rng.choice(("Attn: ", "Attn. ", "z.Hd. ", ""))
                    + content.person(rng, bill.country)
                )
            ]
        )
    lines += draft.mark_lines(f"{path}_address", content.address(rng, bill.country))
    if path == "buyer" and rng.random() < 0.15:
        tag, runs = bill.pair("buyer_tax_id", tax_number(rng, bill.country.code), key="tax_id")
        lines.append([Run(tag, label=True), Run(" "), *runs])
    return stack(bill.sheet.canvas, lines, x0, x1, y, look.body, look.leading)


def parties_block(bill: Bill, x0: float, x1: float, y: float) -> float:
    """Bill-to and perhaps ship-to side by side."""
    gap = bill.sheet.em * 2
    middle = (x0 + x1) / 2
    both = bill.rng.random() < 0.4
    below = party_block(bill, "buyer", "buyer", (x0, middle - gap if both else x1, y))
    if both:
        below = max(below, party_block(bill, "ship_to", "ship_to", (middle, x1, y)))
    return below


def pair_block(bill: Bill, items: Sequence[Pair], box: tuple[float, float, float]) -> float:
    look = bill.sheet.look
    style = bill.rng.choice(PAIR_STYLES)
    if style == "colons":
        items = [(tag.rstrip(" :"), runs) for tag, runs in items]
    label_font = look.bold if bill.rng.random() < 0.4 else look.body
    return pairs(bill.sheet.canvas, items, box, (look.body, label_font), style, look.leading)
