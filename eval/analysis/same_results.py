"""Whether two results of eval commands are the same to the last digit.

    python -m eval.ocr --data funsd --engines docagent --json > before/ocr.json
    python -m eval.same before/ocr.json after/ocr.json
    python -m eval.same before after

Takes two JSON files, or two folders whose JSON files of the same name are compared. A change of
the code that is to change no figure is checked with it. What differs from run to run is left out,
wherever it stands: seconds and rates (cpu_s, wall_s, page_s, seconds, crops_per_s), memory
(peak_mb), and what tells of the run itself (command, commit, date, cores, image, path);
--ignore adds names. Results of ``eval.stages`` and ``eval.parallel`` are times only.

Prints the first differences and ends with exit status 1 if there are any, 2 if a file cannot be
compared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.errors import SettingsError

IGNORED = frozenset(
    {
        *("cpu_s", "wall_s", "page_s", "seconds", "crops_per_s"),
        "peak_mb",
        *("command", "commit", "date", "cores", "image", "path"),
    }
)
"""Keys whose values belong to a run, not to what was measured."""
ABSENT = "(absent)"
MAX_SHOWN = 20
MAX_CHARS = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Difference:
    """place: keys and indices from the top, as ``rows[0].word_f1``. before, after: as JSON."""

    place: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.place}: {_shortened(self.before)} -> {_shortened(self.after)}"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "…"


def differences(
    before: Any, after: Any, ignored: Collection[str] = IGNORED, place: str = ""
) -> Iterator[Difference]:
    """What differs between two JSON values, from the top; ``ignored`` are keys left out at every
    depth. Numbers differ if a digit differs; 1 and 1.0, and 1 and true, differ too."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            if key not in ignored:
                inside = f"{place}.{key}" if place else str(key)
                yield from _member(before, after, key, inside, ignored)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            counts = (f"{len(items)} items" for items in (before, after))
            yield Difference(place or "top", *counts)
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from differences(one, other, ignored, f"{place}[{index}]")
    elif type(before) is not type(after) or before != after:
        yield Difference(place or "top", _as_json(before), _as_json(after))


def _member(
    before: dict[str, Any], after: dict[str, Any], key: str, place: str, ignored: Collection[str]
) -> Iterator[Difference]:
    if key in before and key in after:
        yield from differences(before[key], after[key], ignored, place)
    else:
        shown = (_as_json(side[key]) if key in side else ABSENT for side in (before, after))
        yield Difference(place, *shown)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def count_values(value: Any, ignored: Collection[str] = IGNORED) -> int:
    """How many values of a JSON document are compared."""
    if isinstance(value, dict):
        return sum(
            count_values(inner, ignored) for key, inner in value.items() if key not in ignored
        )
    if isinstance(value, list):
        return sum(count_values(inner, ignored) for inner in value)
    return 1


def load_result(path: Path) -> Any:
    """The JSON of a file. Raises SettingsError if there is none."""
    try:
        # NaN equals nothing, itself included; as text it is compared like the rest.
        return json.loads(path.read_text("utf-8"), parse_constant=str)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        hint = "; the command that wrote it may have failed" if not path.stat().st_size else ""
        raise SettingsError(f"{path} is not JSON: {error}{hint}") from error


def file_pairs(before: Path, after: Path) -> list[tuple[Path, Path]]:
    """Files to compare: the two given, or those of the same name in two folders.

    Raises SettingsError for a file beside a folder, for folders without JSON files, and for a
    file that only one of them has.
    """
    if before.is_dir() != after.is_dir():
        raise SettingsError(f"{before} and {after} are a file and a folder; give two of a kind")
    if not before.is_dir():
        return [(before, after)]
    names = [{path.name for path in folder.glob("*.json")} for folder in (before, after)]
    if not names[0] | names[1]:
        raise SettingsError(f"no JSON files in {before} and {after}")
    alone = sorted(names[0] ^ names[1])
    if alone:
        raise SettingsError(f"only one of {before} and {after} has {', '.join(alone)}")
    return [(before / name, after / name) for name in sorted(names[0])]


def compare_files(before: Path, after: Path, ignored: Collection[str], most: int) -> int:
    """Print how two files differ, at most ``most`` differences; returns the exit status: 0 if they
    are the same, 1 if they differ, 2 if one is not JSON or holds nothing to compare."""
    try:
        one, other = load_result(before), load_result(after)
    except SettingsError as error:
        print(f"error: {error}")
        return 2
    values = count_values(one, ignored)
    if not values:
        print(f"error: {before} holds nothing to compare")
        return 2
    found = list(differences(one, other, ignored))
    print(f"{before} and {after}: {len(found)} differences in {values} values")
    for difference in found[:most]:
        print(f"  {difference}")
    if len(found) > most:
        print(f"  and {len(found) - most} more")
    return int(bool(found))


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="a JSON file, or a folder of them")
    parser.add_argument("after", type=Path, help="the same of the changed code")
    parser.add_argument("--ignore", default="", metavar="NAME,...", help="more keys to leave out")
    parser.add_argument("--most", type=int, default=MAX_SHOWN, help="differences shown of a file")
    args = parser.parse_args(arguments)
    ignored = IGNORED | set(filter(None, args.ignore.split(",")))
    pairs = file_pairs(args.before, args.after)
    # Every file is compared, so that one run shows them all.
    return max([compare_files(one, other, ignored, args.most) for one, other in pairs])
