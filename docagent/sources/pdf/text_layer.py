"""The native text layer of a PDF page: words and lines from characters, and whether it is sound.

All functions are pure. Characters are dicts of pdfplumber; their boxes (x0, top, x1, bottom) are in
points of the page as shown: cropped, rotated by /Rotate, y down.
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
Rotation = Literal[0, 90, 180, 270]

_UNKNOWN = re.compile(r"\(cid:\d+\)|[\ue000-\uf0b6\uf0b8-\uf8ff]")

_RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
MAX_RAISED_RATIO = 0.75
"""Largest size of a raised character, in sizes of the character before it."""
MIN_RISE_RATIO = 0.15
"""Least height of its lower edge above that of the character before it, in sizes of that one."""
MIN_WORD_GAP = 0.15
"""A gap of at least this many font sizes ends a word, as a space character does."""
MAX_DOUBLE_SHIFT = 0.1
"""Equal characters within this many font sizes are one character, drawn twice."""
MIN_TEXT_POINTS = 1.0
"""Smaller text cannot be read on the page and counts as hidden."""
MAX_UNMAPPED_RATIO = 0.05
"""Largest share of characters without a meaning in a sound text layer."""
MIN_TEXTUAL_RATIO = 0.4
"""Smallest share of letters and digits in a sound text layer, leaders (.....) not counted."""
COMMON_LETTERS = frozenset("aeinorst")
"""These are more than half of the letters of a European language, and 31 % of random letters."""
MIN_COMMON_RATIO = 0.36
"""Smallest share of COMMON_LETTERS among the letters of a sound text layer."""
MIN_HIDDEN_RATIO = 0.5
"""A text layer over images with at least this share of hidden characters is an OCR layer."""
MIN_IMAGE_COVER = 0.5
"""A page may be a scan if images cover at least this share of it."""
MIN_CHARACTERS = 50
"""Fewer characters are too few to judge a text layer by."""


def main_rotation(chars: Sequence[Char]) -> Rotation:
    """Degrees clockwise by which the page is rotated so that most characters are upright."""
    counts = Counter(char_rotation(char) for char in chars)
    return counts.most_common(1)[0][0] if counts else 0


def char_rotation(char: Char) -> Rotation:
    """Degrees clockwise that bring one character upright, to the nearest multiple of 90."""
    a, b = char["matrix"][:2]
    return cast(Rotation, round(math.degrees(math.atan2(b, a)) / 90) % 4 * 90)


def rotate_bbox(bbox: BBox, rotation: Rotation, width: float, height: float) -> BBox:
    """Rotate a box together with its page (width x height) clockwise, in any unit."""
    x0, y0, x1, y1 = bbox
    if rotation == 90:
        return (height - y1, x0, height - y0, x1)
    if rotation == 180:
        return (width - x1, height - y1, width - x0, height - y0)
    if rotation == 270:
        return (y0, width - x1, y1, width - x0)
    return bbox


def rotated_size(width: float, height: float, rotation: int) -> tuple[float, float]:
    """Width and height of a page after a rotation (degrees)."""
    return (height, width) if rotation in (90, 270) else (width, height)


def chars_to_words(
    chars: Sequence[Char], width: float, height: float, rotation: Rotation
) -> list[Word]:
    """Words with page-relative polygons on the page rotated clockwise by ``rotation``.

    width, height: points of the page as shown, before the rotation. Characters of another
    direction (a stamp in the margin) become words whose polygons start at their own top-left
    corner. Polygons may reach past the page (see ``is_off_page``).
    """
    words: list[Word] = []
    directions = {char_rotation(char) for char in chars}
    for direction in sorted(directions, key=lambda d: (d != rotation, d)):
        upright = [
            _upright_char(char, direction, width, height)
            for char in chars
            if char_rotation(char) == direction
        ]
        frame = rotated_size(width, height, direction)
        shown = without_doubles(with_raised(upright))
        apart = [[char for char in shown if char["part"] == part] for part in (0, 1)]
        for raw in (
            word
            for part in apart
            if part
            for word in extract_words(part, x_tolerance_ratio=MIN_WORD_GAP)
        ):
            text = clean_text(raw["text"])
            if text:
                bbox = (raw["x0"], raw["top"], raw["x1"], raw["bottom"])
                relative = cast(Rotation, (rotation - direction) % 360)
                words.append(Word(text=text, polygon=_rotated_polygon(bbox, relative, frame)))
    return words


def without_doubles(chars: Sequence[Char]) -> list[Char]:
    """Drop the second of two equal characters at one place (drawn twice to look bold).

    pdfplumber does this within a fixed distance, which merges double letters of small print.
    """
    kept: dict[str, list[Char]] = {}
    singles = []
    for char in sorted(chars, key=lambda c: float(c["x0"])):
        near = MAX_DOUBLE_SHIFT * char["size"]
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
    """Replace small raised digits by superscripts. chars: in drawing order.

    Each character gets a key ``part``: 1 for a raised character that is a word of its own, such as
    the mark of a footnote after a number (``250 ⁹``), else 0, as for units and powers (``m²``).
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
        and char["size"] <= MAX_RAISED_RATIO * size
        and -0.3 * size <= gap <= 0.5 * size
        and base["top"] - 0.5 * size < char["top"]
        and base["top"] < char["bottom"] <= base["bottom"] - MIN_RISE_RATIO * size
    )


def _is_power(before: Sequence[Char], after: Sequence[Char], last: Char) -> bool:
    """Whether raised digits belong to a unit (``m²``), or more text follows closely (``10⁹/L``)."""
    text = "".join(char["text"] for char in before)
    unit = re.search(r"(?:^|[\d\s/])(?:[mckd]?m|ft|in)$", text)
    goes_on = any(
        char["text"].strip() and abs(char["x0"] - last["x1"]) <= MIN_WORD_GAP * char["size"]
        for char in after
    )
    return bool(unit) or goes_on


def _upright_char(char: Char, direction: Rotation, width: float, height: float) -> Char:
    """The character on the page rotated by ``direction``, so that it is upright."""
    bbox = (char["x0"], char["top"], char["x1"], char["bottom"])
    x0, top, x1, bottom = rotate_bbox(bbox, direction, width, height)
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


def _rotated_polygon(bbox: BBox, rotation: Rotation, frame: tuple[float, float]) -> Polygon:
    """Page-relative corners of a rotated box, starting at the top-left corner of its text.

    frame: width and height of the page before the rotation.
    """
    x0, y0, x1, y1 = rotate_bbox(bbox, rotation, *frame)
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    # The rotation moves the top-left corner of the text clockwise around the box.
    shift = rotation // 90
    a, b, c, d = (corners[(i + shift) % 4] for i in range(4))
    width, height = rotated_size(*frame, rotation)
    return scale_polygon((a, b, c, d), 1 / width, 1 / height)


def clean_text(text: str) -> str:
    """Normalise text to NFC, without spaces, control and zero-width characters.

    Unmapped glyphs and private-use characters become U+FFFD, lone surrogates a question mark.
    """
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
    """Group words into lines, in reading order. aspect: page width / height, used to measure
    horizontal and vertical gaps in the same unit."""
    boxes = [polygon_to_bbox(scale_polygon(word.polygon, aspect, 1.0)) for word in words]
    return tuple(
        Line(words=tuple(_inside(words[i]) for i in line)) for line in group_words_into_lines(boxes)
    )


def split_hidden(
    words: Sequence[Word], page_height: float, shows: Callable[[Word], bool]
) -> tuple[list[Word], list[Word]]:
    """Split words into (visible, hidden).

    page_height: points. shows: whether the rendered page shows a word. Words off the page and
    words that are too small to read are hidden too.
    """
    visible: list[Word] = []
    hidden: list[Word] = []
    for word in words:
        is_tiny = _text_height(word) * page_height < MIN_TEXT_POINTS
        if is_off_page(word) or is_tiny or not shows(word):
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
    """Why the text layer must not replace OCR; None if it is sound.

    raw: the characters of the PDF, not cleaned. image_cover: share (0-1) of the page under images.
    has_ink: whether the page shows anything besides its text layer.
    """
    shown = sum(len(word.text) for word in visible)
    unseen = sum(len(word.text) for word in hidden)
    if shown == 0 and has_ink:
        return "the page shows something, but no text of the text layer"
    if image_cover >= MIN_IMAGE_COVER and shown < MIN_CHARACTERS:
        return "the page is an image with almost no text layer"
    if image_cover >= MIN_IMAGE_COVER and unseen >= MIN_HIDDEN_RATIO * (shown + unseen):
        return "the text layer is an invisible OCR layer over a scan"
    return _garbage_problem(raw)


def _garbage_problem(raw: str) -> str | None:
    """Why the characters are unusable (too many have no meaning, or a wrong one); else None."""
    # pdfminer writes (cid:12) for a glyph that has no character.
    unknown = raw.count("(cid:")
    kept = [c for c in raw if not c.isspace() and c not in "._-…·•_"]
    bad = unknown + sum(unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs") for c in kept)
    bad += raw.count("\ufffd")
    if kept and bad > MAX_UNMAPPED_RATIO * len(kept):
        return "many characters of the text layer have no meaning (missing character map)"
    textual = sum(c.isalnum() for c in kept)
    if len(kept) >= MIN_CHARACTERS and textual < MIN_TEXTUAL_RATIO * len(kept):
        return "the text layer is mostly signs, not letters (wrong character map)"
    latin = [c for c in unicodedata.normalize("NFD", raw.lower()) if "a" <= c <= "z"]
    common = sum(c in COMMON_LETTERS for c in latin)
    if len(latin) >= 4 * MIN_CHARACTERS and common < MIN_COMMON_RATIO * len(latin):
        return "the text layer spells no words (wrong character map)"
    return None
