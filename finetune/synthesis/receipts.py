"""Till receipts: shops, restaurants, fuel; Asia, Europe and the Americas."""

from __future__ import annotations

import random
from dataclasses import dataclass

from finetune.synthesis import content, vocabulary
from finetune.synthesis.canvas import Canvas
from finetune.synthesis.content import Country, MoneyStyle
from finetune.synthesis.fonts import sample_face
from finetune.synthesis.labels import label
from finetune.synthesis.layout import Look, Run, flow, put, sample_look, width_of
from finetune.synthesis.receipt_items import Basket, print_items, sample_basket
from finetune.synthesis.truth import Draft

CASH_WORDS = ("cash", "bar", "espèces", "efectivo", "contante", "contanti", "contant", "dinheiro")


@dataclass
class Till:
    """One receipt being printed: where the next line goes and how things look."""

    draft: Draft
    canvas: Canvas
    look: Look
    country: Country
    money: MoneyStyle
    upper: bool
    x0: float
    x1: float
    y: float
    trade: str
    align: str

    @property
    def rng(self) -> random.Random:
        return self.draft.rng

    def case(self, text: str) -> str:
        """The text in the case this till prints."""
        return text.upper() if self.upper else text

    def gap(self, em: float) -> None:
        """Leave vertical room."""
        self.y += em * self.look.body.size

    def line(self, *runs: Run, align: str = "left", scale: float = 1.0, bold: bool = False) -> None:
        """Print a line, wrapped where it is too wide."""
        font = self.look.bold if bold else self.look.body
        font = font.at(round(font.size * scale))
        self.y = flow(self.canvas, runs, self.x0, self.x1, self.y, font, self.look.leading, align)

    def ends(self, left: list[Run], right: list[Run], indent: float = 0.0, scale: float = 1.0, bold: bool = False) -> None:
        """Print a label at the left (or next to the amount) and an amount at the right."""
        font = self.look.bold if bold else self.look.body
        font = font.at(round(font.size * scale))
        room = self.x1 - self.x0
        wide = min(width_of(right, font), 0.6 * room)
        put(self.canvas, right, self.x1, self.y, font, "right", room=wide)
        put(self.canvas, left, self.x0 + indent * room, self.y, font, room=room * (1 - indent) - wide - font.size * 0.6)
        self.y += self.look.leading * font.size

    def label(self, key: str) -> str:
        """A printed label in the language and case of the till."""
        return self.case(label(self.rng, key, self.country.language))

    def separator(self) -> None:
        """A rule, or a row of characters; sometimes nothing."""
        style = self.rng.choice(self.separators)
        self.gap(0.2)
        if style == "rule":
            self.canvas.rule(self.x0, self.y, self.x1, self.y, max(1, self.look.body.size // 14))
            self.gap(0.3)
        elif style:
            count = int((self.x1 - self.x0) / self.look.body.width(style))
            self.line(Run(style * count))

    separators: tuple[str, ...] = ("rule",)


def make_receipt(rng: random.Random) -> Draft:
    """A receipt on a strip of paper, now and then lying on a larger sheet."""
    draft = Draft("receipt", rng)
    country = content.sample_country(rng, asia=0.5)
    size = rng.randint(17, 34)
    style = rng.choices(("mono", "sans", "serif"), (0.55, 0.38, 0.07))[0]
    look = sample_look(rng, size, style)
    columns = rng.randint(30, 46) * (1.0 if style == "mono" else 0.85)
    inner = columns * (look.body.width("0") if style == "mono" else 0.58 * size)
    margin = rng.uniform(0.3, 3.5) * size
    canvas = draft.page(round(inner + 2 * margin), 20_000)
    till = Till(
        draft=draft, canvas=canvas, look=look, country=country,
        money=content.money_style(rng, country, bare=0.55), upper=rng.random() < 0.62,
        x0=margin, x1=margin + inner, y=rng.uniform(1.0, 5.0) * size,
        trade=rng.choices(("grocery", "hardware", "restaurant", "bakery", "stationery", "fuel", "pharmacy", "clothing", "electronics", "services"), (6, 4, 6, 2, 3, 1, 2, 2, 2, 1))[0],
        align="center" if rng.random() < 0.75 else "left",
        separators=rng.choice((("rule",), ("-",), ("=", "-"), ("-",), ("*", "-"), ("",), ("rule", ""), ("_",), ("- ",))),
    )  # fmt: skip
    basket = sample_basket(rng, till.trade, country)
    draft.unasked.add("currency")
    _print_all(till, basket)
    canvas.height = round(till.y + rng.uniform(1.0, 5.0) * size)
    if rng.random() < 0.2:
        draft.pages[0] = _on_sheet(canvas, rng)
    return draft


def _print_all(till: Till, basket: Basket) -> None:
    rng = till.rng
    meta_first, date_below = rng.random() < 0.12, rng.random() < 0.25
    if meta_first:
        _meta(till, date_here=True)
        till.separator()
    _header(till)
    if not meta_first:
        _meta(till, date_here=not date_below)
    till.separator()
    print_items(till, basket)
    till.separator()
    _totals(till, basket)
    if date_below and not meta_first:
        till.separator()
        _dated_line(till)
    if rng.random() < 0.55:
        till.gap(0.5)
        _footer(till)


def _header(till: Till) -> None:
    rng, draft = till.rng, till.draft
    if rng.random() < 0.1:
        till.line(Run(till.case(content.person(rng, till.country))), align=rng.choice(("left", "center", "right")))
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
        till.line(Run(title), align="center", bold=rng.random() < 0.5, scale=rng.choice((1, 1, 1.2)))
    till.gap(rng.choice((0, 0.3, 0.8)))


def _company_lines(till: Till, name: str) -> None:
    rng, draft = till.rng, till.draft
    runs = [draft.mark("company", name)]
    number = content.fill(rng, rng.choice(("######-?", "######-?", "########", "(######-?)", "20##########", "00######-?")))
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
            till.line(Run(f"{open_}{tag}", label=True), Run(rng.choice((": ", " : ", " ", ":"))), mark, Run(shut), align=till.align)


def _contact_lines(till: Till) -> None:
    rng, draft = till.rng, till.draft
    colon = rng.choices((": ", " : ", ":", " ", "."), (40, 32, 8, 16, 4))[0]
    parts: list[list[Run]] = []
    if rng.random() < 0.75:
        tag = till.label("phone")
        parts.append([Run(tag, label=True), Run(colon), draft.mark("phone", content.phone(rng, till.country), label=tag)])
    if rng.random() < 0.3:
        tag = till.label("fax")
        parts.append([Run(tag, label=True), Run(colon), draft.mark("fax", content.phone(rng, till.country), label=tag)])
    if len(parts) == 2 and rng.random() < 0.4:
        parts = [[*parts[0], Run("  "), *parts[1]]]
    if rng.random() < 0.6:
        tag = till.label("tax_id")
        number = content.fill(rng, rng.choice(("############", "00##########", "GB ### #### ##", "##-#######", "M#-########-#", "DE#########")))
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
    forms = (f"{hour:02d}:{minute:02d}", f"{hour:02d}:{minute:02d}:{second:02d}", f"{(hour - 1) % 12 + 1}:{minute:02d} {'AM' if hour < 12 else 'PM'}", f"{(hour - 1) % 12 + 1:02d}:{minute:02d}:{second:02d}{'AM' if hour < 12 else 'PM'}")
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
    pair("cashier", till.case(rng.choice((content.person(rng, till.country).split()[0], content.code(rng), "USER", "ADMIN", str(rng.randint(1, 99))))), 0.6)
    pair("terminal", rng.choice((str(rng.randint(1, 20)), f"T{rng.randint(1, 9)}", f"POS{rng.randint(1, 9):02d}")), 0.25)
    if till.trade == "restaurant":
        pair("table", rng.choice((str(rng.randint(1, 60)), f"C{rng.randint(1, 40)}", "TAKE AWAY")), 0.5)
    pair("customer", till.case(rng.choice(("CASH", content.person(rng, till.country), "Walk-in customer", content.company(rng, till.country)))), 0.12)
    if rng.random() < 0.25:
        out.append([Run(f"{till.case(rng.choice(('Ref', 'Pax', 'Store', 'Branch', 'Shift', 'Order Type')))}{colon}{rng.randint(1, 900)}")])
    if rng.random() < 0.5:
        rng.shuffle(out)
    return out


def _meta(till: Till, date_here: bool) -> None:
    rng = till.rng
    lines = _meta_pairs(till, date_here)
    if rng.random() < 0.4:
        till.separator()
    two = rng.random() < 0.35
    align = "center" if rng.random() < 0.08 else "left"
    room = till.x1 - till.x0
    while lines:
        left = lines.pop(0)
        if two and lines and width_of(left, till.look.body) + width_of(lines[0], till.look.body) < 0.93 * room:
            right = lines.pop(0)
            if rng.random() < 0.5 or width_of(left, till.look.body) > 0.5 * room or width_of(right, till.look.body) > 0.46 * room:
                till.ends(left, right)
            else:
                put(till.canvas, right, till.x0 + 0.53 * room, till.y, till.look.body)
                till.line(*left)
        else:
            till.line(*left, align=align)


def _dated_line(till: Till) -> None:
    """The line many tills print under the totals: date, time, shop, till, slip number."""
    rng = till.rng
    _, run = _date_run(till)
    till.draft.labels.pop("date", None)
    tail = f" {content.fill(rng, 'SH## ')}{content.fill(rng, 'T# R#########')}" if rng.random() < 0.5 else f" {content.code(rng)}"
    runs = [run, Run(" "), _time_run(till), Run(tail if rng.random() < 0.7 else "")]
    till.line(*runs, align=rng.choice(("left", "left", "center")))


def _totals(till: Till, basket: Basket) -> None:
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
        till.ends([Run(tag + colon, label=True)], [value], 0.0 if strong and big else indent, 1.25 if strong and big else 1.0, strong and rng.random() < 0.6)

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
            tag = till.case(rng.choice(("Total Sales (Inclusive of GST)", "Total Amount", "Total Incl GST", "Total", "Total before rounding")))
            path = "total" if not basket.rounding else "unrounded_total"
            value = draft.mark(path, money(basket.total - basket.rounding, symbols), content.decimal_text(basket.total - basket.rounding))
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
        if not (basket.included and basket.tax and any(w in tag.lower() for w in ("ex", "net", "before", "taxable", "ht", "imp", "h.t."))):
            return tag
    return till.case("Subtotal")


def _tax_label(till: Till, basket: Basket, included: bool) -> str:
    rng, tax, rate = till.rng, till.country.tax_name, basket.rate_text
    if included:
        return rng.choice((f"{tax} @{rate}% included in total", f"{tax} {rate}% incl.", f"Total {tax}", f"Incl. {tax} {rate}%", f"{tax} Included"))
    return rng.choice((f"{tax} {rate}%", f"{tax} @ {rate}%", f"{tax}", f"Add {tax} {rate}%", f"Total {tax}", f"{tax} ({rate}%)", f"Tax {rate}%", "Tax", f"{tax} Amount"))


def _payment(till: Till, basket: Basket, row: object) -> None:
    rng, draft = till.rng, till.draft
    assert callable(row)
    draw = rng.random()
    if draw < 0.6:
        paid = basket.total + (0 if rng.random() < 0.25 else rng.choice((1, 5, 10, 20, 50)) * 100 - basket.total % 100)
        paid = max(paid, basket.total)
        row("amount_paid", paid, till.label("cash"))
        if paid > basket.total or rng.random() < 0.7:
            row("change", paid - basket.total)
    elif draw < 0.85:
        card = rng.choice(("VISA", "MASTERCARD", "Visa Card", "CREDIT CARD", "Debit Card", "AMEX", "EC-Karte", "Girocard", "E-WALLET", "CB", "Maestro", "VISA CARD SALE"))
        method = draft.mark("payment_method", till.case(card))
        amount = draft.mark("amount_paid", till.money(basket.total, rng.random() < 0.5), content.decimal_text(basket.total))
        till.ends([method], [amount])
        if rng.random() < 0.6:
            tag = till.case(rng.choice(("Card No", "Card", "Account", "Acct#")))
            till.line(Run(tag, label=True), Run(": "), draft.mark("card_number", content.fill(rng, rng.choice(("XXXXXXXXXXXX####", "************####", "####XXXXXXXX####", "xxxx-xxxx-xxxx-####"))), label=tag))
        if rng.random() < 0.5:
            tag = till.case(rng.choice(("Appr Code", "Approval Code", "Auth", "APPROVAL")))
            till.line(Run(tag, label=True), Run(": "), draft.mark("approval_code", content.fill(rng, "######"), label=tag))
    if draw > 0.92:
        tag = till.case(rng.choice(("Payment Mode", "Paid by", "Payment", "Tender")))
        till.line(Run(tag, label=True), Run(rng.choice((": ", " "))), draft.mark("payment_method", till.case(rng.choice(("Cash", "Credit card", "Cheque", "QR Pay", "Bank transfer"))), label=tag))


def _tax_summary(till: Till, basket: Basket) -> None:
    """The table that splits the bill by tax code, a rich source of look-alike totals."""
    rng, money = till.rng, till.money
    tax = till.country.tax_name
    net = basket.total - basket.rounding - basket.tax
    till.line(Run(till.case(rng.choice((f"{tax} Summary", f"{tax} Analysis", f"{tax} SUMMARY", f"{tax} Details")))), align=rng.choice(("left", "center")))
    code = rng.choice(("SR", "S", f"SR({basket.rate_text}%)", f"{tax} {basket.rate_text}%", "A", f"SR @ {basket.rate_text}%", "T1"))
    charge = money(basket.tax, False)
    till.draft.mark("tax", charge, content.decimal_text(basket.tax))
    columns = [(code, money(net, False), charge)]
    if rng.random() < 0.4:
        columns.append((rng.choice(("ZR", "Z", "ZRL (0%)", "E 0%")), money(0, False), money(0, False)))
    unit = till.money.symbol or rng.choice(till.country.symbols)
    head = tuple(till.case(t) for t in (rng.choice(("Code", "Tax Code", f"{tax}", "")), rng.choice((f"Amt({unit})", "Amount", f"Amount ({unit})", "Net", "Excl.")), rng.choice((f"Tax({unit})", "Tax", f"{tax}", "Tax Amt"))))
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
        put(till.canvas, [marked], middle, till.y, font, "right", room=middle - till.x0 - 0.32 * room)
        tax_run = Run(tax_text, field="tax" if tax_text == charge else None)
        put(till.canvas, [tax_run], till.x1, till.y, font, "right", room=till.x1 - middle - font.size)
        till.y += till.look.step


def _footer(till: Till) -> None:
    rng = till.rng
    till.gap(0.5)
    footers = vocabulary.FOREIGN_FOOTERS.get(till.country.language, vocabulary.RECEIPT_FOOTERS)
    for text in rng.sample(footers, rng.randint(1, min(4, len(footers)))):
        till.line(Run(till.case(text)), align="center")
    if rng.random() < 0.15:
        font = till.look.body
        y = till.y + 0.4 * font.size
        x, end = till.x0 + 0.2 * (till.x1 - till.x0), till.x1 - 0.2 * (till.x1 - till.x0)
        while x < end:
            thick = rng.randint(1, 5)
            till.canvas.rule(x, y, x, y + 2.5 * font.size, thick)
            x += thick + rng.randint(3, 8)
        till.y = y + 3.2 * font.size
    if rng.random() < 0.1:
        till.line(Run(content.fill(rng, "##########")), align="center")


def _on_sheet(strip: Canvas, rng: random.Random) -> Canvas:
    """The receipt as scanned on a larger sheet, with a note in another hand."""
    width = round(strip.width * rng.uniform(1.1, 2.2))
    height = max(round(strip.height * rng.uniform(1.03, 1.3)), round(width * rng.uniform(0.8, 1.4)))
    dx, dy = rng.randint(0, width - strip.width), rng.randint(0, (height - strip.height) // 2)
    sheet = Canvas(width, height)
    for word in strip.words:
        x0, y0, x1, y1 = word.bbox
        sheet.words.append(
            type(word)(word.text, (x0 + dx, y0 + dy, x1 + dx, y1 + dy), word.baseline + dy, word.font, word.fill, word.field, word.label)
        )
    for shape in strip.shapes:
        x0, y0, x1, y1 = shape.bbox
        sheet.shapes.append(type(shape)(shape.kind, (x0 + dx, y0 + dy, x1 + dx, y1 + dy), shape.width, shape.outline, shape.fill))
    if dy > 70 and rng.random() < 0.6:
        face = sample_face(rng)
        size = rng.randint(20, 44)
        from_left = rng.uniform(0.05, 0.5) * width
        sheet.text(from_left, dy - 20, content.fill(rng, "?######"), type(strip.words[0].font)(face, min(size, dy - 40)))
    return sheet
