# ruff: noqa: E501
"""Invoices: American, European and Asian layouts."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.synthesis import content
from finetune.synthesis.content import Country, MoneyStyle
from finetune.synthesis.labels import label
from finetune.synthesis.layout import (
    Column,
    Look,
    Pair,
    Run,
    flow,
    pairs,
    put,
    sample_table_style,
    stack,
    table,
)
from finetune.synthesis.receipt_items import Basket, sample_items
from finetune.synthesis.sheet import Sheet, letterhead, logo, sample_sheet
from finetune.synthesis.truth import Draft

PAIR_STYLES = ("column", "column", "colons", "inline", "ends", "right", "above")
TRADES = ("services", "industrial", "electronics", "hardware", "stationery", "services", "industrial", "grocery", "clothing", "pharmacy")


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


def make_invoice(rng: random.Random) -> Draft:
    """An invoice of one page."""
    draft = Draft("invoice", rng)
    country = content.sample_country(rng, asia=0.2)
    sheet = sample_sheet(draft, points=(7.5, 10.5))
    trade = rng.choice(TRADES)
    items = sample_items(rng, trade, min(14, 1 + int(rng.expovariate(0.3))))
    subtotal = sum(item.amount for item in items)
    basket = Basket(
        items=items, discount=round(subtotal * rng.choice((0.05, 0.1, 0.02))) if rng.random() < 0.15 else 0, service=0,
        rate=rng.choice(country.tax_rates) if rng.random() < 0.85 else 0.0, included=False, rounding_unit=1,
    )  # fmt: skip
    shipping = rng.randint(3, 80) * 100 + rng.choice((0, 50, 95)) if rng.random() < 0.2 else 0
    bill = Bill(
        sheet=sheet, country=country, money=content.money_style(rng, country, bare=0.35), basket=basket, shipping=shipping,
        paid=round(subtotal * rng.choice((0.1, 0.3, 0.5))) if rng.random() < 0.12 else 0,
        upper_labels=rng.random() < 0.2, colon=rng.choice((":", ":", "", " :")),
    )  # fmt: skip
    draft.unasked.add("currency")
    rng.choice((_american, _american, _european, _european, _centred, _boxed))(bill, _meta(bill))
    sheet.gap(rng.uniform(0.8, 2.5))
    _items(bill)
    sheet.gap(rng.uniform(0.5, 1.5))
    _bottom(bill)
    _foot(bill)
    return draft


def _meta(bill: Bill) -> list[Pair]:
    """Number, dates and references in the order of importance."""
    rng = bill.rng
    pattern = rng.choice(bill.country.dates)
    issued = content.sample_date(rng, 2000)
    days = rng.choice((7, 10, 14, 15, 30, 30, 45, 60))
    due = issued + datetime.timedelta(days=days)
    out = [bill.pair("invoice_number", content.code(rng)), bill.pair("invoice_date", bill.date_text(issued, pattern), issued.isoformat())]
    if rng.random() < 0.5:
        out.append(bill.pair("due_date", bill.date_text(due, pattern), due.isoformat()))
    options = [
        bill.pair("purchase_order", content.code(rng)), bill.pair("customer_number", content.code(rng)),
        bill.pair("salesperson", content.person(rng, bill.country)),
        bill.pair("payment_terms", rng.choice((f"Net {days}", f"{days} days", f"{days} Days Net", "Due on receipt", "COD", "Cash in advance", f"2% 10, Net {days}"))),
        bill.pair("delivery_date", bill.date_text(issued - datetime.timedelta(days=rng.randint(0, 6)), pattern), None),
        bill.pair("currency", rng.choice(bill.country.symbols[1:] or bill.country.symbols)),
    ]  # fmt: skip
    out += [pair for pair in options if rng.random() < 0.28]
    if rng.random() < 0.3:
        rng.shuffle(out)
    return out


def _seller(bill: Bill) -> tuple[Run, list[list[Run]]]:
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
        ("tax_id", "seller_tax_id", content.fill(rng, rng.choice(("DE#########", "GB### #### ##", "############", "##-#######", "FR## #########", "NL#########B##", "##AAAAA####A#Z#", "### ### ###")))),
    ):  # fmt: skip
        if rng.random() < 0.6:
            tag, runs = bill.pair(path, text, key=key)
            lines.append([Run(tag, label=True), Run(" "), *runs])
    return run, lines


def _party_block(bill: Bill, key: str, path: str, box: tuple[float, float, float], titled: bool = True) -> float:
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
        lines.append([Run(rng.choice(("Attn: ", "Attn. ", "z.Hd. ", "")) + content.person(rng, bill.country))])
    lines += draft.mark_lines(f"{path}_address", content.address(rng, bill.country))
    if path == "buyer" and rng.random() < 0.15:
        tag, runs = bill.pair("buyer_tax_id", content.fill(rng, "??#########"), key="tax_id")
        lines.append([Run(tag, label=True), Run(" "), *runs])
    return stack(bill.sheet.canvas, lines, x0, x1, y, look.body, look.leading)


def _parties(bill: Bill, x0: float, x1: float, y: float) -> float:
    """Bill-to and perhaps ship-to side by side."""
    gap = bill.sheet.em * 2
    middle = (x0 + x1) / 2
    both = bill.rng.random() < 0.4
    below = _party_block(bill, "buyer", "buyer", (x0, middle - gap if both else x1, y))
    if both:
        below = max(below, _party_block(bill, "ship_to", "ship_to", (middle, x1, y)))
    return below


def _pairs(bill: Bill, items: Sequence[Pair], box: tuple[float, float, float]) -> float:
    look = bill.sheet.look
    style = bill.rng.choice(PAIR_STYLES)
    if style == "colons":
        items = [(tag.rstrip(" :"), runs) for tag, runs in items]
    label_font = look.bold if bill.rng.random() < 0.4 else look.body
    return pairs(bill.sheet.canvas, items, box, (look.body, label_font), style, look.leading)


def _title(bill: Bill) -> str:
    return label(bill.rng, "invoice_title", bill.country.language)


def _american(bill: Bill, meta: list[Pair]) -> None:
    """Seller at one side, title and references at the other, parties below."""
    sheet, rng = bill.sheet, bill.rng
    top, middle = sheet.y, sheet.at(rng.uniform(0.52, 0.6))
    seller, lines = _seller(bill)
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
    other = flow(sheet.canvas, [Run(_title(bill))], *right, top, title_font, 1.3, rng.choice(("left", "right")))
    other = _pairs(bill, meta, (*right, other + 0.5 * sheet.em))
    sheet.y = max(y, other) + rng.uniform(1, 3) * sheet.em
    sheet.y = _parties(bill, sheet.x0, sheet.x1, sheet.y)


def _european(bill: Bill, meta: list[Pair]) -> None:
    """Letterhead, address window at the left, references at the right, title over the table."""
    sheet, rng = bill.sheet, bill.rng
    seller, lines = _seller(bill)
    window = rng.random() < 0.5
    letterhead(sheet, seller, [] if window else lines, rng.choice(("left", "right", "right", "center")))
    sheet.gap(rng.uniform(1, 4))
    if window:
        flat = [piece for line in lines[:2] for piece in (*line, Run(" "))]
        end = flow(sheet.canvas, [seller, Run(" - "), *flat], sheet.x0, sheet.at(0.48), sheet.y, sheet.look.small, 1.2)
        sheet.canvas.rule(sheet.x0, end, sheet.at(0.48), end)
        sheet.y = end + sheet.em
    top = sheet.y
    y = _party_block(bill, "buyer", "buyer", (sheet.x0, sheet.at(0.5), top), titled=rng.random() < 0.3)
    right = top
    if window:
        right = stack(sheet.canvas, lines[2:], sheet.at(0.58), sheet.x1, top, sheet.look.small, 1.3) + sheet.em
    if rng.random() < 0.6:
        right = _pairs(bill, meta, (sheet.at(0.58), sheet.x1, right))
        meta = []
    sheet.y = max(y, right) + rng.uniform(1, 3.5) * sheet.em
    sheet.line(Run(_title(bill)), font=sheet.look.title)
    sheet.gap(0.4)
    if meta:
        sheet.y = _pairs(bill, meta, (sheet.x0, sheet.at(0.55), sheet.y))
    if rng.random() < 0.35:
        sheet.gap(0.6)
        sheet.line(Run(rng.choice(("Thank you for your order. We charge as follows:", "For our services we invoice you:", "Sehr geehrte Damen und Herren, wir berechnen Ihnen:", "Nous vous prions de trouver le détail ci-dessous."))))


def _centred(bill: Bill, meta: list[Pair]) -> None:
    """Letterhead and title in the middle; buyer left and references right."""
    sheet, rng = bill.sheet, bill.rng
    seller, lines = _seller(bill)
    letterhead(sheet, seller, lines, "center")
    sheet.gap(rng.uniform(0.5, 1.5))
    sheet.line(Run(_title(bill)), font=sheet.look.title, align="center")
    sheet.gap(rng.uniform(0.5, 2))
    top = sheet.y
    y = _party_block(bill, "buyer", "buyer", (sheet.x0, sheet.at(0.52), top))
    sheet.y = max(y, _pairs(bill, meta, (sheet.at(0.58), sheet.x1, top)))


def _boxed(bill: Bill, meta: list[Pair]) -> None:
    """References in a row of boxes, label over value."""
    sheet, rng, look = bill.sheet, bill.rng, bill.sheet.look
    seller, lines = _seller(bill)
    top = sheet.y
    y = flow(sheet.canvas, [seller], sheet.x0, sheet.at(0.6), top, look.title, 1.2)
    y = stack(sheet.canvas, lines, sheet.x0, sheet.at(0.6), y, look.body, look.leading)
    put(sheet.canvas, [Run(_title(bill))], sheet.x1, top, look.title, "right", room=0.37 * sheet.room)
    sheet.y = y + 1.5 * sheet.em
    parties = rng.random() < 0.6
    if parties:
        sheet.y = _parties(bill, sheet.x0, sheet.x1, sheet.y) + sheet.em
    meta = meta[:5]
    columns = [Column(tag.rstrip(" :"), rng.choice(("left", "center"))) for tag, _ in meta]
    style = sample_table_style(rng)
    sheet.y = table(sheet.canvas, columns, [[runs for _, runs in meta]], (sheet.x0, sheet.x1, sheet.y), (look.body, look.bold), style)
    if not parties:
        sheet.gap(1)
        sheet.y = _parties(bill, sheet.x0, sheet.x1, sheet.y)


LEAVES = (
    ("description", "quantity", "unit_price", "amount"), ("quantity", "description", "unit_price", "amount"),
    ("code", "description", "quantity", "unit_price", "amount"), ("description", "amount"), ("number", "description", "quantity", "unit_price", "amount"),
    ("code", "description", "unit_price", "quantity", "rate", "amount"), ("quantity", "code", "description", "unit_price", "amount"), ("description", "unit_price", "quantity", "amount"),
)  # fmt: skip


def _items(bill: Bill) -> None:
    """The table of goods."""
    rng, draft, money, sheet = bill.rng, bill.draft, bill.money, bill.sheet
    leaves = rng.choice(LEAVES)
    names = {"description": "item", "rate": "tax_rate"}
    unit = rng.choice(("", "", "", " pcs", " hrs", " Stk"))
    symbols = rng.random() < 0.4
    columns = []
    for leaf in leaves:
        title = rng.choice(("#", "No.", "Pos.", "Item")) if leaf == "number" else bill.label(names.get(leaf, leaf)).rstrip(" :")
        align = "left" if leaf in ("description", "code", "number") else rng.choice(("right", "right", "center")) if leaf == "quantity" else "right"
        columns.append(Column(title, align, leaf == "description"))
    rows = []
    for index, item in enumerate(bill.basket.items):
        base = f"line_items[{index}]"
        cells = {
            "description": lambda i=item, b=base: [draft.mark(f"{b}.description", i.name), *_detail(rng)],
            "quantity": lambda i=item, b=base: [draft.mark(f"{b}.quantity", i.quantity_text), Run(unit)],
            "unit_price": lambda i=item, b=base: [draft.mark(f"{b}.unit_price", money(i.price, symbols), content.decimal_text(i.price))],
            "amount": lambda i=item, b=base: [draft.mark(f"{b}.amount", money(i.amount, symbols), content.decimal_text(i.amount))],
            "code": lambda i=item, b=base: [draft.mark(f"{b}.code", i.code)],
            "number": lambda n=index: [Run(str(n + 1))],
            "rate": lambda: [Run(f"{bill.basket.rate_text}%")],
        }  # fmt: skip
        rows.append([cells[leaf]() for leaf in leaves])
    look = sheet.look
    sheet.y = table(sheet.canvas, columns, rows, (sheet.x0, sheet.x1, sheet.y), (look.body, look.bold), sample_table_style(rng))


def _detail(rng: random.Random) -> list[Run]:
    """Extra words after a description, not part of it."""
    if rng.random() > 0.12:
        return []
    return [Run(f" ({content.code(rng)})")]


def _totals(bill: Bill) -> list[Pair]:
    rng, basket, money = bill.rng, bill.basket, bill.money
    symbols = rng.random() < 0.8

    def row(path: str, cents: int, tag: str | None = None) -> Pair:
        tag = (tag + bill.colon) if tag else bill.label(path)
        return tag, [bill.draft.mark(path, money(cents, symbols), content.decimal_text(cents), tag)]

    out: list[Pair] = []
    if basket.tax or basket.discount or bill.shipping or rng.random() < 0.5:
        out.append(row("subtotal", basket.subtotal))
    if basket.discount:
        out.append(row("discount", -basket.discount if rng.random() < 0.6 else basket.discount))
    if bill.shipping and rng.random() < 0.5:
        out.append(row("shipping", bill.shipping))
    if basket.tax:
        out.append(_tax_row(bill, symbols))
    if bill.shipping and "shipping" not in bill.draft.texts:
        out.append(row("shipping", bill.shipping))
    out.append(row("total", bill.total))
    if bill.paid:
        out.append(row("amount_paid", bill.paid))
        out.append(row("amount_due", bill.total - bill.paid))
    return out


def _tax_row(bill: Bill, symbols: bool) -> Pair:
    """The tax line; its label may hold the rate as a field of its own."""
    rng, basket, tax = bill.rng, bill.basket, bill.country.tax_name
    amount = bill.draft.mark("tax", bill.money(basket.tax, symbols), content.decimal_text(basket.tax), tax)
    if rng.random() < 0.35:
        return rng.choice((tax, f"{tax} Amount", "Tax", f"Total {tax}")) + bill.colon, [amount]
    text = f"{basket.rate_text}%".replace(".", bill.money.decimal)
    bill.draft.mark("tax_rate", text, basket.rate_text)
    return rng.choice((f"{tax} {text}", f"{tax} @ {text}", f"{tax} ({text})", f"{text} {tax}", f"+ {text} {tax}")) + bill.colon, [amount]


def _bottom(bill: Bill) -> None:
    """Totals at the right, payment details at the left or under them."""
    sheet, look = bill.sheet, bill.sheet.look
    rows = _totals(bill)
    rng = bill.rng
    left = sheet.at(rng.uniform(0.5, 0.62))
    top = sheet.y
    y = top
    style = rng.choice(("ends", "ends", "ends", "right", "leaders"))
    final = max(i for i, (_, runs) in enumerate(rows) if runs[0].field in ("total", "amount_due"))
    for index, (tag, runs) in enumerate(rows):
        strong = index == final and rng.random() < 0.7
        if strong and rng.random() < 0.5:
            sheet.canvas.rule(left, y, sheet.x1, y)
            y += 0.3 * sheet.em
        font = look.bold if strong else look.body
        y = _total_row(sheet, tag, runs, (left, y), font, look, style)
    bank = _bank(bill)
    if bank:
        beside = rng.random() < 0.5
        box = (sheet.x0, left - 2 * sheet.em, top) if beside else (sheet.x0, sheet.at(0.6), y + 1.5 * sheet.em)
        below = pairs(sheet.canvas, bank, box, (look.body, look.body), rng.choice(("inline", "column")), look.leading)
        y = max(y, below)
    sheet.y = y


def _total_row(sheet: Sheet, tag: str, runs: Sequence[Run], place: tuple[float, float], font: object, look: Look, style: str) -> float:
    """One total; a rate inside the label is marked as its own field."""
    left, y = place
    shown = [Run(tag, label=True)]
    rate = sheet.draft.texts.get("tax_rate")
    if runs[0].field == "tax" and rate and rate in tag:
        before, _, after = tag.partition(rate)
        shown = [Run(before, label=True), Run(rate, field="tax_rate"), Run(after, label=True)]
    strong = font is look.bold
    use = look.bold if strong else look.body
    room = sheet.x1 - left
    end = put(sheet.canvas, runs, sheet.x1, y, use, "right", room=0.55 * room)
    start = sheet.x1 - (end - sheet.x1 if end > sheet.x1 else 0) - 0.48 * room
    if style == "right":
        put(sheet.canvas, shown, start, y, use, "right", room=0.5 * room)
    else:
        put(sheet.canvas, shown, left, y, use, room=0.46 * room)
    return y + 1.35 * use.size


def _bank(bill: Bill) -> list[Pair]:
    rng = bill.rng
    if rng.random() < 0.45:
        return []
    out = []
    if rng.random() < 0.7:
        out.append(bill.pair("bank", rng.choice(("Maybank", "Commerzbank", "Barclays Bank", "First National Bank", "Sparkasse", "HSBC", "Crédit Agricole", "Banco Central", "City Savings Bank", "OCBC", "Volksbank"))))
    if rng.random() < 0.9:
        out.append(bill.pair("iban", content.fill(rng, rng.choice(("DE## #### #### #### #### ##", "FR## #### #### #### #### #### ###", "GB##ABCD##############", "############", "##-####-###", "NL##ABNA##########")))))
    if rng.random() < 0.6:
        out.append(bill.pair("bic", content.fill(rng, rng.choice(("????DE??", "????GB2L", "????FRPP###", "????MYKL", "????NL2A")))))
    return out


def _foot(bill: Bill) -> None:
    """Closing remarks, and the columns of small print at the foot of the page."""
    sheet, rng = bill.sheet, bill.rng
    if rng.random() < 0.5 and sheet.fits(6 * sheet.em):
        sheet.gap(1.5)
        sheet.line(Run(rng.choice(("Thank you for your business!", "Payment is due within the period stated above.", "Please quote the invoice number with your payment.", "Goods remain our property until paid in full.", "All cheques should be crossed and made payable to the company.", "This is a computer generated invoice, no signature required.", "E. & O. E."))))
    if rng.random() < 0.3 and sheet.fits(9 * sheet.em):
        y = sheet.bottom - 7 * sheet.look.small.size
        sheet.canvas.rule(sheet.x0, y - 4, sheet.x1, y - 4)
        seller, draft = bill.draft.texts.get("seller", ""), bill.draft
        columns = [
            [[Run(seller, field="seller")], [Run(content.person(rng, bill.country))], [Run(content.fill(rng, "HRB #####"))]],
            [[Run(f"Tel. {content.phone(rng, bill.country)}")], [Run(content.email(rng, seller))], [Run("www." + content.email(rng, seller).split("@")[1])]],
            [[Run(draft.texts.get("bank", "Bank"), field="bank" if "bank" in draft.texts else None)], [Run(content.code(rng))]],
        ]  # fmt: skip
        for number, lines in enumerate(columns):
            stack(sheet.canvas, lines, sheet.at(number / 3), sheet.at((number + 0.95) / 3), y, sheet.look.small, 1.2)
    if sheet.y > sheet.canvas.height:
        sheet.canvas.height = round(sheet.y + sheet.em)


