"""The table of goods, the totals, payment details and small print of an invoice."""

from __future__ import annotations

import random
from collections.abc import Sequence

from finetune.synthesis import content
from finetune.synthesis.checked_numbers import bank_account
from finetune.synthesis.invoice_blocks import Bill
from finetune.synthesis.layout import Look, Pair, Run, pairs, put, stack
from finetune.synthesis.office_page import Sheet
from finetune.synthesis.tables import Column, sample_table_style, table

LEAVES = (
    ("description", "quantity", "unit_price", "amount"),
    ("quantity", "description", "unit_price", "amount"),
    ("code", "description", "quantity", "unit_price", "amount"),
    ("description", "amount"),
    ("number", "description", "quantity", "unit_price", "amount"),
    ("code", "description", "unit_price", "quantity", "rate", "amount"),
    ("quantity", "code", "description", "unit_price", "amount"),
    ("description", "unit_price", "quantity", "amount"),
)


def goods_table(bill: Bill) -> None:
    """The table of goods."""
    rng, draft, money, sheet = bill.rng, bill.draft, bill.money, bill.sheet
    leaves = rng.choice(LEAVES)
    names = {"description": "item", "rate": "tax_rate"}
    unit = rng.choice(("", "", "", " pcs", " hrs", " Stk"))
    symbols = rng.random() < 0.4
    columns = []
    for leaf in leaves:
        title = (
            rng.choice(("#", "No.", "Pos.", "Item"))
            if leaf == "number"
            else bill.label(names.get(leaf, leaf)).rstrip(" :")
        )
        align = (
            "left"
            if leaf in ("description", "code", "number")
            else rng.choice(("right", "right", "center"))
            if leaf == "quantity"
            else "right"
        )
        columns.append(Column(title, align, leaf == "description"))
    rows = []
    for index, item in enumerate(bill.basket.items):
        base = f"line_items[{index}]"
        cells = {
            "description": lambda i=item, b=base: [
                draft.mark(f"{b}.description", i.name),
                *_detail(rng),
            ],
            "quantity": lambda i=item, b=base: [
                draft.mark(f"{b}.quantity", i.quantity_text),
                Run(unit),
            ],
            "unit_price": lambda i=item, b=base: [
                draft.mark(
                    f"{b}.unit_price", money(i.price, symbols), content.decimal_text(i.price)
                )
            ],
            "amount": lambda i=item, b=base: [
                draft.mark(f"{b}.amount", money(i.amount, symbols), content.decimal_text(i.amount))
            ],
            "code": lambda i=item, b=base: [draft.mark(f"{b}.code", i.code)],
            "number": lambda n=index: [Run(str(n + 1))],
            "rate": lambda: [Run(f"{bill.basket.rate_text}%")],
        }
        rows.append([cells[leaf]() for leaf in leaves])
    look = sheet.look
    sheet.y = table(
        sheet.canvas,
        columns,
        rows,
        (sheet.x0, sheet.x1, sheet.y),
        (look.body, look.bold),
        sample_table_style(rng),
    )


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
    amount = bill.draft.mark(
        "tax", bill.money(basket.tax, symbols), content.decimal_text(basket.tax), tax
    )
    if rng.random() < 0.35:
        return rng.choice((tax, f"{tax} Amount", "Tax", f"Total {tax}")) + bill.colon, [amount]
    text = f"{basket.rate_text}%".replace(".", bill.money.decimal)
    bill.draft.mark("tax_rate", text, basket.rate_text)
    return rng.choice(
        (f"{tax} {text}", f"{tax} @ {text}", f"{tax} ({text})", f"{text} {tax}", f"+ {text} {tax}")
    ) + bill.colon, [amount]


def sums_block(bill: Bill) -> None:
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
        box = (
            (sheet.x0, left - 2 * sheet.em, top)
            if beside
            else (sheet.x0, sheet.at(0.6), y + 1.5 * sheet.em)
        )
        below = pairs(
            sheet.canvas,
            bank,
            box,
            (look.body, look.body),
            rng.choice(("inline", "column")),
            look.leading,
        )
        y = max(y, below)
    sheet.y = y


def _total_row(
    sheet: Sheet,
    tag: str,
    runs: Sequence[Run],
    place: tuple[float, float],
    font: object,
    look: Look,
    style: str,
) -> float:
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
        out.append(
            bill.pair(
                "bank",
                rng.choice(
                    (
                        "Maybank",
                        "Commerzbank",
                        "Barclays Bank",
                        "First National Bank",
                        "Sparkasse",
                        "HSBC",
                        "Crédit Agricole",
                        "Banco Central",
                        "City Savings Bank",
                        "OCBC",
                        "Volksbank",
                    )
                ),
            )
        )
    if rng.random() < 0.9:
        out.append(
            bill.pair(
                "iban",
                bank_account(rng, bill.country.code),
            )
        )
    if rng.random() < 0.6:
        out.append(
            bill.pair(
                "bic",
                content.fill(
                    rng, rng.choice(("????DE??", "????GB2L", "????FRPP###", "????MYKL", "????NL2A"))
                ),
            )
        )
    return out


def small_print(bill: Bill) -> None:
    """Closing remarks, and the columns of small print at the foot of the page."""
    sheet, rng = bill.sheet, bill.rng
    if rng.random() < 0.5 and sheet.fits(6 * sheet.em):
        sheet.gap(1.5)
        sheet.line(
            Run(
                rng.choice(
                    (
                        "Thank you for your business!",
                        "Payment is due within the period stated above.",
                        "Please quote the invoice number with your payment.",
                        "Goods remain our property until paid in full.",
                        "All cheques should be crossed and made payable to the company.",
                        "This is a computer generated invoice, no signature required.",
                        "E. & O. E.",
                    )
                )
            )
        )
    if rng.random() < 0.3 and sheet.fits(9 * sheet.em):
        y = sheet.bottom - 7 * sheet.look.small.size
        sheet.canvas.rule(sheet.x0, y - 4, sheet.x1, y - 4)
        seller, draft = bill.draft.texts.get("seller", ""), bill.draft
        columns = [
            [
                [Run(seller, field="seller")],
                [Run(content.person(rng, bill.country))],
                [Run(content.fill(rng, "HRB #####"))],
            ],
            [
                [Run(f"Tel. {content.phone(rng, bill.country)}")],
                [Run(content.email(rng, seller))],
                [Run("www." + content.email(rng, seller).split("@")[1])],
            ],
            [
                [
                    Run(
                        draft.texts.get("bank", "Bank"),
                        field="bank" if "bank" in draft.texts else None,
                    )
                ],
                [Run(content.code(rng))],
            ],
        ]
        for number, lines in enumerate(columns):
            stack(
                sheet.canvas,
                lines,
                sheet.at(number / 3),
                sheet.at((number + 0.95) / 3),
                y,
                sheet.look.small,
                1.2,
            )
    if sheet.y > sheet.canvas.height:
        sheet.canvas.height = round(sheet.y + sheet.em)
