"""Regular expressions of schemas, matched in bounded time.

An engine without backtracking (that of pydantic) matches in time that grows with the length of the
text alone. What it does not know, look-around and references back, is left to Python, for short
texts and for expressions that cannot backtrack over and over.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError as EngineError

MAX_PATTERN_CHARS = 2_000
MAX_BACKTRACKED_CHARS = 120
"""Longest text that an expression which may backtrack is matched with."""
MAX_REPEATS = 2
"""Most repetitions without an end in an expression that may backtrack."""
_ESCAPE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.S)
_INNERMOST = re.compile(r"\((?P<inside>[^()]*)\)(?P<repeat>[*+{]?)")
_REPEAT = re.compile(r"[*+]|\{\d*,\d*\}|\{\d+\}")
_NO_END = re.compile(r"[*+]|\{\d*,\}")


@lru_cache(maxsize=1_000)
def pattern_fault(pattern: str) -> str:
    """Why an expression cannot be used, as a sentence; empty if it can."""
    if len(pattern) > MAX_PATTERN_CHARS:
        return f"the pattern is longer than {MAX_PATTERN_CHARS} characters"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"{pattern!r} is not a pattern that can be matched: {error}"
    if _linear(pattern) is None and _may_backtrack(pattern):
        return (
            f"{pattern!r} could take for ever to match; write it without a repetition inside a "
            "repetition, or without look-around and references back"
        )
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether an expression without a fault occurs in a text; true where the text is too long
    for an expression that may backtrack, as nothing can be said."""
    linear = _linear(pattern)
    if linear is None:
        return len(text) > MAX_BACKTRACKED_CHARS or re.search(pattern, text) is not None
    try:
        linear.validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=1_000)
def _linear(pattern: str) -> TypeAdapter[str] | None:
    """The expression in the engine without backtracking; None if it does not know all of it."""
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except EngineError:
        return None


def _may_backtrack(pattern: str) -> bool:
    """Whether a repetition or a choice is repeated, or there are many repetitions."""
    text = _ESCAPE.sub("a", pattern)
    if len(_NO_END.findall(text)) > MAX_REPEATS:
        return True
    while match := _INNERMOST.search(text):
        is_varied = bool(_REPEAT.search(match["inside"])) or "|" in match["inside"]
        if match["repeat"] and is_varied:
            return True
        kept = "a*" if is_varied else "a"
        text = f"{text[: match.start()]}{kept}{text[match.start('repeat') :]}"
    return False
