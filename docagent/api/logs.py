"""Logs as JSON lines on standard error: what happened to which request, never what it held."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

LOG: structlog.stdlib.BoundLogger = structlog.get_logger("docagent")

SAFE_KEYS = frozenset(
    """action address attempts code command document error event host job keys kind level logger
    method mode name order outcome owner pages places port reason request_id retry route seconds
    signal state status store timestamp url verb version webhook worker workers""".split()
)
"""Names of values that may be logged. Others are dropped, so that a new log call cannot leak the
text of a document unnoticed. document: the first 12 digits of its hash."""


def start_logging(level: str = "info") -> None:
    """Send docagent's log, and warnings of the server's libraries, to standard error as JSON."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_safe,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name != "uvicorn.access"


def keep_safe(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every value whose name is not in SAFE_KEYS."""
    return {name: value for name, value in event.items() if name in SAFE_KEYS}


class _Bridge(logging.Handler):
    """Logs of libraries: their name, level and place. Their messages may quote what a document
    says, so they are not written."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        place = f"{record.pathname}:{record.lineno}"
        level = record.levelname.lower()
        method = getattr(LOG, level, LOG.warning)
        method("library", logger=record.name, places=[place], error=error)
