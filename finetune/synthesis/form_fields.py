"""Keys of free forms and the values filled in for them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache

from finetune.synthesis import content, vocabulary
from finetune.synthesis.countries import Country
from finetune.synthesis.fonts import Font, find_faces
from finetune.synthesis.layout import Run
from finetune.synthesis.queries import ask_label
from finetune.synthesis.truth import Draft, QueryTruth

HAND = ("domestic", "abogado", "breip", "comic", "chorus", "z003", "elegante", "quercus", "jara")
NOUN_SHARES = {
    "code": 5,
    "name": 3,
    "date": 4,
    "place": 2,
    "phone": 1,
    "text": 4,
    "amount": 3,
    "quantity": 3,
    "company": 1,
    "email": 1,
}
PLAIN_SHARES = {
    "name": 4,
    "date": 4,
    "code": 3,
    "place": 3,
    "phone": 2,
    "email": 1,
    "address": 1,
    "company": 3,
    "text": 4,
    "amount": 3,
    "quantity": 3,
}


@dataclass(frozen=True)
class FormField:
    """A key with its value as printed (lines; empty where left blank) and as normalised."""

    key: str
    path: str
    kind: str
    lines: tuple[str, ...]
    value: str

    def runs(self, font: Font | None = None) -> list[Run]:
        """The value on one line; no run where it is blank."""
        text = " ".join(self.lines)
        return [Run(text, field=self.path, font=font)] if text else []


def slug(key: str) -> str:
    """A path for a key: lower case words joined by underscores."""
    return "_".join(re.findall(r"[a-z0-9]+", key.lower())) or "field"


def sample_key(rng: random.Random) -> tuple[str, str]:
    """(key, kind of value); half are combined of two words ("Batch No")."""
    if rng.random() < 0.5:
        kind = rng.choices(list(PLAIN_SHARES), list(PLAIN_SHARES.values()))[0]
        return rng.choice(vocabulary.PLAIN_KEYS[kind]), kind
    kind = rng.choices(list(NOUN_SHARES), list(NOUN_SHARES.values()))[0]
    return (
        f"{rng.choice(vocabulary.FORM_QUALIFIERS)} {rng.choice(vocabulary.FORM_NOUNS[kind])}",
        kind,
    )


def sample_value(rng: random.Random, kind: str, country: Country) -> tuple[tuple[str, ...], str]:
    """(printed lines, normalised value) of a kind."""
    if kind == "date":
        date = content.sample_date(rng, 1960)
        return (content.format_date(date, rng.choice(country.dates)),), date.isoformat()
    if kind == "amount":
        cents = round(100 * 10 ** rng.uniform(0.3, 5.5))
        cents -= cents % 100 if rng.random() < 0.4 else 0
        return (content.money_style(rng, country, 0.3)(cents),), content.decimal_text(cents)
    if kind == "address":
        lines = content.address(rng, country)
        return lines, " ".join(lines)
    text = _simple_value(rng, kind, country)
    return (text,), text


def _simple_value(rng: random.Random, kind: str, country: Country) -> str:
    if kind == "name":
        name = content.person(rng, country)
        return name if rng.random() < 0.8 else f"{name[0]}. {name.split()[-1]}"
    if kind == "code":
        return content.code(rng)
    if kind == "place":
        return (
            content.address(rng, country)[-1].split(",")[0].strip(" .")
            if rng.random() < 0.7
            else rng.choice(
                (
                    "Malaysia",
                    "Germany",
                    "U.S.A.",
                    "Belgium",
                    "United Kingdom",
                    "Singapore",
                    "Ohio",
                    "Kentucky",
                    "India",
                    "France",
                )
            )
        )
    if kind == "phone":
        return content.phone(rng, country)
    if kind == "email":
        return content.email(rng, content.person(rng, country))
    if kind == "company":
        return content.company(rng, country)
    if kind == "quantity":
        number = rng.choice(
            (
                str(rng.randint(1, 99)),
                f"{rng.randint(100, 99_999):,}",
                f"{rng.uniform(0, 100):.1f}",
                f"{rng.uniform(0, 10):.2f}",
            )
        )
        return f"{number} {rng.choice(vocabulary.UNITS)}" if rng.random() < 0.5 else number
    if rng.random() < 0.15:
        return " ".join(content.sentence(rng).split()[:6]).rstrip(".")
    return rng.choice(vocabulary.FORM_TEXTS)


def sample_fields(draft: Draft, count: int, country: Country, blank: float) -> list[FormField]:
    """Distinct fields, a share left blank; registers values, labels and queries in the draft."""
    rng = draft.rng
    out: list[FormField] = []
    seen = set(draft.labels)
    while len(out) < count:
        key, kind = sample_key(rng)
        if slug(key) in seen:
            continue
        seen.add(slug(key))
        lines, value = ((), "") if rng.random() < blank else sample_value(rng, kind, country)
        if rng.random() < 0.15:
            lines = tuple(line.upper() for line in lines)
        out.append(register(draft, FormField(key, slug(key), kind, lines, value)))
    return out


def register(draft: Draft, made: FormField) -> FormField:
    """Note the truth of a field in the draft."""
    if made.lines:
        draft.texts[made.path] = " ".join(made.lines)
        draft.values[made.path] = made.value
    draft.labels[made.path] = made.key
    draft.kinds[made.path] = made.kind
    return made


def form_queries(draft: Draft, printed: tuple[str, ...], most: int = 16) -> tuple[QueryTruth, ...]:
    """Queries by key for what is printed, for keys left blank, and for keys that are not there."""
    rng = draft.rng
    paths = [p for p in draft.labels if p in printed]
    blank = [p for p in draft.labels if p not in printed]
    rng.shuffle(paths)
    paths, blank = paths[:most], rng.sample(blank, min(3, len(blank)))
    out = [
        QueryTruth(ask_label(rng, draft.labels[p], draft.kinds.get(p, "text")), False, p)
        for p in paths + blank
    ]
    missing = max(1, round(len(paths) * rng.uniform(0.15, 0.35)) - len(blank))
    out += [_absent(draft, rng.random() < 0.5) for _ in range(missing)]
    out += draft.queries
    rng.shuffle(out)
    return tuple(out)


def _absent(draft: Draft, near: bool) -> QueryTruth:
    """A key that is not on the form; ``near``: it shares its first word with one that is."""
    rng = draft.rng
    words = {
        word for label in draft.labels.values() for word in re.findall(r"[a-z]+", label.lower())
    }
    for _ in range(12):
        key, kind = sample_key(rng)
        if near and draft.labels:
            first = rng.choice(list(draft.labels.values())).split()[0]
            kind = rng.choice(list(vocabulary.FORM_NOUNS))
            key = f"{first} {rng.choice(vocabulary.FORM_NOUNS[kind])}"
            clash = {slug(key), slug(first)} & set(draft.labels) or kind in _kinds_of(draft, first)
        else:
            clash = set(re.findall(r"[a-z]+", key.lower())) & words
        if not clash:
            return QueryTruth(ask_label(rng, key, kind), False, f"absent.{slug(key)}")
    return QueryTruth("Warp coil resonance", False, "absent.warp_coil_resonance")


def _kinds_of(draft: Draft, first: str) -> set[str]:
    return {
        draft.kinds.get(p, "text") for p, label in draft.labels.items() if label.startswith(first)
    }


@lru_cache(maxsize=1)
def _hand_faces() -> tuple[object, ...]:
    return tuple(f for f in find_faces() if any(h in f.family.lower() for h in HAND) or f.italic)


def hand_font(rng: random.Random, size: int) -> Font:
    """An italic or hand-like face for filled-in values."""
    face = rng.choice(_hand_faces())
    return Font(face, size)  # type: ignore[arg-type]
