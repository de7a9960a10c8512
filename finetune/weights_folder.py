"""A complete folder of weights, which adapting writes and docagent can run from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).resolve().parent.parent / "docagent" / "weights"
REPORT = "adapted.json"
"""What of the folder is not as shipped: networks, with their figures before and after, and
``calibration``."""
CALIBRATION = "calibration"

CARD = """# Adapted {name} (`{name}.onnx`)

Fine-tuned from shipped or given weights by `python -m finetune.{name} --data`, on data of its
user. It is as good as it was measured on their held-out pages, and may be worse on other documents:

{table}
"""


def write_weights(
    folder: Path, name: str, weights: Path, figures: Mapping[str, Mapping[str, float]]
) -> None:
    """Put the adapted network ``name`` into ``folder``, and the shipped files it lacks.

    figures: "before" and "after", each by what was measured. A network that was adapted into
    the folder earlier stays; the other files are copied anew, since the shipped may have changed.
    A calibration fitted for another recognizer goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    report = read_report(folder)
    if name == "recognizer":
        report.pop(CALIBRATION, None)
    for path in sorted(SHIPPED.iterdir()):
        if path.is_file() and path.stem not in {*report, name}:
            _copy(path, folder / path.name)
    _copy(weights, folder / f"{name}.onnx")
    report[name] = {kind: dict(values) for kind, values in figures.items()}
    _write(folder / f"{name}.md", CARD.format(name=name, table=_table(figures)))
    _write(folder / REPORT, json.dumps(report, indent=1) + "\n")


def keep_calibration(folder: Path) -> None:
    """Note that a folder's calibration was fitted for its networks, so that it stays."""
    report = {**read_report(folder), CALIBRATION: {}}
    _write(folder / REPORT, json.dumps(report, indent=1) + "\n")


def read_report(folder: Path) -> dict[str, Any]:
    """What was adapted into a folder, by name; nothing if it has no report."""
    path = folder / REPORT
    report: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return report


def _table(figures: Mapping[str, Mapping[str, float]]) -> str:
    before, after = figures["before"], figures["after"]
    rows = [f"| {key} | {before[key]:.4f} | {after[key]:.4f} |" for key in before]
    return "\n".join(["| held out | before | after |", "|---|---:|---:|", *rows])


def _copy(source: Path, target: Path) -> None:
    """A copy that is whole or not there, so that a stop leaves no half network."""
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.replace(target)


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)
