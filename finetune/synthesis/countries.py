# ruff: noqa: E501
"""How countries write: dates, months, money, taxes, the endings of companies' names."""

from __future__ import annotations

import random
from dataclasses import dataclass

from finetune.synthesis import vocabulary as words


@dataclass(frozen=True)
class Country:
    """How a country writes: language of months and labels, money, tax, company endings."""

    code: str
    faker: str
    language: str
    symbols: tuple[str, ...]
    decimal: str
    thousands: str
    symbol_after: bool
    tax_name: str
    tax_rates: tuple[float, ...]
    endings: tuple[str, ...]
    dates: tuple[str, ...]


_DMY = (
    "%d/%m/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d/%m/%y",
    "%d-%m-%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%b/%Y",
    "%e %B %Y",
    "%e/%n/%Y",
    "%Y/%m/%d",
    "%d%b%y",
)
_MDY = (
    "%m/%d/%Y",
    "%m/%d/%y",
    "%B %e, %Y",
    "%b %e, %Y",
    "%n/%e/%Y",
    "%n/%e/%y",
    "%m-%d-%Y",
    "%n-%e-%y",
    "%d %b %Y",
    "%Y-%m-%d",
    "%b. %e, %Y",
    "%b-%d-%Y",
    "%B %d, %Y",
    "%W, %B %e, %Y",
)
_DOT = ("%d.%m.%Y", "%d.%m.%y", "%e. %B %Y", "%d.%m.%Y", "%Y-%m-%d", "%d. %B %Y", "%e.%n.%Y")
_EU = ("%d/%m/%Y", "%e %B %Y", "%d-%m-%Y", "%d/%m/%y", "%Y-%m-%d", "%d.%m.%Y", "%e %b %Y")

COUNTRIES: dict[str, Country] = {
    c.code: c
    for c in (
        Country(
            "MY",
            "en_MS",
            "en",
            ("RM", "RM", "MYR", "RM", "$"),
            ".",
            ",",
            False,
            "GST",
            (6.0,),
            (
                "SDN BHD",
                "SDN. BHD.",
                "(M) SDN BHD",
                "ENTERPRISE",
                "TRADING",
                "S/B",
                "BHD",
                "& CO",
                "PLT",
                "",
            ),
            _DMY,
        ),
        Country(
            "SG",
            "en_SG",
            "en",
            ("$", "S$", "SGD"),
            ".",
            ",",
            False,
            "GST",
            (7.0, 8.0, 9.0),
            ("Pte Ltd", "Pte. Ltd.", "PTE LTD", "LLP", ""),
            _DMY,
        ),
        Country(
            "US",
            "en_US",
            "en",
            ("$", "$", "USD", "US$"),
            ".",
            ",",
            False,
            "Sales Tax",
            (4.0, 6.25, 7.0, 8.25, 8.875, 9.5),
            ("Inc.", "LLC", "Corp.", "Inc", "Co.", "Corporation", "L.P.", ""),
            _MDY,
        ),
        Country(
            "GB",
            "en_GB",
            "en",
            ("£", "£", "GBP"),
            ".",
            ",",
            False,
            "VAT",
            (20.0, 5.0),
            ("Ltd", "Limited", "PLC", "LLP", "Ltd.", ""),
            _DMY,
        ),
        Country(
            "IN",
            "en_IN",
            "en",
            ("Rs.", "INR", "Rs", "₹"),
            ".",
            ",",
            False,
            "GST",
            (5.0, 12.0, 18.0),
            ("Pvt. Ltd.", "Private Limited", "Pvt Ltd", "& Sons", "Traders", ""),
            _DMY,
        ),
        Country(
            "AU",
            "en_AU",
            "en",
            ("$", "A$", "AUD"),
            ".",
            ",",
            False,
            "GST",
            (10.0,),
            ("Pty Ltd", "Pty. Ltd.", ""),
            _DMY,
        ),
        Country(
            "CA",
            "en_CA",
            "en",
            ("$", "CAD", "C$"),
            ".",
            ",",
            False,
            "HST",
            (13.0, 5.0, 15.0),
            ("Inc.", "Ltd.", "Corp.", ""),
            _MDY,
        ),
        Country(
            "PH",
            "en_PH",
            "en",
            ("P", "PHP", "Php"),
            ".",
            ",",
            False,
            "VAT",
            (12.0,),
            ("Inc.", "Corporation", "Corp.", ""),
            _MDY,
        ),
        Country(
            "DE",
            "de_DE",
            "de",
            ("€", "EUR", "Euro"),
            ",",
            ".",
            True,
            "MwSt.",
            (19.0, 7.0),
            ("GmbH", "AG", "GmbH & Co. KG", "KG", "e.K.", "OHG"),
            _DOT,
        ),
        Country(
            "AT",
            "de_AT",
            "de",
            ("€", "EUR"),
            ",",
            ".",
            True,
            "USt.",
            (20.0, 10.0),
            ("GmbH", "KG", "OG"),
            _DOT,
        ),
        Country(
            "CH",
            "de_CH",
            "de",
            ("CHF", "Fr."),
            ".",
            "'",
            False,
            "MWST",
            (7.7, 8.1, 2.5),
            ("AG", "GmbH", "SA"),
            _DOT,
        ),
        Country(
            "FR",
            "fr_FR",
            "fr",
            ("€", "EUR", "€"),
            ",",
            " ",
            True,
            "TVA",
            (20.0, 10.0, 5.5),
            ("SARL", "SAS", "SA", "EURL", "& Fils"),
            _EU,
        ),
        Country(
            "ES",
            "es_ES",
            "es",
            ("€", "EUR"),
            ",",
            ".",
            True,
            "IVA",
            (21.0, 10.0),
            ("S.L.", "S.A.", "SL", "SLU"),
            _EU,
        ),
        Country(
            "IT",
            "it_IT",
            "it",
            ("€", "EUR", "Euro"),
            ",",
            ".",
            True,
            "IVA",
            (22.0, 10.0, 4.0),
            ("S.r.l.", "S.p.A.", "SRL", "SNC", "& C."),
            _EU,
        ),
        Country(
            "NL",
            "nl_NL",
            "nl",
            ("€", "EUR"),
            ",",
            ".",
            False,
            "BTW",
            (21.0, 9.0),
            ("B.V.", "BV", "VOF", "N.V."),
            _EU,
        ),
        Country(
            "PT",
            "pt_PT",
            "pt",
            ("€", "EUR"),
            ",",
            ".",
            True,
            "IVA",
            (23.0, 13.0, 6.0),
            ("Lda.", "Lda", "S.A."),
            _EU,
        ),
        Country(
            "BR",
            "pt_BR",
            "pt",
            ("R$", "BRL"),
            ",",
            ".",
            False,
            "ICMS",
            (18.0, 12.0),
            ("Ltda.", "S.A.", "ME", "Eireli"),
            _EU,
        ),
        Country(
            "MX",
            "es_MX",
            "es",
            ("$", "MXN"),
            ".",
            ",",
            False,
            "IVA",
            (16.0,),
            ("S.A. de C.V.", "S. de R.L.", "SA de CV"),
            _EU,
        ),
        Country(
            "PL",
            "pl_PL",
            "pl",
            ("zł", "PLN"),
            ",",
            " ",
            True,
            "VAT",
            (23.0, 8.0),
            ("Sp. z o.o.", "S.A.", "s.c."),
            _DOT,
        ),
        Country(
            "SE",
            "sv_SE",
            "sv",
            ("kr", "SEK"),
            ",",
            " ",
            True,
            "Moms",
            (25.0, 12.0),
            ("AB", "HB", "AB (publ)"),
            ("%Y-%m-%d", "%Y-%m-%d", "%d/%m/%Y", "%e %B %Y"),
        ),
        Country(
            "DK",
            "da_DK",
            "da",
            ("kr.", "DKK"),
            ",",
            ".",
            True,
            "moms",
            (25.0,),
            ("A/S", "ApS", "I/S"),
            _DOT,
        ),
        Country(
            "ID",
            "id_ID",
            "id",
            ("Rp", "IDR"),
            ",",
            ".",
            False,
            "PPN",
            (11.0, 10.0),
            ("PT", "CV", "Tbk"),
            _DMY,
        ),
    )
}
MONTHS: dict[str, tuple[str, ...]] = {
    language: words.entries(block)
    for language, block in {
        "en": "January,February,March,April,May,June,July,August,September,October,November,December",
        "de": "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember",
        "fr": "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre",
        "es": "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
        "it": "gennaio,febbraio,marzo,aprile,maggio,giugno,luglio,agosto,settembre,ottobre,novembre,dicembre",
        "nl": "januari,februari,maart,april,mei,juni,juli,augustus,september,oktober,november,december",
        "pt": "janeiro,fevereiro,março,abril,maio,junho,julho,agosto,setembro,outubro,novembro,dezembro",
        "pl": "stycznia,lutego,marca,kwietnia,maja,czerwca,lipca,sierpnia,września,października,listopada,grudnia",
        "sv": "januari,februari,mars,april,maj,juni,juli,augusti,september,oktober,november,december",
        "da": "januar,februar,marts,april,maj,juni,juli,august,september,oktober,november,december",
        "id": "Januari,Februari,Maret,April,Mei,Juni,Juli,Agustus,September,Oktober,November,Desember",
    }.items()
}
WEEKDAYS = words.entries("Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday")


def sample_country(rng: random.Random, asia: float = 0.3) -> Country:
    """A country; ``asia`` is the share of Malaysia and Singapore, then English, then the rest."""
    draw = rng.random()
    if draw < asia:
        return COUNTRIES["MY" if rng.random() < 0.75 else "SG"]
    if draw < asia + (1 - asia) * 0.6:
        return COUNTRIES[rng.choices(("US", "GB", "IN", "AU", "CA", "PH"), (6, 4, 2, 1, 1, 1))[0]]
    return COUNTRIES[
        rng.choice(
            (
                "DE",
                "DE",
                "FR",
                "FR",
                "AT",
                "CH",
                "ES",
                "IT",
                "NL",
                "PT",
                "BR",
                "MX",
                "PL",
                "SE",
                "DK",
                "ID",
            )
        )
    ]
