"""What OCR does to a page, simulated on its words: misread, lost, split, joined and stray words,
shaky boxes, leaning lines, cropped margins; then put in reading order as serving does."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from docagent.geometry import BBox
from docagent.layout.reading_order import group_words_into_lines

_ALIKE = r"""
    0OoQD8 1lI|i7 2Z7 38B5 4A9 5S6 6G8b 71/ 8B36 9g4q O0QCD o0ecq l1I|i Il1| il1j S5s8 s5z
    B8R3 Z2z G6C eco ceo aoe unv nurm mnrn hbn bh6 dcl tfl+ ft rnt vyu yv g9q qg9 DO0 EFB
    FEP PFR RPK CGO TI7 MNH NMH HNM UVO VUY A4R ., ,. :;. -~_ /1I
"""
CONFUSIONS = {entry[0]: entry[1:] for entry in _ALIKE.split()}
"""Characters that OCR takes one for another, by what is printed."""
JUNK = ("|", ".", "-", "'", "_", "~", "*", "l", '"', "..", ",", "i", ";", "—", "==", "J", "(", "/")


@dataclass(frozen=True)
class CleanPage:
    """Words of a printed page: texts, pixel boxes, and per query the word indices of each
    right answer (empty: not on this page)."""

    kind: str
    width: float
    height: float
    texts: tuple[str, ...]
    boxes: tuple[BBox, ...]
    queries: tuple[CleanQuery, ...]


@dataclass(frozen=True)
class CleanQuery:
    """A query; path: of the field it asks for; answers: word indices of each right answer."""

    text: str
    multiple: bool
    path: str
    answers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class ReadWord:
    """A word as OCR returned it; sources: indices of the printed words in it."""

    text: str
    box: BBox
    sources: tuple[int, ...]


@dataclass(frozen=True)
class ReadPage:
    """Words in reading order with the line each is on; boxes in pixels of width x height."""

    words: tuple[ReadWord, ...]
    lines: tuple[int, ...]
    width: float
    height: float


@dataclass(frozen=True)
class NoiseLevel:
    """Rates (0-1) per word of one page."""

    misread: float
    lost: float
    split: float
    joined: float
    stray: float
    upper: bool
    lower: bool

    @classmethod
    def draw(cls, rng: random.Random) -> NoiseLevel:
        """A clean page (30 %) or one of any quality."""
        upper, lower = rng.random() < 0.15, rng.random() < 0.03
        if rng.random() < 0.3:
            return cls(0, 0, 0, 0, 0, upper, lower)
        bad = rng.random() ** 1.5
        return cls(
            0.2 * bad, 0.03 * bad, 0.05 * bad, 0.08 * bad * rng.random(), 0.03 * bad, upper, lower
        )


def misread(rng: random.Random, text: str) -> str:
    """Confuse, drop or add a character or two."""
    chars = list(text)
    for _ in range(1 if rng.random() < 0.75 else 2):
        at = rng.randrange(len(chars))
        draw = rng.random()
        if draw < 0.7:
            chars[at] = rng.choice(CONFUSIONS.get(chars[at]) or chars[at].swapcase())
        elif draw < 0.85 and len(chars) > 1:
            del chars[at]
        else:
            chars.insert(at, rng.choice("il.,1rtn'-"))
    return "".join(chars)


def read_words(page: CleanPage, rng: random.Random, level: NoiseLevel) -> list[ReadWord]:
    """The page's words as read, in no particular order."""
    out: list[ReadWord] = []
    for index, (text, box) in enumerate(zip(page.texts, page.boxes, strict=True)):
        if level.upper:
            text = text.upper()
        elif level.lower:
            text = text.lower()
        if rng.random() < level.lost:
            continue
        if rng.random() < level.misread:
            text = misread(rng, text)
        last = out[-1] if out else None
        if last and rng.random() < level.joined and _touching(last.box, box):
            whole = (last.box[0], min(last.box[1], box[1]), box[2], max(last.box[3], box[3]))
            out[-1] = ReadWord(last.text + text, whole, (*last.sources, index))
        elif len(text) > 3 and rng.random() < level.split:
            out += _halves(rng, text, box, index)
        else:
            out.append(ReadWord(text, box, (index,)))
    return out + [_stray(rng, page) for _ in out if rng.random() < level.stray]


def _touching(a: BBox, b: BBox) -> bool:
    height = a[3] - a[1]
    return abs(a[3] - b[3]) < 0.3 * height and -0.3 * height < b[0] - a[2] < 0.8 * height


def _halves(rng: random.Random, text: str, box: BBox, index: int) -> list[ReadWord]:
    at = rng.randint(1, len(text) - 1)
    middle = box[0] + (box[2] - box[0]) * at / len(text)
    return [
        ReadWord(text[:at], (box[0], box[1], middle, box[3]), (index,)),
        ReadWord(text[at:], (middle, box[1], box[2], box[3]), (index,)),
    ]


def _stray(rng: random.Random, page: CleanPage) -> ReadWord:
    size = page.height * rng.uniform(0.008, 0.02)
    x, y = rng.uniform(0, page.width), rng.uniform(0, page.height)
    return ReadWord(rng.choice(JUNK), (x, y, x + size * rng.uniform(0.3, 2), y + size), ())


def shake(words: list[ReadWord], page: CleanPage, rng: random.Random) -> ReadPage:
    """Crop, stretch, lean and shake the boxes, then order the words."""
    left, top = min(w.box[0] for w in words), min(w.box[1] for w in words)
    right, bottom = max(w.box[2] for w in words), max(w.box[3] for w in words)
    if rng.random() < 0.5:
        edges = (0.0, 0.0, page.width, page.height)
    else:
        around = [rng.random() ** 2 * 0.15 * page.width for _ in range(4)]
        edges = (left - around[0], top - around[1], right + around[2], bottom + around[3])
    stretch, lean = rng.uniform(0.88, 1.12), math.tan(math.radians(rng.gauss(0, 0.35)))
    shrink, jitter = rng.uniform(0.7, 1.05), rng.uniform(0, 0.06)

    def moved(box: BBox) -> BBox:
        x0, x1 = ((x - edges[0]) * stretch for x in (box[0], box[2]))
        tall = box[3] - box[1]
        middle = (
            (box[1] + box[3]) / 2 - edges[1] + lean * (x0 + x1) / 2 + rng.gauss(0, jitter) * tall
        )
        half = tall / 2 * shrink * (1 + rng.gauss(0, jitter))
        shift = rng.gauss(0, jitter) * tall
        return (x0 + shift, middle - half, x1 + rng.gauss(0, jitter) * tall, middle + half)

    boxes = [moved(w.box) for w in words]
    grouped = group_words_into_lines(boxes)
    order = [(i, line) for line, members in enumerate(grouped) for i in members]
    return ReadPage(
        tuple(ReadWord(words[i].text, boxes[i], words[i].sources) for i, _ in order),
        tuple(line for _, line in order),
        (edges[2] - edges[0]) * stretch,
        edges[3] - edges[1],
    )


def read_page(page: CleanPage, rng: random.Random) -> ReadPage | None:
    """The page as OCR might return it; None when no word is left."""
    words = read_words(page, rng, NoiseLevel.draw(rng))
    return shake(words, page, rng) if words else None
