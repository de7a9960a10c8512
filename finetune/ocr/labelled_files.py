"""Text files of labels, as the ICDAR competitions and SROIE have them: boxes, and lists of crops.

A line of a file of boxes is one of

- ``x1,y1,x2,y2,x3,y3,x4,y4,TEXT``, clockwise from the top left; TEXT may be left out (ICDAR 2015,
  SROIE), or have the name of its script and a comma before it (MLT),
- ``x1,y1,x2,y2,"TEXT"``, left, top, right and bottom, also with spaces for the commas (ICDAR 2013),

and one of a list of crops ``word_1.png, "TEXT"`` (ICDAR 2015, word recognition). Coordinates are
pixels; ``###`` is a text that cannot be read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docagent.errors import SourceError
from docagent.ocr.detection.probability_map import order_corners

UNREADABLE = "###"
SCRIPTS = frozenset(
    "Arabic Bangla Chinese Devanagari Hindi Japanese Korean Latin Mixed None Symbols".split()
)
"""What MLT names in the field before the text."""

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_UPRIGHT = re.compile(rf'\s*{_NUMBER}(?:(?:\s*,\s*|\s+){_NUMBER}){{3}}(?:\s*,\s*|\s+)"(.*)"\s*')
_NUMBERS = re.compile(rb"-?[\d.]+(?: *, *| +)-?[\d.]+(?: *, *| +)")
_CROP = re.compile(r'\s*([^,"]+\.(?:png|jpe?g|tiff?|webp|bmp))\s*,(.*)', re.IGNORECASE)


@dataclass(frozen=True)
class LabelledLine:
    """A line or word. quad: pixels, clockwise from top-left, (4, 2); None for a whole crop.

    text: None if it was not given. readable: False for a place that a network should neither
    be asked for nor blamed for.
    """

    quad: NDArray[np.float32] | None
    text: str | None
    readable: bool = True


def read_boxes(path: Path) -> list[LabelledLine]:
    """The lines of a file of boxes, texts as they stand there. Raises SourceError for a bad one."""
    lines = []
    for number, line in numbered_lines(path):
        found = _upright_box(line) or _four_points(line)
        if found is None:
            raise SourceError(
                str(path),
                f"line {number} is {line.strip()[:80]!r}; allowed are "
                'x1,y1,x2,y2,x3,y3,x4,y4,TEXT and x1,y1,x2,y2,"TEXT" with numbers of pixels',
            )
        lines.append(found)
    return lines


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """Lines of a text file that are not empty, with their numbers. Raises SourceError."""
    try:
        content = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(str(path), f"not UTF-8 ({error.reason}); save it as UTF-8") from error
    lines = enumerate(content.split("\n"), start=1)
    return [(number, line.rstrip("\r")) for number, line in lines if line.strip()]


def _upright_box(line: str) -> LabelledLine | None:
    if not _UPRIGHT.fullmatch(line):
        return None
    start, text = line.split('"', 1)
    x0, y0, x1, y1 = (float(value) for value in re.findall(_NUMBER, start))
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return LabelledLine(corners, _unquoted(f'"{text.strip()}'))


def _four_points(line: str) -> LabelledLine | None:
    parts = line.split(",", 8)
    try:
        values = [float(part) for part in parts[:8]]
    except ValueError:
        return None
    if len(values) != 8 or not all(math.isfinite(value) for value in values):
        return None
    quad = clockwise(np.array(values, np.float32).reshape(4, 2))
    return LabelledLine(quad, parts[8].strip() if len(parts) > 8 else None)


def clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The points as given if they run clockwise; else in the order of upright text."""
    x, y = points[:, 0], points[:, 1]
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    return points if area > 0 else order_corners(points)


def holds_boxes(path: Path) -> bool:
    """Whether a text file begins with numbers, as files of boxes do and others do not."""
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \r\n")
    return bool(_NUMBERS.match(start))


def lists_crops(path: Path) -> bool:
    """Whether a text file begins with the name of an image and a text (not with its corners, as
    the ``coords.txt`` beside it does)."""
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \r\n")
    match = _CROP.match(start.decode("utf-8", "replace").split("\n", 1)[0])
    return match is not None and len(re.findall(_NUMBER, match[2])) < 8


def read_crop_list(path: Path) -> list[tuple[str, str]]:
    """Names of images and their texts, as they stand in a list. Raises SourceError naming the
    line."""
    entries = []
    for number, line in numbered_lines(path):
        match = _CROP.fullmatch(line)
        if match is None:
            raise SourceError(
                str(path), f'line {number} is {line[:80]!r}; allowed is IMAGE.png, "TEXT"'
            )
        entries.append((match[1].strip(), match[2].strip()))
    return entries


@dataclass(frozen=True)
class TextRule:
    """How the texts of a set stand in its files. It holds for all of them or for none: one text in
    quotes may be printed with them, and one that begins with "Latin," may be about Latin."""

    scripts: bool
    quoted: bool

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextRule:
        """What all texts of a set have in common. The texts, not their files, are what counts."""
        scripts = bool(texts) and all(_script_apart(text) is not None for text in texts)
        bare = [_script_apart(text) or "" if scripts else text for text in texts]
        words = [text for text in bare if text != UNREADABLE]
        return cls(scripts, bool(words) and all(_is_quoted(text) for text in words))

    def line(self, line: LabelledLine) -> LabelledLine:
        """The line with its text alone, and unreadable if it says so."""
        if line.text is None:
            return line
        text = self.text(line.text)
        readable = text != UNREADABLE
        return LabelledLine(line.quad, text if readable else None, readable)

    def text(self, text: str) -> str:
        """The text as printed."""
        if self.scripts:
            text = _script_apart(text) or ""
        if self.quoted and _is_quoted(text):
            text = _unquoted(text)
        return text

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was taken for no part of the texts."""
        what = ["the name of a script and a comma before every text (MLT)"] * self.scripts
        what += ["the quotes around every text"] * self.quoted
        return tuple(f"{part} were taken for no part of it" for part in what)


def _script_apart(text: str) -> str | None:
    """What follows the name of a script, or None if there is no such name."""
    script, comma, rest = text.partition(",")
    return rest.strip() if comma and script.strip() in SCRIPTS else None


def _unquoted(text: str) -> str:
    return text[1:-1].replace('\\"', '"')


def _is_quoted(text: str) -> bool:
    return len(text) >= 2 and text[0] == '"' == text[-1]
