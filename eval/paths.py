"""Folders of the repository that commands read from and write to."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "runs"
"""Results of commands and logs of their runs; not under version control."""
