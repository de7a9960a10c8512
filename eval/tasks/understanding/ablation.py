"""What each half of the understanding adds, set by set: network alone, rules alone, both ranked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docagent import DocAgent, Settings
from docagent.reader.no_reader import NullReader
from eval.systems.kept_readings import KeptAgent
from eval.tasks.understanding.command import measured

COLUMNS = {
    "set": "set",
    "figure": "figure",
    "network": "network alone",
    "rules": "rules alone",
    "all": "all, ranked",
    "lost": "better half minus all",
    "given": "given",
    "sure": "conf >= 0.9",
    "sure_right": "of these right",
    "ece": "ECE",
}
Rows = list[dict[str, Any]]


def agents(settings: Settings, keep: Path | None) -> dict[str, DocAgent]:
    """The system with its halves, by the name of a column."""
    bare = settings.replace(extraction={"rules": ()})
    if keep is None:
        return {
            "network": DocAgent(bare),
            "rules": DocAgent(settings, reader=NullReader()),
            "all": DocAgent(settings),
        }
    return {
        "network": KeptAgent(bare, keep),
        "rules": KeptAgent(settings, keep, NullReader()),
        "all": KeptAgent(settings, keep),
    }


def ablated(by_name: dict[str, DocAgent], names: Sequence[str], limit: int | None) -> Rows:
    """A row for each figure of each set."""
    rows: Rows = []
    for name in names:
        found = {column: list(measured(agent, [name], limit)) for column, agent in by_name.items()}
        for number, whole in enumerate(found["all"]):
            values = {column: own[number]["value"] for column, own in found.items()}
            lost = max(values["network"], values["rules"]) - values["all"]
            rows.append({**whole, **values, "lost": lost})
    return rows
