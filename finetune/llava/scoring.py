"""Score greedy answers as the model gives them, before docagent verifies them on the page."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from docagent.cascade.answer_format import members
from finetune.llava.checkpoint import pixel_values
from finetune.llava.encoding import Encoded


@dataclass(frozen=True)
class Score:
    """samples: answers equal to the truth of all; cells: values (fields, answers, lines) right of
    all. Scores add up."""

    samples: tuple[int, int] = (0, 0)
    cells: tuple[int, int] = (0, 0)

    def __add__(self, other: Score) -> Score:
        return Score(
            (self.samples[0] + other.samples[0], self.samples[1] + other.samples[1]),
            (self.cells[0] + other.cells[0], self.cells[1] + other.cells[1]),
        )

    def __str__(self) -> str:
        return f"{_share(self.samples):.3f} of answers, {_share(self.cells):.3f} of cells"


def _share(pair: tuple[int, int]) -> float:
    return pair[0] / pair[1] if pair[1] else 0.0


def score_answer(said: str, right: str) -> Score:
    """One answer against the truth. A cell counts if its value and its lines are right."""
    truth, given = dict(_cells(json.loads(right))), dict(_cells(members(said)))
    cells = sum(given.get(path) == cell for path, cell in truth.items())
    return Score((int(truth == given), 1), (cells, len(truth)))


def _cells(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and "how" in value:
        yield path, (value.get("value"), tuple(value.get("lines") or ()))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _cells(part, f"{path}/{key}")
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _cells(part, f"{path}/{index}")
    else:
        yield path, value


def generate(model: Any, tokenizer: Any, encoded: Encoded, most: int = 400) -> str:
    """What a model answers to an encoded sample, greedily."""
    device = next(model.parameters()).device
    prompt = torch.from_numpy(encoded.ids[: encoded.start].astype("int64"))[None].to(device)
    inputs: dict[str, Any] = {"input_ids": prompt, "attention_mask": torch.ones_like(prompt)}
    if encoded.pixels is not None:
        inputs["pixel_values"] = pixel_values(encoded.pixels, device).to(model.dtype)
    with torch.no_grad():
        out = model.generate(**inputs, max_new_tokens=most, do_sample=False, num_beams=1)
    return str(tokenizer.decode(out[0, prompt.shape[1] :], skip_special_tokens=True))


def score_greedy(
    model: Any, tokenizer: Any, held_out: Sequence[Encoded], seconds: float = math.inf
) -> Score:
    """Greedy answers to held-out samples against their truth; the first ones only, if all take
    longer than so many seconds."""
    began = time.monotonic()
    was_training = model.training
    model.eval()
    total = Score()
    for one in held_out:
        if time.monotonic() - began > seconds:
            break
        right = tokenizer.decode(one.ids[one.start :], skip_special_tokens=True)
        total += score_answer(generate(model, tokenizer, one), right)
    model.train(was_training)
    return total
