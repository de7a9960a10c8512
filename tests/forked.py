"""Forked children of a test."""

from __future__ import annotations

import os
from collections.abc import Callable


def holds_in_child(check: Callable[[], bool]) -> bool:
    """Whether ``check`` is true in a forked child. It is false if it raises there."""
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if check() else 1
        finally:
            os._exit(code)  # the child must not go on with the tests
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
