"""Links from a citation to its place: an address that opens the page with the place highlighted."""

from __future__ import annotations

from docagent.geometry import polygon_to_bbox
from docagent.results import Evidence

_DIGITS = 4


def citation_url(base: str, document_id: str, evidence: Evidence) -> str:
    """The address of a place in the server's own page.

    base: of the server, without a slash at its end. ``cite`` has one box for each line, separated
    by ``;``: left, top, right, bottom, relative to the page (0-1).
    """
    boxes = (polygon_to_bbox(polygon) for polygon in evidence.polygons)
    cite = ";".join(",".join(f"{round(x, _DIGITS):g}" for x in box) for box in boxes)
    return f"{base}/#/documents/{document_id}?page={evidence.page}&cite={cite}"
