"""Each format is written, parsed back by other software, and compared with the document."""

from __future__ import annotations

import io
import struct
from xml.etree import ElementTree as ET

import pdfplumber
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from docagent.document import Document, Line, Page, Word
from docagent.export import (
    document_to_alto,
    document_to_hocr,
    document_to_markdown,
    document_to_pdf,
    document_to_text,
)
from docagent.export.markdown import escape_markdown
from docagent.export.pdf.glyphless import glyphless_font
from docagent.geometry import bbox_to_polygon, polygon_to_bbox
from tests.documents import document_of, documents

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
HTML = "{http://www.w3.org/1999/xhtml}"


def to_pdf(document: Document, size: tuple[int, int] = (500, 700)) -> bytes:
    stream = io.BytesIO()
    document_to_pdf(document, (picture(size) for _ in document.pages), stream)
    return stream.getvalue()


def picture(size: tuple[int, int], colour: object = (255, 255, 255)) -> Image.Image:
    made = Image.new("RGB", size, colour)  # type: ignore[arg-type]
    made.info["dpi"] = (72, 72)
    return made


def tilted_document() -> Document:
    first = Word(text="leans", polygon=((0.1, 0.10), (0.2, 0.11), (0.2, 0.13), (0.1, 0.12)))
    second = Word(text="down", polygon=((0.3, 0.12), (0.4, 0.13), (0.4, 0.15), (0.3, 0.14)))
    page = Page(number=1, width=1000, height=1000, lines=(Line(words=(first, second)),))
    return Document(id="0", name="a.png", pages=(page,))


def test_text_is_the_text_of_the_document() -> None:
    document = document_of(["one two", "three"], ["four"])
    assert document_to_text(document) == "one two\nthree\n\nfour\n"


class TestHocr:
    @given(documents)
    @settings(max_examples=40)
    def test_words_and_boxes_survive(self, document: Document) -> None:
        root = ET.fromstring(document_to_hocr(document))
        words = [e for e in root.iter(f"{HTML}span") if e.get("class") == "ocrx_word"]
        assert [e.text for e in words] == [w.word.text for w in document.words]
        for element, located in zip(words, document.words, strict=True):
            page = document.pages[located.page - 1]
            box = [int(n) for n in element.attrib["title"].split(";")[0].split()[1:]]
            x0, y0, x1, y1 = polygon_to_bbox(located.word.polygon)
            relative = (x0 * page.width, y0 * page.height, x1 * page.width, y1 * page.height)
            assert box == pytest.approx(relative, abs=0.51)

    def test_confidence_is_a_percentage_and_absent_for_native_text(self) -> None:
        read = document_to_hocr(document_of(["word"], confidence=0.876))
        native = document_to_hocr(document_of(["word"], confidence=None))
        assert "x_wconf 88" in read
        assert "x_wconf" not in native

    def test_a_leaning_line_has_a_baseline(self) -> None:
        root = ET.fromstring(document_to_hocr(tilted_document()))
        line = next(e for e in root.iter() if e.get("class") == "ocr_line")
        assert "baseline 0.1000 -30.0" in line.attrib["title"]

    def test_ids_are_unique_and_markup_and_control_characters_are_data(self) -> None:
        document = document_of(["<b>&amp; a\x00b", "x"], ["<b>"])
        document = document.replace(name='a"; bbox 0 0 1 1.png')
        root = ET.fromstring(document_to_hocr(document))
        ids = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
        assert len(ids) == len(set(ids))
        assert [e.text for e in root.iter() if e.get("class") == "ocrx_word"][:2] == [
            "<b>&amp;",
            "a\ufffdb",
        ]
        page = next(e for e in root.iter() if e.get("class") == "ocr_page")
        assert page.attrib["title"].split("; ")[1] == "bbox 0 0 1000 1400"


class TestAlto:
    @given(documents)
    @settings(max_examples=40)
    def test_words_and_boxes_survive(self, document: Document) -> None:
        root = ET.fromstring(document_to_alto(document))
        strings = list(root.iter(f"{ALTO}String"))
        assert [e.attrib["CONTENT"] for e in strings] == [w.word.text for w in document.words]
        for element, located in zip(strings, document.words, strict=True):
            page = document.pages[located.page - 1]
            x0, y0, x1, y1 = polygon_to_bbox(located.word.polygon)
            left, top = int(element.attrib["HPOS"]), int(element.attrib["VPOS"])
            right = left + int(element.attrib["WIDTH"])
            bottom = top + int(element.attrib["HEIGHT"])
            relative = (x0 * page.width, y0 * page.height, x1 * page.width, y1 * page.height)
            assert (left, top, right, bottom) == pytest.approx(relative, abs=0.51)

    def test_structure_is_that_of_the_schema(self) -> None:
        root = ET.fromstring(document_to_alto(document_of(["one two"], ["three"])))
        assert [child.tag for child in root] == [f"{ALTO}Description", f"{ALTO}Layout"]
        pages = list(root.iter(f"{ALTO}Page"))
        assert [p.attrib["PHYSICAL_IMG_NR"] for p in pages] == ["1", "2"]
        line = next(root.iter(f"{ALTO}TextLine"))
        assert [child.tag for child in line] == [f"{ALTO}String", f"{ALTO}SP", f"{ALTO}String"]
        ids = [e.attrib["ID"] for e in root.iter() if "ID" in e.attrib]
        assert len(ids) == len(set(ids))

    def test_char_confidences_count_from_0_sure_to_9_unsure(self) -> None:
        word = Word(
            text="abc",
            polygon=bbox_to_polygon((0.1, 0.1, 0.2, 0.2)),
            confidence=0.5,
            char_confidences=(1.0, 0.5, 0.0),
        )
        page = Page(number=1, width=10, height=10, lines=(Line(words=(word,)),))
        root = ET.fromstring(document_to_alto(Document(id="0", pages=(page,))))
        string = next(root.iter(f"{ALTO}String"))
        assert (string.attrib["WC"], string.attrib["CC"]) == ("0.500", "0 4 9")

    def test_a_leaning_line_has_its_corners(self) -> None:
        root = ET.fromstring(document_to_alto(tilted_document()))
        points = next(root.iter(f"{ALTO}Polygon")).attrib["POINTS"]
        assert points == "100,100 400,130 400,150 100,120"


class TestPdf:
    def test_words_are_found_at_their_boxes(self) -> None:
        document = document_of(["Müller € 1.234,50", "中文 𝔘ni"], ["page two"])
        with pdfplumber.open(io.BytesIO(to_pdf(document))) as pdf:
            found = [
                (word["text"], number, word["x0"], word["top"], word["x1"], word["bottom"])
                for number, page in enumerate(pdf.pages, start=1)
                for word in page.extract_words()
            ]
        assert [f[0] for f in found] == [w.word.text for w in document.words]
        assert [f[1] for f in found] == [w.page for w in document.words]
        for (*_, left, top, right, bottom), located in zip(found, document.words, strict=True):
            x0, y0, x1, y1 = polygon_to_bbox(located.word.polygon)
            expected = (x0 * 500, y0 * 700, x1 * 500, y1 * 700)
            assert (left, top, right, bottom) == pytest.approx(expected, abs=0.1)

    def test_the_text_copies_as_lines_in_another_reader(self) -> None:
        document = document_of(["first line", "second"])
        pdf = pypdfium2.PdfDocument(to_pdf(document))
        try:
            assert pdf[0].get_textpage().get_text_range().split() == ["first", "line", "second"]
            assert pdf.get_metadata_value("Title") == "test"
        finally:
            pdf.close()

    def test_the_text_is_not_visible_and_the_image_is(self) -> None:
        stream = io.BytesIO()
        red = picture((500, 700), (200, 30, 30))
        document_to_pdf(document_of(["invisible"]), [red], stream)
        pdf = pypdfium2.PdfDocument(stream.getvalue())
        try:
            rendered = pdf[0].render().to_pil().convert("RGB")
        finally:
            pdf.close()
        assert rendered.size == (500, 700)
        extremes = rendered.getextrema()
        assert all(high - low <= 2 for low, high in extremes)
        assert extremes[0][0] > 190

    def test_a_leaning_word_stays_in_its_polygon(self) -> None:
        with pdfplumber.open(io.BytesIO(to_pdf(tilted_document(), (1000, 1000)))) as pdf:
            chars = pdf.pages[0].chars
        assert "".join(c["text"] for c in chars).replace(" ", "") == "leansdown"
        assert chars[0]["x0"] == pytest.approx(100, abs=3)
        assert chars[-1]["x1"] == pytest.approx(400, abs=3)
        assert 100 <= chars[0]["top"] < chars[-1]["top"] < 150

    def test_images_must_match_pages(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            document_to_pdf(document_of(["a"], ["b"]), [Image.new("L", (9, 9))], io.BytesIO())

    @given(documents)
    @settings(max_examples=15, deadline=None)
    def test_any_text_comes_back(self, document: Document) -> None:
        pdf = pypdfium2.PdfDocument(to_pdf(document))
        try:
            found = "".join(pdf[i].get_textpage().get_text_range() for i in range(len(pdf)))
        finally:
            pdf.close()
        assert {c for c in document.text if c.isascii() and c.isalnum()} <= set(found)

    def test_font_checksum_is_that_of_the_standard(self) -> None:
        font = glyphless_font()
        total = sum(struct.unpack(f">{len(font) // 4}I", font)) & 0xFFFFFFFF
        assert total == 0xB1B0AFBA


class TestMarkdown:
    def test_paragraphs_and_page_rule(self) -> None:
        assert document_to_markdown(document_of(["one two", "three"], ["four"])) == (
            "one two\nthree\n\n---\n\nfour\n"
        )

    def test_aligned_rows_are_a_table(self) -> None:
        document = document_of(
            ["item          price", "nut            1.00", "bolt           2.00"]
        )
        assert document_to_markdown(document) == (
            "| item | price |\n| --- | --- |\n| nut | 1.00 |\n| bolt | 2.00 |\n"
        )

    def test_a_tall_line_is_a_heading(self) -> None:
        title = Word(text="Invoice", polygon=bbox_to_polygon((0.0, 0.0, 0.3, 0.04)))
        page = document_of(["some text", "more text", "the end"]).pages[0]
        page = page.replace(lines=(Line(words=(title,)), *page.lines))
        text = document_to_markdown(Document(id="0", pages=(page,)))
        assert text.startswith("## Invoice\n\nsome text")

    @pytest.mark.parametrize(
        ("text", "escaped"),
        [
            ("# no heading", "\\# no heading"),
            ("1. item", "1\\. item"),
            ("- item", "\\- item"),
            ("-5.00", "-5.00"),
            ("---", "\\---"),
            ("1.234,50", "1.234,50"),
            ("a_b *c* `d`", "a\\_b \\*c\\* \\`d\\`"),
            ("<script>", "&lt;script\\>"),
            ("AT&T &lt;", "AT&amp;T &amp;lt;"),
            ("![x](http://a.b)", "!\\[x\\](http\\://a.b)"),
            ("www.a.example", "www\\.a.example"),
            ("a|b", "a\\|b"),
        ],
    )
    def test_text_of_the_document_is_data(self, text: str, escaped: str) -> None:
        assert escape_markdown(text) == escaped

    @given(documents)
    @settings(max_examples=40)
    def test_every_letter_is_kept(self, document: Document) -> None:
        kept = [c for c in document_to_markdown(document) if c.isalpha() and c.isascii()]
        wanted = [c for c in document.text if c.isalpha() and c.isascii()]
        # Ampersands and angle brackets become named references, which add letters.
        extra = 3 * document.text.count("&") + 2 * document.text.count("<")
        assert len(kept) == len(wanted) + extra


@given(st.text(max_size=20))
def test_xml_formats_take_any_text(text: str) -> None:
    word = Word(text=text, polygon=bbox_to_polygon((0.1, 0.1, 0.2, 0.2)))
    page = Page(number=1, width=10, height=10, lines=(Line(words=(word,)),))
    document = Document(id="0", name=text, pages=(page,))
    ET.fromstring(document_to_hocr(document))
    ET.fromstring(document_to_alto(document))
