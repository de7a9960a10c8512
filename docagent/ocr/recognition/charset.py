"""The characters the recognizer can output, and the folding of other spellings into them.

The charset holds Latin letters with accents, digits, punctuation and currency signs. Glyphs that
look the same at document resolution (curly and straight quotes, the dashes) share one label,
because the image does not tell them apart.
"""

from __future__ import annotations

import unicodedata

ASCII = "".join(chr(code) for code in range(32, 127))
ACCENTED = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĀāĂăĄąĆćČčĎďĐđĒēĖėĘęĚěĞğĢģĪīĮįİıĶķŁłĻļŃńŅņŇňŌōŐőŒœŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŹźŻżŽžȘșȚț"
)
SIGNS = "£€¥¢₹§°±×÷²³µ½¼¾•·©®™«»¿¡ªº†№≤≥"
CHARSET = ASCII + ACCENTED + SIGNS
"""Output 0 of the model is the CTC blank; output i + 1 is character i of ``CHARSET``."""

FOLDED = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": ",",
        "‛": "'",
        "′": "'",
        "`": "'",
        "´": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "″": '"',
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
        "…": "...",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "∙": "·",
        "▪": "•",
        "●": "•",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬀ": "ff",
        "Ω": "Ω",
        "μ": "µ",
    }
)


def fold_text(text: str) -> str:
    """Text as the recognizer would write it: NFC, look-alikes folded, unknown characters
    dropped."""
    folded = unicodedata.normalize("NFC", text).translate(FOLDED)
    return "".join(char for char in folded if char in _KNOWN)


_KNOWN = frozenset(CHARSET)
