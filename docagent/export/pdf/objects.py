"""Writer of numbered PDF objects and the cross-reference table (ISO 32000-1, 7.5)."""

from __future__ import annotations

import zlib
from typing import BinaryIO


class PdfObjects:
    """Writes objects to a stream one at a time, so that page images are not kept in memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offsets: dict[int, int] = {}
        self._written = 0
        self._count = 0
        # Four bytes above 127 tell transfer programs that the file is binary.
        self._write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    def reserve(self) -> int:
        """Reserve a number for an object that is written later."""
        self._count += 1
        return self._count

    def write(self, number: int, body: str) -> None:
        """Write an object under a reserved number."""
        self._begin(number)
        self._write(body.encode("ascii") + b"\nendobj\n")

    def write_stream(self, number: int, data: bytes, entries: str = "") -> None:
        """Write a stream object.

        entries: further keys of its dictionary. Data is compressed unless they contain /Filter.
        """
        if "/Filter" not in entries:
            data = zlib.compress(data)
            entries += " /Filter /FlateDecode"
        self._begin(number)
        self._write(f"<< /Length {len(data)} {entries} >>\nstream\n".encode("ascii"))
        self._write(data + b"\nendstream\nendobj\n")

    def finish(self, root: int, info: int, identifier: str) -> None:
        """Write cross-references and trailer; ``identifier`` is hexadecimal."""
        start = self._written
        size = self._count + 1
        rows = "".join(f"{self._offsets[n]:010d} 00000 n \n" for n in range(1, size))
        trailer = (
            f"<< /Size {size} /Root {root} 0 R /Info {info} 0 R "
            f"/ID [<{identifier}> <{identifier}>] >>"
        )
        text = (
            f"xref\n0 {size}\n0000000000 65535 f \n{rows}"
            f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n"
        )
        self._write(text.encode("ascii"))

    def _begin(self, number: int) -> None:
        self._offsets[number] = self._written
        self._write(f"{number} 0 obj\n".encode("ascii"))

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._written += len(data)
