"""Messages between the caller and a process that parses PDFs.

A message is two big-endian lengths (4 and 8 bytes), a JSON object and a payload of raw bytes (a
file in a request, pixels in an answer). Pickle is not used, as a hostile file may have taken over
the parser process.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any

HEADER = struct.Struct(">IQ")

Message = tuple[dict[str, Any], bytes]


def write_message(stream: IO[bytes], header: dict[str, Any], payload: bytes = b"") -> None:
    """Send one message."""
    text = json.dumps(header).encode()
    stream.write(HEADER.pack(len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """The next message; None at the end of the stream. Raises EOFError if it is cut short."""
    head = stream.read(HEADER.size)
    if not head:
        return None
    if len(head) < HEADER.size:
        raise EOFError
    text_size, payload_size = HEADER.unpack(head)
    text, payload = stream.read(text_size), stream.read(payload_size)
    if len(text) < text_size or len(payload) < payload_size:
        raise EOFError
    return json.loads(text), payload
