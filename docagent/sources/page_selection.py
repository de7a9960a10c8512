"""Choice of pages: ``"1-3,7-"`` or numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from docagent.arguments import shown
from docagent.errors import SettingsError, SourceError

PageChoice = str | int | Iterable[int]
"""Pages by number, from 1: text such as ``"1-3,7-"`` (7 and all that follow), or integers."""

ALLOWED = 'give numbers from 1, such as "1-3,7-" or [1, 2, 3]'
_PART = re.compile(r"\s*(\d{1,9})\s*(?:(-)\s*(\d{1,9})?\s*)?")


@dataclass(frozen=True)
class PageRanges:
    """The ranges of a choice, bounds included; None as the last page means the end."""

    ranges: tuple[tuple[int, int | None], ...]

    def numbers(self, count: int, name: str) -> tuple[int, ...]:
        """The page numbers chosen of a document of ``count`` pages, ascending, each once.

        Ranges end with the document. Raises SourceError, which names the document by ``name``, for
        a part that names none of its pages.
        """
        chosen: set[int] = set()
        for first, last in self.ranges:
            end = count if last is None else min(last, count)
            if first > count:
                pages = f"{count} page{'s' if count > 1 else ''}"
                reason = f"it has {pages}, so that there is no page {first}; choose others"
                raise SourceError(name, reason, "no_page")
            chosen.update(range(first, end + 1))
        return tuple(sorted(chosen))

    def __str__(self) -> str:
        return ",".join(
            str(first) if first == last else f"{first}-{last or ''}" for first, last in self.ranges
        )


def parse_pages(given: PageChoice) -> PageRanges:
    """Parse a choice of pages. Raises SettingsError naming the part that is wrong."""
    if isinstance(given, str):
        return PageRanges(tuple(_parse_part(part, given) for part in given.split(",")))
    numbers = [given] if isinstance(given, int) else given
    if isinstance(numbers, bytes) or not isinstance(numbers, Iterable):
        raise SettingsError(f"pages={shown(given)} is not allowed; {ALLOWED}")
    listed = list(numbers)
    for number in listed:
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise SettingsError(f"pages: {shown(number)} is not the number of a page; {ALLOWED}")
    if not listed:
        raise SettingsError(f"pages={shown(given)} chooses no page; {ALLOWED}")
    return PageRanges(tuple((number, number) for number in listed))


def _parse_part(part: str, whole: str) -> tuple[int, int | None]:
    match = _PART.fullmatch(part)
    if match is None:
        raise SettingsError(f"pages={shown(whole)}: {part!r} is not a page or a range; {ALLOWED}")
    first = int(match[1])
    last = first if match[2] is None else (int(match[3]) if match[3] else None)
    if first < 1 or (last is not None and last < first):
        raise SettingsError(f"pages={shown(whole)}: {part!r} has no page; {ALLOWED}")
    return first, last
