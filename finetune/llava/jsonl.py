"""Samples on disk: JSONL of messages with the answer, pictures as files beside it.

One line is ``{"task": ..., "messages": [...], "images": ["name_images/00001_0.jpg"]}``; the last
message is the assistant's. Picture blocks are ``{"type": "image"}`` and stand for the images in
order, which is the form that TRL and most trainers read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from finetune.llava.encoding import as_blocks
from finetune.llava.tasks import Sample


@dataclass(frozen=True)
class Row:
    """A sample read back. messages: without the answer. images: files."""

    messages: tuple[dict[str, Any], ...]
    answer: str
    images: tuple[Path, ...] = ()
    task: str = ""

    def pictures(self) -> list[Image.Image]:
        """The images, RGB."""
        return [Image.open(path).convert("RGB") for path in self.images]


def write_jsonl(samples: Iterable[Sample], path: Path) -> int:
    """Write samples, and their pictures into ``<name>_images`` beside the file; how many."""
    folder = path.parent / f"{path.stem}_images"
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, sample in enumerate(samples, start=1):
            names = []
            for number, url in enumerate(_urls(sample)):
                folder.mkdir(exist_ok=True)
                name = f"{folder.name}/{count:05d}_{number}.jpg"
                (path.parent / name).write_bytes(base64.b64decode(url.partition(",")[2]))
                names.append(name)
            answer = {"role": "assistant", "content": sample.answer}
            messages = [*as_blocks(sample.messages), answer]
            row = {"task": sample.task, "messages": messages, "images": names}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count


def read_jsonl(path: Path) -> list[Row]:
    """The samples of a file. Raises ValueError naming file, line and what is wrong with it."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; python -m finetune.llava data writes one")
    lines = path.read_text("utf-8").splitlines()
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise ValueError(f"{path}: there are no samples in it")
    return rows


def _row(path: Path, number: int, line: str) -> Row:
    try:
        read = json.loads(line)
        *messages, last = read["messages"]
        answer = last["content"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}, line {number}: not a sample with messages ({error!r})"
        ) from error
    if last.get("role") != "assistant" or not messages:
        raise ValueError(f"{path}, line {number}: the last message must be the assistant's")
    if not isinstance(answer, str):
        answer = "".join(block["text"] for block in answer)
    images = tuple(path.parent / name for name in read.get("images", ()))
    shown = sum(
        block["type"] != "text"
        for message in messages
        if not isinstance(message["content"], str)
        for block in message["content"]
    )
    missing = [str(image) for image in images if not image.is_file()]
    if missing or shown != len(images):
        reason = f"no such image: {missing[0]}" if missing else f"{shown} picture blocks"
        raise ValueError(f"{path}, line {number}: {reason}; images lists {len(images)} files")
    return Row(tuple(messages), answer, images, read.get("task", ""))


def _urls(sample: Sample) -> Iterator[str]:
    for message in sample.messages:
        if not isinstance(message["content"], str):
            for block in message["content"]:
                if block["type"] == "image_url":
                    yield block["image_url"]["url"]
