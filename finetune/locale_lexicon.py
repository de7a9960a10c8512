"""Month and country names of the shipped lexicon, from the Unicode CLDR.

    python -m finetune.locale_lexicon

writes ``docagent/text/lexicon/months.json`` and ``countries.json``. Needs babel, which carries the
CLDR (Unicode License v3, https://www.unicode.org/license.txt). Names are written as a reader of
dates compares them: lower case, without accents and full stops.
"""

from __future__ import annotations

import json
from pathlib import Path

from docagent.text.accents import strip_accents

LANGUAGES = (
    "bg ca cs cy da de el en es et eu fi fr ga gl hr hu id is it lb lt lv mk ms mt nb nl nn pl pt "
    "ro ru sk sl sq sr_Latn sv tr uk vi"
).split()
REGIONS = (
    "AT AU BE BG BR CA CH CN CY CZ DE DK EE ES FI FR GB GR HK HR HU ID IE IN IS IT JP KR LT LU LV "
    "MT MX MY NL NO NZ PH PL PT RO RU SE SG SI SK TH TR TW UA US VN ZA"
).split()
FOLDER = Path(__file__).parents[1] / "docagent" / "text" / "lexicon"
SOURCE = "Unicode CLDR (Unicode License v3), made by python -m finetune.locale_lexicon"


def plain(name: str) -> str:
    """A name as it is looked up."""
    return strip_accents(name.lower()).strip(" .").replace(".", "")


def months() -> dict[str, list[list[str]]]:
    """For each language the names of its twelve months, full and short, in every case."""
    from babel import Locale

    found = {}
    for code in LANGUAGES:
        tables = Locale.parse(code).months
        kinds = [
            tables[use][width]
            for use in ("format", "stand-alone")
            for width in ("wide", "abbreviated")
        ]
        names = [sorted({plain(kind[number]) for kind in kinds}) for number in range(1, 13)]
        found[code.partition("_")[0]] = [
            [name for name in month if name.isalpha() and len(name) > 1] for month in names
        ]
    return found


def countries() -> dict[str, list[str]]:
    """For each region its name in English and in its own languages."""
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_official_languages

    found = {}
    for region in REGIONS:
        names = set()
        for language in ("en", *get_official_languages(region)):
            try:
                names.add(plain(Locale.parse(language).territories[region]))
            except (KeyError, UnknownLocaleError):
                continue
        found[region] = sorted(name for name in names if len(name) > 3)
    return found


def main() -> None:
    for name, table in (("months", months()), ("countries", countries())):
        rows = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in sorted(table.items())
        )
        text = f'{{\n  "source": {json.dumps(SOURCE)},\n{rows}\n}}\n'
        (FOLDER / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
