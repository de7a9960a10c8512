"""Letters without their accents."""

from __future__ import annotations

import unicodedata

_STRUCK = str.maketrans("øØłŁđĐħĦŧŦı", "oOlLdDhHtTi")
"""Letters with a stroke through them, or without their dot, which Unicode does not take apart."""


def strip_accents(text: str) -> str:
    """The text with its letters' diacritics taken off, case kept (``März`` -> ``Marz``, ``Søn`` ->
    ``Son``)."""
    parts = unicodedata.normalize("NFKD", text.translate(_STRUCK))
    return "".join(char for char in parts if not unicodedata.combining(char))
