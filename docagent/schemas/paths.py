"""Paths of fields: ``line_items[].amount``, ``Invoice No.``, ``seller["vat.id"]``.

A key is written as it is, after a dot, and ``[]`` (``[3]`` for one row) stands for the rows of an
array. A dot inside a key needs no quotes where a space or the end of the path follows. Any other
key with a dot, brackets, or spaces at its ends is a JSON string in brackets, in which the brackets
of the key are escapes, so that ``[3]`` is always a row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

Steps = tuple[str | int | None, ...]
"""A path taken apart: keys, row numbers, and None for all rows of an array."""

_PLAIN = re.compile(r"[^.\[\]\s](?:[^.\[\]\r\n\t]|\.(?= ))*(?<! )")
_STEP = re.compile(
    r"\[(?P<row>\d*)\]"
    r'|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]'
    r"|\.?(?P<plain>[^.\[\]](?:[^.\[\]]|\.(?= |$))*)"
)


def write_path(steps: Sequence[str | int | None]) -> str:
    """The path of keys, row numbers and None (all rows)."""
    text = ""
    for position, step in enumerate(steps):
        if step is None:
            text += "[]"
        elif isinstance(step, int):
            text += f"[{step}]"
        elif _is_plain(step, is_last=position == len(steps) - 1):
            text += f".{step}" if text else step
        else:
            text += f"[{_quoted(step)}]"
    return text


@lru_cache(maxsize=50_000)
def parse_path(path: str) -> Steps:
    """The keys, row numbers and None (all rows) of a path. Raises ValueError naming the place
    where it is not one."""
    steps: list[str | int | None] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (at == 0 and path.startswith(".")):
            raise ValueError(
                f"{path!r} is not a path, at character {at + 1}; write keys with a dot between "
                'them, [] for rows, and ["a.b"] for a key with a dot'
            )
        if match["quoted"] is not None:
            steps.append(str(json.loads(match["quoted"])))
        elif match["plain"] is not None:
            steps.append(match["plain"])
        else:
            steps.append(int(match["row"]) if match["row"] else None)
        at = match.end()
    return tuple(steps)


def _is_plain(key: str, *, is_last: bool) -> bool:
    return bool(_PLAIN.fullmatch(key.removesuffix(".") if is_last else key))


def _quoted(key: str) -> str:
    text = json.dumps(key, ensure_ascii=False)
    return text.replace("[", "\\u005b").replace("]", "\\u005d")
