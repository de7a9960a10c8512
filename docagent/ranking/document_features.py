"""What a document says of a place or a value, whatever the field: looks, position, repetition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median

from docagent.confidence import geometric_mean, minimum
from docagent.document import Conventions, Document
from docagent.evidence.candidates import WordRange, looks_like_money
from docagent.evidence.label_phrases import fold_words
from docagent.text.normalise import normalise_leaf

MAX_COUNTED_WORDS = 6
"""Longest run of words whose repetitions are counted."""
BEFORE_WORDS = 8
"""Words before a value among which a label may stand."""
Features = dict[str, float]
"""Numbers of about 0-1 by name; what is not named is 0."""


class DocumentFeatures:
    """Facts about the words of one document, found once for all of its fields."""

    def __init__(self, document: Document, conventions: Conventions) -> None:
        self.document = document
        self.boxes = document.level_boxes
        self.words = [fold_words(word.word.text) for word in document.words]
        self.vocabulary = frozenset(self.words)
        self._heights = self._page_heights()
        self._lines = self._line_ends()
        self._runs: dict[int, Counter[str]] = {}
        self._pages = {page.number: n for n, page in enumerate(document.pages)}
        self._amounts = sorted(self._money(conventions))

    def place(self, ranges: Sequence[WordRange]) -> Features:
        """How the words of a value stand and look."""
        indices = [i for start, end in ranges for i in range(start, end)]
        words = self.document.words
        first, last = words[indices[0]], words[indices[-1]]
        box = self.boxes[indices[0]]
        height = median(self.boxes[i][3] - self.boxes[i][1] for i in indices)
        confidences = [words[i].word.confidence for i in indices]
        starts, ends = self._lines[(first.page, first.line)], self._lines[(last.page, last.line)]
        lines = len({(words[i].page, words[i].line) for i in indices})
        return {
            "position": indices[0] / len(words),
            "page": min(self._pages[first.page], 5) / 5,
            "last_page": float(self._pages[first.page] == len(self._pages) - 1),
            "top": box[1],
            "left": box[0],
            "right": self.boxes[indices[-1]][2],
            "height": min(3.0, height / self._heights[first.page]) - 1,
            "words": min(len(indices), 20) / 10,
            "lines": min(lines, 5) / 2,
            "broken": float(len(ranges) > 1),
            "line_start": float(indices[0] == starts[0]),
            "line_end": float(indices[-1] == ends[1]),
            "ocr_worst": 1 - minimum(confidences),
            "ocr_mean": 1 - geometric_mean(confidences),
            "ocr_none": float(confidences[0] is None),
        }

    def text(self, text: str) -> Features:
        """How a value is written."""
        size = max(1, len(text))
        first = text[:1]
        return {
            "letters": min(size, 80) / 40,
            "digits": sum(c.isdigit() for c in text) / size,
            "capitals": sum(c.isupper() for c in text) / size,
            "marks": sum(not c.isalnum() and not c.isspace() for c in text) / size,
            "begins_small": float(first.islower()),
            "begins_mark": float(bool(first) and not first.isalnum()),
            "ends_mark": float(text[-1:] in (",", ":", "-", "(", "&")),
            "colon_inside": float(":" in text),
            "comma": float("," in text),
        }

    def times(self, ranges: Sequence[WordRange]) -> int:
        """How often the words of a value are printed."""
        if len(ranges) > 1:
            return 1
        ((start, end),) = ranges
        if end - start > MAX_COUNTED_WORDS:
            return 1
        runs = self._runs.get(end - start)
        if runs is None:
            runs = self._runs[end - start] = self._count_runs(end - start)
        return max(1, runs[" ".join(self.words[start:end])])

    def share_of_largest(self, value: float) -> float:
        """An amount as a share of the largest one printed, 0-1."""
        largest = self._amounts[-1] if self._amounts else 0.0
        return min(1.0, max(0.0, value / largest)) if largest > 0 else 0.0

    def larger(self, value: float) -> int:
        """How many amounts of other sizes that are printed are larger."""
        return len({amount for amount in self._amounts if amount > value + 0.005})

    def before(self, start: int) -> list[str]:
        """Folded words before a value on its line, nearest first."""
        words = self.document.words
        line = (words[start].page, words[start].line)
        found = []
        for index in range(start - 1, max(-1, start - 1 - BEFORE_WORDS), -1):
            if (words[index].page, words[index].line) != line:
                break
            found.append(self.words[index])
        return found

    def above(self, start: int) -> list[str]:
        """Folded words of the line above, in reading order, that stand over a value."""
        words = self.document.words
        first = self._lines[(words[start].page, words[start].line)][0]
        if first == 0 or words[first - 1].page != words[start].page:
            return []
        line = (words[first - 1].page, words[first - 1].line)
        box = self.boxes[start]
        span = range(self._lines[line][0], self._lines[line][1] + 1)
        return [
            self.words[i]
            for i in span
            if self.boxes[i][0] <= box[2] + 0.05 and self.boxes[i][2] >= box[0] - 0.05
        ]

    def _page_heights(self) -> dict[int, float]:
        heights: dict[int, list[float]] = {}
        for word, box in zip(self.document.words, self.boxes, strict=True):
            heights.setdefault(word.page, []).append(box[3] - box[1])
        return {page: median(found) or 1e-6 for page, found in heights.items()}

    def _line_ends(self) -> dict[tuple[int, int], tuple[int, int]]:
        ends: dict[tuple[int, int], tuple[int, int]] = {}
        for index, word in enumerate(self.document.words):
            line = (word.page, word.line)
            ends[line] = (ends.get(line, (index, index))[0], index)
        return ends

    def _count_runs(self, length: int) -> Counter[str]:
        last = len(self.words) - length + 1
        return Counter(" ".join(self.words[i : i + length]) for i in range(last))

    def _money(self, conventions: Conventions) -> list[float]:
        """Every word that is printed as an amount of money is."""
        found = []
        for word in self.document.words:
            text = word.word.text
            if re.search(r"\d", text) and looks_like_money(text, conventions):
                parsed = normalise_leaf("amount", text, path="", conventions=conventions)
                if parsed.ok and isinstance(parsed.value, int | float):
                    found.append(float(parsed.value))
        return found
