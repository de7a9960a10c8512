"""Encoded samples on disk, made before or during a training; read again where new ones are late.

A shard is an ``.npz`` file of some hundred samples, whole or not there. Pictures are compressed,
and one that several samples show is kept once.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from finetune.llava.encoding import Encoded

TOGETHER = 4
"""Shards that are read at a time and mixed: those of a shard are of few documents."""
_PAUSE = 1.0
"""Seconds between looks at a folder that is full or empty."""


@dataclass(frozen=True)
class ShardFolder:
    """Shards of one tokenizer and one size of pictures.

    ledger: file in which a training keeps how often it read each shard. most: bytes; writers wait
    while the folder holds as many, and readers delete what they read most. samples: of a shard.
    """

    folder: Path
    ledger: Path
    most: float = 20e9
    samples: int = 512

    def claim(self, checkpoint: Path) -> None:
        """Make the folder, or see that its shards are of this checkpoint. Raises ValueError if
        they are of another tokenizer."""
        of = hashlib.sha256((checkpoint / "tokenizer.json").read_bytes()).hexdigest()
        of += hashlib.sha256((checkpoint / "processor_config.json").read_bytes()).hexdigest()
        note = self.folder / "of.json"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not note.is_file():
            note.write_text(json.dumps({"processor": of}))
        if json.loads(note.read_text())["processor"] != of:
            raise ValueError(f"{self.folder}: shards of another tokenizer; give another folder")

    def files(self) -> list[Path]:
        """Whole shards, by name."""
        return sorted(self.folder.glob("*.npz"))

    def free_seed(self, seed: int) -> int:
        """This seed, or one after it with which nothing was made yet."""
        while any(self.folder.glob(f"{seed:09d}_*")):
            seed += 1000
        return seed

    def write(self, stream: Iterator[Encoded], seed: int, is_over: Callable[[], bool]) -> None:
        """Shard after shard of a stream until it is over."""
        number = 0
        while not is_over():
            if self._size() >= self.most:
                time.sleep(_PAUSE)
                continue
            write_shard(self.folder / f"{seed:09d}_{number:05d}.npz", islice(stream, self.samples))
            number += 1

    def read(self, rng: random.Random) -> Iterator[Encoded]:
        """Samples for ever, of the shards that were read least. Waits while there are none."""
        counts: Counter[str] = Counter()
        if self.ledger.is_file():
            counts.update(json.loads(self.ledger.read_text()))
        while True:
            files = sorted(self.files(), key=lambda file: counts[file.name])[:TOGETHER]
            samples = [one for file in files for one in read_shard(file)]
            rng.shuffle(samples)
            yield from samples
            counts.update(file.name for file in files)
            self._keep(counts)
            if not files:
                time.sleep(_PAUSE)

    def _keep(self, counts: Counter[str]) -> None:
        part = self.ledger.with_suffix(".part")
        part.write_text(json.dumps(counts))
        part.replace(self.ledger)
        size = self._size()
        for file in sorted(self.files(), key=lambda file: -counts[file.name]):
            if size < 0.9 * self.most or not counts[file.name]:
                return
            size -= file.stat().st_size
            file.unlink()

    def _size(self) -> int:
        return sum(file.stat().st_size for file in self.files())


def write_shard(path: Path, samples: Iterator[Encoded]) -> None:
    """Write samples to a file, whole or not at all."""
    made = list(samples)
    blobs: dict[bytes, int] = {}
    shown = [
        blobs.setdefault(zlib.compress(picture.tobytes(), 1), len(blobs))
        for one in made
        if one.pixels is not None
        for picture in one.pixels
    ]
    answers = [one.answers or ((one.start, len(one.ids)),) for one in made]
    sides = {one.pixels.shape[-1] for one in made if one.pixels is not None}
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            ids=np.concatenate([one.ids for one in made]),
            lengths=np.array([len(one.ids) for one in made]),
            answers=np.array([pair for pairs in answers for pair in pairs]),
            answered=np.array([len(pairs) for pairs in answers]),
            pictures=np.array([0 if one.pixels is None else len(one.pixels) for one in made]),
            shown=np.array(shown, np.int64),
            blobs=np.frombuffer(b"".join(blobs), np.uint8),
            blob_ends=np.cumsum([len(blob) for blob in blobs], dtype=np.int64),
            side=np.array(max(sides, default=0)),
        )
    part.replace(path)


def read_shard(path: Path) -> list[Encoded]:
    """The samples of a file."""
    with np.load(path) as file:
        held = dict(file)
    blobs = np.split(held["blobs"], held["blob_ends"])[: len(held["blob_ends"])]
    side = int(held["side"])
    pictures = [
        np.frombuffer(zlib.decompress(blob.tobytes()), np.uint8).reshape(side, side)
        for blob in blobs
    ]
    ids = _split(held["ids"], held["lengths"])
    answers = _split(held["answers"], held["answered"])
    shown = _split(held["shown"], held["pictures"])
    return [
        Encoded(
            one,
            int(spans[0, 0]),
            np.stack([pictures[index] for index in which]) if len(which) else None,
            tuple((int(start), int(end)) for start, end in spans),
        )
        for one, spans, which in zip(ids, answers, shown, strict=True)
    ]


def _split(values: NDArray[np.generic], lengths: NDArray[np.int64]) -> Sequence[NDArray]:
    """Values cut into runs of the given lengths."""
    return np.split(values, np.cumsum(lengths)[:-1])
