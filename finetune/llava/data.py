"""Samples of the three tasks as JSONL, rendered as serving renders them.

    python -m finetune.llava data --output runs/llava.jsonl --count 100

``--config`` takes the ``data`` section of a configuration (documents, tasks, pictures).
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from finetune.llava.batches import samples
from finetune.llava.config import argument, load_settings
from finetune.llava.jsonl import write_jsonl
from finetune.llava.tasks import Sample

DEFAULT = Path(__file__).parents[1] / "configs" / "llava_tiny.yaml"


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--output", type=Path, required=True, help="file to write, .jsonl")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--config", type=argument(load_settings), default=str(DEFAULT))
    args = parser.parse_args()
    tasks: Counter[str] = Counter()

    def counted() -> Iterator[Sample]:
        stream = samples(args.config.data, random.Random(args.seed))
        for sample in islice(chain.from_iterable(stream), args.count):
            tasks[sample.task] += 1
            yield sample

    count = write_jsonl(counted(), args.output)
    made = ", ".join(f"{number} {task}" for task, number in sorted(tasks.items()))
    print(f"{args.output}: {count} samples ({made})")
