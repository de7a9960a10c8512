"""Removal of accents from letters."""

from __future__ import annotations

import unicodedata

_STRUCK = str.maketrans("øØłŁđĐħĦŧŦı", "oOlLdDhHtTi")
"""Letters with a stroke, or without their dot, which Unicode does not decompose."""


def strip_accents(text: str) -> str:
    """Remove the diacritics of letters and keep case (``März`` -> ``Marz``, ``Søn`` -> ``Son``)."""
    parts = unicodedata.normalize("NFKD", text.translate(_STRUCK))
    return "".join(char for char in parts if not unicodedata.combining(char))
