"""Letters without their accents."""

from __future__ import annotations

import unicodedata


def strip_accents(text: str) -> str:
    """The text with its letters' diacritics taken off, case kept (``März`` -> ``Marz``)."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char))
