"""ALTO 4 (https://www.loc.gov/standards/alto/): Page, TextBlock, TextLine and String in pixels."""

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
from docagent.geometry import Polygon

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"


def document_to_alto(document: Document) -> str:
    """Convert a document to ALTO XML text, to be written as UTF-8.

    PC is the page's confidence, WC the word's, and CC one digit per character. Skewed lines carry
    their four corners as a Shape. Tables are composed blocks. Unreadable places are
    illustrations of the type ``unreadable``.
    """
    alto = ET.Element("alto", {"xmlns": NAMESPACE, "SCHEMAVERSION": "4.2"})
    description = ET.SubElement(alto, "Description")
    ET.SubElement(description, "MeasurementUnit").text = "pixel"
    source = ET.SubElement(description, "sourceImageInformation")
    ET.SubElement(source, "fileName").text = text_to_xml_text(document.name)
    processing = ET.SubElement(description, "Processing", {"ID": "processing_1"})
    software = ET.SubElement(processing, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "docagent"
    layout = ET.SubElement(alto, "Layout")
    for page, parts in page_parts(document):
        layout.append(_page_element(document, page, parts))
    ET.indent(alto, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(alto, encoding="unicode")}\n'


def _page_element(document: Document, page: Page, parts: Sequence[Part]) -> ET.Element:
    size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    number = str(page.number)
    page_id = f"page_{page.number}"
    element = ET.Element("Page", {"ID": page_id, "PHYSICAL_IMG_NR": number, **size})
    if page.confidence is not None:
        element.set("PC", f"{page.confidence:.3f}")
    space = ET.SubElement(element, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    for index, block in enumerate(parts, start=1):
        if isinstance(block, Table):
            space.append(_table_element(document, block, page, index))
            continue
        block_id = f"block_{page.number}_{index}"
        position = _position(lines_to_pixel_box(block, page))
        area = ET.SubElement(space, "TextBlock", {"ID": block_id, **position})
        for order, line in enumerate(block, start=1):
            area.append(_line_element(line, page, f"line_{page.number}_{index}_{order}"))
    for index, polygon in enumerate(page.unreadable, start=1):
        place = {"ID": f"unreadable_{page.number}_{index}", "TYPE": "unreadable"}
        position = _position(polygon_to_pixel_box(polygon, page))
        ET.SubElement(space, "Illustration", {**place, **position})
    return element


def _table_element(document: Document, table: Table, page: Page, index: int) -> ET.Element:
    """A composed block of the type ``table``, with a text block for each cell; the ID of a cell
    ends in its row and column, from 0."""
    name = f"{page.number}_{index}"
    position = _position(polygon_to_pixel_box(table.polygon, page))
    attributes = {"ID": f"table_{name}", "TYPE": "table", **position}
    element = ET.Element("ComposedBlock", attributes)
    for cell in table.cells:
        place = f"{name}_{cell.row}_{cell.column}"
        position = _position(polygon_to_pixel_box(cell.polygon, page))
        block = ET.SubElement(element, "TextBlock", {"ID": f"cell_{place}", **position})
        for order, line in enumerate(cell_lines(document, cell), start=1):
            block.append(_line_element(line, page, f"line_{place}_{order}"))
    return element


def _line_element(line: Line, page: Page, identifier: str) -> ET.Element:
    position = _position(lines_to_pixel_box([line], page))
    element = ET.Element("TextLine", {"ID": identifier, **position})
    if is_tilted(line.polygon, page):
        shape = ET.SubElement(element, "Shape")
        ET.SubElement(shape, "Polygon", {"POINTS": _points(line.polygon, page)})
    for index, word in enumerate(line.words, start=1):
        if index > 1:
            ET.SubElement(element, "SP")
        word_id = identifier.replace("line", "word") + f"_{index}"
        ET.SubElement(element, "String", {"ID": word_id, **_word_attributes(word, page)})
    return element


def _word_attributes(word: Word, page: Page) -> dict[str, str]:
    attributes = _position(polygon_to_pixel_box(word.polygon, page))
    attributes["CONTENT"] = text_to_xml_text(word.text)
    if word.confidence is not None:
        attributes["WC"] = f"{min(1.0, max(0.0, word.confidence)):.3f}"
    if word.char_confidences:
        # In ALTO, 0 is the highest character confidence and 9 the lowest.
        digits = (str(round(9 * (1 - confidence))) for confidence in word.char_confidences)
        attributes["CC"] = " ".join(digits)
    return attributes


def _position(box: PixelBox) -> dict[str, str]:
    left, top, right, bottom = box
    return {
        "HPOS": str(left),
        "VPOS": str(top),
        "WIDTH": str(right - left),
        "HEIGHT": str(bottom - top),
    }


def _points(polygon: Polygon, page: Page) -> str:
    return " ".join(f"{round(x * page.width)},{round(y * page.height)}" for x, y in polygon)
