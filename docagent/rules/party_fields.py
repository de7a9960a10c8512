"""Names and addresses of the seller and the buyer of a bill, for any schema.

Headings come first, then the line of the sender with the address below it, then the letterhead and
the company data at the foot of a page. The seller is never the buyer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.layout.columns import words_to_ranges
from docagent.rules.field_roles import FieldRole, Side, field_role
from docagent.rules.lexicon import fold_label
from docagent.rules.page_cells import Cell
from docagent.rules.party_blocks import (
    Line,
    address_blocks,
    address_of,
    headed_blocks,
    named_lines,
    return_lines,
    segments,
)
from docagent.rules.party_names import (
    has_legal_form,
    is_detail,
    is_salutation,
    may_be_name,
)
from docagent.rules.role_labels import RoleLabels
from docagent.schemas import Schema

HEADED_SCORE, RETURN_SCORE, WINDOW_SCORE = 0.93, 0.85, 0.88
"""Scores of a name under its heading, in the line of the sender, and in the window below that."""
BLOCK_SCORE = 0.7
"""Score of the name over an address that no heading tells."""
LETTERHEAD_SCORE, FOOT_SCORE, BOTH_SCORE = 0.7, 0.72, 0.9
"""Scores of a company's name at the top, at the foot, and at both."""
TOP, FOOT = 0.3, 0.82
"""Parts of a page above and below which letterhead and company data stand."""
AGREED_FACTOR = 0.5
"""How far the score of a name rises to 1 if another place agrees."""
MIN_SHORT_LETTERS = 2
"""Letters of a short form of a name, more than these."""
Words = tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """A name or an address of a party: its lines, and a score."""

    side: Side
    part: str
    lines: tuple[Words, ...]
    score: float


def party_field_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Names and addresses of parties, by path of the field."""
    roles = {p.leaf.path: r for p in parsers if (r := field_role(p.leaf)) and _part(r)}
    if not roles or not any(role.role == "buyer" or role.side for role in roles.values()):
        return {}
    found = find_parties(RoleLabels(document))
    result: dict[str, list[ValueCandidate]] = {}
    for parser in parsers:
        role = roles.get(parser.leaf.path)
        wanted = _part(role) if role else None
        values = [_candidate(parser, f) for f in found if (f.side, f.part) == wanted]
        kept = [value for value in values if value.parsed.ok]
        if kept:
            result[parser.leaf.path] = kept
    return result


def _part(role: FieldRole) -> tuple[str, str] | None:
    if role.role in ("seller", "buyer", "ship_to"):
        return role.role, "name"
    return (role.side or "seller", "address") if role.role == "address" else None


def _candidate(parser: FieldParser, found: Found) -> ValueCandidate:
    ranges = tuple(r for line in found.lines for r in words_to_ranges(sorted(line)))
    text = " ".join(parser.text(*words) for words in ranges)
    return ValueCandidate(ranges, text, parser.parse_text(text), found.score, "rule")


def find_parties(labels: RoleLabels) -> list[Found]:
    """What the pages tell of the parties, best first."""
    found = [*_headed(labels), *_by_place(labels), *_letterheads(labels)]
    found = _agreed(labels, found)
    buyers = {_key(labels, f) for f in found if f.side == "buyer" and f.score > BLOCK_SCORE}
    sellers = {_key(labels, f) for f in found if f.side == "seller" and f.score > BLOCK_SCORE}
    kept = [
        f
        for f in found
        if f.part != "name"
        or not (
            (f.side == "seller" and f.score <= BOTH_SCORE and _key(labels, f) in buyers)
            or (f.side == "buyer" and f.score <= BLOCK_SCORE and _key(labels, f) in sellers)
        )
    ]
    return sorted(kept, key=lambda f: -f.score)


def _key(labels: RoleLabels, found: Found) -> str:
    return fold_label("".join(labels.text(line) for line in found.lines))


def _agreed(labels: RoleLabels, found: Sequence[Found]) -> list[Found]:
    """Names raised by equal ones at other places; a short form gives way to the whole name."""
    return [
        _agreed_with(labels, one, [f for f in found if f is not one and _is_like(f, one)])
        for one in found
    ]


def _is_like(a: Found, b: Found) -> bool:
    return (a.side, a.part) == (b.side, b.part)


def _agreed_with(labels: RoleLabels, one: Found, others: Sequence[Found]) -> Found:
    key = _key(labels, one)
    keys = {_key(labels, other): other for other in others}
    if key in keys:
        return replace(one, score=1 - (1 - one.score) * (1 - AGREED_FACTOR))
    is_short = one.part == "name" and one.score < HEADED_SCORE and len(key) > MIN_SHORT_LETTERS
    longer = [other for text, other in keys.items() if text.startswith(key)]
    if is_short and longer and not has_legal_form(labels.text(one.lines[0])):
        best = max(longer, key=lambda f: f.score)
        return replace(best, score=min(1.0, max(best.score, one.score) + 0.01))
    return one


def _headed(labels: RoleLabels) -> Iterator[Found]:
    for rank, block in enumerate(headed_blocks(labels)):
        late = 0.001 * rank
        if block.name:
            yield Found(block.side, "name", (block.name,), HEADED_SCORE - late)
        if block.address:
            yield Found(block.side, "address", block.address, HEADED_SCORE - late)


def _by_place(labels: RoleLabels) -> Iterator[Found]:
    """Parties by the place of unheaded addresses on the first page."""
    headed = {i for block in headed_blocks(labels) for i in block.words}
    taken = set(headed)
    senders = [
        pair
        for pair in return_lines(labels)
        if labels.cells.pages[pair[0].row] == labels.cells.pages[0]
    ]
    blocks = [block for block in address_blocks(labels) if not headed & set(block[0].words)]
    for cell, parts in senders:
        if headed & set(cell.words):
            continue
        yield Found("seller", "name", (parts[0],), RETURN_SCORE)
        yield Found(
            "seller", "address", (tuple(i for part in parts[1:] for i in part),), RETURN_SCORE
        )
        taken |= set(cell.words)
        window = _window_below(labels, cell, blocks)
        if window:
            yield from _party(labels, "buyer", window, WINDOW_SCORE)
            blocks = [block for block in blocks if block is not window]
    free = [block for block in blocks if not taken & set(block[0].words)]
    if not free:
        return
    own = [block for block in free if _is_sellers(labels, block)]
    others = [block for block in free if block not in own]
    if not own and len(others) > 1 and not senders:
        own, others = others[:1], others[1:]
    for block in own[:1]:
        yield from _party(labels, "seller", block, BLOCK_SCORE)
    for block in others[:2]:
        yield from _party(labels, "buyer", block, BLOCK_SCORE)


def _is_sellers(labels: RoleLabels, block: Sequence[Line]) -> bool:
    """Whether details of a business (telephone, web, bank) follow an address."""
    return sum(is_detail(line.text) for line in block) >= 2


def _window_below(
    labels: RoleLabels, sender: Cell, blocks: Sequence[list[Line]]
) -> list[Line] | None:
    """The address in the window that a sender's line stands in."""
    wide = 4 * labels.cells.widths[labels.cells.pages[sender.row]]
    for block in blocks:
        words = [word for word in block[0].words if word not in sender.words]
        if not words:
            block = block[1:]
            if not block:
                continue
        box = labels.cells.boxes[block[0].words[0]]
        below = 0 <= box[1] - sender.box[1] < 0.12
        if below and abs(box[0] - sender.box[0]) <= wide:
            return block
    return None


def _party(labels: RoleLabels, side: Side, block: Sequence[Line], score: float) -> Iterator[Found]:
    lines = [line for line in block if not is_salutation(line.text)]
    name = next((line for line in lines if may_be_name(line.text)), None)
    if name:
        yield Found(side, "name", (name.words,), score)
    address = address_of(lines)
    if address:
        yield Found(side, "address", address, score)


def _letterheads(labels: RoleLabels) -> Iterator[Found]:
    """Names of companies at the top of the first page and at the foot of any page."""
    tops: dict[str, Words] = {}
    feet: dict[str, Words] = {}
    headed = {i for block in headed_blocks(labels) for i in block.words}
    first = labels.cells.pages[0] if labels.cells.pages else 0
    for cell, _ in named_lines(labels):
        part = next(
            (p for p in segments(labels, cell.words) if has_legal_form(labels.text(p))), None
        )
        if part is None or headed & set(part) or not may_be_name(labels.text(part)):
            continue
        key = fold_label(labels.text(part))
        if cell.box[3] < TOP and labels.cells.pages[cell.row] == first:
            tops.setdefault(key, part)
        elif cell.box[1] > FOOT:
            feet.setdefault(key, part)
    for rank, (key, part) in enumerate(tops.items()):
        score = BOTH_SCORE if key in feet else LETTERHEAD_SCORE - 0.05 * rank
        yield Found("seller", "name", (part,), score)
    for key, part in feet.items():
        if key not in tops:
            yield Found("seller", "name", (part,), FOOT_SCORE)
