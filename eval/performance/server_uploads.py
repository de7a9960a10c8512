"""Damaged files: each has to give a result or a problem detail, and no process may die."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

import docagent
from eval.performance.server_process import ServerProcess

SAMPLES = Path(docagent.__file__).parent / "samples"
SMALL = ("receipt.jpg", "nda.pdf")
PROBLEM = "application/problem+json"
CUT_SHARE = 0.2
"""Of the files that are cut short; the others have bytes changed, taken out or repeated."""
FIRST_BYTES = 64
"""Half of the changes are among the first bytes, which say what a file is."""


def mutated(count: int, seed: int) -> Iterator[bytes]:
    """Samples with random damage, the same for the same seed."""
    rng = random.Random(seed)
    originals = [(SAMPLES / name).read_bytes() for name in SMALL]
    for _ in range(count):
        data = bytearray(rng.choice(originals))
        if rng.random() < CUT_SHARE:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.choice((1, 4, 16, 64))):
            _damage(data, rng)
        yield bytes(data)


def _damage(data: bytearray, rng: random.Random) -> None:
    if not data:
        return
    place = rng.randrange(min(len(data), FIRST_BYTES if rng.random() < 0.5 else len(data)))
    kind = rng.randrange(4)
    if kind == 0:
        data[place] = rng.randrange(256)
    elif kind == 1:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del data[place : place + rng.randrange(1, 32)]
    else:
        data[place:place] = data[place : place + rng.randrange(1, 32)]


def measure_uploads(count: int, seed: int) -> tuple[dict[str, Any], bool]:
    """How the server answered to each file, and whether all its processes lived."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder)) as server:
        processes = server.workers()
        answers = send_all(server.url, mutated(count, seed))
        figures = {
            **{f"{status} {code}": n for (status, code), n in sorted(answers.items())},
            "workers that died": len(set(processes) - set(server.workers())),
            "server lives": server.process.poll() is None,
        }
    has_faults = any(status >= 500 and code != "source.timeout" for status, code in answers)
    is_good = not has_faults and figures["server lives"] and not figures["workers that died"]
    return figures, bool(is_good)


def send_all(
    url: str, files: Iterator[bytes], headers: dict[str, str] | None = None
) -> Counter[tuple[int, str]]:
    """Read each file over HTTP; counts the answers by status and code. Raises ValueError for an
    error that is not a problem detail."""
    answers: Counter[tuple[int, str]] = Counter()
    with httpx2.Client(base_url=url, timeout=120, headers=headers) as client:
        for data in files:
            answer = client.post("/v1/read", files={"file": ("damaged", data)})
            code = ""
            if not answer.is_success:
                if answer.headers.get("Content-Type") != PROBLEM:
                    raise ValueError(f"{answer.status_code} is not a problem: {answer.text[:200]}")
                code = answer.json()["code"]
            answers[answer.status_code, code] += 1
    return answers
