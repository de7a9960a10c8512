"""The foot of the bill: sums, rounding, payment, and the tax summary with its look-alike totals."""

from __future__ import annotations

from finetune.synthesis import content
from finetune.synthesis.layout import Run, put
from finetune.synthesis.receipt_items import Basket
from finetune.synthesis.receipt_printer import Till

CASH_WORDS = ("cash", "bar", "espèces", "efectivo", "contante", "contanti", "contant", "dinheiro")


def print_totals(till: Till, basket: Basket) -> None:
    rng, draft, money = till.rng, till.draft, till.money
    indent = rng.choice((0.0, 0.0, 0.0, 0.25, 0.4))
    symbols = rng.random() < 0.7
    colon = rng.choice(("", "", ":", " :"))
    big = rng.random() < 0.4

    def row(path: str, cents: int, text: str | None = None, strong: bool = False) -> None:
        tag = text or till.label(path)
        value = draft.mark(path, money(cents, symbols), content.decimal_text(cents), tag)
        if path == "amount_paid" and tag.lower() in CASH_WORDS:
            draft.mark("payment_method", tag)
            till.ends([Run(tag, field="payment_method", label=True), Run(colon)], [value], indent)
            return
        till.ends(
            [Run(tag + colon, label=True)],
            [value],
            0.0 if strong and big else indent,
            1.25 if strong and big else 1.0,
            strong and rng.random() < 0.6,
        )

    if rng.random() < 0.35:
        tag = till.label("item_count")
        count = draft.mark("item_count", str(basket.count), label=tag)
        if rng.random() < 0.6:
            till.line(Run(tag, label=True), Run(rng.choice((": ", " : ", " ", ":"))), count)
        else:
            till.ends([Run(tag + colon, label=True)], [count], indent)
    if basket.discount or basket.extra or rng.random() < 0.6:
        row("subtotal", basket.subtotal, _subtotal_label(till, basket))
    if basket.discount:
        row("discount", -basket.discount if rng.random() < 0.6 else basket.discount)
    if basket.service:
        row("service_charge", basket.service)
    included = basket.included
    if basket.tax and (not included or rng.random() < 0.5):
        row("tax", basket.tax, till.case(_tax_label(till, basket, included)))
    if basket.rounding or (till.country.code == "MY" and rng.random() < 0.4):
        if rng.random() < 0.5:
            tag = till.case(
                rng.choice(
                    (
                        "Total Sales (Inclusive of GST)",
                        "Total Amount",
                        "Total Incl GST",
                        "Total",
                        "Total before rounding",
                    )
                )
            )
            path = "total" if not basket.rounding else "unrounded_total"
            value = draft.mark(
                path,
                money(basket.total - basket.rounding, symbols),
                content.decimal_text(basket.total - basket.rounding),
            )
            till.ends([Run(tag + colon, label=True)], [value], indent)
        row("rounding", basket.rounding)
    if rng.random() < 0.2:
        till.separator()
    row("total", basket.total, strong=True)
    if rng.random() < 0.2:
        till.separator()
    _payment(till, basket, row)
    if rng.random() < 0.1:
        row("total", basket.total)
    if basket.tax and rng.random() < 0.5:
        till.gap(rng.choice((0.3, 1.0)))
        _tax_summary(till, basket)


def _subtotal_label(till: Till, basket: Basket) -> str:
    """A label that does not claim the lines are without tax where they hold it."""
    for _ in range(8):
        tag = till.label("subtotal")
        if not (
            basket.included
            and basket.tax
            and any(
                w in tag.lower() for w in ("ex", "net", "before", "taxable", "ht", "imp", "h.t.")
            )
        ):
            return tag
    return till.case("Subtotal")


def _tax_label(till: Till, basket: Basket, included: bool) -> str:
    rng, tax, rate = till.rng, till.country.tax_name, basket.rate_text
    if included:
        return rng.choice(
            (
                f"{tax} @{rate}% included in total",
                f"{tax} {rate}% incl.",
                f"Total {tax}",
                f"Incl. {tax} {rate}%",
                f"{tax} Included",
            )
        )
    return rng.choice(
        (
            f"{tax} {rate}%",
            f"{tax} @ {rate}%",
            f"{tax}",
            f"Add {tax} {rate}%",
            f"Total {tax}",
            f"{tax} ({rate}%)",
            f"Tax {rate}%",
            "Tax",
            f"{tax} Amount",
        )
    )


def _payment(till: Till, basket: Basket, row: object) -> None:
    rng, draft = till.rng, till.draft
    assert callable(row)
    draw = rng.random()
    if draw < 0.6:
        paid = basket.total + (
            0 if rng.random() < 0.25 else rng.choice((1, 5, 10, 20, 50)) * 100 - basket.total % 100
        )
        paid = max(paid, basket.total)
        row("amount_paid", paid, till.label("cash"))
        if paid > basket.total or rng.random() < 0.7:
            row("change", paid - basket.total)
    elif draw < 0.85:
        card = rng.choice(
            (
                "VISA",
                "MASTERCARD",
                "Visa Card",
                "CREDIT CARD",
                "Debit Card",
                "AMEX",
                "EC-Karte",
                "Girocard",
                "E-WALLET",
                "CB",
                "Maestro",
                "VISA CARD SALE",
            )
        )
        method = draft.mark("payment_method", till.case(card))
        amount = draft.mark(
            "amount_paid",
            till.money(basket.total, rng.random() < 0.5),
            content.decimal_text(basket.total),
        )
        till.ends([method], [amount])
        if rng.random() < 0.6:
            tag = till.case(rng.choice(("Card No", "Card", "Account", "Acct#")))
            till.line(
                Run(tag, label=True),
                Run(": "),
                draft.mark(
                    "card_number",
                    content.fill(
                        rng,
                        rng.choice(
                            (
                                "XXXXXXXXXXXX####",
                                "************####",
                                "####XXXXXXXX####",
                                "xxxx-xxxx-xxxx-####",
                            )
                        ),
                    ),
                    label=tag,
                ),
            )
        if rng.random() < 0.5:
            tag = till.case(rng.choice(("Appr Code", "Approval Code", "Auth", "APPROVAL")))
            till.line(
                Run(tag, label=True),
                Run(": "),
                draft.mark("approval_code", content.fill(rng, "######"), label=tag),
            )
    if draw > 0.92:
        tag = till.case(rng.choice(("Payment Mode", "Paid by", "Payment", "Tender")))
        till.line(
            Run(tag, label=True),
            Run(rng.choice((": ", " "))),
            draft.mark(
                "payment_method",
                till.case(rng.choice(("Cash", "Credit card", "Cheque", "QR Pay", "Bank transfer"))),
                label=tag,
            ),
        )


def _tax_summary(till: Till, basket: Basket) -> None:
    """The table that splits the bill by tax code, a rich source of look-alike totals."""
    rng, money = till.rng, till.money
    tax = till.country.tax_name
    net = basket.total - basket.rounding - basket.tax
    till.line(
        Run(
            till.case(
                rng.choice(
                    (f"{tax} Summary", f"{tax} Analysis", f"{tax} SUMMARY", f"{tax} Details")
                )
            )
        ),
        align=rng.choice(("left", "center")),
    )
    code = rng.choice(
        (
            "SR",
            "S",
            f"SR({basket.rate_text}%)",
            f"{tax} {basket.rate_text}%",
            "A",
            f"SR @ {basket.rate_text}%",
            "T1",
        )
    )
    charge = money(basket.tax, False)
    till.draft.mark("tax", charge, content.decimal_text(basket.tax))
    columns = [(code, money(net, False), charge)]
    if rng.random() < 0.4:
        columns.append(
            (rng.choice(("ZR", "Z", "ZRL (0%)", "E 0%")), money(0, False), money(0, False))
        )
    unit = till.money.symbol or rng.choice(till.country.symbols)
    head = tuple(
        till.case(t)
        for t in (
            rng.choice(("Code", "Tax Code", f"{tax}", "")),
            rng.choice((f"Amt({unit})", "Amount", f"Amount ({unit})", "Net", "Excl.")),
            rng.choice((f"Tax({unit})", "Tax", f"{tax}", "Tax Amt")),
        )
    )
    if rng.random() < 0.3:
        columns.append((till.case("Total"), money(net, False), charge))
    room = till.x1 - till.x0
    middle = till.x0 + rng.uniform(0.55, 0.72) * room
    if unit in head[1] and "currency" not in till.draft.texts:
        till.draft.mark("currency", unit)
    for left, amount, tax_text in (head, *columns):
        font = till.look.body
        put(till.canvas, [Run(left)], till.x0, till.y, font, room=0.3 * room)
        marked = Run(amount, field="currency" if "(" in amount else None)
        put(
            till.canvas,
            [marked],
            middle,
            till.y,
            font,
            "right",
            room=middle - till.x0 - 0.32 * room,
        )
        tax_run = Run(tax_text, field="tax" if tax_text == charge else None)
        put(
            till.canvas,
            [tax_run],
            till.x1,
            till.y,
            font,
            "right",
            room=till.x1 - middle - font.size,
        )
        till.y += till.look.step
