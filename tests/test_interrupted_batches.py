"""Real processes over one output folder: killed at random moments, and two at the same time."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

FILES = 30
KILLS = 5
SECONDS = 300
"""Longest that one process may take on a busy machine."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small pictures with one line of text each, all different."""
    folder = tmp_path_factory.mktemp("batch")
    font = ImageFont.load_default(28)
    for number in range(FILES):
        picture = Image.new("L", (220, 60), 255)
        ImageDraw.Draw(picture).text((10, 15), f"Total {number}.50", fill=0, font=font)
        picture.save(folder / f"{number:02}.png")
    return folder


def command(inputs: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "docagent", "read", str(inputs), "-f", "text,json",
            "-o", str(out), *options]  # fmt: skip


def run(typed: Sequence[str]) -> str:
    """Runs a command to its end; what it says on standard error."""
    done = subprocess.run(typed, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stderr


def start(typed: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(typed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


@pytest.fixture(scope="module")
def undisturbed(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(command(inputs, folder))
    found = outputs(folder)
    assert len(found) == 2 * FILES
    assert found["07.png.txt"] == b"Total 7.50\n"
    return found


def kill_at(process: subprocess.Popen[bytes], out: Path, written: int, delay: float) -> bool:
    """SIGKILL some time after so many outputs are there; whether the process still ran."""
    end = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < end:
        if len(list(out.glob("[!.]*"))) >= written:
            time.sleep(delay)
            break
        time.sleep(0.002)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return was_running


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_batch_killed_at_random_moments_ends_as_an_undisturbed_one(
    inputs: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    moments = random.Random(20)
    typed = command(inputs, tmp_path)
    killed = 0
    for attempt in range(KILLS):
        most = (attempt + 1) * 2 * FILES // (KILLS + 1)
        written = moments.randint(max(1, most - 2 * FILES // (KILLS + 1)), most)
        killed += kill_at(start(typed), tmp_path, written, moments.uniform(0, 0.02))
        assert all(undisturbed[name] == data for name, data in outputs(tmp_path).items())
    assert killed >= KILLS - 2, "a run may end before it is killed on a busy machine"
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("[!.]*")}
    told = run(typed)
    assert outputs(tmp_path) == undisturbed
    skipped = told.count("already done")
    assert skipped > 0
    kept = [path for path, modified in before.items() if path.stat().st_mtime_ns == modified]
    assert len(kept) >= 2 * skipped, "what was done before the last kill stays as it is"
    assert run(typed).count("already done") == FILES


def test_two_runs_at_the_same_time_do_not_harm_each_other(
    inputs: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    typed = command(inputs, tmp_path)
    both = [start(typed), start(typed)]
    assert [process.wait(SECONDS) for process in both] == [0, 0]
    assert outputs(tmp_path) == undisturbed
    assert run(typed).count("already done") == FILES
    assert not list(tmp_path.rglob("*.partial"))


def test_two_different_runs_at_the_same_time_leave_whole_files(
    inputs: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """Both write the same names with another content: the later one stays, and is known."""
    plain = command(inputs, tmp_path)
    other = command(inputs, tmp_path, "--confidence", "geometric_mean")
    both = [start(plain), start(other)]
    assert [process.wait(SECONDS) for process in both] == [0, 0]
    assert all(json.loads(d) for name, d in outputs(tmp_path).items() if name.endswith("json"))
    run(plain)
    assert outputs(tmp_path) == undisturbed
