"""Training and held-out samples of an adapter, as inputs of any vision-language model."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from PIL import Image

from finetune.llava.batches import IGNORED, samples
from finetune.llava.encoding import as_blocks, message_pictures
from finetune.llava.jsonl import Row, read_jsonl
from finetune.lora.config import AdapterConfig

HELD_OUT_SEED = 800_001
"""Held-out synthetic samples are drawn with it, so they come of documents of their own."""
END_OF_TURN = "\x00answer\x00"


@dataclass(frozen=True)
class Chat:
    """A sample. messages: with bare picture blocks. answer: what is to be said."""

    messages: tuple[Mapping[str, Any], ...]
    pictures: tuple[Image.Image, ...]
    answer: str


@dataclass(frozen=True)
class ModelInput:
    """What a model is given: a batch of one. start: index of the answer's first token."""

    inputs: dict[str, torch.Tensor]
    labels: torch.Tensor
    start: int

    @property
    def tokens(self) -> int:
        """Of prompt and answer."""
        return int(self.labels.shape[1])


def training_chats(config: AdapterConfig, done: int = 0) -> Iterator[Chat]:
    """Samples for ever. done: how many were used before; none of them comes again at once."""
    if config.synthetic is not None:
        yield from _synthetic(config, config.seed + done)
    rows = _split(config)[0]
    epoch, at = divmod(done, len(rows))
    while True:
        order = list(range(len(rows)))
        random.Random(f"{config.seed} {epoch}").shuffle(order)
        for index in order[at:]:
            yield _from_row(rows[index])
        epoch, at = epoch + 1, 0


def held_out_chats(config: AdapterConfig, count: int) -> list[Chat]:
    """At most ``count`` samples that training does not use."""
    if config.synthetic is not None:
        stream = _synthetic(config, HELD_OUT_SEED)
        return [next(stream) for _ in range(count)]
    return [_from_row(row) for row in _split(config)[1][:count]]


def _synthetic(config: AdapterConfig, seed: int) -> Iterator[Chat]:
    assert config.synthetic is not None
    stream = samples(config.synthetic, random.Random(seed))
    for sample in chain.from_iterable(stream):
        pictures = tuple(message_pictures(sample.messages))
        yield Chat(tuple(as_blocks(sample.messages)), pictures, sample.answer)


def _split(config: AdapterConfig) -> tuple[Sequence[Row], Sequence[Row]]:
    """Rows for training and rows held out. Raises ValueError if either is empty."""
    assert config.jsonl is not None
    rows = read_jsonl(config.jsonl)
    if config.held_out_jsonl is not None:
        return rows, read_jsonl(config.held_out_jsonl)
    random.Random(config.seed).shuffle(rows)
    cut = max(1, round(len(rows) * config.held_out_share))
    if cut >= len(rows):
        raise ValueError(f"{config.jsonl}: {len(rows)} samples cannot be split; give more")
    return rows[cut:], rows[:cut]


def _from_row(row: Row) -> Chat:
    return Chat(tuple(as_blocks(row.messages)), tuple(row.pictures()), row.answer)


def to_input(processor: Any, chat: Chat) -> ModelInput:
    """A sample as its processor makes it, with labels on the answer and the end of the turn."""
    messages = _for_processor(chat.messages)
    prompt = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    inputs = dict(processor(text=[prompt], images=list(chat.pictures) or None, return_tensors="pt"))
    tokenizer = processor.tokenizer
    said = tokenizer(chat.answer + turn_end(processor, messages), add_special_tokens=False)
    answer = torch.tensor([said["input_ids"]])
    start = inputs["input_ids"].shape[1]
    whole = torch.cat([inputs["input_ids"], answer], 1)
    labels = whole.clone()
    labels[:, :start] = IGNORED
    # What goes with each token (which of them are of a picture, say) is nought for the answer.
    for name in ("attention_mask", "mm_token_type_ids", "token_type_ids"):
        if name in inputs:
            fill = 1 if name == "attention_mask" else 0
            inputs[name] = torch.cat([inputs[name], torch.full_like(answer, fill)], 1)
    inputs["input_ids"] = whole
    return ModelInput(inputs, labels, start)


def turn_end(processor: Any, messages: Sequence[Mapping[str, Any]]) -> str:
    """What the chat template writes after an answer: the end of the turn, without line ends."""
    said = {"role": "assistant", "content": [{"type": "text", "text": END_OF_TURN}]}
    text = processor.apply_chat_template([*messages, said], tokenize=False)
    return str(text.rpartition(END_OF_TURN)[2]).strip()


def _for_processor(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every content as blocks: chat templates of some makes know nothing else."""
    return [
        {**m, "content": [{"type": "text", "text": m["content"]}]}
        if isinstance(m["content"], str)
        else dict(m)
        for m in messages
    ]
