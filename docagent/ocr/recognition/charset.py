"""The characters the recognizer can write, and how other spellings are folded into them.

Latin letters with accents, digits, punctuation and currency signs. Glyphs that look the same
at document resolution (curly and straight quotes, the dashes) share one label, so that the
recognizer is not asked to tell apart what a reader of the page cannot.
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
"""Index 0 of the model's output is the CTC blank; character i of CHARSET is output i + 1."""

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
    """Text as the recognizer would write it: NFC, look-alikes folded, the rest dropped."""
    folded = unicodedata.normalize("NFC", text).translate(FOLDED)
    return "".join(char for char in folded if char in _KNOWN)


_KNOWN = frozenset(CHARSET)
