"""hOCR 1.2 (http://kba.github.io/hocr-spec/1.2/): XHTML with a bbox on every element."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from docagent.document import Document, Line, Page, Table, Word
from docagent.export.page_parts import Part, cell_lines, page_parts
from docagent.export.xml import (
    PixelBox,
    is_tilted,
    lines_to_pixel_box,
    polygon_to_pixel_box,
    text_to_xml_text,
)

XHTML = "http://www.w3.org/1999/xhtml"
_CAPABILITIES = "ocr_page ocr_carea ocr_table ocr_line ocrx_block ocrx_word ocrp_wconf"


def document_to_hocr(document: Document) -> str:
    """Convert a document to XHTML text, to be written as UTF-8.

    Boxes are pixels of the upright page image. Unreadable places are empty blocks with the property
    ``x_unreadable``.
    """
    html = ET.Element("html", {"xmlns": XHTML, "lang": "und"})
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "title").text = text_to_xml_text(document.name)
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    for name, content in (
        ("ocr-system", "docagent"),
        ("ocr-capabilities", _CAPABILITIES),
        ("ocr-number-of-pages", str(len(document.pages))),
    ):
        ET.SubElement(head, "meta", {"name": name, "content": content})
    body = ET.SubElement(html, "body")
    for page, parts in page_parts(document):
        body.append(_page_element(document, page, parts))
    ET.indent(html, " ")
    text = ET.tostring(html, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n{text}\n'


def _page_element(document: Document, page: Page, parts: Sequence[Part]) -> ET.Element:
    # A quote ends the file name and a semicolon ends the property, so both are replaced.
    image = text_to_xml_text(document.name).replace('"', "'").replace(";", ",")
    box = _bbox_property((0, 0, page.width, page.height))
    title = f'image "{image}"; {box}; ppageno {page.number - 1}'
    identifier = f"page_{page.number}"
    element = ET.Element("div", {"class": "ocr_page", "id": identifier, "title": title})
    for index, block in enumerate(parts, start=1):
        if isinstance(block, Table):
            element.append(_table_element(document, block, page, index))
            continue
        area_id = f"block_{page.number}_{index}"
        title = _bbox_property(lines_to_pixel_box(block, page))
        area = ET.SubElement(element, "div", {"class": "ocr_carea", "id": area_id, "title": title})
        for number, line in enumerate(block, start=1):
            area.append(_line_element(line, page, f"line_{page.number}_{index}_{number}"))
    for index, polygon in enumerate(page.unreadable, start=1):
        title = _bbox_property(polygon_to_pixel_box(polygon, page)) + "; x_unreadable 1"
        place = {"class": "ocrx_block", "id": f"unreadable_{page.number}_{index}", "title": title}
        ET.SubElement(element, "div", place)
    return element


def _table_element(document: Document, table: Table, page: Page, index: int) -> ET.Element:
    """A table with a cell for every place that no other cell covers; ``x_row`` is the kind of a
    row."""
    name = f"table_{page.number}_{index}"
    title = _bbox_property(polygon_to_pixel_box(table.polygon, page))
    element = ET.Element("table", {"class": "ocr_table", "id": name, "title": title})
    cells = {(cell.row, cell.column): cell for cell in table.cells}
    covered = {
        (row, column)
        for cell in table.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    }
    for row, kind in enumerate(table.rows):
        line = ET.SubElement(element, "tr", {"title": f"x_row {kind}"})
        for column in range(table.columns):
            cell = cells.get((row, column))
            if cell is None and (row, column) in covered:
                continue
            place = ET.SubElement(line, "th" if kind == "header" else "td")
            if cell is None:
                continue
            place.set("title", _bbox_property(polygon_to_pixel_box(cell.polygon, page)))
            if cell.row_span > 1:
                place.set("rowspan", str(cell.row_span))
            if cell.column_span > 1:
                place.set("colspan", str(cell.column_span))
            for number, text in enumerate(cell_lines(document, cell), start=1):
                line_id = f"line_{page.number}_{index}_{row}_{column}_{number}"
                place.append(_line_element(text, page, line_id))
    return element


def _line_element(line: Line, page: Page, identifier: str) -> ET.Element:
    title = _bbox_property(lines_to_pixel_box([line], page)) + _baseline_property(line, page)
    element = ET.Element("span", {"class": "ocr_line", "id": identifier, "title": title})
    for index, word in enumerate(line.words, start=1):
        word_id = identifier.replace("line", "word") + f"_{index}"
        span = {"class": "ocrx_word", "id": word_id, "title": _word_title(word, page)}
        ET.SubElement(element, "span", span).text = text_to_xml_text(word.text)
    return element


def _word_title(word: Word, page: Page) -> str:
    box = _bbox_property(polygon_to_pixel_box(word.polygon, page))
    return box if word.confidence is None else f"{box}; x_wconf {round(word.confidence * 100)}"


def _bbox_property(box: PixelBox) -> str:
    return "bbox {} {} {} {}".format(*box)


def _baseline_property(line: Line, page: Page) -> str:
    """Slope of the baseline, and its offset in pixels at the left edge from the bottom of the
    bbox."""
    polygon = line.polygon
    if not is_tilted(polygon, page):
        return ""
    (rx, ry), (lx, ly) = polygon[2], polygon[3]
    run = (rx - lx) * page.width
    if run <= 0:
        return ""
    slope = (ry - ly) * page.height / run
    offset = ly * page.height - max(ry, ly) * page.height
    return f"; baseline {slope:.4f} {offset:.1f}"
