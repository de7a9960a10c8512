# ruff: noqa: E501
"""Values printed on synthetic documents: people, companies, addresses, dates, amounts, ids.

Everything draws from a ``random.Random``. Faker is slow, so values come from pools made once
a process and locale, with a fixed seed.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from functools import lru_cache

from faker import Faker

from finetune.synthesis import vocabulary as words
from finetune.synthesis.countries import MONTHS, WEEKDAYS, Country

POOL = 300


@lru_cache(maxsize=64)
def _faker(locale: str) -> Faker:
    fake = Faker(locale if locale not in ("en_MS", "en_SG") else "en_GB")
    fake.seed_instance(20_240)
    return fake


def _latin(texts: list[str]) -> list[str]:
    return [t for t in texts if all(ord(c) < 0x250 or c in "’–€" for c in t)]


@lru_cache(maxsize=512)
def _pool(locale: str, what: str) -> tuple[str, ...]:
    make = getattr(_faker(locale), what)
    size = POOL * (3 if locale == "en_US" else 1)
    return tuple(_latin([str(make()) for _ in range(size)])) or _pool("en_US", what)


def person(rng: random.Random, country: Country) -> str:
    """A full name, in the mixes usual for the country."""
    if country.code not in ("MY", "SG"):
        return rng.choice(_pool(country.faker, "name"))
    draw = rng.random()
    if draw < 0.45:
        given = rng.sample(words.CHINESE_GIVEN, 2)
        return f"{rng.choice(words.CHINESE_SURNAMES)} {' '.join(given)}"
    if draw < 0.7:
        link = rng.choice(("bin", "Bin", "binti", "B.", ""))
        a, b = rng.sample(words.MALAY_GIVEN, 2)
        return " ".join(f"{a} {link} {b}".split())
    if draw < 0.85:
        a, b = rng.sample(words.INDIAN_GIVEN, 2)
        return f"{a} {rng.choice(('a/l', 'A/P', ''))} {b}".replace("  ", " ")
    return rng.choice(_pool(country.faker, "name"))


def company(rng: random.Random, country: Country, trade: str | None = None) -> str:
    """A company name, half with a trade word ("Golden Lotus Hardware Sdn Bhd")."""
    ending = rng.choice(country.endings)
    if country.code in ("MY", "SG"):
        return _asian_company(rng, country, trade, ending)
    draw = rng.random()
    if draw < 0.35 and country.faker not in ("en_MS",):
        return rng.choice(_pool(country.faker, "company")).replace(", ", " & ", 1)
    name = rng.choice(words.COMPANY_WORDS)
    if draw < 0.5:
        name = person(rng, country).split()[-1]
    if draw > 0.85:
        name += " " + rng.choice(words.COMPANY_WORDS)
    if rng.random() < 0.75:
        name += " " + rng.choice(words.TRADES[trade or rng.choice(list(words.TRADES))])
    return f"{name} {ending}".strip()


def _asian_company(rng: random.Random, country: Country, trade: str | None, ending: str) -> str:
    draw = rng.random()
    trade_word = rng.choice(words.TRADES[trade or rng.choice(list(words.TRADES))])
    if draw < 0.35:
        a, b = rng.choice(words.CHINESE_SURNAMES), rng.choice(words.CHINESE_GIVEN)
        name = f"{rng.choice(('', '', 'Kedai ', 'Restoran ', 'Syarikat ', 'Perniagaan '))}{a} {b}"
    elif draw < 0.5:
        name = (
            rng.choice(
                (
                    "Kedai",
                    "Restoran",
                    "Pasaraya",
                    "Syarikat",
                    "Pasar Mini",
                    "Farmasi",
                    "Perniagaan",
                    "Klinik",
                )
            )
            + " "
            + rng.choice(words.MALAY_AREAS + words.MALAY_GIVEN + words.CHINESE_GIVEN)
        )
        trade_word = trade_word if rng.random() < 0.3 else ""
    else:
        name = rng.choice(words.COMPANY_WORDS)
        if rng.random() < 0.3:
            name += " " + rng.choice(words.COMPANY_WORDS)
        if rng.random() < 0.12:
            name = f"{rng.choice(('A', 'D', 'J', 'K', 'MR', 'S&Y', 'LB', 'YX', '99', 'B.I.G'))}. {name}"
    branch = f"({rng.choice(words.MALAY_AREAS)})" if rng.random() < 0.06 else ""
    parts = (name, trade_word if rng.random() < 0.75 else "", branch, ending)
    return " ".join(p for p in parts if p)


def address(rng: random.Random, country: Country) -> tuple[str, ...]:
    """Address lines, two to five, as printed under a company name."""
    if country.code == "MY":
        return _malaysian_address(rng)
    if country.code == "SG":
        unit = f"#{rng.randint(1, 20):02d}-{rng.randint(1, 99):02d}"
        road = f"{rng.randint(1, 400)} {rng.choice(words.SINGAPORE_ROADS)}"
        code = f"Singapore {rng.randint(10, 82):02d}{rng.randint(0, 9999):04d}"
        if rng.random() < 0.3:
            return (f"{road} {unit}", code)
        return (
            road,
            f"{unit} {rng.choice(words.COMPANY_WORDS)} {rng.choice(('Centre', 'Plaza', 'Building', 'Point'))}",
            code,
        )
    lines = rng.choice(_pool(country.faker, "address")).split("\n")
    if rng.random() < 0.2:
        lines.insert(
            rng.randint(0, 1),
            rng.choice(
                ("Suite 400", "Unit 7", "2nd Floor", "Building B", "P.O. Box 318", "Level 3")
            ),
        )
    return tuple(lines)


def _malaysian_address(rng: random.Random) -> tuple[str, ...]:
    n = rng.randint(1, 399)
    number = rng.choice(
        (
            f"No. {n}",
            f"No.{n}",
            f"{n}",
            f"Lot {n}",
            f"NO {n}, {n + 2} & {n + 4}",
            f"No. {n}-G",
            f"{n}-{rng.randint(1, 3)}",
            f"No {n}A",
            f"Lot PT {rng.randint(1000, 99999)}",
            f"G-{rng.randint(1, 60)}",
            f"Unit {n}, Ground Floor",
        )
    )
    road = rng.choice(words.MALAY_ROADS)
    road += rng.choice(
        (
            "",
            f" {rng.randint(1, 20)}",
            f" {rng.randint(1, 9)}/{rng.randint(1, 30)}",
            f" {rng.randint(1, 5)}/{rng.randint(100, 150)}{rng.choice('ABCD')}",
        )
    )
    area = rng.choice(words.MALAY_AREAS)
    postcode, city, state = rng.choice(words.MALAY_CITIES)
    place = f"{postcode} {city}" + (f", {state}" if state else "")
    if state == "Selangor" and rng.random() < 0.3:
        place += " Darul Ehsan"
    if rng.random() < 0.15:
        place += rng.choice((", Malaysia", " MALAYSIA", " W.P."))
    end = rng.choice(("", "", ".", ","))
    if rng.random() < 0.2:
        return (f"{number} {road}, {area},", place + end)
    if rng.random() < 0.15:
        return (
            f"{number}, {road},",
            f"{area},",
            f"{postcode} {city},",
            f"{state or 'Wilayah Persekutuan'}{end}",
        )
    return (f"{number}, {road},", f"{area},", place + end)


def phone(rng: random.Random, country: Country) -> str:
    """A telephone number in one of the ways the country prints it."""
    patterns = {
        "MY": (
            "03-#### ####",
            "03-########",
            "0#-### ####",
            "01#-### ####",
            "+603 #### ####",
            "07-#######",
            "1-300-##-####",
        ),
        "SG": ("6### ####", "+65 6### ####", "9### ####"),
        "US": (
            "(###) ###-####",
            "###-###-####",
            "###.###.####",
            "1-800-###-####",
            "+1 ### ### ####",
        ),
        "GB": ("020 #### ####", "0#### ######", "+44 20 #### ####", "01### ######"),
        "DE": ("0#### / ######", "+49 (0)## #######", "0###-#######", "+49 ## ########"),
        "FR": ("0# ## ## ## ##", "+33 # ## ## ## ##", "0#.##.##.##.##"),
    }.get(country.code, ("+## ### ### ###", "0## ### ## ##", "(0##) ### ####", "0##-#######"))
    return fill(rng, rng.choice(patterns))


def fill(rng: random.Random, pattern: str) -> str:
    """Replace # by a digit and ? by a capital letter."""
    return "".join(
        rng.choice("0123456789")
        if c == "#"
        else rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        if c == "?"
        else c
        for c in pattern
    )


CODE_PATTERNS = words.entries("""
    ######, #####, ####, ########, ###-####, ?#####, ??-#####, ??####, INV-#####, INV#######, ####/##, ##-####, ?##-##-###, #######-?, CS########, ##-####-####,
    ??###-##, T#-######, R#########, ####-##?, 20##-####, 20##/#####, PO-####, A#####/#, ###.###.###, #-######, ##?###, ????-####, #### #### ####, No.####, ?-###""")


def code(rng: random.Random) -> str:
    """An identifier such as an order or batch number."""
    return fill(rng, rng.choice(CODE_PATTERNS))


def email(rng: random.Random, name: str) -> str:
    """An address built from the letters of a name."""
    plain = "".join(c for c in name.lower() if "a" <= c <= "z")[:14] or "office"
    user = rng.choice(("info", "sales", "contact", "accounts", "admin", plain[:6]))
    return f"{user}@{plain}.{rng.choice(('com', 'com.my', 'net', 'co.uk', 'de', 'org', 'fr'))}"


def sample_date(rng: random.Random, first: int = 1995, last: int = 2026) -> datetime.date:
    """A day of the years ``first`` to ``last``; recent years come up more often."""
    year = max(first, last - int((last - first + 1) * rng.random() ** 1.6))
    return datetime.date(year, 1, 1) + datetime.timedelta(days=rng.randrange(365))


def format_date(date: datetime.date, pattern: str, language: str = "en") -> str:
    """Print a date: %d %m two digits, %e %n without zero, %b %B month names, %W weekday."""
    month = MONTHS.get(language, MONTHS["en"])[date.month - 1]
    values = {
        "%d": f"{date.day:02d}",
        "%e": str(date.day),
        "%m": f"{date.month:02d}",
        "%n": str(date.month),
        "%Y": str(date.year),
        "%y": f"{date.year % 100:02d}",
        "%b": month[:3],
        "%B": month,
        "%W": WEEKDAYS[date.weekday()],
    }
    for token, text in values.items():
        pattern = pattern.replace(token, text)
    return pattern


@dataclass(frozen=True)
class MoneyStyle:
    """How one document prints amounts; ``symbol`` empty for bare numbers."""

    symbol: str
    after: bool
    space: bool
    decimal: str
    thousands: str

    def __call__(self, cents: int, symbol: bool = True) -> str:
        """Print an amount in cents."""
        whole, rest = divmod(abs(cents), 100)
        digits = f"{whole:,}".replace(",", self.thousands)
        text = f"{'-' if cents < 0 else ''}{digits}{self.decimal}{rest:02d}"
        if not symbol or not self.symbol:
            return text
        gap = " " if self.space or self.after else ""
        return f"{text}{gap}{self.symbol}" if self.after else f"{self.symbol}{gap}{text}"


def money_style(rng: random.Random, country: Country, bare: float = 0.5) -> MoneyStyle:
    """The amounts of one document; ``bare`` is the share printed without currency."""
    symbol = "" if rng.random() < bare else rng.choice(country.symbols)
    after = country.symbol_after if rng.random() < 0.85 else not country.symbol_after
    space = after or (len(symbol) > 1 and rng.random() < 0.6) or rng.random() < 0.1
    thousands = country.thousands if rng.random() < 0.8 else ""
    return MoneyStyle(symbol, after, space, country.decimal, thousands)


def decimal_text(cents: int) -> str:
    """The normalised value of an amount: "1234.50"."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def sentence(rng: random.Random) -> str:
    """An office sentence."""
    parts = (
        rng.choice(words.SENTENCE_SUBJECTS),
        rng.choice(words.SENTENCE_VERBS),
        rng.choice(words.SENTENCE_OBJECTS),
    )
    tail = f" {rng.choice(words.SENTENCE_TAILS)}" if rng.random() < 0.7 else ""
    return f"{' '.join(parts)}{tail}."


def paragraph(rng: random.Random, low: int = 2, high: int = 6) -> str:
    """A few sentences; now and then with a figure, as letters and reports have."""
    text = [sentence(rng) for _ in range(rng.randint(low, high))]
    if rng.random() < 0.3:
        text.append(
            f"A total of {rng.randint(2, 9500):,} {rng.choice(words.UNITS)} was recorded in {rng.choice(MONTHS['en'])} {rng.randint(1975, 2025)}."
        )
    return " ".join(text)
