"""WordPiece tokens of words, as the reader's pretrained encoder was trained with.

Lower case, accents stripped, punctuation apart, then the longest known pieces from the left
(Devlin et al. 2019; Wu et al. 2016). ``vocabulary.txt`` has one piece a line, the line number is
its id.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from docagent.errors import ModelError

PAD, UNKNOWN, CLS, SEP = 0, 100, 101, 102
MAX_PIECES = 8
"""Pieces of a word that are kept: longer words are numbers or noise, told by their beginning."""
MAX_CHARS = 64


class WordPiece:
    """A vocabulary. Raises ModelError when its file cannot be used."""

    def __init__(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: not a usable vocabulary ({error})") from error
        self._ids = {piece: index for index, piece in enumerate(lines)}
        if self._ids.get("[CLS]") != CLS or self._ids.get("[SEP]") != SEP:
            raise ModelError(f"{path}: not the reader's vocabulary; reinstall docagent")
        self._path = path
        self.pieces = lru_cache(maxsize=1 << 16)(self._pieces)

    def __reduce__(self) -> tuple[type[WordPiece], tuple[Path]]:
        return WordPiece, (self._path,)

    def _pieces(self, word: str) -> tuple[int, ...]:
        """Ids of a word's pieces, at least one and at most MAX_PIECES."""
        ids: list[int] = []
        for part in split_punctuation(word[:MAX_CHARS]):
            ids += self._greedy(part)
            if len(ids) >= MAX_PIECES:
                break
        return tuple(ids[:MAX_PIECES]) or (UNKNOWN,)

    def _greedy(self, part: str) -> list[int]:
        ids: list[int] = []
        start = 0
        while start < len(part):
            for end in range(len(part), start, -1):
                piece = part[start:end] if start == 0 else "##" + part[start:end]
                found = self._ids.get(piece)
                if found is not None:
                    ids.append(found)
                    start = end
                    break
            else:
                return [UNKNOWN]
        return ids


def split_punctuation(word: str) -> list[str]:
    """A word in lower case without accents, as runs of letters and digits and single marks."""
    plain = unicodedata.normalize("NFD", word.lower())
    parts: list[str] = []
    inside = False
    for char in plain:
        category = unicodedata.category(char)
        if category == "Mn":
            continue
        if category[0] in "ZC":
            inside = False
        elif category[0] == "P" or (category[0] == "S" and char.isascii()) or _is_ideograph(char):
            parts.append(char)
            inside = False
        elif inside:
            parts[-1] += char
        else:
            parts.append(char)
            inside = True
    return parts


def _is_ideograph(char: str) -> bool:
    """Chinese characters are words of their own."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf"
