"""What became of every true word of a page: pure functions behind ``eval.ocr_errors``.

Words that are right (one to one, IoU >= 0.5, equal text) are set apart by the matching that the
scores use. What is left is grouped by overlap; in each group the characters of the true words are
aligned with those read, both in reading order, and each true word is judged by its own characters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from docagent.geometry import BBox
from eval.metrics import Counts, edit_distance, fold_text
from eval.metrics.matching import TextBox, boxes_to_rows, equal_text, match_boxes

RIGHT, MISSED, SPLIT, BOX_OFF, MISREAD = "right", "missed", "split", "box off", "misread"
CLASSES = (RIGHT, MISSED, SPLIT, BOX_OFF, MISREAD)
EXTRA = "extra"

TOUCH = 0.25
"""Share of the narrower and of the lower of two boxes that they must share to be one group."""

GARBLED = 0.5
"""Edits per character from which a misreading says nothing about single characters."""


@dataclass(frozen=True)
class WordFate:
    """A true word, its class (one of CLASSES) and what was read of it ("" if missed)."""

    truth: TextBox
    kind: str
    read: str


@dataclass(frozen=True)
class PageErrors:
    """Fates of all true words of a page in their order, and what is needed to mend them.

    owners: for every read word that is not right, the indices of the true words it took part in;
    none for an extra word.
    """

    fates: tuple[WordFate, ...]
    read: int
    owners: tuple[frozenset[int], ...]
    extra: tuple[TextBox, ...]

    @property
    def counts(self) -> Counts:
        """End-to-end words, as ``eval.metrics.matching.word_counts`` has them."""
        right = sum(fate.kind == RIGHT for fate in self.fates)
        return Counts(right, self.read, len(self.fates))


def find_errors(read: Sequence[TextBox], truth: Sequence[TextBox], case: bool) -> PageErrors:
    """Put every true word of a page into exactly one class; the rest of what was read is extra.

    missed: no character of it was read. split: all were read, but joined with a neighbour or cut.
    box off: read as a word of its own, but with IoU < 0.5. misread: any other.
    """
    right = match_boxes(read, truth, equal_text(case))
    used, found = {i for i, _ in right}, {j for _, j in right}
    rest_read = [i for i in range(len(read)) if i not in used]
    rest_true = [j for j in range(len(truth)) if j not in found]
    fates: dict[int, WordFate] = {j: WordFate(truth[j], RIGHT, read[i].text) for i, j in right}
    owners: dict[int, set[int]] = {i: set() for i in rest_read}
    for group_read, group_true in _groups(read, truth, rest_read, rest_true):
        for j, fate, parts in _judge(read, truth, group_read, group_true, case):
            fates[j] = fate
            for i in parts:
                owners[i].add(j)
    return PageErrors(
        fates=tuple(fates[j] for j in range(len(truth))),
        read=len(read),
        owners=tuple(frozenset(owners[i]) for i in rest_read),
        extra=tuple(read[i] for i in rest_read if not owners[i]),
    )


def _groups(
    read: Sequence[TextBox],
    truth: Sequence[TextBox],
    rest_read: Sequence[int],
    rest_true: Sequence[int],
) -> list[tuple[list[int], list[int]]]:
    """Connected parts of the graph that joins read and true words which share ground."""
    group_of = {("true", j): {("true", j)} for j in rest_true}
    group_of |= {("read", i): {("read", i)} for i in rest_read}
    for i in rest_read:
        for j in rest_true:
            if touching(read[i].box, truth[j].box):
                joined = group_of["read", i] | group_of["true", j]
                for node in joined:
                    group_of[node] = joined
    unique = {id(group): group for group in group_of.values()}.values()
    return [
        (sorted(n for s, n in group if s == "read"), sorted(n for s, n in group if s == "true"))
        for group in unique
    ]


def touching(a: BBox, b: BBox, share: float = TOUCH) -> bool:
    """Whether two boxes share at least ``share`` of the smaller width and of the smaller height."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return (
        wide > 0
        and high > 0
        and wide >= share * min(a[2] - a[0], b[2] - b[0])
        and high >= share * min(a[3] - a[1], b[3] - b[1])
    )


Judgement = tuple[int, WordFate, set[int]]


def _judge(
    read: Sequence[TextBox],
    truth: Sequence[TextBox],
    group_read: Sequence[int],
    group_true: Sequence[int],
    case: bool,
) -> list[Judgement]:
    """Fates of a group's true words, each with the read words that hold some of its characters."""
    true_text, true_owner = _characters(truth, group_true, case)
    read_text, read_owner = _characters(read, group_read, case)
    places: dict[int, list[int]] = {j: [] for j in group_true}
    for j, place in zip(true_owner, align(true_text, read_text), strict=True):
        places[j] += [] if place is None else [place]
    parts = {j: {read_owner[place] for place in places[j]} for j in group_true}
    sharers = Counter(i for j in group_true for i in parts[j])
    same = equal_text(case)
    judgements = []
    for j in group_true:
        if not parts[j]:
            kind, text = MISSED, ""
        elif len(parts[j]) == 1 and sharers[min(parts[j])] == 1:
            text = read[min(parts[j])].text
            kind = BOX_OFF if same(text, truth[j].text) else MISREAD
        else:
            text = read_text[min(places[j]) : max(places[j]) + 1]
            kind = SPLIT if same(text, truth[j].text.replace(" ", "")) else MISREAD
        judgements.append((j, WordFate(truth[j], kind, text), parts[j]))
    return judgements


def _characters(
    words: Sequence[TextBox], chosen: Sequence[int], case: bool
) -> tuple[str, list[int]]:
    """Folded characters of the chosen words in reading order, and the word of each."""
    copies = {i: replace(words[i]) for i in chosen}
    index = {id(copy): i for i, copy in copies.items()}
    text, owner = "", []
    for word in (word for row in boxes_to_rows(list(copies.values())) for word in row):
        folded = fold_text(word.text, case).replace(" ", "")
        text += folded
        owner += [index[id(word)]] * len(folded)
    return text, owner


def align(truth: str, read: str) -> list[int | None]:
    """Place in ``read`` of every character of ``truth``, by a shortest edit script (Levenshtein).

    None for a character that was left out; one that was taken for another has the other's place.
    """
    partner: list[int | None] = [None] * len(truth)
    for op in Levenshtein.opcodes(truth, read):
        if op.tag in ("equal", "replace"):
            partner[op.src_start : op.src_end] = range(op.dest_start, op.dest_end)
    return partner


def confusions(pairs: Iterable[tuple[str, str]], case: bool = True) -> Counter[tuple[str, str]]:
    """How often each character was taken for another in pairs (truth, read).

    Keys are (printed, read); "" stands for a character left out or put in. Edits side by side
    whose lengths differ count as one ("rn" read as "m"). Garbled pairs are left out.
    """
    found: Counter[tuple[str, str]] = Counter()
    for truth, read in pairs:
        a, b = (fold_text(text, case).replace(" ", "") for text in (truth, read))
        if edit_distance(a, b) <= GARBLED * max(len(a), len(b)):
            found.update(edit_blocks(a, b))
    return found


def edit_blocks(truth: str, read: str) -> list[tuple[str, str]]:
    """Edits of a shortest edit script, neighbours merged; blocks of equal length character by
    character."""
    blocks: list[list[int]] = []
    for op in Levenshtein.opcodes(truth, read):
        if op.tag == "equal":
            continue
        if blocks and blocks[-1][1] == op.src_start and blocks[-1][3] == op.dest_start:
            blocks[-1][1], blocks[-1][3] = op.src_end, op.dest_end
        else:
            blocks.append([op.src_start, op.src_end, op.dest_start, op.dest_end])
    pairs: list[tuple[str, str]] = []
    for a, b, c, d in blocks:
        same_length = b - a == d - c
        pairs += (
            zip(truth[a:b], read[c:d], strict=True) if same_length else [(truth[a:b], read[c:d])]
        )
    return pairs


def split_causes(page: PageErrors) -> Counter[str]:
    """Split words by how: "cut", "joined", or "joined at a mark" where each seam is at punctuation.

    FUNSD's annotators cut "9/3/92" into "9/", "3/" and "92"; marks tell such words apart.
    """
    seams: dict[int, list[bool]] = defaultdict(list)
    for owner in page.owners:
        line = sorted(owner, key=lambda j: page.fates[j].truth.box[0])
        for a, b in pairwise(line):
            left, right = page.fates[a].truth.text[-1:], page.fates[b].truth.text[:1]
            mark = not (left.isalnum() and right.isalnum())
            seams[a].append(mark)
            seams[b].append(mark)
    causes: Counter[str] = Counter()
    for j, fate in enumerate(page.fates):
        if fate.kind == SPLIT:
            causes["joined at a mark" if all(seams[j]) else "joined"] += bool(seams[j])
            causes["cut"] += not seams[j]
    return +causes


def mended(page: PageErrors, kind: str) -> Counts:
    """Word counts if every word of one class were read rightly (or no extra word were read).

    A read word goes when all true words it took part in are mended.
    """
    counts = page.counts
    if kind == EXTRA:
        return Counts(counts.right, counts.predicted - len(page.extra), counts.true)
    cured = {j for j, fate in enumerate(page.fates) if fate.kind == kind}
    gone = sum(bool(owner) and owner <= cured for owner in page.owners)
    return Counts(counts.right + len(cured), counts.predicted - gone + len(cured), counts.true)


def f1_gains(pages: Sequence[PageErrors]) -> dict[str, float]:
    """By how much word F1 over all pages would rise if a class were mended, class by class."""
    now = sum((page.counts for page in pages), Counts()).f1
    return {
        kind: sum((mended(page, kind) for page in pages), Counts()).f1 - now
        for kind in (*CLASSES[1:], EXTRA)
    }


KINDS = (
    "digits",
    "letters and digits",
    "upper",
    "lower",
    "title",
    "mixed case",
    "letter",
    "punctuation",
)
"""What ``text_kind`` tells apart."""


def text_kind(text: str) -> str:
    """Sort of a word (one of KINDS), signs in it aside. digits: one or more, no letters. letter:
    one alone. title: a capital first and no other ("Total"). mixed case: as "McKay" or "pH"."""
    letters = "".join(char for char in text if char.isalpha())
    digits = any(char.isdigit() for char in text)
    if not letters:
        return "digits" if digits else "punctuation"
    if digits:
        return "letters and digits"
    if len(letters) == 1:
        return "letter"
    if letters.isupper():
        return "upper"
    if letters.islower():
        return "lower"
    return "title" if letters[0].isupper() and letters[1:].islower() else "mixed case"


def bucket(value: float, edges: Sequence[float]) -> str:
    """Name of the range that holds a value: "< a", "a-b" or ">= z" for rising edges."""
    if value < edges[0]:
        return f"< {edges[0]:g}"
    if value >= edges[-1]:
        return f">= {edges[-1]:g}"
    low, high = next((a, b) for a, b in pairwise(edges) if value < b)
    return f"{low:g}-{high:g}"


def shares_by(
    fates: Iterable[WordFate], key: Callable[[WordFate], str], order: Sequence[str] = ()
) -> list[dict[str, object]]:
    """Rows with the number of words and the share of every class, by a property of the word.

    Rows follow ``order``; names that are not in it come after, by name.
    """
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for fate in fates:
        groups[key(fate)][fate.kind] += 1
    names = [name for name in order if name in groups]
    names += sorted(name for name in groups if name not in order)
    return [{"group": name, **class_shares(groups[name])} for name in names]


def class_shares(counts: Mapping[str, int]) -> dict[str, object]:
    """``words`` (how many) and the share of each class, 0 without words."""
    total = sum(counts.get(kind, 0) for kind in CLASSES)
    return {"words": total, **{kind: counts.get(kind, 0) / max(1, total) for kind in CLASSES}}
