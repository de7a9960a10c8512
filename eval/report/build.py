"""All figures in one file, from the JSON that the commands left in ``runs/``.

    python -m eval.report                # writes docs/report.md, and pictures beside it

Nothing is measured here. Every section names the command that makes it; what has not been run is
said to be missing. Pictures are of synthetic pages only: real documents are not ours to publish.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from eval.paths import ROOT, RUNS
from eval.report.sections import SECTIONS, Part, Section

OUTPUT = ROOT / "docs" / "report.md"
WIDEST = 1240
"""Pixels across a picture in the report."""

HEAD = """# Report

Made by `python -m eval.report`; not to be edited. Figures are of development data that nothing was
trained on, or of synthetic pages where that is said. Engines in one table took turns, page by
page, in one thread each; seconds are the processor's unless said otherwise.
"""


def report(runs: Path, images: Path) -> str:
    """The whole report as Markdown; pictures are written to the folder ``images``."""
    return "\n".join([HEAD, *(_section(section, runs, images) for section in SECTIONS)])


def _section(section: Section, runs: Path, images: Path) -> str:
    parts = [f"## {section.title}", section.note]
    for part in section.parts:
        parts += _part(part, runs, images)
    return "\n\n".join(text for text in parts if text) + "\n"


def _part(part: Part, runs: Path, images: Path) -> list[str]:
    found = sorted(runs.glob(part.files))
    if not found:
        return [f"Not measured: {part.what}; run `{part.command}`"]
    texts = [_file(part, path) for path in found]
    if part.picture and (runs / part.picture).is_file():
        name = f"report_{part.picture}".replace("-", "_")
        _copy_picture(runs / part.picture, images / name)
        texts.append(f"![{part.what}]({images.name}/{name})")
    return texts


def _file(part: Part, path: Path) -> str:
    day = datetime.date.fromtimestamp(path.stat().st_mtime).isoformat()
    try:
        result: Any = json.loads(path.read_text("utf-8"))
        shown = part.show(result)
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"Not usable: `{path.name}` of {day} (another version made it); run `{part.command}`"
    command = result.get("command", part.command) if isinstance(result, dict) else part.command
    return f"{part.title(result)} ({day}, `{command}`):\n\n{shown}"


def _copy_picture(source: Path, target: Path) -> None:
    """As a PNG of few colours, so that the repository does not grow with each report."""
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)))
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(32).save(target, optimize=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, gather, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder with the JSON files")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args(arguments)
    text = report(args.runs, args.output.parent / "images")
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(text, "utf-8")
    missing = text.count("\nNot measured") + text.count("\nNot usable")
    print(f"{args.output}: {missing} measurements are missing" if missing else str(args.output))
    return 0
