"""Peak memory of ``docagent extract`` on an A4 scan at 300 dpi, in a process of its own.

    python -m eval.memory
    python -m eval.memory --image scan.png --schema invoice --json

Without --image the first shipped sample is enlarged to 2480 x 3508 pixels. The command runs with
one thread; its peak is the kernel's count for it (ru_maxrss), so the parent is kept small.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from eval.log import this_command
from eval.paths import ROOT, RUNS
from eval.table_output import write_json

A4_300_DPI = (2480, 3508)
SAMPLES = ("docagent/samples", "samples", "tests/fixtures")
ENLARGE = """
import sys
from PIL import Image
page = Image.open(sys.argv[1]).convert("L").resize(({width}, {height}), Image.Resampling.BICUBIC)
page.save(sys.argv[2], dpi=(300, 300))
"""


def first_sample() -> Path:
    """The first shipped image. Raises SystemExit if there is none."""
    for folder in SAMPLES:
        for path in sorted((ROOT / folder).glob("**/*")):
            if path.suffix.lower() in {".png", ".jpg", ".jpeg", ".webp"}:
                return path
    raise SystemExit(f"no image in {', '.join(SAMPLES)}; give one with --image")


def enlarge_to_a4(source: Path) -> Path:
    """A grey copy of ``source`` with the size of A4 at 300 dpi, under ``runs/``."""
    target = RUNS / f"a4-{source.stem}.png"
    target.parent.mkdir(exist_ok=True)
    code = ENLARGE.format(width=A4_300_DPI[0], height=A4_300_DPI[1])
    # In a process of its own: this one's memory is the floor of what can be measured.
    subprocess.run([sys.executable, "-c", code, str(source), str(target)], check=True)
    return target


def run_and_measure(command: list[str]) -> tuple[float, float, int]:
    """Peak resident memory (10^6 bytes), processor seconds and exit status of a command,
    the processes it waits for included in the seconds. Its output is thrown away."""
    child = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "DOCAGENT_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1e6, usage.ru_utime + usage.ru_stime, child.returncode


def main() -> int:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image", type=Path, help="a file to use as it is")
    parser.add_argument("--schema", default="invoice")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    image = args.image or enlarge_to_a4(first_sample())
    command = [sys.executable, "-m", "docagent", "extract", str(image), "--schema", args.schema]
    peak, seconds, code = run_and_measure([*command, "--json"])
    result = {"image": str(image), "peak_mb": round(peak), "cpu_s": round(seconds, 2)}
    result |= {"schema": args.schema, "exit": code}
    write_json(RUNS / "memory.json", result | {"image": image.name, "command": this_command()})
    if args.json:
        print(json.dumps(result))
    else:
        print(f"{image}: peak {peak:.0f} MB, {seconds:.2f} processor seconds, exit status {code}")
    return 0 if code == 0 else 1
