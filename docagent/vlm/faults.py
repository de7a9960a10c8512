"""Exceptions of chat models of any make, mapped to VlmError.

Makers raise their own types. What they share is an HTTP status, names of classes, and, since
``langchain-core`` 1.7, its classes for what goes wrong with a model; none is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docagent.errors import VlmError, VlmFault

MAX_MESSAGE_CHARS = 300
"""Characters of an error message that are passed on."""
MAX_CAUSES = 4
"""Length of the chain of causes (``__cause__``) that is followed."""
_TOO_LONG = re.compile(
    r"maximum (?:context|model) length|context.?length.?exceeded|context (?:window|size)"
    r"|(?:prompt|input|request) is too long|reduce the length|exceeds? the .*context"
    r"|exceeds? the maximum number of (?:input )?tokens",
    re.I,
)
"""How vLLM, OpenAI and others word that a prompt does not fit the model."""
_CLASSES: tuple[tuple[str, VlmFault], ...] = (
    (r"ContextOverflow|ContextWindow", "length"),
    (r"Timeout|DeadlineExceeded", "timeout"),
    (r"Connect(?:ion)?Error", "connection"),
    (r"RateLimit|ResourceExhausted|TooManyRequests", "busy"),
    (r"InternalServer|ServiceUnavailable|Overloaded|ModelAPIError", "server"),
)
"""Parts of the names of classes, the first that fits; a timeout may be a connection error too."""


def to_vlm_error(error: Exception) -> VlmError:
    """An exception as a VlmError, by its status, its classes or its message, or by those of its
    causes; its fault is ``model`` where none of them fits."""
    text = f"{type(error).__name__}: {str(error)[:MAX_MESSAGE_CHARS]}"
    for link in _links(error):
        status = _status(link)
        fault = status_to_fault(status, str(link)) if status else _by_class(link)
        if fault is not None:
            return VlmError(text, fault, status, _retry_after(link))
    return VlmError(text, "model")


def status_to_fault(status: int, reason: str) -> VlmFault:
    """The fault of an HTTP status and the reason given with it."""
    if status == 429:
        return "busy"
    if status >= 500:
        return "server"
    return "length" if status in (400, 413, 422) and _TOO_LONG.search(reason) else "refused"


def to_seconds(retry_after: Any) -> float:
    """Seconds of a ``Retry-After``; 0 if it has none."""
    text = str(retry_after or "")
    return float(text) if text.replace(".", "", 1).isdecimal() else 0.0


def _links(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if link is None:
            return
        yield link
        link = link.__cause__


def _status(error: BaseException) -> int:
    """The HTTP status of an exception or of the response it carries; 0 without one."""
    response = getattr(error, "response", None)
    for holder in (error, response):
        for name in ("status_code", "http_status", "status", "code"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and 400 <= value < 600:
                return int(value)
    return 0


def _by_class(error: BaseException) -> VlmFault | None:
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    if _TOO_LONG.search(str(error)):
        return "length"
    return next((fault for part, fault in _CLASSES if re.search(part, names)), None)


def _retry_after(error: BaseException) -> float:
    get = getattr(getattr(getattr(error, "response", None), "headers", None), "get", None)
    return to_seconds(get("retry-after")) if callable(get) else 0.0
