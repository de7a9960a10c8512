import os
import time
from pathlib import Path

import numpy as np
import pytest

from docagent.document import Page
from docagent.errors import SourceError
from docagent.geometry import polygon_to_bbox
from docagent.settings import Settings
from docagent.sources.pdf.preflight import pdf_danger
from docagent.sources.pdf.process import PdfProcess, PdfProcessError
from docagent.sources.pdf.text_layer import clean_text, rotate_bbox, text_layer_problem
from docagent.sources.scan import Scan, ScanPage, load
from tests.pdf_files import PdfPage, grey_image, pdf_bytes, stream, text_at

DATA = Path(os.environ.get("DOCAGENT_DATA", Path(__file__).parents[2] / "shared" / "data"))


def only_page(*args: object, **kwargs: object) -> ScanPage:
    scan = load(pdf_bytes(*args, **kwargs))
    assert len(scan.pages) == 1
    return scan.pages[0]


def ink_share(page: ScanPage, layer: Page) -> float:
    """Share of the page's ink that lies inside the word boxes."""
    ink = np.rot90(page.image() < 128, -layer.rotation // 90)
    height, width = ink.shape
    assert (height, width) == (layer.height, layer.width)
    inside = np.zeros_like(ink)
    for line in layer.lines:
        for word in line.words:
            x0, y0, x1, y1 = polygon_to_bbox(word.polygon)
            inside[
                int(y0 * height) : int(y1 * height) + 2, int(x0 * width) : int(x1 * width) + 2
            ] = True
    return float((ink & inside).sum() / ink.sum())


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (40, 60, 500, 820)])
@pytest.mark.parametrize("media", [(0, 0, 595, 842), (-20, 30, 575, 872)])
def test_boxes_lie_on_the_ink(rotate, crop, media):
    # The page is turned for display, and the text with it.
    content = text_at(100, 700, "Invoice 4711") + text_at(300, 200, "Total 12.50 EUR")
    page = only_page(PdfPage(content, media=media, crop=crop, rotate=rotate))
    layer = page.text_layer
    assert layer is not None
    assert layer.rotation == (360 - rotate) % 360
    assert [line.text for line in layer.lines] == ["Invoice 4711", "Total 12.50 EUR"]
    assert layer.hidden_words == ()
    assert ink_share(page, layer) > 0.98


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_text_turned_against_the_page_reads_upright(rotate):
    turns = {90: "0 1 -1 0 300 100", 180: "-1 0 0 -1 500 600", 270: "0 -1 1 0 300 600"}
    content = f"BT /F1 14 Tf {turns[rotate]} Tm (Delivery note) Tj ET".encode()
    page = only_page(PdfPage(content, rotate=rotate))
    layer = page.text_layer
    assert layer.rotation == 0
    assert layer.text == "Delivery note"
    first, second = layer.lines[0].words
    assert first.polygon[1][0] < second.polygon[0][0]
    assert ink_share(page, layer) > 0.98


def test_a_stamp_in_the_margin_keeps_its_direction():
    content = b"".join(text_at(100, 700 - 20 * i, "An ordinary line of text") for i in range(5))
    content += b"BT /F1 10 Tf 0 1 -1 0 30 300 Tm (Sideways) Tj ET"
    layer = only_page(PdfPage(content)).text_layer
    assert layer.rotation == 0
    stamp = next(line for line in layer.lines if line.text == "Sideways")
    top_left, top_right, *_ = stamp.words[0].polygon
    assert top_right[1] < top_left[1]
    assert top_right[0] == pytest.approx(top_left[0])


def test_double_letters_of_small_print_stay_double():
    layer = only_page(PdfPage(VISIBLE + text_at(60, 500, "illegally all full", size=3))).text_layer
    assert layer.lines[1].text == "illegally all full"


def test_rows_of_an_invoice_stay_rows():
    items = [("Apples", "2", "3.00"), ("Pears", "1", "1.20"), ("Plums and cherries", "4", "9.90")]
    content = b""
    for i, (name, count, amount) in enumerate(items):
        y = 700 - 20 * i
        content += text_at(500, y, amount) + text_at(50, y, name) + text_at(350, y, count)
    layer = only_page(PdfPage(content)).text_layer
    assert [line.text for line in layer.lines] == [cell for row in items for cell in row]


def test_columns_of_prose_are_read_one_by_one():
    words = "the agreement shall remain in force until it ends"
    content = b""
    for i in range(10):
        content += text_at(310, 700 - 14 * i, f"R{i} {words}", 10)
        content += text_at(50, 700 - 14 * i, f"L{i} {words}", 10)
    layer = only_page(PdfPage(content)).text_layer
    starts = [line.words[0].text for line in layer.lines]
    assert starts == [f"L{i}" for i in range(10)] + [f"R{i}" for i in range(10)]


VISIBLE = text_at(60, 700, "Please pay 100.00 EUR")
COVER = b"1 g 50 480 400 40 re f 0 g\n"
HIDDEN = {
    "white on white": text_at(60, 500, "secret", extra="1 g"),
    "nearly white": text_at(60, 500, "secret", extra="0.97 g"),
    "render mode 3": text_at(60, 500, "secret", extra="3 Tr"),
    "render mode 3 over shown text": text_at(62, 700, "secret", extra="3 Tr"),
    "tiny": text_at(60, 500, "secret", size=0.4),
    "covered": text_at(60, 500, "secret") + COVER,
    "black on black": b"0 g 50 480 400 40 re f\n" + text_at(60, 500, "secret"),
    "clipped away": b"q 0 0 10 10 re W n\n" + text_at(60, 500, "secret") + b"Q\n",
    "outside the crop box": text_at(60, 820, "secret"),
    "off the page": text_at(60, -200, "secret"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_text_is_set_apart(name):
    content = VISIBLE + HIDDEN[name]
    layer = only_page(PdfPage(content, crop=(0, 0, 595, 800))).text_layer
    if name == "render mode 3 over shown text":
        # Where both lie on each other, what is shown must not be lost.
        assert "100.00" in layer.text
        return
    assert layer.text == "Please pay 100.00 EUR"
    assert "".join(word.text for word in layer.hidden_words) == "secret"


@pytest.mark.parametrize(
    "shown",
    [
        text_at(60, 500, "reversed", extra="1 g").replace(b"q BT", b"q 0 g 50 480 200 40 re f BT"),
        text_at(60, 500, "reversed", extra="0.7 g"),
        text_at(60, 500, "reversed", extra="1 0 0 rg"),
        text_at(60, 500, "reversed", extra="1 Tr 0.3 w"),
        text_at(60, 500, "reversed", size=4),
        text_at(60, 500, "reversed") + text_at(60.4, 500, "reversed"),
    ],
)
def test_unusual_but_shown_text_is_not_hidden(shown):
    layer = only_page(PdfPage(VISIBLE + shown)).text_layer
    assert [line.text for line in layer.lines] == ["Please pay 100.00 EUR", "reversed"]
    assert layer.hidden_words == ()


def scan_page(text: bytes, width: int = 1240, height: int = 1754, **boxes: object) -> PdfPage:
    """A page that is one grey image (A4 at 150 dpi) with ink, and some text objects."""
    pixels = np.full((height, width), 255, np.uint8)
    pixels[200:220, 100:900] = 0
    image = grey_image(width, height, pixels.tobytes())
    return PdfPage(b"q 595 0 0 842 0 0 cm /Im1 Do Q\n" + text, image=image, **boxes)


def test_a_scan_is_rendered_near_its_own_resolution():
    page = only_page(scan_page(b""))
    assert page.text_layer is None
    assert page.dpi == pytest.approx(150, rel=0.01)
    assert page.image().shape == pytest.approx((1754, 1240), abs=2)
    assert (page.image()[205:215, 110:890] < 60).all()


@pytest.mark.parametrize(("width", "dpi"), [(400, 100), (2480, 300), (4960, 300)])
def test_the_resolution_of_a_scan_is_bounded(width, dpi):
    page = only_page(scan_page(b"", width, width * 842 // 595))
    assert page.dpi == pytest.approx(dpi, rel=0.01)


def test_a_large_sheet_is_rendered_within_the_pixel_limit():
    page = load(pdf_bytes(PdfPage(VISIBLE, media=(0, 0, 14400, 14400)))).pages[0]
    assert page.image().size <= 36_000_000
    assert page.dpi < 200


LINES = b"".join(
    text_at(50, 700 - 20 * i, "Some words of the page", extra="3 Tr") for i in range(9)
)


def test_an_invisible_ocr_layer_over_a_scan_is_not_used():
    page = only_page(scan_page(LINES))
    assert page.text_layer is None
    assert "invisible OCR layer" in page.text_layer_problem


def test_text_painted_over_by_a_scan_is_not_used():
    covered = scan_page(b"")
    page = only_page(PdfPage(LINES.replace(b"3 Tr", b"") + covered.content, image=covered.image))
    assert page.text_layer is None


def test_visible_text_on_a_background_image_is_used():
    page = only_page(scan_page(LINES.replace(b"3 Tr", b"")))
    assert len(page.text_layer.lines) == 9


def test_a_page_of_drawings_without_text_is_left_to_ocr():
    assert only_page(PdfPage(b"50 50 300 300 re f")).text_layer is None


def test_an_empty_page_is_a_sound_layer_without_text():
    layer = only_page(PdfPage(b"")).text_layer
    assert layer.lines == ()
    assert layer.hidden_words == ()


def test_filled_form_fields_and_annotations_are_text():
    look = stream(
        b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 3 0 R >> >>",
        b"BT /F1 12 Tf 2 5 Td (Jane Doe) Tj ET",
    )
    form = pdf_bytes(
        PdfPage(
            text_at(60, 700, "Name:"),
            image=look,
            annotation=b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /V (Jane Doe) /F 4 "
            b"/Rect [120 695 320 715] /AP << /N 5 0 R >> >>",
        )
    )
    page = load(form).pages[0]
    layer = page.text_layer
    assert layer.text.split() == ["Name:", "Jane", "Doe"]
    assert ink_share(page, layer) > 0.98


def test_a_glyph_without_a_character_map_is_not_sound():
    font = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding "
        b"/Differences [65 /g1 /g2 /g3 /g4] >> >>"
    )
    page = only_page(PdfPage(text_at(60, 700, "ABCDABCD" * 3) + b"9 9 200 90 re f"), font=font)
    assert page.text_layer is None


GOOD = "The quick brown fox jumps over the lazy dog near the river bank. " * 4


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("(cid:12)" * 10 + "abc", "no meaning"),
        ("ab\ue012\ue013cd\ue014", "no meaning"),
        ("total \ufffd\ufffd\ufffd sum", "no meaning"),
        ("abc\x01\x02\x03\x04", "no meaning"),
        ("$%&'(!)*+,/;<=>?@[]^{|}~#" * 4, "mostly signs"),
        ("".join(chr((ord(c) - 97 + 7) % 26 + 97) for c in GOOD.lower() if c.isalpha()), "spells"),
    ],
)
def test_garbage_is_not_sound(raw, word):
    assert word in text_layer_problem(raw, [], [], 0.0, has_ink=False)


@pytest.mark.parametrize(
    "raw",
    [
        GOOD,
        "Total ............................... 12.50",
        "1,234.00 56.78 90.12 (3.45) 67% 8/9 " * 5,
        "Größe 5 €, façade, naïve, Łódź",
        "発注書 請求書 領収書" * 10,
        "• one\n• two\n\uf0b7 three and more words",
    ],
)
def test_ordinary_text_is_sound(raw):
    assert text_layer_problem(raw, [], [], 0.0, has_ink=False) is None


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_full_turn_changes_nothing(turn):
    box = (10.0, 20.0, 60.0, 30.0)
    size = (200.0, 100.0)
    turned = rotate_bbox(box, turn, *size)
    back_size = size if turn in (0, 180) else size[::-1]
    assert rotate_bbox(turned, (360 - turn) % 360, *back_size) == box


def test_text_is_composed_and_clean():
    assert clean_text("e\u0301\u200b\u00ad\x00x") == "éx"
    assert clean_text("(cid:7)\ud800") == "\ufffd?"


def test_a_broken_text_layer_leaves_the_image():
    page = only_page(PdfPage(VISIBLE + b"BT /F1 (x Tf [[[ <<<< Tj"))
    assert page.image().size
    assert page.text_layer is None or "Please" in page.text_layer.text


def test_a_broken_page_does_not_lose_the_others():
    data = pdf_bytes(PdfPage(VISIBLE), PdfPage(VISIBLE), PdfPage(VISIBLE))
    # The second of the three page objects becomes something that is no page.
    second = data.index(b"/Type /Page ", data.index(b"/Type /Page ") + 1)
    broken = data[:second] + b"/Type /Pigs " + data[second + 12 :]
    broken = broken[:second] + broken[second:].replace(b"/MediaBox", b"/NediaBox", 1)
    scan = load(broken)
    readable = [page.number for page in scan.pages if page.error is None]
    assert {1, 3} <= set(readable)
    assert scan.pages[2].text_layer.text == "Please pay 100.00 EUR"


def test_the_guard_reads_bounded_memory_and_lets_ordinary_files_pass():
    assert pdf_danger(pdf_bytes(scan_page(b"")), 100_000_000) is None
    assert "1240 x 1754" in pdf_danger(pdf_bytes(scan_page(b"")), 1_000_000)


def test_the_parser_process_is_killed_when_late_and_started_again():
    process = PdfProcess(2**30)
    with pytest.raises(PdfProcessError, match="took longer"):
        process.ask({"op": "open", "id": "x"}, b"", seconds=0.001)
    assert not process.alive
    assert only_page(PdfPage(VISIBLE)).image().size


def test_the_parser_process_has_a_memory_limit():
    small = Settings(pdf_memory=2**28)
    pages = load(pdf_bytes(PdfPage(VISIBLE, media=(0, 0, 14400, 14400))), small).pages
    with pytest.raises(SourceError, match=r"memory|damaged"):
        # 36 million pixels in colour, twice, do not fit beside the libraries.
        pages[0].image(color=True)
    assert only_page(PdfPage(VISIBLE)).text_layer.text == "Please pay 100.00 EUR"


def read_everything(scan: Scan) -> int:
    """Words found on the pages that need no OCR; renders the others."""
    words = 0
    for page in scan.pages:
        if page.text_layer:
            words += sum(len(line.words) for line in page.text_layer.lines)
        else:
            page.image()
    return words


@pytest.mark.skipif(not (DATA / "odd-pdfs").is_dir(), reason="needs the odd-pdfs data")
def test_odd_files_load_or_say_why():
    loaded = 0
    for path in sorted((DATA / "odd-pdfs").glob("*.pdf")):
        start = time.monotonic()
        try:
            scan = load(path)
            read_everything(Scan(scan.id, scan.name, scan.pages[:1]))
            loaded += 1
        except SourceError as error:
            assert path.name in str(error)
        assert time.monotonic() - start < 20, path.name
    assert loaded >= 50


@pytest.mark.skipif(not (DATA / "invoice2data").is_dir(), reason="needs the invoice2data data")
def test_born_digital_invoices_have_sound_text_layers():
    for path in sorted((DATA / "invoice2data" / "dev").glob("*.pdf")):
        assert read_everything(load(path)) > 100, path.name
