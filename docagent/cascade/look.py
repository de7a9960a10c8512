"""A document as a model is shown it: numbered lines, pictures, and requests made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from docagent.confidence import THRESHOLDS
from docagent.correction import SecondRead
from docagent.document import Document
from docagent.errors import DocAgentError
from docagent.geometry import Polygon
from docagent.prompts.layout import NumberedLine, lay_out, number_lines, split_lines
from docagent.prompts.messages import build_messages
from docagent.prompts.pictures import PageImages, crop_areas, crop_url, no_images, page_url
from docagent.prompts.templates import load_template
from docagent.settings import Settings
from docagent.vlm.asking import Request

Part = tuple[NumberedLine, ...]
Place = tuple[int, Polygon]
"""A page (number from 1) and a polygon on it."""


@dataclass(frozen=True)
class Look:
    """images: upright page images by number. second_read: another reading of a place by the
    OCR, independent of the model; None where there is no image."""

    document: Document
    settings: Settings = field(default_factory=Settings)
    images: PageImages = no_images
    second_read: SecondRead | None = None
    _urls: dict[int, str | None] = field(default_factory=dict, repr=False)

    @cached_property
    def lines(self) -> Part:
        """Every line with words."""
        return number_lines(self.document)

    @cached_property
    def by_id(self) -> dict[str, NumberedLine]:
        return {line.id: line for line in self.lines}

    @cached_property
    def parts(self) -> list[Part]:
        """The lines in parts that fit into a call."""
        return split_lines(self.document, self.lines, self.settings.vlm_chars)

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
        places: Iterable[Place] = (),
    ) -> Request:
        """One call about a part of the document. places: what to show enlarged."""
        known = load_template(template)
        crops = self._crops(places, {line.page for line in part})
        pages = self._pages(part, self.settings.vlm_images - len(crops))
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

    def _pages(self, part: Part, most: int) -> list[str]:
        numbers = list(dict.fromkeys(line.page for line in part))
        urls = (self._page_url(number) for number in numbers[: max(0, most)])
        return [url for url in urls if url]

    def _page_url(self, number: int) -> str | None:
        if number not in self._urls:
            image = self._image(number)
            url = None if image is None else page_url(image, self.settings.vlm_pixels)
            self._urls[number] = url
        return self._urls[number]

    def _crops(self, places: Iterable[Place], pages: set[int]) -> list[str]:
        """Enlarged places; a place for the page itself is left among the images."""
        most = self.settings.vlm_images - 1
        return self.enlarged((place for place in places if place[0] in pages), most)

    def enlarged(self, places: Iterable[Place], most: int) -> list[str]:
        """At most ``most`` pictures of places, as data URLs; none of pages without an image."""
        wanted: dict[int, list[Polygon]] = {}
        for page, polygon in places:
            wanted.setdefault(page, []).append(polygon)
        urls: list[str] = []
        for page, polygons in wanted.items():
            image = self._image(page) if len(urls) < most else None
            if image is None:
                continue
            for area in crop_areas(polygons, most - len(urls)):
                urls.append(crop_url(image, area, self.settings.vlm_pixels // 2))
        return urls

    def _image(self, number: int) -> Any:
        try:
            return self.images(number)
        except (DocAgentError, OSError, ValueError, MemoryError):
            return None  # a page that cannot be shown can still be asked about by its text
