import hashlib
import io
import os
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from docagent.errors import SourceError
from docagent.settings import Settings
from docagent.sources.scan import Scan, load
from tests.pdf_files import (
    PdfPage,
    encrypted_pdf,
    grey_image,
    nested_forms_pdf,
    pdf_bytes,
    stream,
    text_at,
)


def page_image(width: int = 60, height: int = 40) -> Image.Image:
    """White with a black block at the top left, so that turns show."""
    image = Image.new("L", (width, height), 255)
    ImageDraw.Draw(image).rectangle((0, 0, 19, 9), fill=0)
    return image


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def has_block_top_left(pixels: np.ndarray) -> bool:
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    return grey[2:8, 2:18].mean() < 40 and grey[20:, 30:].mean() > 215


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("extension", ["right", "jpg", "pdf", "txt", ""])
def test_an_image_is_known_by_content_not_extension(tmp_path, kind, extension):
    path = tmp_path / f"scan.{kind.lower() if extension == 'right' else extension}"
    path.write_bytes(encode(page_image(), kind))
    scan = load(path)
    assert scan.id == hashlib.sha256(path.read_bytes()).hexdigest()
    assert scan.name == path.name
    assert [page.number for page in scan.pages] == [1]
    pixels = scan.pages[0].image()
    assert pixels.shape == (40, 60)
    assert pixels.dtype == np.uint8
    assert has_block_top_left(pixels)
    assert scan.pages[0].image(color=True).shape == (40, 60, 3)
    assert scan.pages[0].text_layer is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_exif_orientation_is_applied(kind, orientation):
    # What a camera stores so that a viewer that obeys the tag shows ``page_image``.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = page_image()
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[274] = orientation
    pixels = load(encode(stored, kind, exif=exif)).pages[0].image()
    assert pixels.shape == (40, 60)
    assert has_block_top_left(pixels)


def alpha_image() -> Image.Image:
    image = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, 19, 9), fill=(0, 0, 0, 255))
    return image


def sixteen_bits(white: int) -> Image.Image:
    return Image.fromarray((np.asarray(page_image(), np.uint16) // 255) * np.uint16(white))


def palette_with_transparency() -> bytes:
    image = Image.new("P", (60, 40), 1)
    image.putpalette([0, 0, 0, 10, 10, 10])
    ImageDraw.Draw(image).rectangle((0, 0, 19, 9), fill=0)
    return encode(image, "PNG", transparency=1)


PIXEL_FORMATS = {
    "alpha": encode(alpha_image(), "PNG"),
    "grey and alpha": encode(alpha_image().convert("LA"), "PNG"),
    "palette": encode(page_image().convert("P"), "PNG"),
    "transparent palette": palette_with_transparency(),
    "1 bit": encode(page_image().convert("1"), "PNG"),
    "1 bit fax": encode(page_image().convert("1"), "TIFF", compression="group4"),
    "16 bits": encode(sixteen_bits(65535), "PNG"),
    "12 bits in 16": encode(sixteen_bits(4095), "TIFF"),
    "CMYK": encode(page_image().convert("CMYK"), "JPEG"),
    "CMYK TIFF": encode(page_image().convert("CMYK"), "TIFF"),
    "float": encode(Image.fromarray(np.asarray(page_image(), np.float32) / 255), "TIFF"),
    "RGB": encode(page_image().convert("RGB"), "BMP"),
}


@pytest.mark.parametrize("name", PIXEL_FORMATS)
@pytest.mark.parametrize("color", [False, True])
def test_every_pixel_format_becomes_8_bits_on_white(name, color):
    pixels = load(PIXEL_FORMATS[name]).pages[0].image(color=color)
    assert pixels.dtype == np.uint8
    assert pixels.ndim == (3 if color else 2)
    assert has_block_top_left(pixels)


def test_colour_is_bgr():
    data = encode(Image.new("RGB", (20, 20), (255, 0, 0)), "PNG")
    assert load(data).pages[0].image(color=True)[0, 0].tolist() == [0, 0, 255]


def test_tiff_pages_are_separate_and_only_the_last_is_held():
    pages = [Image.new("L", (50 + i, 30), 10 * i) for i in range(5)]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    scan = load(data)
    assert [page.image().shape for page in scan.pages] == [(30, 50 + i) for i in range(5)]
    assert [int(page.image()[0, 0]) for page in scan.pages] == [0, 10, 20, 30, 40]
    assert scan.pages[4].image() is scan.pages[4].image()
    held = scan.pages[0].image()
    scan.pages[1].image()
    assert scan.pages[0].image() is not held


def test_resolution_is_the_stated_one_or_unknown():
    assert load(encode(page_image(), "JPEG", dpi=(300, 300))).pages[0].dpi == 300
    assert load(encode(page_image(), "PNG")).pages[0].dpi is None
    assert load(encode(page_image(), "JPEG", dpi=(1, 1))).pages[0].dpi is None


def test_images_in_memory_are_sources():
    grey = np.asarray(page_image())
    color = np.dstack([grey, grey, grey])
    for source in (grey, color, grey > 128, grey.astype(np.uint16) * 257, page_image()):
        scan = load(source, name="camera")
        assert scan.name == "camera"
        assert has_block_top_left(scan.pages[0].image())
        assert scan.pages[0].image(color=True).shape == (40, 60, 3)
    assert load(grey).id == load(color).id
    assert load(np.full((20, 20, 3), (255, 0, 0), np.uint8)).pages[0].image(color=True)[0, 0, 0]


def test_a_scan_is_given_back_as_it_is():
    scan = load(encode(page_image(), "PNG"))
    assert load(scan) is scan


def test_the_page_image_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        load(encode(page_image(), "PNG")).pages[0].image()[0, 0] = 1


# Bad input ----------------------------------------------------------------------------------


def png_of_size(width: int, height: int) -> bytes:
    """A valid header of an image of any size, with little behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        tail = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + tail

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    magic = b"\x89PNG\r\n\x1a\n"
    return magic + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def squeezed(size: int, times: int = 1) -> bytes:
    """``size`` zero bytes, compressed ``times`` times over, without holding them."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(2**20)) for _ in range(size >> 20)) + packer.flush()
    return data if times == 1 else zlib.compress(data, 9)


def pdf_with_stream(body: bytes) -> bytes:
    return pdf_bytes(PdfPage(text_at(50, 700, "hello"), image=body))


NOISE = np.random.default_rng(1).integers(0, 255, (200, 200), np.uint8)
GOOD_PDF = pdf_bytes(PdfPage(text_at(50, 700, "hello")))
BOMB = stream(b"/Filter /FlateDecode", squeezed(700 * 2**20))
TWICE = stream(b"/Filter [/FlateDecode /FlateDecode]", squeezed(700 * 2**20, 2))

BAD_INPUT = {
    "empty": (b"", "empty"),
    "zeros": (bytes(5000), "zeros"),
    "noise": (b"\x07\x01\xfe" * 500, "a file of an unknown kind"),
    "text": (b"Invoice 12\nTotal 5.00\n", "plain text"),
    "html": (b"<!doctype html><p>hi", "HTML"),
    "zip": (b"PK\x03\x04" + bytes(100), "ZIP"),
    "gif": (encode(page_image(), "GIF"), "GIF"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
    "truncated png": (encode(Image.fromarray(NOISE), "PNG")[:9000], "damaged or cut short"),
    "truncated jpeg": (encode(Image.fromarray(NOISE), "JPEG")[:9000], "damaged or cut short"),
    "truncated tiff": (encode(Image.fromarray(NOISE), "TIFF")[:9000], "damaged or cut short"),
    "truncated webp": (encode(Image.fromarray(NOISE), "WEBP")[:2000], "damaged or cut short"),
    "truncated bmp": (encode(Image.fromarray(NOISE), "BMP")[:9000], "damaged or cut short"),
    "only a png signature": (b"\x89PNG\r\n\x1a\n", "damaged or cut short"),
    "only a jpeg signature": (b"\xff\xd8\xff", "damaged or cut short"),
    "1x1": (encode(Image.new("L", (1, 1)), "PNG"), "1 x 1 pixels, too small"),
    "a thin strip": (encode(Image.new("L", (500, 3)), "PNG"), "too small"),
    "30,000 px png": (png_of_size(30_000, 30_000), "allowed; scale it down"),
    "12,000 px png": (png_of_size(12_000, 12_000), "12000 x 12000 pixels"),
    "30,000 px bmp": (
        encode(Image.new("1", (8, 8)), "BMP")[:18]
        + struct.pack("<ii", 30_000, 30_000)
        + encode(Image.new("1", (8, 8)), "BMP")[26:],
        "allowed; scale it down",
    ),
    "encrypted pdf": (encrypted_pdf(), "encrypted with a password"),
    "pdf without pages": (pdf_bytes(), "no pages"),
    "truncated pdf": (GOOD_PDF[:60], "damaged or cut short"),
    "only a pdf header": (b"%PDF-1.7\n", "damaged or cut short"),
    "pdf of garbage": (b"%PDF-1.4\n" + NOISE.tobytes(), "damaged or cut short"),
    "bomb in a pdf stream": (pdf_with_stream(BOMB), "decompression bomb"),
    "bomb in a bomb": (pdf_with_stream(TWICE), "decompression bomb"),
    "huge image in a pdf": (
        pdf_with_stream(grey_image(90_000, 90_000, b"")),
        "90000 x 90000 pixels",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
@pytest.mark.parametrize("door", ["path", "bytes"])
def test_bad_input_is_a_clear_error_soon(tmp_path, name, door):
    data, reason = BAD_INPUT[name]
    path = tmp_path / "scan.png"
    path.write_bytes(data)
    start = time.monotonic()
    with pytest.raises(SourceError, match=reason) as caught:
        load(path if door == "path" else data)
    assert time.monotonic() - start < 15
    assert caught.value.source == (str(path) if door == "path" else "bytes")


def test_forms_within_forms_are_given_up_in_time():
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"longer than 1 s"):
        load(nested_forms_pdf(depth=9, fan=10), Settings(pdf_seconds=1))
    assert time.monotonic() - start < 15
    assert load(GOOD_PDF).pages[0].text_layer.text == "hello"


def test_places_that_are_no_files(tmp_path):
    with pytest.raises(SourceError, match="folder"):
        load(tmp_path)
    with pytest.raises(SourceError, match="no such file"):
        load(tmp_path / "absent.png")
    with pytest.raises(SourceError, match=r"no such file|cannot be read"):
        load(str(tmp_path / "a\0b"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match="not a regular file"):
        load(pipe)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(encode(page_image(), "PNG"))
    path.chmod(0)
    with pytest.raises(SourceError, match="no permission"):
        load(path)


def test_limits_are_settings(tmp_path):
    data = encode(page_image(), "PNG")
    with pytest.raises(SourceError, match="larger than"):
        load(data, Settings(max_bytes=len(data) - 1))
    with pytest.raises(SourceError, match="60 x 40 pixels, more than the 2,000"):
        load(data, Settings(max_pixels=2000))
    pages = [page_image()] * 3
    tiff = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(SourceError, match="3 pages, more than the 2 allowed"):
        load(tiff, Settings(max_pages=2))
    with pytest.raises(SourceError, match="3 pages, more than the 2 allowed"):
        load(pdf_bytes(*[PdfPage(b"")] * 3), Settings(max_pages=2))


@pytest.mark.parametrize("array", [np.zeros(5), np.zeros((9, 9, 2)), np.zeros((2, 9, 9, 3))])
def test_arrays_that_are_no_images(array):
    with pytest.raises(SourceError, match="is not a page image"):
        load(array)


def test_other_types_are_no_sources():
    with pytest.raises(SourceError, match="int: not a source"):
        load(3)


def test_a_broken_page_does_not_lose_the_others():
    pages = [Image.fromarray(NOISE)] * 3
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    # Damage the compressed pixels of the first page only.
    scan = load(data[:12] + b"\xff" * 300 + data[312:])
    assert isinstance(scan, Scan)
    working = [page for page in scan.pages if page.error is None]
    assert [page.number for page in working] == [2, 3]
    assert (working[0].image() == NOISE).all()
    with pytest.raises(SourceError, match="page 1 of this TIFF file is damaged"):
        scan.pages[0].image()
