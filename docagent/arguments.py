"""Checks of arguments: an error names the value, what is allowed, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from docagent.errors import SettingsError

MAX_SHOWN_CHARS = 80
"""Characters of a wrong value that an error shows."""


def shown(value: object) -> str:
    """A value as an error shows it: its repr, cut if it is long."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 1]}\u2026"


def check_text(name: str, value: object) -> str:
    """The value, if it is a string. Raises SettingsError."""
    if not isinstance(value, str):
        raise SettingsError(f"{name}={shown(value)} is not text; give a string")
    return value


def check_optional_text(name: str, value: object) -> str | None:
    """The value, if it is a string or None. Raises SettingsError."""
    return None if value is None else check_text(name, value)


def check_whole(name: str, value: object, least: int, most: int) -> int:
    """The value, if it is an integer in a range, bounds included. Raises SettingsError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingsError(f"{name}={shown(value)} is not a whole number; give {least} to {most}")
    if not least <= value <= most:
        raise SettingsError(f"{name}={value} is not possible; ask for {least} to {most}")
    return value


def check_list(name: str, value: object) -> list[Any]:
    """The members of a list; a string, bytes and a mapping are not lists. Raises SettingsError."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise SettingsError(f"{name}={shown(value)} is not a list of values; give a list")
    return list(value)


def check_has(name: str, value: object, attributes: Collection[str], hint: str) -> None:
    """Raises SettingsError if an object lacks an attribute. hint: what to give instead."""
    if value is not None and not all(callable(getattr(value, one, None)) for one in attributes):
        raise SettingsError(f"{name}={shown(value)} is not allowed; {hint}")


def invalid_setting(
    error: ValidationError, group: str, known: Mapping[str, str], secret: Collection[str]
) -> SettingsError:
    """The first problem of settings that were refused, as an error for people.

    group: path of the settings that were validated, "" for all of them. known: the description of
    each setting by its path, such as ``vlm.url``. secret: paths of those whose values are not
    shown.
    """
    first = error.errors(include_url=False)[0]
    place = [group, *map(str, first["loc"])] if group else [*map(str, first["loc"])]
    path = ".".join(place)
    if first["type"] == "extra_forbidden":
        near = get_close_matches(path, known, n=1) or get_close_matches(
            place[-1], [name.rpartition(".")[2] for name in known], n=1
        )
        meant = f"did you mean {near[0]}? " if near else ""
        return SettingsError(f"there is no setting {path!r}; {meant}docs/settings.md lists all")
    # A member of a list is named by the setting that it belongs to.
    setting = next((name for name in known if f"{path}.".startswith(f"{name}.")), path)
    value = "..." if setting in secret else shown(first["input"])
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_pattern_mismatch":
        reason = known.get(setting) or reason  # a regular expression tells people little
    return SettingsError(f"{setting}={value} is not allowed: {reason}", setting=setting)
