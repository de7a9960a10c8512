"""All figures in one file, from the JSON that the commands left in ``runs/``.

    python -m eval.report                # writes docs/report.md, and pictures beside it

Nothing is measured here. What is not in ``runs/`` keeps the figures and the date that it has in
the report that is replaced (--fresh leaves it out), and what was never measured is said to be
missing, with the command that measures it. A measurement whose table would lose rows, such as an
engine that took part the last time, is refused unless --force is given. Pictures are of synthetic
pages only: real documents are not ours to publish.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from docagent.errors import SettingsError
from eval.paths import ROOT, RUNS
from eval.report.entries import Entry, former_entries
from eval.report.sections import SECTIONS, Part, Section

OUTPUT = ROOT / "docs" / "report.md"
MAX_PICTURE_PX = 1240
"""Width of a picture in the report."""
TITLE = "# Report\n"
HEAD = f"""{TITLE}
Made by `python -m eval.report`; not to be edited. Figures are of development data that nothing was
trained on, or of synthetic pages where that is said. Engines in one table took turns, page by
page, in one thread each; seconds are the processor's unless said otherwise. Every measurement has
its own date: what was not measured again stands as it was.
"""


@dataclass(frozen=True)
class FilledPart:
    """A part of the report with its figures.

    made: entries of files in runs/. kept: entries of the former report. unusable: names of files
    that another version of the code made, with their dates. picture: a file in runs/, or None.
    """

    part: Part
    made: tuple[Entry, ...] = ()
    kept: tuple[Entry, ...] = ()
    unusable: tuple[str, ...] = ()
    picture: Path | None = None

    @property
    def picture_name(self) -> str:
        """File name of its picture in the folder of the report's pictures."""
        return f"report_{self.part.picture}".replace("-", "_")

    def text(self, images: Path) -> str:
        """Its Markdown; ``images`` is the folder of the report's pictures."""
        part = self.part
        entries = sorted([*self.made, *self.kept], key=lambda entry: entry.title)
        texts = [str(entry) for entry in entries]
        if not texts:
            texts = [f"Not usable: {name}; run `{part.command}`" for name in self.unusable]
        if not texts:
            texts = [f"Not measured: {part.what}; run `{part.command}`"]
        kept_picture = self.kept and part.picture and (images / self.picture_name).is_file()
        if self.picture or kept_picture:
            texts.append(f"![{part.what}]({images.name}/{self.picture_name})")
        return "\n\n".join(texts)


def fill_part(part: Part, runs: Path, former: Sequence[Entry] = ()) -> FilledPart:
    """Read the files of a part. former: entries of its section in the former report."""
    made, unusable = [], []
    for path in sorted(runs.glob(part.files)):
        day = datetime.date.fromtimestamp(path.stat().st_mtime).isoformat()
        entry = _file_entry(part, path, day)
        if entry:
            made.append(entry)
        else:
            unusable.append(f"`{path.name}` of {day} (another version made it)")
    titles = {entry.title for entry in made}
    kept = tuple(e for e in former if part.owns(e.title) and e.title not in titles)
    picture = runs / part.picture if part.picture and made else None
    if picture and not picture.is_file():
        picture = None
    return FilledPart(part, tuple(made), kept, tuple(unusable), picture)


def _file_entry(part: Part, path: Path, day: str) -> Entry | None:
    """None for a file that another version of the code made."""
    try:
        result: Any = json.loads(path.read_text("utf-8"))
        shown = part.show(result)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    command = result.get("command", part.command) if isinstance(result, dict) else part.command
    return Entry(part.title(result), day, command, shown)


def lost_rows(part: FilledPart, former: Sequence[Entry]) -> list[str]:
    """What the former report has a row for, and a new measurement of the same title has not."""
    rows = {entry.title: entry for entry in former}
    found = []
    for entry in part.made:
        old = rows.get(entry.title)
        names = [name for name in old.row_names if name not in entry.row_names] if old else []
        if old and names:
            found.append(
                f"{entry.title}: {', '.join(names)} had a row on {old.day} (`{old.command}`)"
            )
    return found


def build_report(runs: Path, former: str = "") -> dict[str, list[FilledPart]]:
    """The parts of the report by section. runs: folder with the JSON files. former: text of the
    report that is replaced."""
    entries = former_entries(former)
    return {
        section.title: [
            fill_part(part, runs, entries.get(section.title, ())) for part in section.parts
        ]
        for section in SECTIONS
    }


def report_text(parts: dict[str, list[FilledPart]], images: Path) -> str:
    """The whole report as Markdown. images: the folder of its pictures."""
    return "\n".join([HEAD, *(_section(s, parts[s.title], images) for s in SECTIONS)])


def _section(section: Section, parts: Sequence[FilledPart], images: Path) -> str:
    texts = [f"## {section.title}", section.note, *(part.text(images) for part in parts)]
    return "\n\n".join(text for text in texts if text) + "\n"


def _copy_picture(source: Path, target: Path) -> None:
    """As a PNG of few colours, so that the repository does not grow with each report."""
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    if picture.width > MAX_PICTURE_PX:
        height = round(picture.height * MAX_PICTURE_PX / picture.width)
        picture = picture.resize((MAX_PICTURE_PX, height))
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(32).save(target, optimize=True)


def _former_text(output: Path) -> str:
    """Text of the report that is replaced, "" if there is none. Raises SettingsError for a file
    that is no report."""
    if not output.exists():
        return ""
    text = output.read_text("utf-8")
    if not text.startswith(TITLE):
        raise SettingsError(f"{output} is not a report; give another --output, or --fresh")
    return text


def _refuse_lost_rows(parts: dict[str, list[FilledPart]], former: str) -> None:
    entries = former_entries(former)
    lost = [
        line
        for title, filled in parts.items()
        for part in filled
        for line in lost_rows(part, entries.get(title, ()))
    ]
    if lost:
        listed = "".join(f"\n  {line}" for line in lost)
        raise SettingsError(
            f"the report would lose rows; run these again, or give --force:{listed}"
        )


def _print_summary(parts: dict[str, list[FilledPart]], runs: Path, output: Path) -> None:
    filled = [part for group in parts.values() for part in group]
    print(f"{output}: {sum(len(part.made) for part in filled)} measurements from {runs}")
    for part in filled:
        if part.kept:
            days = sorted({entry.day for entry in part.kept})
            print(
                f"  kept from the former report: {part.part.what} of {', '.join(days)}; "
                f"measure again with {part.part.command}"
            )
        for name in part.unusable:
            print(f"  not usable: {name}; run {part.part.command}")
        if not (part.made or part.kept or part.unusable):
            print(f"  not measured: {part.part.what}; run {part.part.command}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, gather, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder with the JSON files")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument(
        "--fresh", action="store_true", help="only what is in the folder, nothing of the old report"
    )
    parser.add_argument(
        "--force", action="store_true", help="write although a table loses rows it had"
    )
    args = parser.parse_args(arguments)
    former = "" if args.fresh else _former_text(args.output)
    parts = build_report(args.runs, former)
    if not args.force:
        _refuse_lost_rows(parts, former)
    images = args.output.parent / "images"
    for part in (part for filled in parts.values() for part in filled if part.picture):
        _copy_picture(part.picture, images / part.picture_name)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(report_text(parts, images), "utf-8")
    _print_summary(parts, args.runs, args.output)
    return 0
