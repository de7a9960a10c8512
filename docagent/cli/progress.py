"""A one-line progress bar on standard error, and notes that do not run into it."""

from __future__ import annotations

import shutil
import sys

BAR_WIDTH = 24
_CLEAR = "\r\x1b[K"


class Progress:
    """Shows which input and page is being processed. Draws nothing unless stderr is a terminal.

    Call ``clear`` before any other output.
    """

    def __init__(self, total: int, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty()
        self._shown = False

    def show(self, index: int, name: str, page: int = 0, pages: int = 0) -> None:
        """index: inputs done so far; page, pages: pages done of the current input."""
        if not self._live:
            return
        done = (index + (page / pages if pages else 0.0)) / max(1, self._total)
        filled = round(done * BAR_WIDTH)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        counts = f"{index + 1}/{self._total}" + (f" page {page}/{pages}" if pages > 1 else "")
        text = f"[{bar}] {counts} {name}"
        sys.stderr.write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Remove the bar, so that something else can be written."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = False

    def note(self, text: str) -> None:
        """A line on standard error, unless quiet."""
        if not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """A line on standard error, always."""
        self.clear()
        print(text, file=sys.stderr)
