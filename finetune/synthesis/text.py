"""Random text for recognizer training: words, names, numbers, dates, amounts, codes.

The recognizer must not learn a language so well that it overrules the picture, so a share of
the text is random letters and digits, and every case style comes up.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from faker import Faker

from docagent.ocr.recognition.charset import ACCENTED, CHARSET, fold_text

WORD_LISTS = ("/usr/share/dict/american-english-large", "/usr/share/dict/british-english")
LOCALES = (
    "en_US",
    "en_GB",
    "en_IN",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "pt_BR",
    "nl_NL",
    "pl_PL",
    "sv_SE",
    "da_DK",
    "cs_CZ",
    "tr_TR",
    "ro_RO",
    "hu_HU",
    "lt_LT",
    "no_NO",
)
FUNCTION_WORDS = """
    the of and to in a is for on that by this with be or are as at from not it was an any all
    shall may no if your you will have has such which other than under our we per its each been he
    his she her
""".split()
BUSINESS = """
    invoice total amount date due balance payment account number customer order quantity unit
    price tax GST VAT subtotal discount change cash card receipt item description code ref
    reference bill ship tel fax phone email address name company branch bank page report form
    department section approved signature title subject memo from attention office manager
    director sales product brand market region sample test result range units patient doctor
    medical legal agreement party parties court judgment contract term effective confidential
    information disclosing receiving state law governing notice hereby whereas thereof herein RM
    Sdn Bhd Ltd Inc LLC Co Corp GmbH No Qty Amt Nett Rounding Rounded Adj Adjustment SR ZR Jalan
    Jln Taman Tmn Lot Bandar Kuala Lumpur Selangor Johor Bahru Penang Malaysia Singapore Street
    Avenue Road Suite Floor Box City Zip Telephone Facsimile Cigarette Tobacco Filter Menthol
    Carton Pack Media Circulation Advertising Budget Project Program Research Laboratory Compound
    Analysis Request Description Comments Distribution Effective Promotion Coupon Store Retail
    Volume Share Division Vendor Contact Schedule Completion
""".split()
UNITS = """
    mg ml kg g cm mm m km L % mg/dL mmol/L g/L IU/L pcs pkt ctn box hrs days ltr kWh lb oz ft in.
    °C °F µg m² m³ $/M
""".split()


@lru_cache(maxsize=1)
def _words() -> Sequence[str]:
    words: set[str] = set()
    for path in WORD_LISTS:
        if Path(path).exists():
            words.update(Path(path).read_text(encoding="utf-8").split())
    plain = sorted(w for w in words if not w.endswith("'s"))
    return plain or BUSINESS


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    pool: list[str] = []
    for index, locale in enumerate(LOCALES):
        fake = Faker(locale)
        fake.seed_instance(index)
        for _ in range(160):
            pool += [fake.name(), fake.company(), fake.street_address(), fake.city()]
    return tuple(filter(None, (fold_text(p.replace("\n", ", ")) for p in pool)))


def _digits(rng: random.Random, low: int, high: int) -> str:
    return "".join(rng.choices(string.digits, k=rng.randint(low, high)))


def _amount(rng: random.Random) -> str:
    value = rng.choice((rng.uniform(0, 100), rng.uniform(0, 10_000), rng.uniform(0, 5_000_000)))
    text = f"{value:,.{rng.choice((2, 2, 2, 2, 0, 3))}f}"
    style = rng.random()
    if style < 0.04:
        text = text.replace(",", " ").replace(".", ",")
    elif style < 0.09:
        text = text.replace(",", "_").replace(".", ",").replace("_", ".")
    elif style < 0.5:
        text = text.replace(",", "")
    sign = rng.choice(
        ("", "", "", "$", "€", "£", "RM", "RM ", "USD ", "EUR ", "¥", "₹", "Rs.", "-")
    )
    end = rng.choice(("", "", "", "", "", " €", "-", "%", " SR", "*", " S", " CR"))
    return rng.choice(("{}", "{}", "{}", "({})")).format(f"{sign}{text}{end}")


MONTHS = """
    January February March April May June July August September October November December
""".split()


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 31), rng.randint(1, 12), rng.randint(1950, 2030)
    sep = rng.choice("//--..")
    name = rng.choice((MONTHS[month - 1], MONTHS[month - 1][:3]))
    name = rng.choice((name, name.upper()))
    d2, m2 = (f"{day:02d}", f"{month:02d}") if rng.random() < 0.7 else (str(day), str(month))
    y = rng.choice((str(year), str(year)[2:]))
    text = rng.choice(
        (
            f"{d2}{sep}{m2}{sep}{y}",
            f"{m2}{sep}{d2}{sep}{y}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day} {name} {y}",
            f"{name} {day}, {year}",
            f"{d2}-{name}-{y}",
            f"{name} {year}",
        )
    )
    if rng.random() < 0.25:
        text += f" {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}" + rng.choice(
            ("", f":{rng.randint(0, 59):02d}", " AM", " PM")
        )
    return text


def _code(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.randint(1, 3)):
        letters = "".join(rng.choices(string.ascii_uppercase, k=rng.randint(0, 3)))
        parts.append(letters + _digits(rng, 0 if letters else 1, 6))
    return rng.choice(("-", "", "/", ".", " ")).join(parts)


def _phone(rng: random.Random) -> str:
    return rng.choice(
        (
            "({a}) {b}-{c}",
            "+{d} {a} {b} {c}",
            "{a}-{b}{c}",
            "{a}/{b}-{c}",
            "Tel: {a}-{b} {c}",
            "FAX:{a}-{b}{c}",
        )
    ).format(a=_digits(rng, 2, 3), b=_digits(rng, 3, 4), c=_digits(rng, 4, 4), d=_digits(rng, 1, 2))


def _mail(rng: random.Random) -> str:
    word = _style(rng, rng.choice(_words())).lower().replace("'", "")
    return rng.choice(
        ("{w}@{x}.com", "www.{w}.com", "http://www.{w}.{t}", "{w}.{x}@{w}.{t}", "{w}/{x}")
    ).format(w=word, x=rng.choice(BUSINESS).lower(), t=rng.choice(("de", "org", "co.uk", "com.my")))


def _random_string(rng: random.Random) -> str:
    pool = rng.choices(
        (
            string.ascii_letters + string.digits,
            string.ascii_uppercase,
            string.ascii_lowercase,
            string.digits + ".,-/:",
            CHARSET[1:95],
            CHARSET[1:],
            ACCENTED,
            string.ascii_uppercase + string.digits + "-/.#&",
        ),
        (3, 2, 2, 2, 1.5, 1, 0.6, 2),
    )[0]
    return "".join(rng.choices(pool, k=rng.randint(1, 10)))


def _style(rng: random.Random, word: str) -> str:
    roll = rng.random()
    if roll < 0.45:
        return word
    if roll < 0.75:
        return word.upper()
    return word[:1].upper() + word[1:]


def _word(rng: random.Random) -> str:
    roll = rng.random()
    source = FUNCTION_WORDS if roll < 0.2 else BUSINESS if roll < 0.45 else _words()
    word = rng.choice(source)
    if rng.random() < 0.04:
        word = f"{word}-{rng.choice(_words())}"
    tail = rng.choices(("", ",", ".", ":", ";", "?", "!", ")", "'s"), (72, 8, 8, 7, 1, 1, 1, 2, 2))[
        0
    ]
    head = "(" if tail == ")" and rng.random() < 0.8 else ""
    return head + word + tail


def _phrase(rng: random.Random) -> str:
    roll = rng.random()
    words = [_word(rng) for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 5, 7)))]
    if roll < 0.35:
        words = [w.upper() for w in words]
    elif roll < 0.6:
        words = [w[:1].upper() + w[1:] for w in words]
    text = " ".join(words)
    if rng.random() < 0.12:
        text += rng.choice((":", " :", ".....", "....", " _____", "___", " -", ": $", " #"))
    return text


def _name(rng: random.Random) -> str:
    name = rng.choice(_names())
    return name.upper() if rng.random() < 0.4 else name


def _measure(rng: random.Random) -> str:
    number = rng.choice((_digits(rng, 1, 3), f"{rng.uniform(0, 100):.{rng.randint(1, 3)}f}"))
    return f"{number}{rng.choice(('', ' '))}{rng.choice(UNITS)}"


def _item(rng: random.Random) -> str:
    return rng.choice(
        ("{q} x {a}", "{q} X {a} {b}", "{q}@ {a} {b}", "{c} {w} {a}", "{q} {w} {a} {b}")
    ).format(
        q=rng.randint(1, 99), a=_amount(rng), b=_amount(rng), c=_digits(rng, 4, 13), w=_phrase(rng)
    )


def _rate(rng: random.Random) -> str:
    """Rates, counts and signs as tills print them."""
    rate = rng.choice(("0", "5", "6", "7", "8", "10", "19", "20", "7.5", "8.25"))
    tax = rng.choice(("GST", "SST", "VAT", "TAX", "SR", "ZR", "Tax", "MwSt", "TVA", "IVA"))
    n, a = rng.randint(1, 12), f"{rng.uniform(0, 60):.2f}"
    return rng.choice(
        (
            "{r}%",
            "{r} %",
            "@ {r}%",
            "{t} @{r}%",
            "{t} @ {r}% :",
            "{t} = {r}%",
            "{t}({r}%)",
            "Total {r}% supplies:",
            "Total Sales (Excluding {t}) :",
            "({t} {r}%) : {a}",
            "@{a}",
            "{n} @ {a}",
            "@{n} X RM {a}",
            "{n} = {a}",
            "*S",
            "{a} *S",
            "{a} {t}0",
            "= {a}",
            "{n}.00",
            "0.00",
            "RM 0.00",
            "$0.{n:02d}",
            "{n}/{n}/2018 {n:02d}:0{k}:{n:02d}",
            "Qty(s) : {n}",
            "Item(s) : {n}",
            "#{n}",
        )
    ).format(r=rate, t=tax, n=n, a=a, k=rng.randint(0, 9))


MARKS = (
    ".",
    ".",
    ",",
    "-",
    "-",
    "*",
    "/",
    ":",
    "$",
    "#",
    "&",
    "%",
    "+",
    "(",
    ")",
    "<",
    ">",
    "=",
    "?",
)
"""Signs that stand alone on forms: bullets, empty brackets, units over a column."""


def _marked(rng: random.Random) -> str:
    """Words with the marks that small recognizers mistake for one another: quotes, primes of
    feet and inches, brackets around a letter, initials, ampersands, signs alone."""
    word, upper = _style(rng, _word(rng)).strip("(),.:;?!"), rng.choice(string.ascii_uppercase)
    other, lower = rng.choice(string.ascii_uppercase), rng.choice(string.ascii_lowercase)
    n, m = rng.randint(1, 250), rng.randint(1, 16)
    return rng.choice(
        (
            "{n}'",
            '{n}"',
            "{m}'{n}\"",
            '{m} 1/2" x {n}"',
            '{m}/{n}"W',
            '{m}-{n}/16"',
            "'{y}",
            "{m}/{y}",
            "/{y}",
            "{m}/",
            '"{w}"',
            '"{w}',
            '{w}."',
            '{w},"',
            '{w}"',
            "'{w}'",
            "{w}'",
            "{w}/",
            "{w}/{v}",
            "({u})",
            "({a})",
            "({n})",
            "( {m} )",
            "({w}",
            "{w})",
            "{w}).",
            "({w})",
            "[{w}]",
            "{u}.",
            "{u}. {o}. {v}",
            "{u}&{o}",
            "{u}{o}&{u}",
            "{w} & {v}",
            "({n}+",
            "{n}+",
            "{n}.",
            "{n},",
            "{m}.",
            "0.",
            "#{n}",
            "{n}%",
            "{u}:",
            "< >",
            "( )",
            "[ ]",
            "${n}",
            "$ {n}",
            "{w}-",
            "-{n}",
            "{n}-",
            "{w}*",
            "*{w}",
            "{s}",
            "{s}",
            "{s}",
            "{s} {w}",
            "{w} {s} {v}",
        )
    ).format(
        n=n,
        m=m,
        y=f"{rng.randint(0, 99):02d}",
        w=word,
        v=_style(rng, _word(rng)),
        u=upper,
        o=other,
        a=lower,
        s=rng.choice(MARKS),
    )


KINDS: tuple[tuple[Callable[[random.Random], str], float], ...] = (
    (_phrase, 46),
    (_name, 13),
    (_amount, 16),
    (_date, 7),
    (_code, 6),
    (_phone, 3),
    (_mail, 2),
    (_random_string, 7),
    (_measure, 3),
    (lambda rng: _digits(rng, 1, 12), 4),
    (_item, 3),
    (_rate, 6),
    (_marked, 12),
)


def sample_text(rng: random.Random, longest: int = 48) -> str:
    """One line of text in the charset, at most ``longest`` characters, never empty."""
    makers, weights = zip(*KINDS, strict=True)
    while True:
        text = fold_text(rng.choices(makers, weights)[0](rng))
        while rng.random() < 0.25 and len(text) < longest * 0.6:
            text += " " + fold_text(rng.choices(makers, weights)[0](rng))
        text = " ".join(text.split())[:longest].strip()
        if text:
            return text
