"""What a field of a business document is, whatever its schema calls it.

The words of a field's path, title, labels and description are looked up in the lexicon of labels:
``vendor.vat_no``, ``seller_tax_id`` and "USt-IdNr. des Verkäufers" are the seller's tax number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from docagent.rules.lexicon import field_names, fold_label, printed_phrases, role_kinds
from docagent.schemas import SchemaField
from docagent.schemas.paths import parse_path

Side = Literal["seller", "buyer", "ship_to"]
"""The party a field is about."""
_PARTIES: tuple[Side, ...] = ("seller", "buyer", "ship_to")
_NUMBERS = ("amount", "decimal", "money")
_KINDS: dict[str, tuple[str, ...]] = {
    "amount": _NUMBERS,
    "date": ("date", "datetime"),
    "number": ("identifier", "text"),
    "tax_id": ("identifier", "text"),
    "iban": ("identifier", "text"),
    "bic": ("identifier", "text"),
    "party": ("text",),
    "text": ("text",),
    "phone": ("identifier", "text"),
    "email": ("text", "identifier"),
    "url": ("text", "identifier"),
}
"""Normalisers of the fields that may be of a kind of role."""
_OF_PARTIES = frozenset(
    ("name", "address", "tax_id", "tax_number", "phone", "fax", "email", "web", "contact")
)
"""Roles that each party of a document has for itself."""
_VAGUE = frozenset(("other_number", "other_amount", "original_date", "section", "title", "dated"))
"""Roles that gather many things: their labels are known, no field is meant by them."""
MIN_LABELS = 2
"""Labels of a field that have to name one role before it is taken from them."""
_WHO = r"\b(?:company|person|who|party|shop|business|customer)\b.*"
_DESCRIBED: tuple[tuple[str, Side], ...] = (
    (_WHO + r"\b(?:issues?|issued|sells|sold|invoices)\b", "seller"),
    (_WHO + r"\b(?:must pay|pays|buys|bought|is billed|billed|owes)\b", "buyer"),
)
"""Descriptions of the parties."""


@dataclass(frozen=True)
class FieldRole:
    """role: a name in ``lexicon/labels.json``. side: the party that the value belongs to, where
    each has its own."""

    role: str
    side: Side | None = None


@lru_cache(maxsize=2_000)
def field_role(leaf: SchemaField) -> FieldRole | None:
    """The role of a field, None for one that has none of the lexicon."""
    found = _by_path(leaf.path) or _by_name(leaf.title) or _by_labels(leaf.labels)
    found = found or _by_description(leaf.description)
    if found is None or leaf.multiple or found.role in _VAGUE:
        return None
    allowed = _KINDS.get(role_kinds()[found.role], (leaf.normaliser,))
    return found if leaf.normaliser in allowed else None


def _by_path(path: str) -> FieldRole | None:
    """Of ``seller.address`` and of ``seller_address``: the last key, or all of them."""
    keys = [step for step in parse_path(path) if isinstance(step, str)]
    own = _by_name(keys[-1]) if keys else None
    if own and own.role in _OF_PARTIES and own.side is None and len(keys) > 1:
        outer = _by_name(keys[-2])
        if outer and outer.role in _PARTIES:
            return _of_side(own.role, outer.role)
    return own


def _by_name(name: str) -> FieldRole | None:
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name))
    if not words:
        return None
    role = _role_of(words)
    if role == "buyer_tax_id":
        return FieldRole("tax_id", "buyer")
    is_address = len(words) > 1 and _role_of(words[-1:]) == "address"
    if role and not (role in _PARTIES and is_address):
        return FieldRole(role, None)
    for cut in range(len(words) - 1, 0, -1):
        for party, rest in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            side = _role_of(party)
            role = _role_of([word for word in rest if word.casefold() not in ("of", "the", "s")])
            if side in _PARTIES and role in _OF_PARTIES:
                return _of_side(role, side)
    return None


def _role_of(words: Sequence[str]) -> str | None:
    """The role a phrase is a name of; printed labels that are no weak ones are names too."""
    key = fold_label("".join(words))
    if key in field_names():
        return field_names()[key]
    strong = [phrase.role for phrase in printed_phrases().get(key, ()) if not phrase.is_weak]
    return strong[0] if len(strong) == 1 else None


def _of_side(role: str, side: str) -> FieldRole:
    known = next(party for party in _PARTIES if party == side)
    return FieldRole(known if role == "name" else role, None if role == "name" else known)


def _by_labels(labels: Sequence[str]) -> FieldRole | None:
    """The role that most of a field's labels name."""
    keys = [fold_label(label) for label in labels]
    votes: Counter[str] = Counter()
    for key in keys:
        votes.update(p.role for p in printed_phrases().get(key, ()) if not p.is_weak)
    best = votes.most_common(2)
    least = min(MIN_LABELS, len(keys))
    if not best or best[0][1] < least or (len(best) > 1 and best[1][1] == best[0][1]):
        return None
    return FieldRole(best[0][0]) if 2 * best[0][1] > len(keys) else None


def _by_description(description: str) -> FieldRole | None:
    """The role that a description is a name of, or the party that it describes."""
    plain = description.strip(" .")
    own = _by_name(plain) if len(plain.split()) <= 5 else None
    if own:
        return own
    sides = [side for pattern, side in _DESCRIBED if re.search(pattern, plain, re.I)]
    return FieldRole(sides[0]) if len(sides) == 1 else None
