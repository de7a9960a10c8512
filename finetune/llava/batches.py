"""Samples as token ids and pixels, padded batches of similar length, and workers that make them."""

from __future__ import annotations

import base64
import binascii
import io
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from finetune.llava.config import DataConfig
from finetune.llava.documents import Drawings, ReadDocument, draw_document, read_document
from finetune.llava.tasks import Sample, ask_samples, make_sample
from finetune.llava.tokenizer import END, USER
from finetune.queues import put_while_wanted

IGNORED = -100
"""Label of a token that is not learnt."""
ROUND = 96
"""Samples that are sorted by length at a time."""
PAGE_END = "END DOCUMENT "
_DATA_URL = "data:image/"

Batch = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Encoded:
    """ids: of prompt and answer. start: index of the answer's first token. pixels: (pictures, 3,
    side, side), normalised; None without pictures. answers: begin and end of every answer, where
    further questions stand behind the first."""

    ids: NDArray[np.int32]
    start: int
    pixels: NDArray[np.float32] | None = None
    answers: tuple[tuple[int, int], ...] = ()


def encode(
    processor: Any, messages: Sequence[Mapping[str, Any]], answer: str, pictures: Sequence[Any] = ()
) -> Encoded:
    """Messages with the right answer, as a processor of transformers makes them.

    pictures: for messages whose picture blocks are bare; data URLs in them are decoded here.
    """
    pictures = list(pictures) or message_pictures(messages)
    text = render(processor, messages)
    made = processor(text=[text], images=pictures or None, return_tensors="np")
    prompt = made["input_ids"][0]
    tokenizer = processor.tokenizer
    said = tokenizer(answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    ids = np.concatenate([prompt, np.asarray(said)]).astype(np.int32)
    pixels = made["pixel_values"] if pictures else None
    return Encoded(ids, len(prompt), None if pixels is None else np.asarray(pixels, np.float32))


def encode_turns(processor: Any, samples: Sequence[Sample]) -> Encoded:
    """The first sample, and behind it the questions and answers of others that show the same
    page in the same way, as further turns.

    Reading a page for one answer teaches a small model little for its time. Served prompts have
    one question.
    """
    first = encode(processor, samples[0].messages, samples[0].answer)
    page, _ = _page_and_question(processor, samples[0])
    parts, answers = [first.ids], [(first.start, len(first.ids))]
    for sample in samples[1:]:
        same, question = _page_and_question(processor, sample)
        if same != page:
            continue
        asked, said = (
            processor.tokenizer(text, add_special_tokens=False)["input_ids"]
            for text in (USER + question, sample.answer + END)
        )
        start = answers[-1][1] + len(asked)
        answers.append((start, start + len(said)))
        parts.append(np.asarray(asked + said, np.int32))
    return Encoded(np.concatenate(parts), first.start, first.pixels, tuple(answers))


def _page_and_question(processor: Any, sample: Sample) -> tuple[str, str]:
    """The rendered prompt up to the end of the document, and what stands after it."""
    head, mark, tail = render(processor, sample.messages).rpartition(PAGE_END)
    code, newline, question = tail.partition("\n")
    return head + mark + code + newline, question


def render(processor: Any, messages: Sequence[Mapping[str, Any]]) -> str:
    """Messages as the text of a prompt."""
    text = processor.apply_chat_template(
        as_blocks(messages), add_generation_prompt=True, tokenize=False
    )
    return str(text)


def as_blocks(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages with bare picture blocks, which chat templates of every make know."""
    made = []
    for message in messages:
        content = message["content"]
        if not isinstance(content, str):
            content = [b if b["type"] == "text" else {"type": "image"} for b in content]
        made.append({**message, "content": content})
    return made


def message_pictures(messages: Sequence[Mapping[str, Any]]) -> list[Image.Image]:
    """The pictures in the data URLs of messages, in order. Raises ValueError for other URLs."""
    blocks = [b for m in messages if not isinstance(m["content"], str) for b in m["content"]]
    return [open_data_url(b["image_url"]["url"]) for b in blocks if b["type"] == "image_url"]


def open_data_url(url: str) -> Image.Image:
    """The picture of a data URL, RGB. Raises ValueError if it is none."""
    head, _, body = url.partition(",")
    if not head.startswith(_DATA_URL):
        raise ValueError(f"{url[:60]!r} is no picture; give a data URL, nothing is fetched")
    try:
        return Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB")
    except (OSError, binascii.Error) as error:
        raise ValueError(f"a data URL of a picture cannot be decoded: {error}") from error


def documents(data: DataConfig, rng: random.Random) -> Iterator[ReadDocument]:
    """Readings of new documents for ever, each document ``readings`` times among others."""
    pool: list[Any] = []
    while True:
        if len(pool) < 8:
            drawn = [draw_document([data.draw_kind(rng)], rng) for _ in range(8)]
            pool += [(truth, Drawings(truth)) for truth in drawn] * data.readings
            rng.shuffle(pool)
        truth, drawings = pool.pop()
        read = read_document(truth, rng, noise=data.noise, drawings=drawings)
        if read is not None:
            yield read


def samples(data: DataConfig, rng: random.Random) -> Iterator[tuple[Sample, ...]]:
    """Samples for ever, the same for the same state of ``rng``; questions in groups of up to
    ``data.questions`` on one view of a document."""
    for read in documents(data, rng):
        for _ in range(data.samples):
            sample = make_sample(read, rng, data.asked)
            if sample is None:
                continue
            if sample.task == "ask" and data.questions > 1:
                yield ask_samples(read, rng, data.asked, rng.randint(1, data.questions)) or (
                    sample,
                )
            else:
                yield (sample,)


def encoded_samples(
    processor: Any, data: DataConfig, rng: random.Random, longest: Callable[[], int]
) -> Iterator[Encoded]:
    """Encoded samples of at most as many tokens as ``longest`` says at the time, for ever."""
    for group in samples(data, rng):
        made = encode_turns(processor, group)
        if len(made.ids) <= longest():
            yield made


def batches(
    stream: Iterator[Encoded], rng: random.Random, tokens: int, pad: int
) -> Iterator[Batch]:
    """Batches of samples of similar length, at most ``tokens`` with padding (or one sample)."""
    while True:
        around = sorted((next(stream) for _ in range(ROUND)), key=lambda e: len(e.ids))
        groups: list[list[Encoded]] = [[]]
        for one in around:
            if groups[-1] and (len(groups[-1]) + 1) * len(one.ids) > tokens:
                groups.append([])
            groups[-1].append(one)
        rng.shuffle(groups)
        for group in groups:
            yield pad_batch(group, pad)


def pad_batch(group: Sequence[Encoded], pad: int) -> Batch:
    """ids, labels (b, n), and pixels (pictures, 3, side, side) where there are pictures."""
    longest = max(len(e.ids) for e in group)
    ids = np.full((len(group), longest), pad, np.int64)
    labels = np.full((len(group), longest), IGNORED, np.int64)
    for row, one in enumerate(group):
        ids[row, : len(one.ids)] = one.ids
        for start, end in one.answers or ((one.start, len(one.ids)),):
            labels[row, start:end] = one.ids[start:end]
    batch: Batch = {"ids": ids, "labels": labels}
    shown = [one.pixels for one in group if one.pixels is not None]
    if shown:
        batch["pixels"] = np.concatenate(shown)
    return batch


class BatchStream:
    """Batches made by processes of their own, which end with this one.

    folder: of a checkpoint whose processor encodes. ``limit``: tokens of the longest sample; may
    be changed while training. With several workers the order of batches is not fixed.
    """

    def __init__(
        self, folder: Path, data: DataConfig, tokens: int, longest: int, seed: int, workers: int
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue(maxsize=4 + 2 * workers)
        self._limit = context.Value("i", longest)
        self._made = [
            context.Process(
                target=_produce,
                args=(self._queue, folder, data, tokens, self._limit, seed + n),
                daemon=True,
            )
            for n in range(workers)
        ]
        for process in self._made:
            process.start()

    def limit(self, longest: int) -> None:
        """From now on make samples of at most so many tokens."""
        self._limit.value = longest

    def __iter__(self) -> Iterator[Batch]:
        while True:
            try:
                yield self._queue.get(timeout=300)
            except Empty:
                if not any(process.is_alive() for process in self._made):
                    raise RuntimeError("the processes that make samples have ended") from None


def _produce(
    queue: Any, folder: Path, data: DataConfig, tokens: int, limit: Any, seed: int
) -> None:
    from transformers import AutoProcessor

    os.nice(2)
    rng = random.Random(seed)
    processor = AutoProcessor.from_pretrained(folder)
    stream = encoded_samples(processor, data, rng, lambda: int(limit.value))
    for batch in batches(stream, rng, tokens, processor.tokenizer.pad_token_id):
        if not put_while_wanted(queue, batch):
            return
