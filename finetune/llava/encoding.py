"""Samples as token ids and grey pictures, as the processor of a checkpoint would make them."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from finetune.llava.tasks import Sample
from finetune.llava.tokenizer import END, IMAGE, USER

PAGE_END = "END DOCUMENT "
_DATA_URL = "data:image/"


@dataclass(frozen=True)
class Encoded:
    """ids: of prompt and answer. start: index of the answer's first token. pixels: grey levels,
    (pictures, side, side); None without pictures (``checkpoint.pixel_values`` makes of them what
    a model takes). answers: begin and end of every answer, where further questions stand behind
    the first."""

    ids: NDArray[np.int32]
    start: int
    pixels: NDArray[np.uint8] | None = None
    answers: tuple[tuple[int, int], ...] = ()


def encode(processor: Any, messages: Sequence[Mapping[str, Any]], answer: str) -> Encoded:
    """Messages with the right answer, as a processor of transformers makes them.

    Pictures are taken for grey, as pages are drawn: three channels would cost three times as much
    to resize, and normalised floats four times as much again to hand over.
    """
    urls = _picture_urls(messages)
    text = render(processor, messages)
    if urls:
        resized = processor.image_processor
        side, filter = resized.size["height"], resized.resample
        pixels = np.stack([_grey(url, side, filter) for url in urls])
        text = text.replace(IMAGE, IMAGE * (side // processor.patch_size) ** 2)
    tokenizer = processor.tokenizer
    prompt = tokenizer(text)["input_ids"]
    said = tokenizer(answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    ids = np.asarray(prompt + said, np.int32)
    return Encoded(ids, len(prompt), pixels if urls else None)


@lru_cache(maxsize=64)
def _grey(url: str, side: int, filter: int) -> NDArray[np.uint8]:
    """A picture as a square of grey levels. The views of a page share its picture."""
    picture = _open(url).convert("L").resize((side, side), Image.Resampling(filter))
    return np.asarray(picture)


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
    """The pictures in the data URLs of messages, RGB, in order. Raises ValueError for other
    URLs."""
    return [open_data_url(url) for url in _picture_urls(messages)]


def _picture_urls(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    blocks = [b for m in messages if not isinstance(m["content"], str) for b in m["content"]]
    return [b["image_url"]["url"] for b in blocks if b["type"] == "image_url"]


def open_data_url(url: str) -> Image.Image:
    """The picture of a data URL, RGB. Raises ValueError if it is none."""
    return _open(url).convert("RGB")


def _open(url: str) -> Image.Image:
    head, _, body = url.partition(",")
    if not head.startswith(_DATA_URL):
        raise ValueError(f"{url[:60]!r} is no picture; give a data URL, nothing is fetched")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(body)))
        picture.load()
    except (OSError, binascii.Error) as error:
        raise ValueError(f"a data URL of a picture cannot be decoded: {error}") from error
    return picture
