"""Images with their true text or boxes, as users and other projects label them.

What a folder may hold (``load_labelled`` finds out which):

- docTR recognition: ``labels.json`` {"crop.png": "text"} and ``images/``. Each image is a crop.
- docTR detection: ``labels.json`` {"page.png": {"polygons": [[[x, y], ...4], ...], ...}} and
  ``images/``. ``polygons`` may also be {"class": [...]}; other keys are not used.
- ICDAR 2015, SROIE: images, and for each a ``.txt`` or ``.csv`` of the same name, with ``gt_``
  before it or not, beside it or in a folder beside: lines ``x1,y1,x2,y2,x3,y3,x4,y4,TEXT``,
  clockwise from the top left. TEXT may be left out (boxes only); ``###`` is unreadable.

Coordinates are pixels of the upright image. Crops of one page have to stay together when data is
split, so each crop is given the name of its page: the folder it lies in under ``images/``, else
its file name up to the last number (``invoice7_03.png`` is of ``invoice7``).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docagent.errors import SettingsError, SourceError
from docagent.ocr.charset import fold_text
from docagent.ocr.maps import order_corners

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"})
UNREADABLE = "###"
FORMATS = (
    "docTR's labels.json with images/, or images with a .txt or .csv each of lines "
    "x1,y1,x2,y2,x3,y3,x4,y4,TEXT"
)
FOUR_POINTS = "four points [x, y] in pixels"
_OF_PAGE = re.compile(r"(.+?)[ _-](?:(?:crop|line|word)s?[ _-]?)?\d+")


@dataclass(frozen=True)
class LabelledLine:
    """A line or word. quad: pixels, clockwise from top-left, (4, 2); None for a whole crop.

    text: None if it was not given. readable: False for a place that a network should neither
    be asked for nor blamed for.
    """

    quad: NDArray[np.float32] | None
    text: str | None
    readable: bool = True


@dataclass(frozen=True)
class LabelledImage:
    """A page, or a crop. page: name that all crops of a page share."""

    path: Path
    page: str
    lines: tuple[LabelledLine, ...]


@dataclass(frozen=True)
class LabelledData:
    """A folder's images. kind: for people. warnings: what was left out, one sentence each."""

    folder: Path
    kind: str
    images: tuple[LabelledImage, ...]
    warnings: tuple[str, ...] = ()

    @property
    def has_boxes(self) -> bool:
        """False if the images are crops."""
        return any(line.quad is not None for image in self.images for line in image.lines)

    @property
    def has_texts(self) -> bool:
        return any(line.text is not None for image in self.images for line in image.lines)


def load_labelled(folder: Path) -> LabelledData:
    """Read the labels of a folder, not its images.

    Raises SourceError naming the file and the line or key that is wrong and what is allowed.
    """
    if not folder.is_dir():
        raise SourceError(str(folder), f"no such folder; give one with {FORMATS}")
    labels = folder / "labels.json"
    data = _load_doctr(folder, labels) if labels.exists() else _load_icdar(folder)
    if not data.images:
        raise SourceError(str(folder), f"no labelled image was found; it may hold {FORMATS}")
    return data


def fold_label(text: str) -> str | None:
    """A label as the recognizer could write it: white space is one space, look-alikes are folded.

    None if there is nothing to read, or a character that the recognizer cannot write.
    """
    words = " ".join(unicodedata.normalize("NFC", text).split())
    folded = " ".join(fold_text(words).split())
    if not folded or any(not fold_text(char) for char in words):
        return None
    return folded


def split_pages(
    images: Sequence[LabelledImage], fraction: float
) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Part for training and part held out, about ``fraction`` of the pages (at least one).

    Pages are chosen by a hash of their name: the same ones each time, and more pages later do
    not move the earlier ones far. Raises SettingsError if there is but one page.
    """
    pages = sorted({image.page for image in images}, key=_hash)
    if not 0 < fraction < 1:
        raise SettingsError(f"fraction {fraction} is not allowed; give more than 0, less than 1")
    if len(pages) < 2:
        raise SettingsError(
            f"all images are of one page, {pages[0] if pages else 'none'!r}; add pages, or give "
            "some in a folder of their own as --held-out"
        )
    count = min(max(1, round(len(pages) * fraction)), len(pages) - 1)
    held = set(pages[:count])
    return [i for i in images if i.page not in held], [i for i in images if i.page in held]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _load_doctr(folder: Path, labels: Path) -> LabelledData:
    try:
        entries = json.loads(labels.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SourceError(str(labels), f"line {error.lineno}: not JSON ({error.msg})") from error
    except UnicodeDecodeError as error:
        raise SourceError(str(labels), f"not UTF-8 ({error.reason}); save it as UTF-8") from error
    if not isinstance(entries, dict):
        raise SourceError(str(labels), "not an object; it maps file names to labels")
    are_texts = {isinstance(value, str) for value in entries.values()}
    if are_texts == {True, False}:
        raise SourceError(
            str(labels), "some labels are texts and some are not; keep crops and pages apart"
        )
    kind = "docTR recognition" if are_texts == {True} else "docTR detection"
    images, missing, degenerate = [], [], 0
    for name, value in entries.items():
        path = folder / "images" / name
        if not path.is_file():
            missing.append(name)
        elif isinstance(value, str):
            images.append(LabelledImage(path, name, (LabelledLine(None, value),)))
        else:
            quads = _polygons(labels, name, value)
            good = tuple(LabelledLine(q, None) for q in quads if _has_area(q))
            degenerate += len(quads) - len(good)
            images.append(LabelledImage(path, name, good))
    warnings = _count(missing, f"labelled images that are not in {folder / 'images'}")
    warnings += _count(["polygons"] * degenerate, "polygons without area")
    if are_texts == {True}:
        images, more = _name_pages(images)
        warnings += more
    return LabelledData(folder, kind, tuple(images), warnings)


def _polygons(labels: Path, name: str, entry: Any) -> list[NDArray[np.float32]]:
    polygons = entry.get("polygons") if isinstance(entry, dict) else None
    if isinstance(polygons, dict) and all(isinstance(g, list) for g in polygons.values()):
        polygons = [polygon for group in polygons.values() for polygon in group]
    if not isinstance(polygons, list):
        raise SourceError(
            str(labels), f'{name!r}: no list "polygons"; allowed are a text or {{"polygons": ...}}'
        )
    quads = []
    for index, polygon in enumerate(polygons):
        try:
            points = np.asarray(polygon, np.float32)
        except (TypeError, ValueError):
            points = np.empty(0, np.float32)
        if points.shape != (4, 2) or not np.isfinite(points).all():
            raise SourceError(
                str(labels),
                f"{name!r}: polygon {index} is {str(polygon)[:80]}; allowed are {FOUR_POINTS}",
            )
        quads.append(_clockwise(points))
    if quads and max(float(np.abs(quad).max()) for quad in quads) <= 1:
        raise SourceError(
            str(labels), f"{name!r}: coordinates are at most 1; allowed are {FOUR_POINTS}"
        )
    return quads


def _name_pages(
    crops: list[LabelledImage],
) -> tuple[list[LabelledImage], tuple[str, ...]]:
    """Crops with the names of their pages, guessed from their own."""
    named = [replace(crop, page=crop_to_page(crop.page)) for crop in crops]
    if len({crop.page for crop in named}) > 1 or len(crops) < 2:
        return named, ()
    return crops, (
        "the names of the crops do not say which page they are from, so each counts as a page of "
        "its own; held-out figures are too good if pages share a look (use sub-folders of images/)",
    )


def crop_to_page(name: str) -> str:
    """The page of a docTR crop, from its name under ``images/``."""
    path = Path(name)
    if path.parent != Path():
        return path.parent.as_posix()
    match = _OF_PAGE.fullmatch(path.stem)
    return match[1] if match else path.stem


def _load_icdar(folder: Path) -> LabelledData:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    labels: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        if path.suffix.lower() in (".txt", ".csv"):
            labels[path.stem.removeprefix("gt_")].append(path)
    images, without, stray = [], [], 0
    seen: dict[str, Path] = {}
    for path in (f for f in files if f.suffix.lower() in IMAGES):
        if path.stem in seen:
            raise SourceError(
                str(path), f"{seen[path.stem]} has the same name; give the folder of one part"
            )
        seen[path.stem] = path
        found = _boxes_file(path, labels[path.stem])
        if found is None:
            without.append(path.name)
            continue
        lines = parse_boxes(found)
        good = tuple(line for line in lines if line.quad is not None and _has_area(line.quad))
        stray += len(lines) - len(good)
        images.append(LabelledImage(path, path.stem, good))
    warnings = _count(without, "images without a .txt or .csv of boxes")
    warnings += _count(["boxes"] * stray, "boxes without area")
    return LabelledData(folder, "boxes with text (ICDAR 2015, SROIE)", tuple(images), warnings)


def _boxes_file(image: Path, candidates: Sequence[Path]) -> Path | None:
    """The file of an image's boxes: other files of the name (SROIE's keys) hold no numbers."""
    if len(candidates) > 1:
        candidates = [path for path in candidates if _starts_with_numbers(path)]
    if len(candidates) > 1:
        names = " and ".join(str(path) for path in candidates)
        raise SourceError(str(image), f"{names} both hold boxes for it; keep one")
    return candidates[0] if candidates else None


def _starts_with_numbers(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \r\n")
    return bool(re.match(rb"-?[\d.]+ *, *-?[\d.]+ *,", start))


def parse_boxes(path: Path) -> list[LabelledLine]:
    """Lines ``x1,y1,...,x4,y4[,TEXT]`` of a file. Raises SourceError naming the line."""
    try:
        content = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(str(path), f"not UTF-8 ({error.reason}); save it as UTF-8") from error
    lines = []
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        parts = line.rstrip("\r").split(",", 8)
        try:
            values = [float(part) for part in parts[:8]]
        except ValueError:
            values = []
        if len(values) != 8 or not all(math.isfinite(value) for value in values):
            raise SourceError(
                str(path),
                f"line {number} is {line.strip()[:80]!r}; allowed is "
                "x1,y1,x2,y2,x3,y3,x4,y4,TEXT with numbers of pixels",
            )
        text = parts[8].strip() if len(parts) > 8 else None
        quad = _clockwise(np.array(values, np.float32).reshape(4, 2))
        readable = text != UNREADABLE
        lines.append(LabelledLine(quad, text if readable else None, readable))
    return lines


def _clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The points as given if they run clockwise; else in the order of upright text."""
    x, y = points[:, 0], points[:, 1]
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    return points if area > 0 else order_corners(points)


def _has_area(quad: NDArray[np.float32]) -> bool:
    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    return bool(sides.min() >= 2)


def _count(names: Iterable[str], what: str) -> tuple[str, ...]:
    """A warning that counts what was skipped, or none."""
    listed = list(names)
    if not listed:
        return ()
    example = f", {listed[0]} first" if len(set(listed)) > 1 else ""
    return (f"skipped {len(listed)} {what}{example}",)
