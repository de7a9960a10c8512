"""A measurement as it stands in the report, and the ones read back from a former report."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECTION = re.compile(r"^## (.+)$", re.M)
ENTRY = re.compile(r"^([^|#\n]+) \((\d{4}-\d\d-\d\d), `(.+)`\):$", re.M)
OTHER_TEXT = re.compile(r"^(?:Not measured: |Not usable: |!\[)", re.M)
"""Where the text of a measurement ends, other than at the next one."""
FIRST_TABLE = re.compile(r"(?:^\|.*\n?)+", re.M)


@dataclass(frozen=True)
class Entry:
    """One measurement. title: what was measured, with what tells it from others. day: of the
    measurement, ISO. command: that made it. shown: its figures as Markdown."""

    title: str
    day: str
    command: str
    shown: str

    def __str__(self) -> str:
        return f"{self.title} ({self.day}, `{self.command}`):\n\n{self.shown}"

    @property
    def row_names(self) -> tuple[str, ...]:
        """The first cells of its first table, the heading left out; () without a table."""
        table = FIRST_TABLE.search(self.shown)
        lines = table[0].splitlines()[2:] if table else []
        return tuple(line.split("|")[1].strip() for line in lines)


def former_entries(report: str) -> dict[str, tuple[Entry, ...]]:
    """The measurements in the text of a report, by the title of their section."""
    parts = SECTION.split(report)
    return {
        title: _section_entries(text) for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _section_entries(text: str) -> tuple[Entry, ...]:
    # Title, day, command and text of each entry, after what stands before the first one.
    parts = ENTRY.split(text)[1:]
    return tuple(
        Entry(title, day, command, OTHER_TEXT.split(shown)[0].strip())
        for title, day, command, shown in zip(*(parts[i::4] for i in range(4)), strict=True)
    )
