"""A view of a document for a model: numbered lines, pictures, and requests made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.errors import DocAgentError
from docagent.forking import cached_property
from docagent.geometry import BBox, Polygon, bbox_to_polygon, polygon_to_bbox, union_bbox
from docagent.layout.lines_with_ids import NumberedLine, lay_out, number_lines, split_lines
from docagent.ocr.types import SecondRead
from docagent.settings import Settings
from docagent.vlm.calls import Request
from docagent.vlm.prompts.messages import build_messages
from docagent.vlm.prompts.pictures import (
    Crop,
    PageImages,
    crop_areas,
    crop_url,
    no_images,
    page_url,
    scale_of,
)
from docagent.vlm.prompts.templates import load_template

Part = tuple[NumberedLine, ...]
Place = tuple[int, Polygon]
"""A page (number from 1) and a polygon on it."""
MIN_LINE_HEIGHT_PX = 10
"""Lower lines of text on a page picture are shown enlarged."""


@dataclass(frozen=True)
class DocumentView:
    """A document with what a model may be shown of it.

    images: upright page images by number. second_read: another reading of a place by the
    OCR, independent of the model; None where there is no image. urls: the page pictures made so
    far, by number; views of one document with the same pixels may share them.
    """

    document: Document
    settings: Settings = field(default_factory=Settings)
    images: PageImages = no_images
    second_read: SecondRead | None = None
    urls: dict[int, str | None] = field(default_factory=dict, repr=False)
    _heights: dict[int, float] = field(default_factory=dict, repr=False)

    @cached_property
    def lines(self) -> Part:
        """Every line with words."""
        return number_lines(self.document)

    @cached_property
    def by_id(self) -> dict[str, NumberedLine]:
        return {line.id: line for line in self.lines}

    @cached_property
    def _boxes(self) -> dict[str, BBox]:
        """Boxes of the lines by id."""
        words = self.document.words
        return {
            line.id: union_bbox(
                polygon_to_bbox(word.word.polygon) for word in words[line.start : line.end]
            )
            for line in self.lines
        }

    @cached_property
    def parts(self) -> list[Part]:
        """The lines in parts that fit into a call."""
        return split_lines(self.document, self.lines, self.settings.vlm.chars)

    def request(
        self,
        template: str,
        values: Mapping[str, Any],
        part: Part,
        asked: Sequence[str],
        *,
        json_schema: Mapping[str, Any] | None,
        is_usable: Callable[[str], bool],
        is_begun: Callable[[str], bool] | None = None,
        places: Iterable[Place] | None = None,
    ) -> Request:
        """One call about a part of the document. places: what to show enlarged, before lines that
        are too small on the page picture; nothing is if it is None."""
        known = load_template(template)
        pages = self._pages(part)
        crops = [] if places is None else self._crops(places, part, len(pages))
        text = lay_out(self.document, part, THRESHOLDS.slot)
        return Request(
            template=known.name,
            template_hash=known.hash,
            messages=build_messages(known, values, text, pages, crops),
            asked=tuple(asked),
            json_schema=json_schema,
            is_usable=is_usable,
            is_begun=is_begun,
        )

    def _pages(self, part: Part) -> list[str]:
        """Pictures of the first pages of a part: as many whatever is asked of it, so that a
        server finds the beginning of the messages in its cache."""
        urls = (self._page_url(number) for number in self._shown(part))
        return [url for url in urls if url]

    def _shown(self, part: Part) -> list[int]:
        """Numbers of the pages of a part that are shown; half of the images are for crops."""
        most = self.settings.vlm.images - self.settings.vlm.images // 2
        return list(dict.fromkeys(line.page for line in part))[:most]

    def _page_url(self, number: int) -> str | None:
        if number not in self.urls:
            image = self._image(number)
            pixels = self.settings.vlm.pixels
            self.urls[number] = None if image is None else page_url(image, pixels)
            if image is not None:
                self._heights[number] = image.shape[0] * scale_of(image, pixels)
        return self.urls[number]

    def _shown_height(self, number: int) -> float:
        """Height in pixels of the picture of a page; 0 without one."""
        if self._page_url(number) and number not in self._heights:  # another view made it
            image = self._image(number)
            if image is not None:
                self._heights[number] = image.shape[0] * scale_of(image, self.settings.vlm.pixels)
        return self._heights.get(number, 0.0)

    def _crops(self, places: Iterable[Place], part: Part, pages: int) -> list[Crop]:
        """Enlarged places of a part, then its small lines, in what is left beside the pages."""
        most = self.settings.vlm.images - pages if pages else 0
        if most < 1:
            return []
        inside = [(place, ids) for place in places if (ids := self._ids_at(part, *place))]
        crops = self.enlarged([place for place, _ in inside], most, part)
        if len(crops) < most:
            shown = {key for _, ids in inside for key in ids}
            small = [line for line in self._small(part) if line.id not in shown]
            left = [(line.page, bbox_to_polygon(self._boxes[line.id])) for line in small]
            crops += self.enlarged(left, most - len(crops), part)
        return crops

    def enlarged(self, places: Iterable[Place], most: int, part: Part | None = None) -> list[Crop]:
        """At most ``most`` pictures of places, captioned with the ids of the lines (of a part,
        if it is given) that they show; none of pages without an image."""
        wanted: dict[int, list[Polygon]] = {}
        for page, polygon in places:
            wanted.setdefault(page, []).append(polygon)
        crops: list[Crop] = []
        for page, polygons in wanted.items():
            image = self._image(page) if len(crops) < most else None
            if image is None:
                continue
            for area in crop_areas(polygons, most - len(crops)):
                url = crop_url(image, area, self.settings.vlm.pixels // 2)
                shown = bbox_to_polygon(union_bbox(area))
                ids = self._ids_at(part or self.lines, page, shown)
                crops.append(Crop(url, f"{_runs(ids)} enlarged:"))
        return crops

    def _ids_at(self, part: Part, page: int, polygon: Polygon) -> list[str]:
        """Ids of lines of a part that a polygon shows, or that it is on."""
        place = polygon_to_bbox(polygon)
        lines = (line for line in part if line.page == page)
        return [line.id for line in lines if _meet(place, self._boxes[line.id])]

    def _small(self, part: Part) -> list[NumberedLine]:
        """Lines that are too low to be read on the pictures of their pages."""
        heights = {n: height for n in self._shown(part) if (height := self._shown_height(n))}
        boxes = self.document.level_boxes
        return [
            line
            for line in part
            if line.page in heights
            and max(b[3] - b[1] for b in boxes[line.start : line.end]) * heights[line.page]
            < MIN_LINE_HEIGHT_PX
        ]

    def _image(self, number: int) -> Any:
        try:
            return self.images(number)
        except (DocAgentError, OSError, ValueError, MemoryError):
            return None  # a page that cannot be shown can still be asked about by its text


def _runs(ids: Sequence[str]) -> str:
    """Ids of lines in reading order, those that follow each other as ``L3-L7``."""
    runs: list[list[int]] = []
    for number in (int(key[1:]) for key in ids):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(f"L{number}" for number in run) for run in runs)


def _meet(a: BBox, b: BBox) -> bool:
    """Whether two boxes overlap, and the middle of one is at the height of the other."""
    level = a[1] <= (b[1] + b[3]) / 2 <= a[3] or b[1] <= (a[1] + a[3]) / 2 <= b[3]
    return level and min(a[2], b[2]) > max(a[0], b[0])
