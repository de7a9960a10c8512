"""Images with their true text or boxes, as users and other projects label them.

What a folder may hold (``load_labelled`` finds out which):

- docTR recognition: ``labels.json`` {"crop.png": "text"} and ``images/``. Each image is a crop.
- docTR detection: ``labels.json`` {"page.png": {"polygons": [[[x, y], ...4], ...], ...}} and
  ``images/``. ``polygons`` may also be {"class": [...]}; other keys are not used.
- docTR pages with words (OCRDataset): ``labels.json`` {"page.png": {"typed_words": [{"value":
  "text", "geometry": [x1, y1, x2, y2]}, ...]}} and ``images/``.
- ICDAR 2013, 2015, MLT, SROIE: images, and for each a ``.txt`` or ``.csv`` of the same name, with
  ``gt_`` before it or not, beside it or in a folder beside, of boxes and texts
  (``finetune.ocr.labelled_files`` has the lines they may hold).
- ICDAR 2015 words: crops, and beside them a ``gt.txt`` of lines ``word_1.png, "TEXT"``.

Coordinates are pixels of the upright image. Crops of one page have to stay together when data is
split, so each crop is given the name of its page: the folder it lies in under ``images/``, else
its file name up to the last number (``invoice7_03.png`` is of ``invoice7``).
"""

from __future__ import annotations

import hashlib
import json
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
from docagent.ocr.recognition.charset import fold_text
from finetune.ocr.labelled_files import (
    LabelledLine,
    TextRule,
    clockwise,
    holds_boxes,
    lists_crops,
    read_boxes,
    read_crop_list,
)

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"})
FORMATS = (
    "docTR's labels.json with images/, images with a .txt or .csv each of lines "
    'x1,y1,x2,y2,x3,y3,x4,y4,TEXT or x1,y1,x2,y2,"TEXT", or crops with a gt.txt of lines '
    'word_1.png, "TEXT"'
)
FOUR_POINTS = "four points [x, y] in pixels"
_OF_PAGE = re.compile(r"(.+?)[ _-](?:(?:crop|line|word)s?[ _-]?)?\d+")


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
            if isinstance(value, dict) and "typed_words" in value:
                kind = "docTR pages with words"
            lines = _page_lines(labels, name, value)
            good = tuple(line for line in lines if line.quad is not None and _has_area(line.quad))
            degenerate += len(lines) - len(good)
            images.append(LabelledImage(path, name, good))
    warnings = _count(missing, f"labelled images that are not in {folder / 'images'}")
    warnings += _count(["polygons"] * degenerate, "polygons without area")
    if are_texts == {True}:
        images, more = _name_pages(images)
        warnings += more
    return LabelledData(folder, kind, tuple(images), warnings)


def _page_lines(labels: Path, name: str, entry: Any) -> list[LabelledLine]:
    """Lines of a page of docTR: words with texts, or polygons without."""
    entry = entry if isinstance(entry, dict) else {}
    if "typed_words" in entry:
        places, texts = _typed_words(labels, name, entry["typed_words"])
    else:
        places = _polygon_list(labels, name, entry.get("polygons"))
        texts = [None] * len(places)
    quads = [_quad(labels, name, index, place) for index, place in enumerate(places)]
    if quads and max(float(np.abs(quad).max()) for quad in quads) <= 1:
        raise SourceError(
            str(labels), f"{name!r}: coordinates are at most 1; allowed are {FOUR_POINTS}"
        )
    return [LabelledLine(quad, text) for quad, text in zip(quads, texts, strict=True)]


def _typed_words(labels: Path, name: str, words: Any) -> tuple[list[Any], list[str | None]]:
    """Places and texts of the words of a page."""
    good = isinstance(words, list) and all(
        isinstance(word, dict) and isinstance(word.get("value"), str) and "geometry" in word
        for word in words
    )
    if not good:
        raise SourceError(
            str(labels), f'{name!r}: "typed_words" is a list of {{"value": ..., "geometry": ...}}'
        )
    return [_corners(word["geometry"]) for word in words], [word["value"] for word in words]


def _corners(geometry: Any) -> Any:
    """Four points of docTR's x1, y1, x2, y2 (a fifth number is an angle it does not use)."""
    if isinstance(geometry, list) and len(geometry) in (4, 5):
        x0, y0, x1, y1 = geometry[:4]
        if not isinstance(x0, list):
            return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    return geometry


def _polygon_list(labels: Path, name: str, polygons: Any) -> list[Any]:
    if isinstance(polygons, dict) and all(isinstance(g, list) for g in polygons.values()):
        polygons = [polygon for group in polygons.values() for polygon in group]
    if not isinstance(polygons, list):
        raise SourceError(
            str(labels),
            f'{name!r}: no list "polygons"; allowed are a text, {{"polygons": ...}} or '
            '{"typed_words": ...}',
        )
    return polygons


def _quad(labels: Path, name: str, index: int, polygon: Any) -> NDArray[np.float32]:
    try:
        points = np.asarray(polygon, np.float32)
    except (TypeError, ValueError):
        points = np.empty(0, np.float32)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise SourceError(
            str(labels),
            f"{name!r}: polygon {index} is {str(polygon)[:80]}; allowed are {FOUR_POINTS}",
        )
    return clockwise(points)


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
    found = _images_by_name(files)
    labels: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        if path.suffix.lower() in (".txt", ".csv"):
            labels[path.stem.removeprefix("gt_")].append(path)
    others = [path for name, paths in labels.items() if name not in found for path in paths]
    lists = [path for path in others if lists_crops(path)]
    if lists:
        return _load_crop_list(folder, lists)
    read: dict[Path, list[LabelledLine]] = {}
    without = []
    for name, path in found.items():
        boxes = _boxes_file(path, labels[name])
        if boxes is None:
            without.append(path.name)
        else:
            read[path] = read_boxes(boxes)
    rule = TextRule.of([line.text for lines in read.values() for line in lines if line.text])
    images, stray = [], 0
    for path, lines in read.items():
        good = tuple(rule.line(x) for x in lines if x.quad is not None and _has_area(x.quad))
        stray += len(lines) - len(good)
        images.append(LabelledImage(path, path.stem, good))
    warnings = _count(without, "images without a .txt or .csv of boxes")
    warnings += _count(["boxes"] * stray, "boxes without area")
    return LabelledData(folder, "boxes (ICDAR, SROIE)", tuple(images), warnings + rule.warnings)


def _images_by_name(files: Sequence[Path]) -> dict[str, Path]:
    """Images by their names without endings. Raises SourceError for two of a name."""
    found: dict[str, Path] = {}
    for path in (f for f in files if f.suffix.lower() in IMAGES):
        if path.stem in found:
            raise SourceError(
                str(path), f"{found[path.stem]} has the same name; give the folder of one part"
            )
        found[path.stem] = path
    return found


def _load_crop_list(folder: Path, lists: Sequence[Path]) -> LabelledData:
    if len(lists) > 1:
        raise SourceError(
            str(lists[1]), f"{lists[0]} lists crops, too; give the folder of one part"
        )
    entries = read_crop_list(lists[0])
    rule = TextRule.of([text for _, text in entries])
    place = lists[0].parent
    missing = [name for name, _ in entries if not (place / name).is_file()]
    crops = [
        LabelledImage(place / name, name, (rule.line(LabelledLine(None, text)),))
        for name, text in entries
        if (place / name).is_file()
    ]
    images, more = _name_pages(crops)
    warnings = _count(missing, f"labelled images that are not in {place}") + rule.warnings + more
    return LabelledData(folder, "crops with a list (ICDAR 2015)", tuple(images), warnings)


def _boxes_file(image: Path, candidates: Sequence[Path]) -> Path | None:
    """The file of an image's boxes: other files of the name (SROIE's keys) hold no numbers."""
    if len(candidates) > 1:
        candidates = [path for path in candidates if holds_boxes(path)]
    if len(candidates) > 1:
        names = " and ".join(str(path) for path in candidates)
        raise SourceError(str(image), f"{names} both hold boxes for it; keep one")
    return candidates[0] if candidates else None


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
