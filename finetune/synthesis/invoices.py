"""Invoices: American, European and Asian layouts."""

from __future__ import annotations

import random

from finetune.synthesis import content
from finetune.synthesis.countries import Country, sample_country
from finetune.synthesis.invoice_blocks import (
    Bill,
    headed_block,
    pair_block,
    parties_block,
    party_block,
    references,
    seller_block,
)
from finetune.synthesis.invoice_body import goods_table, small_print, sums_block
from finetune.synthesis.labels import label
from finetune.synthesis.layout import Pair, Run, flow, put, stack
from finetune.synthesis.office_page import letterhead, logo, sample_sheet
from finetune.synthesis.receipt_items import Basket, sample_items
from finetune.synthesis.tables import Column, sample_table_style, table
from finetune.synthesis.truth import Draft

TRADES = (
    "services",
    "industrial",
    "electronics",
    "hardware",
    "stationery",
    "services",
    "industrial",
    "grocery",
    "clothing",
    "pharmacy",
)


def make_invoice(rng: random.Random, country: Country | None = None) -> Draft:
    """An invoice of one page, of any country where none is given."""
    draft = Draft("invoice", rng)
    country = country or sample_country(rng, asia=0.2)
    sheet = sample_sheet(draft, points=(7.5, 10.5))
    trade = rng.choice(TRADES)
    items = sample_items(rng, trade, min(14, 1 + int(rng.expovariate(0.3))))
    subtotal = sum(item.amount for item in items)
    basket = Basket(
        items=items,
        discount=round(subtotal * rng.choice((0.05, 0.1, 0.02))) if rng.random() < 0.15 else 0,
        service=0,
        rate=rng.choice(country.tax_rates) if rng.random() < 0.85 else 0.0,
        included=False,
        rounding_unit=1,
    )
    shipping = rng.randint(3, 80) * 100 + rng.choice((0, 50, 95)) if rng.random() < 0.2 else 0
    bill = Bill(
        sheet=sheet,
        country=country,
        money=content.money_style(rng, country, bare=0.35),
        basket=basket,
        shipping=shipping,
        paid=round(subtotal * rng.choice((0.1, 0.3, 0.5))) if rng.random() < 0.12 else 0,
        upper_labels=rng.random() < 0.2,
        colon=rng.choice((":", ":", "", " :")),
    )
    draft.unasked.add("currency")
    layouts = (_american, _american, _european, _european, _centred, _boxed, _headed)
    rng.choice(layouts)(bill, references(bill))
    sheet.gap(rng.uniform(0.8, 2.5))
    goods_table(bill)
    sheet.gap(rng.uniform(0.5, 1.5))
    sums_block(bill)
    small_print(bill)
    return draft


def _title(bill: Bill) -> str:
    return label(bill.rng, "invoice_title", bill.country.language)


def _american(bill: Bill, meta: list[Pair]) -> None:
    """Seller at one side, title and references at the other, parties below."""
    sheet, rng = bill.sheet, bill.rng
    top, middle = sheet.y, sheet.at(rng.uniform(0.52, 0.6))
    seller, lines = seller_block(bill)
    sides = [(sheet.x0, middle - sheet.em), (middle, sheet.x1)]
    if rng.random() < 0.25:
        sides.reverse()
    left, right = sides
    if rng.random() < 0.4:
        bottom = left[1]
        keep, sheet.x1, sheet.x0 = (sheet.x0, sheet.x1), bottom, left[0]
        logo(sheet, "left")
        sheet.x0, sheet.x1 = keep
    name_font = sheet.look.title.at(max(sheet.em, round(sheet.look.title.size * 0.85)))
    y = flow(sheet.canvas, [seller], *left, sheet.y, name_font, 1.2)
    y = stack(sheet.canvas, lines, *left, y, sheet.look.body, sheet.look.leading)
    title_font = sheet.look.title.at(round(sheet.look.title.size * rng.uniform(1, 1.5)))
    other = flow(
        sheet.canvas,
        [Run(_title(bill))],
        *right,
        top,
        title_font,
        1.3,
        rng.choice(("left", "right")),
    )
    other = pair_block(bill, meta, (*right, other + 0.5 * sheet.em))
    sheet.y = max(y, other) + rng.uniform(1, 3) * sheet.em
    sheet.y = parties_block(bill, sheet.x0, sheet.x1, sheet.y)


def _european(bill: Bill, meta: list[Pair]) -> None:
    """Letterhead, address window at the left, references at the right, title over the table."""
    sheet, rng = bill.sheet, bill.rng
    seller, lines = seller_block(bill)
    window = rng.random() < 0.5
    letterhead(
        sheet, seller, [] if window else lines, rng.choice(("left", "right", "right", "center"))
    )
    sheet.gap(rng.uniform(1, 4))
    if window:
        flat = [piece for line in lines[:2] for piece in (*line, Run(" "))]
        end = flow(
            sheet.canvas,
            [seller, Run(" - "), *flat],
            sheet.x0,
            sheet.at(0.48),
            sheet.y,
            sheet.look.small,
            1.2,
        )
        sheet.canvas.rule(sheet.x0, end, sheet.at(0.48), end)
        sheet.y = end + sheet.em
    top = sheet.y
    y = party_block(
        bill, "buyer", "buyer", (sheet.x0, sheet.at(0.5), top), titled=rng.random() < 0.3
    )
    right = top
    if window:
        right = (
            stack(sheet.canvas, lines[2:], sheet.at(0.58), sheet.x1, top, sheet.look.small, 1.3)
            + sheet.em
        )
    if rng.random() < 0.6:
        right = pair_block(bill, meta, (sheet.at(0.58), sheet.x1, right))
        meta = []
    sheet.y = max(y, right) + rng.uniform(1, 3.5) * sheet.em
    sheet.line(Run(_title(bill)), font=sheet.look.title)
    sheet.gap(0.4)
    if meta:
        sheet.y = pair_block(bill, meta, (sheet.x0, sheet.at(0.55), sheet.y))
    if rng.random() < 0.35:
        sheet.gap(0.6)
        sheet.line(
            Run(
                rng.choice(
                    (
                        "Thank you for your order. We charge as follows:",
                        "For our services we invoice you:",
                        "Sehr geehrte Damen und Herren, wir berechnen Ihnen:",
                        "Nous vous prions de trouver le détail ci-dessous.",
                    )
                )
            )
        )


def _centred(bill: Bill, meta: list[Pair]) -> None:
    """Letterhead and title in the middle; buyer left and references right."""
    sheet, rng = bill.sheet, bill.rng
    seller, lines = seller_block(bill)
    letterhead(sheet, seller, lines, "center")
    sheet.gap(rng.uniform(0.5, 1.5))
    sheet.line(Run(_title(bill)), font=sheet.look.title, align="center")
    sheet.gap(rng.uniform(0.5, 2))
    top = sheet.y
    y = party_block(bill, "buyer", "buyer", (sheet.x0, sheet.at(0.52), top))
    sheet.y = max(y, pair_block(bill, meta, (sheet.at(0.58), sheet.x1, top)))


def _headed(bill: Bill, meta: list[Pair]) -> None:
    """Both parties below headings, as programs show electronic invoices; references below."""
    sheet, rng = bill.sheet, bill.rng
    sheet.line(Run(_title(bill)), font=sheet.look.title)
    sheet.gap(rng.uniform(0.5, 2))
    paths = ["seller", "buyer"]
    rng.shuffle(paths)
    is_keyed, beside = rng.random() < 0.5, rng.random() < 0.7
    top, below = sheet.y, sheet.y
    for number, path in enumerate(paths):
        left = sheet.at(0.52) if beside and number else sheet.x0
        right = sheet.at(0.48) if beside and not number else sheet.x1
        start = top if beside else below
        below = max(below, headed_block(bill, path, (left, right, start), is_keyed) + sheet.em)
    sheet.y = pair_block(bill, meta, (sheet.x0, sheet.at(rng.uniform(0.5, 1)), below))


def _boxed(bill: Bill, meta: list[Pair]) -> None:
    """References in a row of boxes, label over value."""
    sheet, rng, look = bill.sheet, bill.rng, bill.sheet.look
    seller, lines = seller_block(bill)
    top = sheet.y
    y = flow(sheet.canvas, [seller], sheet.x0, sheet.at(0.6), top, look.title, 1.2)
    y = stack(sheet.canvas, lines, sheet.x0, sheet.at(0.6), y, look.body, look.leading)
    put(
        sheet.canvas,
        [Run(_title(bill))],
        sheet.x1,
        top,
        look.title,
        "right",
        room=0.37 * sheet.room,
    )
    sheet.y = y + 1.5 * sheet.em
    parties = rng.random() < 0.6
    if parties:
        sheet.y = parties_block(bill, sheet.x0, sheet.x1, sheet.y) + sheet.em
    meta = meta[:5]
    columns = [Column(tag.rstrip(" :"), rng.choice(("left", "center"))) for tag, _ in meta]
    style = sample_table_style(rng)
    sheet.y = table(
        sheet.canvas,
        columns,
        [[runs for _, runs in meta]],
        (sheet.x0, sheet.x1, sheet.y),
        (look.body, look.bold),
        style,
    )
    if not parties:
        sheet.gap(1)
        sheet.y = parties_block(bill, sheet.x0, sheet.x1, sheet.y)
