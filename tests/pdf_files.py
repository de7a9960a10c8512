"""Small PDFs written byte by byte, for tests of loading."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class PdfPage:
    """content: operators. boxes and rotate: page entries. xobjects: name -> raw object body."""

    content: bytes
    media: tuple[float, float, float, float] = (0, 0, 595, 842)
    crop: tuple[float, float, float, float] | None = None
    rotate: int = 0
    image: bytes = b""
    annotation: bytes = b""


def stream(dictionary: bytes, data: bytes) -> bytes:
    """A stream object's body with its length filled in."""
    head = b"<< %s /Length %d >>" % (dictionary, len(data))
    return head + b"\nstream\n" + data + b"\nendstream"


def text_at(x: float, y: float, text: str, size: float = 12, extra: str = "") -> bytes:
    """Operators that show one run of text; extra goes before it (colour, render mode)."""
    safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    line = f"q BT {extra} /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({safe}) Tj ET Q\n"
    return line.encode("latin-1")


def grey_image(width: int, height: int, pixels: bytes) -> bytes:
    """An image object of 8-bit grey, Flate-compressed."""
    entries = b"/Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8 "
    entries += b"/Filter /FlateDecode /Width %d /Height %d" % (width, height)
    return stream(entries, zlib.compress(pixels))


def pdf_bytes(*pages: PdfPage, font: bytes | None = None) -> bytes:
    """A whole file with a cross-reference table; font: the body of the font object."""
    font = font or b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica " + (
        b"/Encoding /WinAnsiEncoding >>"
    )
    bodies: list[bytes] = [b"", b"", font]
    kids = []
    for page in pages:
        bodies.append(stream(b"", page.content))
        content = len(bodies)
        image = annotation = b""
        if page.image:
            bodies.append(page.image)
            image = b"/XObject << /Im1 %d 0 R >>" % len(bodies)
        if page.annotation:
            bodies.append(page.annotation)
            annotation = b"/Annots [%d 0 R]" % len(bodies)
        crop = b"/CropBox [%s]" % _numbers(page.crop) if page.crop else b""
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] %s /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> %s >> %s >>"
            % (_numbers(page.media), crop, page.rotate, content, image, annotation)
        )
        kids.append(b"%d 0 R" % len(bodies))
    bodies[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    bodies[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return _file(bodies)


def _numbers(box: tuple[float, ...]) -> bytes:
    return " ".join(f"{value:g}" for value in box).encode()


def _file(bodies: list[bytes], trailer: bytes = b"") -> bytes:
    data = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, table)
    data += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(bodies) + 1, trailer)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


def encrypted_pdf() -> bytes:
    """A file locked with a user password nobody has (RC4, 40 bits)."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"11" * 32, b"22" * 32),
    ]
    return _file(bodies, b"/Encrypt 3 0 R /ID [<00112233> <00112233>]")


def nested_forms_pdf(depth: int, fan: int) -> bytes:
    """Forms that each draw the next ``fan`` times: fan ** depth drawings from a few bytes."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R "
        b"/Resources << /XObject << /X 5 0 R >> >> >>",
        stream(b"", b"/X Do"),
    ]
    for level in range(depth):
        inner = b"/Resources << /XObject << /X %d 0 R >> >>" % (6 + level)
        form = b"/Type /XObject /Subtype /Form /BBox [0 0 200 200] " + inner
        bodies.append(stream(form, b"/X Do " * fan))
    last = b"/Type /XObject /Subtype /Form /BBox [0 0 200 200]"
    bodies.append(stream(last, b"0 0 10 10 re f"))
    return _file(bodies)


_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def locked_pdf(text: str, password: str) -> bytes:
    """One page with a line of text, encrypted with a user password (ISO 32000-1, 7.6: RC4, 40
    bits)."""
    padded = (password.encode() + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    identity = bytes.fromhex("00112233")
    rights = (-4).to_bytes(4, "little", signed=True)
    key = hashlib.md5(padded + owner + rights + identity).digest()[:5]
    user = _rc4(key, _PADDING)
    number = 5
    own = hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[:10]
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>"
        % (owner.hex().encode(), user.hex().encode()),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        stream(b"", _rc4(own, text_at(72, 700, text))),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>",
    ]
    return _file(bodies, b"/Encrypt 3 0 R /ID [<00112233> <00112233>]")


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    made, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        made.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(made)
