"""The items of a receipt, and the ways tills print them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from finetune.synthesis import content, vocabulary
from finetune.synthesis.countries import Country
from finetune.synthesis.labels import label
from finetune.synthesis.layout import Run, flow, put, width_of
from finetune.synthesis.receipt_printer import Till
from finetune.synthesis.tables import Column, TableStyle, table


@dataclass(frozen=True)
class Item:
    """A line; amounts in cents, quantity in thousandths."""

    name: str
    code: str
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        """Quantity times price, rounded to the cent."""
        return (self.quantity * self.price + 500) // 1000

    @property
    def quantity_text(self) -> str:
        """Quantity as tills print it: "2" or "0.485"."""
        whole, rest = divmod(self.quantity, 1000)
        return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


@dataclass(frozen=True)
class Basket:
    """Items and the sums of the bill, in cents; rate in percent. included: tax is inside."""

    items: tuple[Item, ...]
    discount: int
    service: int
    rate: float
    included: bool
    rounding_unit: int

    @property
    def subtotal(self) -> int:
        """Sum of the lines."""
        return sum(item.amount for item in self.items)

    @property
    def taxable(self) -> int:
        """What tax is computed on."""
        return self.subtotal - self.discount + self.service

    @property
    def tax(self) -> int:
        """Tax, inside or on top of the lines."""
        if self.included:
            return round(self.taxable * self.rate / (100 + self.rate))
        return round(self.taxable * self.rate / 100)

    @property
    def extra(self) -> int:
        """What is added to the lines."""
        return self.service + (0 if self.included else self.tax)

    @property
    def rounding(self) -> int:
        """Adjustment to the rounding unit."""
        exact = self.taxable + (0 if self.included else self.tax)
        return round(exact / self.rounding_unit) * self.rounding_unit - exact

    @property
    def total(self) -> int:
        """What the customer pays."""
        return self.taxable + (0 if self.included else self.tax) + self.rounding

    @property
    def count(self) -> int:
        """Pieces sold."""
        return sum(max(1, item.quantity // 1000) for item in self.items)

    @property
    def rate_text(self) -> str:
        """The rate without needless zeros."""
        return f"{self.rate:g}"


def sample_items(rng: random.Random, trade: str, count: int) -> tuple[Item, ...]:
    """Goods of a trade."""
    names, low, high = vocabulary.GOODS[trade]
    items = []
    for name in rng.sample(names, min(count, len(names))):
        price = round(100 * low * (high / low) ** rng.random())
        if rng.random() < 0.6:
            price = max(5, round(price / 10) * 10)
        quantity = 1000 * rng.choices((1, 2, 3, 4, 5, 6, 10, 12), (60, 15, 6, 4, 3, 2, 2, 1))[0]
        if trade == "fuel" or (trade == "grocery" and rng.random() < 0.04):
            quantity = rng.randint(200, 45_000 if trade == "fuel" else 2_500)
        items.append(Item(name, _item_code(rng), quantity, price))
    return tuple(items)


def _item_code(rng: random.Random) -> str:
    return content.fill(
        rng,
        rng.choice(
            (
                "#############",
                "955##########",
                "#######",
                "######",
                "?##-####",
                "####",
                "??####",
                "########",
            )
        ),
    )


def sample_basket(rng: random.Random, trade: str, country: Country) -> Basket:
    """Items with discount, service charge, tax and rounding as the country has them."""
    count = 1 if trade == "fuel" else min(25, 1 + int(rng.expovariate(0.28)))
    items = sample_items(rng, trade, count)
    subtotal = sum(item.amount for item in items)
    discount = 0
    if rng.random() < 0.18:
        discount = min(subtotal // 2, round(subtotal * rng.choice((0.05, 0.1, 0.15, 0.2, 0.07))))
    service = round(subtotal * 0.1) if trade == "restaurant" and rng.random() < 0.35 else 0
    taxed = rng.random() < 0.75
    return Basket(
        items=items,
        discount=discount,
        service=service,
        rate=rng.choice(country.tax_rates) if taxed else 0.0,
        included=rng.random() < (0.15 if country.code in ("US", "CA") else 0.65),
        rounding_unit=5 if country.code in ("MY", "SG", "CH", "AU") and rng.random() < 0.8 else 1,
    )


def print_items(till: Till, basket: Basket) -> None:
    """Print the lines in one of the usual arrangements."""
    rng = till.rng
    style = rng.choices(
        ("table", "two_lines", "count_first", "plain", "code_below"), (35, 25, 15, 10, 15)
    )[0]
    {
        "table": _table,
        "two_lines": _two_lines,
        "count_first": _count_first,
        "plain": _count_first,
        "code_below": _code_below,
    }[style](till, basket, style)
    till.gap(0.2)


def _runs(till: Till, index: int, item: Item) -> dict[str, Run]:
    """Marked runs of a line by leaf name."""
    draft, money = till.draft, till.money
    base = f"line_items[{index}]"
    return {
        "description": draft.mark(f"{base}.description", till.case(item.name)),
        "quantity": draft.mark(f"{base}.quantity", item.quantity_text),
        "unit_price": draft.mark(
            f"{base}.unit_price", money(item.price, False), content.decimal_text(item.price)
        ),
        "amount": draft.mark(
            f"{base}.amount", money(item.amount, False), content.decimal_text(item.amount)
        ),
        "code": draft.mark(f"{base}.code", item.code),
    }


def _table(till: Till, basket: Basket, style: str) -> None:
    rng, language = till.rng, till.country.language
    leaves = rng.choice(
        (
            ("description", "quantity", "unit_price", "amount"),
            ("quantity", "description", "amount"),
            ("description", "quantity", "amount"),
            ("description", "unit_price", "quantity", "amount"),
            ("description", "amount"),
            ("quantity", "description", "unit_price", "amount"),
        )
    )
    keys = {"description": "item"}
    tax_mark = rng.choice(("", "", "", " SR", "*", " S", " T"))
    columns = [
        Column(
            till.case(label(rng, keys.get(leaf, leaf), language)),
            "left"
            if leaf == "description" or (leaf == "quantity" and leaves[0] == leaf)
            else "right",
            leaf == "description",
        )
        for leaf in leaves
    ]
    if rng.random() < 0.12:
        columns = [Column("", c.align, c.flexible) for c in columns]
    rows = []
    for index, item in enumerate(basket.items):
        runs = _runs(till, index, item)
        rows.append(
            [[runs[leaf], Run(tax_mark)] if leaf == "amount" else [runs[leaf]] for leaf in leaves]
        )
    look = TableStyle(
        rules=rng.choice(("none", "none", "head", "head")),
        gap=rng.uniform(0.5, 1.0),
        padding=rng.choice((0.05, 0.12)),
    )
    till.y = table(
        till.canvas,
        columns,
        rows,
        (till.x0, till.x1, till.y),
        (till.look.body, till.look.bold if rng.random() < 0.4 else till.look.body),
        look,
    )


def _two_lines(till: Till, basket: Basket, style: str) -> None:
    """Description, then quantity x price and amount under it."""
    rng = till.rng
    times = rng.choice((" X ", " x ", " @ ", "x", " X"))
    indent = rng.choice((0.0, 0.08, 0.3))
    coded = rng.random() < 0.4
    numbered = rng.random() < 0.2
    tail = rng.choice(("", "", " SR", " *S", " Z"))
    for index, item in enumerate(basket.items):
        runs = _runs(till, index, item)
        till.line(Run(f"{index + 1}. " if numbered else ""), runs["description"])
        left = [runs["code"], Run("  ")] if coded else []
        till.ends(
            [
                *left,
                runs["quantity"],
                Run(times + (" " if times[-1] != " " else "")),
                runs["unit_price"],
            ],
            [runs["amount"], Run(tail)],
            indent,
        )


def _count_first(till: Till, basket: Basket, style: str) -> None:
    """ "2 Latte 9.00" lines; "plain" prints the quantity only where it is not one."""
    rng = till.rng
    symbols, indented = rng.random() < 0.25, rng.random() < 0.5
    column = rng.choice((2.0, 2.6)) * till.look.body.width("00")
    for index, item in enumerate(basket.items):
        runs = _runs(till, index, item)
        if symbols:
            runs["amount"] = Run(till.money(item.amount), field=runs["amount"].field)
            till.draft.texts[f"line_items[{index}].amount"] = runs["amount"].text
        left = till.x0
        if style == "count_first" or item.quantity != 1000:
            end = put(till.canvas, [runs["quantity"]], left, till.y, till.look.body)
            left = max(left + column, end + till.look.body.width(" "))
        elif style == "plain":
            left = till.x0 + column if indented else till.x0
        room = till.x1 - width_of([runs["amount"]], till.look.body) - till.look.body.size
        put(till.canvas, [runs["amount"]], till.x1, till.y, till.look.body, "right")
        till.y = flow(
            till.canvas,
            [runs["description"]],
            left,
            room,
            till.y,
            till.look.body,
            till.look.leading,
        )


def _code_below(till: Till, basket: Basket, style: str) -> None:
    """Code, quantity, price and amount in a row with the description under (or above) it."""
    rng, font = till.rng, till.look.body
    room = till.x1 - till.x0
    above = rng.random() < 0.4
    if rng.random() < 0.7:
        heads = [
            (rng.choice(("Item", "Code", "Item Code")), 0.0, "left"),
            ("Qty", 0.5, "right"),
            (rng.choice(("Price", "U/P", "S/Price")), 0.74, "right"),
            (rng.choice(("Amount", "Total", "Amt")), 1.0, "right"),
        ]
        for text, share, align in heads:
            put(
                till.canvas,
                [Run(till.case(text), label=True)],
                till.x0 + share * room,
                till.y,
                font,
                align,
                room=0.26 * room,
            )
        till.y += till.look.step
        till.separator()
    for index, item in enumerate(basket.items):
        runs = _runs(till, index, item)
        if above:
            till.line(runs["description"])
        for leaf, share, align in (
            ("code", 0.0, "left"),
            ("quantity", 0.5, "right"),
            ("unit_price", 0.74, "right"),
            ("amount", 1.0, "right"),
        ):
            put(
                till.canvas,
                [runs[leaf]],
                till.x0 + share * room,
                till.y,
                font,
                align,
                room=(0.38 if leaf == "code" else 0.22 if leaf != "quantity" else 0.1) * room,
            )
        till.y += till.look.step
        if not above:
            till.line(runs["description"])
