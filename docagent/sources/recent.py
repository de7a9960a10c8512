"""The documents that were read last in a notebook, so that results shown there have page pictures.

A result names its document and holds no pictures. Outside IPython nothing is kept.
"""

from __future__ import annotations

import sys
from collections import OrderedDict

from docagent.document import Document
from docagent.forking import ForkLock
from docagent.sources.scan import Scan

MAX_DOCUMENTS = 4
"""Most documents that are kept; the scan of each holds the bytes of its file."""


class RecentDocuments:
    """The documents read last, by their id, with their scans. Safe in several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Scan, Document]] = OrderedDict()
        self._lock = ForkLock()

    def remember(self, scan: Scan, document: Document) -> None:
        """Keep a document that was read from a scan, if this is a notebook."""
        if not _is_interactive():
            return
        with self._lock:
            self._kept[document.id] = (scan, document)
            self._kept.move_to_end(document.id)
            while len(self._kept) > MAX_DOCUMENTS:
                self._kept.popitem(last=False)

    def find(self, document_id: str) -> tuple[Scan, Document] | None:
        """The scan of a document, and the document; None if it is not kept."""
        return self._kept.get(document_id)

    def clear(self) -> None:
        """Forget all documents."""
        with self._lock:
            self._kept.clear()


def _is_interactive() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


RECENT = RecentDocuments()
"""The documents of this process."""
