"""A figure with the bar it has to pass, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """name: what was measured. value: as it is to be read. passed: whether it is good enough."""

    name: str
    value: str
    passed: bool


def print_figures(figures: list[Figure]) -> None:
    """One line each, at once."""
    for figure in figures:
        print(f"{'ok  ' if figure.passed else 'FAIL'}  {figure.name}: {figure.value}", flush=True)
