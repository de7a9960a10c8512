"""docagent's OCR as an engine of Docling, by Docling's plug-in system.

    options = PdfPipelineOptions(allow_external_plugins=True, ocr_options=DocAgentOcrOptions())

The entry point ``docagent`` in the group ``docling`` names ``ocr_engines``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

from docling.datamodel.accelerator_options import AcceleratorOptions
from docling.datamodel.pipeline_options import OcrOptions
from docling.models.base_ocr_model import BaseOcrModel
from docling_core.types.doc import BoundingBox, CoordOrigin
from docling_core.types.doc.page import BoundingRectangle, TextCell
from pydantic import Field

from docagent.agent import DocAgent
from docagent.document import Line, Page
from docagent.errors import SourceError
from docagent.geometry import Polygon, polygon_to_bbox
from docagent.settings import Settings

SCALE = 3.0
"""Pixels of the picture that is read for each point of the page: 216 dots per inch."""


class DocAgentOcrOptions(OcrOptions):
    """Options of the engine. threads: of one inference; 0 means all cores."""

    kind: ClassVar[Literal["docagent"]] = "docagent"
    lang: list[str] = Field(default_factory=list)
    threads: int = 0


class DocAgentOcrModel(BaseOcrModel):
    """Reads the regions that Docling names; each line is a cell with its confidence."""

    def __init__(
        self,
        *,
        enabled: bool,
        artifacts_path: Path | None,
        options: DocAgentOcrOptions,
        accelerator_options: AcceleratorOptions,
    ) -> None:
        super().__init__(
            enabled=enabled,
            artifacts_path=artifacts_path,
            options=options,
            accelerator_options=accelerator_options,
        )
        threads = options.threads or accelerator_options.num_threads
        self._agent = DocAgent(Settings(threads=threads)) if enabled else None

    def __call__(self, conv_res: Any, page_batch: Iterable[Any]) -> Iterable[Any]:
        """The pages, with the cells that were read."""
        for page in page_batch:
            if self._agent is not None and page._backend.is_valid():
                rects = [rect for rect in self.get_ocr_rects(page) if rect.area() > 0]
                cells = [cell for rect in rects for cell in self._read(page, rect)]
                self.post_process_cells(cells, page, conv_res)
            yield page

    def _read(self, page: Any, rect: BoundingBox) -> Iterable[TextCell]:
        picture = page._backend.get_page_image(scale=SCALE, cropbox=rect)
        assert self._agent is not None
        try:
            read = self._agent.read(picture).pages[0]
        except SourceError:
            return []  # an empty or tiny region
        return [
            line_to_cell(line, number, read, rect)
            for number, line in enumerate(read.lines)
            if line.words
        ]

    @classmethod
    def get_options_type(cls) -> type[OcrOptions]:
        """The options that this engine is chosen by."""
        return DocAgentOcrOptions


def line_to_cell(line: Line, number: int, page: Page, rect: BoundingBox) -> TextCell:
    """A line as a cell. rect: the region that was read, in points from the top left."""
    polygon = upright_to_source(line.polygon, page.rotation)
    left, top, right, bottom = polygon_to_bbox(polygon)
    box = BoundingBox(
        l=rect.l + left * rect.width,
        t=rect.t + top * rect.height,
        r=rect.l + right * rect.width,
        b=rect.t + bottom * rect.height,
        coord_origin=CoordOrigin.TOPLEFT,
    )
    return TextCell(
        index=number,
        text=line.text,
        orig=line.text,
        confidence=line.confidence or 0.0,
        from_ocr=True,
        rect=BoundingRectangle.from_bounding_box(box),
    )


def upright_to_source(polygon: Polygon, rotation: int) -> Polygon:
    """A polygon (0-1) of the upright page on the picture that was given, which was turned clockwise
    by ``rotation`` degrees to stand upright."""
    turns = {
        0: lambda x, y: (x, y),
        90: lambda x, y: (y, 1 - x),
        180: lambda x, y: (1 - x, 1 - y),
        270: lambda x, y: (1 - y, x),
    }
    a, b, c, d = (turns[rotation](x, y) for x, y in polygon)
    return (a, b, c, d)


def ocr_engines() -> dict[str, list[type[BaseOcrModel]]]:
    """What the plug-in gives Docling."""
    return {"ocr_engines": [DocAgentOcrModel]}
