"""Bank statements: head, balances, a table of transactions."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass

from finetune.synthesis import content, vocabulary
from finetune.synthesis.checked_numbers import IBAN_PATTERNS, bank_account
from finetune.synthesis.content import MoneyStyle
from finetune.synthesis.countries import Country, sample_country
from finetune.synthesis.layout import Pair, Run, pairs, stack
from finetune.synthesis.office_page import Sheet, letterhead, page_footer, sample_sheet
from finetune.synthesis.statement_words import BANKS, LABELS, TEXTS
from finetune.synthesis.tables import Column, sample_table_style, table
from finetune.synthesis.truth import Draft


@dataclass(frozen=True)
class Entry:
    """A transaction; amount in cents, negative where money leaves."""

    date: datetime.date
    text: str
    amount: int


@dataclass
class Account:
    """What the statement shows and how it writes."""

    sheet: Sheet
    country: Country
    money: MoneyStyle
    entries: list[Entry]
    opening: int
    start: datetime.date
    end: datetime.date
    pattern: str

    def date(self, date: datetime.date) -> str:
        return content.format_date(date, self.pattern, self.country.language)

    def label(self, key: str) -> str:
        """A printed label; English where the language has none."""
        table = LABELS.get(self.country.language, LABELS["en"])
        return self.sheet.rng.choice(table.get(key) or LABELS["en"][key])

    def sums(self) -> dict[str, int]:
        """Balances and totals in cents by path."""
        paid_in = sum(e.amount for e in self.entries if e.amount > 0)
        paid_out = -sum(e.amount for e in self.entries if e.amount < 0)
        return {
            "opening_balance": self.opening,
            "total_credits": paid_in,
            "total_debits": paid_out,
            "closing_balance": self.opening + paid_in - paid_out,
        }


def make_statement(rng: random.Random) -> Draft:
    """A statement of one page."""
    draft = Draft("bank_statement", rng)
    sheet = sample_sheet(draft, rng.choices(("sans", "serif", "mono"), (6, 2, 2))[0], (7.5, 10))
    country = sample_country(rng, asia=0.2)
    start = content.sample_date(rng, 2000).replace(day=1)
    end = start + datetime.timedelta(days=rng.choice((27, 29, 30, 30, 89)))
    account = Account(
        sheet,
        country,
        content.money_style(rng, country, 0.75),
        _entries(rng, country, start, end),
        rng.randint(-50_000, 3_000_000),
        start,
        end,
        rng.choice(country.dates),
    )
    _head(account)
    summary_first = rng.random() < 0.45
    if summary_first:
        _summary(account)
        sheet.gap(1)
    _table(account, balances=not summary_first or rng.random() < 0.4)
    if not summary_first and rng.random() < 0.6:
        sheet.gap(1)
        _summary(account)
    if rng.random() < 0.5:
        page_footer(
            sheet,
            [
                Run(
                    rng.choice(
                        (
                            "Page 1 of 1",
                            "Please check this statement and report errors within 14 days.",
                            "Member of the deposit insurance scheme",
                            "1/1",
                        )
                    )
                )
            ],
        )
    if "currency" not in draft.texts:
        draft.unasked.add("currency")
    return draft


def _entries(
    rng: random.Random, country: Country, start: datetime.date, end: datetime.date
) -> list[Entry]:
    days = sorted(rng.randint(0, (end - start).days) for _ in range(rng.randint(4, 22)))
    out = []
    for day in days:
        text = rng.choice(TEXTS)
        if rng.random() < 0.6:
            text += " " + (
                content.company(rng, country) if rng.random() < 0.6 else content.code(rng)
            )
        cents = round(100 * 10 ** rng.uniform(0.5, 3.8))
        out.append(
            Entry(
                start + datetime.timedelta(days=day),
                text.upper() if rng.random() < 0.6 else text.title(),
                cents if rng.random() < 0.3 else -cents,
            )
        )
    return out


def _head(account: Account) -> None:
    """Bank, holder and account data."""
    sheet, rng, draft = account.sheet, account.sheet.rng, account.sheet.draft
    bank = f"{rng.choice(vocabulary.COMPANY_WORDS)} {rng.choice(BANKS)}"
    address = (
        draft.mark_lines("bank_address", content.address(rng, account.country))
        if rng.random() < 0.7
        else []
    )
    letterhead(
        sheet, draft.mark("bank", bank), address, rng.choice(("left", "left", "right", "center"))
    )
    sheet.gap(rng.uniform(0.5, 2))
    title = Run(account.label("title"))
    if rng.random() < 0.5:
        sheet.line(title, font=sheet.look.title, align=rng.choice(("left", "center")))
        sheet.gap(0.6)
    top = sheet.y
    holder = (
        content.person(rng, account.country)
        if rng.random() < 0.65
        else content.company(rng, account.country)
    )
    holder = holder.upper() if rng.random() < 0.5 else holder
    lines = [
        [draft.mark("account_holder", holder)],
        *draft.mark_lines("holder_address", content.address(rng, account.country)),
    ]
    left = stack(
        sheet.canvas, lines, sheet.x0, sheet.at(0.48), top, sheet.look.body, sheet.look.leading
    )
    style = rng.choice(("column", "colons", "inline", "ends"))
    right = pairs(
        sheet.canvas,
        _data(account),
        (sheet.at(0.54), sheet.x1, top),
        (sheet.look.body, sheet.look.bold if rng.random() < 0.4 else sheet.look.body),
        style,
        sheet.look.leading,
    )
    sheet.y = max(left, right) + rng.uniform(0.8, 2.5) * sheet.em
    if title.text and rng.random() < 0.3:
        sheet.rule()


def _data(account: Account) -> list[Pair]:
    rng, draft = account.sheet.rng, account.sheet.draft
    number = content.fill(
        rng,
        rng.choice(
            (
                "##########",
                "###-####-###",
                "#### #### ####",
                "########",
                "##-##-## ########",
                "####-##-#####-#",
            )
        ),
    )
    home = account.country.code
    iban = bank_account(rng, home if home in IBAN_PATTERNS else rng.choice(("DE", "FR", "GB")))
    options = [
        ("account_number", number, number, 0.95),
        ("iban", iban, iban, 0.35),
        ("statement_number", *(str(rng.randint(1, 60)),) * 2, 0.4),
        ("statement_date", account.date(account.end), account.end.isoformat(), 0.6),
        ("currency", *(rng.choice(account.country.symbols[-1:]),) * 2, 0.3),
    ]
    bic = content.fill(rng, "????" + account.country.code + "??")
    options.append(("bic", bic, bic, 0.3))
    out: list[Pair] = []
    for path, text, value, share in options:
        if rng.random() < share:
            tag = account.label(path)
            out.append((tag, [draft.mark(path, text, value, tag)]))
    if rng.random() < 0.75:
        link = rng.choice(
            (" - ", " to ", " to ", " bis " if account.country.language == "de" else " through ")
        )
        first, last = (
            draft.mark("period_start", account.date(account.start), account.start.isoformat()),
            draft.mark("period_end", account.date(account.end), account.end.isoformat()),
        )
        out.insert(rng.randint(0, len(out)), (account.label("period"), [first, Run(link), last]))
    return out


def _summary(account: Account) -> None:
    """Balances and totals under each other, or as a table of one row."""
    sheet, rng, draft = account.sheet, account.sheet.rng, account.sheet.draft
    symbols = rng.random() < 0.7
    items: list[Pair] = []
    for path, cents in account.sums().items():
        if rng.random() < (0.95 if "balance" in path else 0.75):
            tag = account.label(path)
            items.append(
                (
                    tag,
                    [
                        draft.mark(
                            path, account.money(cents, symbols), content.decimal_text(cents), tag
                        )
                    ],
                )
            )
    if len(items) < 2:
        return
    if rng.random() < 0.35:
        columns = [Column(tag, "center") for tag, _ in items]
        sheet.y = table(
            sheet.canvas,
            columns,
            [[runs for _, runs in items]],
            (sheet.x0, sheet.x1, sheet.y),
            (sheet.look.body, sheet.look.bold),
            sample_table_style(rng),
        )
        return
    x0 = sheet.x0 if rng.random() < 0.6 else sheet.at(0.45)
    sheet.y = pairs(
        sheet.canvas,
        items,
        (x0, x0 + 0.55 * sheet.room, sheet.y),
        (sheet.look.body, sheet.look.body),
        rng.choice(("ends", "leaders", "ends")),
        sheet.look.leading,
    )


def _table(account: Account, balances: bool) -> None:
    """Transactions with one signed or two unsigned amount columns, mostly with the balance."""
    sheet, rng, draft = account.sheet, account.sheet.rng, account.sheet.draft
    split, running = rng.random() < 0.6, rng.random() < 0.75
    leaves = [
        "date",
        "description",
        *(("debit", "credit") if split else ("amount",)),
        *(("balance",) if running else ()),
    ]
    if split and rng.random() < 0.3:
        leaves[2], leaves[3] = leaves[3], leaves[2]
    columns = [
        Column(
            account.label(leaf),
            "left" if leaf in ("date", "description") else "right",
            leaf == "description",
        )
        for leaf in leaves
    ]
    if rng.random() < 0.3:
        account.pattern = (
            rng.choice(("%d/%m", "%d %b", "%m/%d", "%d.%m."))
            if rng.random() < 0.5
            else account.pattern
        )
    balance, rows = account.opening, []

    def edge(path: str, cents: int) -> None:
        tag = account.label(path)
        cells: list[list[Run]] = [[] for _ in leaves]
        cells[1], cells[-1] = (
            [Run(tag, label=True)],
            [draft.mark(path, account.money(cents, False), content.decimal_text(cents), tag)],
        )
        rows.append(cells)

    if balances:
        edge("opening_balance", account.opening)
    for index, entry in enumerate(account.entries):
        balance += entry.amount
        base = f"transactions[{index}]"
        cents = entry.amount
        sign = "+" if cents > 0 and not split and index % 2 == 0 and rng.random() < 0.1 else ""
        cells = {
            "date": [draft.mark(f"{base}.date", account.date(entry.date), entry.date.isoformat())],
            "description": [draft.mark(f"{base}.description", entry.text)],
            "balance": [
                draft.mark(
                    f"{base}.balance", account.money(balance, False), content.decimal_text(balance)
                )
            ],
            "debit": [],
            "credit": [],
            "amount": [],
        }
        leaf = "amount" if not split else "credit" if cents > 0 else "debit"
        shown = cents if not split else abs(cents)
        cells[leaf] = [
            draft.mark(
                f"{base}.{leaf}", sign + account.money(shown, False), content.decimal_text(shown)
            )
        ]
        rows.append([cells[name] for name in leaves])
    if balances:
        edge("closing_balance", balance)
    style = sample_table_style(rng)
    sheet.y = table(
        sheet.canvas,
        columns,
        rows,
        (sheet.x0, sheet.x1, sheet.y),
        (sheet.look.body, sheet.look.bold),
        style,
    )
    if sheet.y > sheet.bottom:
        sheet.canvas.height = round(sheet.y + 14 * sheet.em)
        sheet.bottom = sheet.canvas.height - 2 * sheet.em
