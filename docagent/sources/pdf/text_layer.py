"""The native text layer of a PDF page: characters to words to lines, and whether to trust it.

Pure functions over characters (dicts as pdfplumber gives them) whose boxes (x0, top, x1,
bottom) are in points of the page as it is shown: cropped, turned by /Rotate, y down.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

from pdfplumber.utils.text import extract_words

from docagent.document import Line, Word
from docagent.geometry import BBox, Polygon, clip_polygon, polygon_to_bbox, scale_polygon
from docagent.layout.reading_order import group_words_into_lines

Char = dict[str, Any]
Turn = Literal[0, 90, 180, 270]

_UNKNOWN = re.compile(r"\(cid:\d+\)|[\ue000-\uf0b6\uf0b8-\uf8ff]")

_RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
MAX_RAISED = 0.75
"""Largest size of a raised character, in sizes of the one before it."""
MIN_RISE = 0.15
"""How much higher a raised character ends, in sizes of the one before it."""
WORD_GAP = 0.15
"""A gap this many font sizes wide ends a word, where no space character does."""
DOUBLE_SHIFT = 0.1
"""Equal characters closer than this many font sizes are one, drawn twice."""
MIN_TEXT_SIZE = 1.0
"""Points; smaller text cannot be read on the page and counts as hidden."""
MAX_BAD = 0.05
"""Largest share of characters without a meaning in a sound text layer."""
MIN_TEXTUAL = 0.4
"""Smallest share of letters and digits, leaders (.....) aside."""
MIN_COMMON = 0.36
COMMON_LETTERS = frozenset("aeinorst")
"""More than half of the letters of a text in a European language, 31 % of random ones."""
MAX_HIDDEN = 0.5
"""Share of hidden characters from which a layer over images is taken for an OCR layer."""
FULL_IMAGE = 0.5
"""Share of the page under images from which it may be a scan."""
FEW_CHARACTERS = 50
"""Fewer say nothing about the layer."""


def main_turn(chars: Sequence[Char]) -> Turn:
    """Degrees clockwise the page must be turned for most of its characters to be upright."""
    counts = Counter(char_turn(char) for char in chars)
    return counts.most_common(1)[0][0] if counts else 0


def char_turn(char: Char) -> Turn:
    """Degrees clockwise that bring one character upright, to the nearest quarter turn."""
    a, b = char["matrix"][:2]
    return cast(Turn, round(math.degrees(math.atan2(b, a)) / 90) % 4 * 90)


def turn_bbox(bbox: BBox, turn: Turn, width: float, height: float) -> BBox:
    """A box of a width x height page on that page turned clockwise."""
    x0, y0, x1, y1 = bbox
    if turn == 90:
        return (height - y1, x0, height - y0, x1)
    if turn == 180:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 270:
        return (y0, width - x1, y1, width - x0)
    return bbox


def turned_size(width: float, height: float, turn: int) -> tuple[float, float]:
    """Width and height after a turn."""
    return (height, width) if turn in (90, 270) else (width, height)


def chars_to_words(chars: Sequence[Char], width: float, height: float, turn: Turn) -> list[Word]:
    """Words with page-relative polygons on the page turned clockwise by ``turn``.

    width, height: points of the page as shown, before the turn. Characters of another
    direction than ``turn`` (a stamp in the margin) become words whose polygons start at their
    own top-left corner. Polygons may reach past the page (see ``is_off_page``).
    """
    words: list[Word] = []
    for direction in sorted({char_turn(char) for char in chars}, key=lambda t: (t != turn, t)):
        upright = [
            _upright_char(char, direction, width, height)
            for char in chars
            if char_turn(char) == direction
        ]
        frame = turned_size(width, height, direction)
        shown = without_doubles(with_raised(upright))
        apart = [[char for char in shown if char["part"] == part] for part in (0, 1)]
        for raw in (
            word
            for part in apart
            if part
            for word in extract_words(part, x_tolerance_ratio=WORD_GAP)
        ):
            text = clean_text(raw["text"])
            if text:
                bbox = (raw["x0"], raw["top"], raw["x1"], raw["bottom"])
                relative = cast(Turn, (turn - direction) % 360)
                words.append(Word(text=text, polygon=_turned_polygon(bbox, relative, frame)))
    return words


def without_doubles(chars: Sequence[Char]) -> list[Char]:
    """Without the second of two equal characters in one place (drawn twice to look bold).

    pdfplumber does this within a fixed distance, which merges the two l of small print.
    """
    kept: dict[str, list[Char]] = {}
    singles = []
    for char in sorted(chars, key=lambda c: float(c["x0"])):
        near = DOUBLE_SHIFT * char["size"]
        same = kept.setdefault(char["text"], [])
        doubled = False
        for other in reversed(same):
            if char["x0"] - other["x0"] > near:
                break
            doubled = doubled or abs(char["top"] - other["top"]) <= near
        if not doubled:
            same.append(char)
            singles.append(char)
    return singles


def with_raised(chars: Sequence[Char]) -> list[Char]:
    """Characters, in the order they are drawn, with small raised digits as superscripts.

    ``part`` is 1 where they end a word, so that the mark of a footnote becomes a word of its
    own and no digit of the number before it (``250 ⁹``); units and powers stay whole (``m²``).
    """
    made = [{**char, "part": 0} for char in chars]
    index = 1
    while index < len(chars):
        base, end = chars[index - 1], index
        while end < len(chars) and _is_raised(chars[end], chars[end - 1], base):
            end += 1
        run = made[index:end]
        if any(char["text"] in _RAISED for char in run):
            is_word = not _is_power(chars[:index][-3:], chars[end : end + 1], chars[end - 1])
            for char in run:
                text = _RAISED.get(char["text"], char["text"])
                char.update(text=text, part=int(is_word))
        index = max(end, index) + 1
    return made


def _is_raised(char: Char, before: Char, base: Char) -> bool:
    """Whether a character is smaller than ``base``, higher, and follows ``before`` closely."""
    size = float(base["size"])
    gap = char["x0"] - before["x1"]
    return (
        bool(base["text"].strip())
        and (char["text"].isdigit() or char["text"] in ",*")
        and char["size"] <= MAX_RAISED * size
        and -0.3 * size <= gap <= 0.5 * size
        and base["top"] - 0.5 * size < char["top"]
        and base["top"] < char["bottom"] <= base["bottom"] - MIN_RISE * size
    )


def _is_power(before: Sequence[Char], after: Sequence[Char], last: Char) -> bool:
    """Whether raised digits belong to a unit (``m²``) or go on (``10⁹/L``)."""
    text = "".join(char["text"] for char in before)
    unit = re.search(r"(?:^|[\d\s/])(?:[mckd]?m|ft|in)$", text)
    goes_on = any(
        char["text"].strip() and abs(char["x0"] - last["x1"]) <= WORD_GAP * char["size"]
        for char in after
    )
    return bool(unit) or goes_on


def _upright_char(char: Char, direction: Turn, width: float, height: float) -> Char:
    """The character on the page turned so that it stands upright."""
    bbox = (char["x0"], char["top"], char["x1"], char["bottom"])
    x0, top, x1, bottom = turn_bbox(bbox, direction, width, height)
    return {
        "text": char["text"],
        "x0": x0,
        "x1": x1,
        "top": top,
        "bottom": bottom,
        "doctop": top,
        "upright": True,
        "size": bottom - top,
        "height": bottom - top,
        "width": x1 - x0,
    }


def _turned_polygon(bbox: BBox, turn: Turn, frame: tuple[float, float]) -> Polygon:
    """Page-relative corners of a box after a turn, still from the top-left of its text."""
    x0, y0, x1, y1 = turn_bbox(bbox, turn, *frame)
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    # The text's own top-left corner travels clockwise with the turn.
    shift = turn // 90
    a, b, c, d = (corners[(i + shift) % 4] for i in range(4))
    width, height = turned_size(*frame, turn)
    return scale_polygon((a, b, c, d), 1 / width, 1 / height)


def clean_text(text: str) -> str:
    """Composed (NFC), without control and zero-width characters; what has no meaning (unmapped
    glyphs, private use, lone surrogates) becomes U+FFFD or a question mark."""
    whole = (
        _UNKNOWN.sub("\ufffd", text)
        .replace("\uf0b7", "•")
        .encode("utf-8", "replace")
        .decode("utf-8")
    )
    kept = "".join(
        char for char in whole if unicodedata.category(char) not in ("Cc", "Cf", "Zs", "Zl", "Zp")
    )
    return unicodedata.normalize("NFC", kept)


def words_to_lines(words: Sequence[Word], aspect: float) -> tuple[Line, ...]:
    """Lines in reading order. aspect: page width / height, to measure gaps in square units."""
    boxes = [polygon_to_bbox(scale_polygon(word.polygon, aspect, 1.0)) for word in words]
    return tuple(
        Line(words=tuple(_inside(words[i]) for i in line)) for line in group_words_into_lines(boxes)
    )


def split_hidden(
    words: Sequence[Word], page_height: float, shows: Callable[[Word], bool]
) -> tuple[list[Word], list[Word]]:
    """(visible, hidden) words. page_height: points. shows: whether the rendered page has ink
    of this word. Words off the page, and too small to read, are hidden too."""
    visible: list[Word] = []
    hidden: list[Word] = []
    for word in words:
        tiny = _text_height(word) * page_height < MIN_TEXT_SIZE
        if is_off_page(word) or tiny or not shows(word):
            hidden.append(_inside(word))
        else:
            visible.append(word)
    return visible, hidden


def _text_height(word: Word) -> float:
    x0, y0, x1, y1 = polygon_to_bbox(word.polygon)
    return y1 - y0 if word.polygon[0][1] == word.polygon[1][1] else max(x1 - x0, y1 - y0)


def is_off_page(word: Word) -> bool:
    """Whether the centre of the word lies outside the page."""
    x0, y0, x1, y1 = polygon_to_bbox(word.polygon)
    return not (0 <= (x0 + x1) / 2 <= 1 and 0 <= (y0 + y1) / 2 <= 1)


def _inside(word: Word) -> Word:
    return word.replace(polygon=clip_polygon(word.polygon))


def text_layer_problem(
    raw: str, visible: Sequence[Word], hidden: Sequence[Word], image_cover: float, has_ink: bool
) -> str | None:
    """Why the text layer must not be used instead of OCR, or None if it is sound.

    raw: the characters as the PDF gives them, uncleaned. image_cover: share (0-1) of the page
    under images. has_ink: whether the page shows anything besides its text layer.
    """
    shown = sum(len(word.text) for word in visible)
    unseen = sum(len(word.text) for word in hidden)
    if shown == 0 and has_ink:
        return "the page shows something, but no text of the text layer"
    if image_cover >= FULL_IMAGE and shown < FEW_CHARACTERS:
        return "the page is an image with almost no text layer"
    if image_cover >= FULL_IMAGE and unseen >= MAX_HIDDEN * (shown + unseen):
        return "the text layer is an invisible OCR layer over a scan"
    return _garbage_problem(raw)


def _garbage_problem(raw: str) -> str | None:
    """Whether characters without a meaning, or with a wrong one, are common."""
    # pdfminer writes (cid:12) for a glyph whose character it does not know.
    unknown = raw.count("(cid:")
    kept = [c for c in raw if not c.isspace() and c not in "._-…·•_"]
    bad = unknown + sum(unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs") for c in kept)
    bad += raw.count("\ufffd")
    if kept and bad > MAX_BAD * len(kept):
        return "many characters of the text layer have no meaning (missing character map)"
    textual = sum(c.isalnum() for c in kept)
    if len(kept) >= FEW_CHARACTERS and textual < MIN_TEXTUAL * len(kept):
        return "the text layer is mostly signs, not letters (wrong character map)"
    latin = [c for c in unicodedata.normalize("NFD", raw.lower()) if "a" <= c <= "z"]
    common = sum(c in COMMON_LETTERS for c in latin)
    if len(latin) >= 4 * FEW_CHARACTERS and common < MIN_COMMON * len(latin):
        return "the text layer spells no words (wrong character map)"
    return None
