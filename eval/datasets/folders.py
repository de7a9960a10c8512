"""Where the labelled sets are, and how a part of one is chosen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from docagent.errors import SettingsError
from eval.paths import ROOT

T = TypeVar("T")


def data_dir() -> Path:
    """The folder of the labelled sets. Raises SettingsError if it is not there."""
    folder = Path(os.environ.get("DOCAGENT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        raise SettingsError(f"no labelled data at {folder}; set DOCAGENT_DATA to its folder")
    return folder


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most ``limit`` items, spaced evenly: the same ones each time, not just the first."""
    if limit is None or limit >= len(items):
        return list(items)
    if limit < 1:
        raise SettingsError(f"limit {limit} is not allowed; give 1 or more")
    return [items[index * len(items) // limit] for index in range(limit)]


def set_dir(data: str) -> Path:
    """The folder of a set that has no parts. Raises SettingsError if it is not there."""
    folder = data_dir() / data
    if not folder.is_dir():
        raise SettingsError(
            f"no data set {data} in {folder.parent}; set DOCAGENT_DATA to the folder that has it"
        )
    return folder


def split_dir(data: str, split: str) -> Path:
    """The folder of a part of a set (``sroie/dev``). Raises SettingsError if it is not there."""
    whole = data_dir()
    folder = whole / data / split
    if not folder.is_dir():
        known = ", ".join(f"{p.parent.name}/{p.name}" for p in sorted(whole.glob("*/*/")))
        raise SettingsError(
            f"no data set {data}/{split} in {whole}; there are {known or 'none'}; "
            "set DOCAGENT_DATA to the folder that has it"
        )
    return folder
