"""Errors as ``--json`` prints them."""

from __future__ import annotations

import json


def error_line(reason: str, code: str, source: str = "") -> str:
    """A JSON object with the input where there is one, what is wrong, and the code of the error."""
    named = {"source": source} if source else {}
    return json.dumps({**named, "error": reason, "code": code}, ensure_ascii=False)
