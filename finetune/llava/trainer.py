"""The state of a training of a LLaVA: model, moving average, optimizer, and one step of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from finetune.llava.batches import IGNORED, Batch
from finetune.llava.build import DTYPES, build
from finetune.llava.checkpoint import (
    load_checkpoint_folder,
    pixel_values,
    save_checkpoint_folder,
)
from finetune.llava.config import LlavaSettings
from finetune.llava.induction_heads import LINE_ID
from finetune.training import AveragedWeights, Clock, learning_rate, save_checkpoint

AVERAGED = 0.99
"""Decay of the moving average, which is updated every fourth step."""


@dataclass
class Tally:
    """What happened since the last line of the log. Sums of what a device computes stay there
    until they are looked at: to wait for each would keep a GPU idle. tokens: without padding,
    which ``places`` counts too."""

    loss: float | Tensor = 0.0
    right: int | Tensor = 0
    answer_tokens: int = 0
    ids_right: int | Tensor = 0
    ids: int | Tensor = 0
    tokens: int = 0
    places: int = 0
    pictures: int = 0
    steps: int = 0
    started: float = field(default_factory=time.monotonic)

    def row(self) -> dict[str, float]:
        loss, right, ids_right, ids = map(float, (self.loss, self.right, self.ids_right, self.ids))
        seconds = time.monotonic() - self.started
        return {
            "loss": round(loss / max(1, self.steps), 4),
            "token_accuracy": round(right / max(1, self.answer_tokens), 4),
            "line_id_accuracy": round(ids_right / max(1.0, ids), 4),
            "tokens_a_second": round(self.tokens / seconds),
            "pictures_a_second": round(self.pictures / seconds, 1),
            "padding": round(1 - self.tokens / max(1, self.places), 3),
        }


class Trainer:
    """Model, its moving average, optimizer and state on disk. compiled: ``torch.compile`` of the
    layers, on a GPU only (on a CPU it takes minutes and gains little)."""

    def __init__(
        self, settings: LlavaSettings, output: Path, minutes: float, compiled: bool = False
    ) -> None:
        self.settings, self.output, self.minutes = settings, output, minutes
        start = output / "start"
        if not (start / "config.json").is_file():
            build(settings, start)
        self.model, self.processor = load_checkpoint_folder(start)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model.to(self.device).train()
        self.average = AveragedWeights(self.model, AVERAGED)
        self.optimizer = torch.optim.AdamW(
            self._groups(), lr=settings.training.rate, betas=(0.9, 0.98), fused=True
        )
        self.compiled = compiled and self.device.type == "cuda"
        if self.compiled:
            compile_layers(self.model)
        self.steps, self.tokens, self.clock = 0, 0, Clock(minutes * 60)
        self.is_id = line_id_tokens(self.processor.tokenizer, settings.tokenizer.vocabulary).to(
            self.device
        )
        # An answer has one id in twenty tokens, and the others hang on it.
        self.token_weights = 1 + self.is_id * (settings.training.ids_weight - 1)
        self._weights = self.token_weights.cpu().numpy()

    def _groups(self) -> list[dict[str, Any]]:
        """Matrices decay; norms, biases and the embeddings, which hold the constant, do not."""
        named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        decays = [p for n, p in named if p.ndim > 1 and "embed" not in n]
        others = [p for n, p in named if p.ndim <= 1 or "embed" in n]
        decay = self.settings.training.weight_decay
        return [
            {"params": decays, "weight_decay": decay},
            {"params": others, "weight_decay": 0.0},
        ]

    def step(self, parts: Sequence[Batch], tally: Tally) -> None:
        """One update, of the gradients of all answers in the parts together."""
        rate = self.settings.training
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.steps, self.clock.progress, rate.rate, rate.warmup)
        weights = [float(self._weights[_wanted(part)].sum()) for part in parts]
        for part, weight in zip(parts, weights, strict=True):
            self._pass(part, weight / sum(weights), tally)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        if self.steps % 4 == 0:
            self.average.update(self.model, self.steps // 4)
        tally.steps += 1

    def _pass(self, batch: Batch, share: float, tally: Tally) -> None:
        """Add the gradients of a part of a step, whose loss is this share of that of the step."""
        loss, said, wanted = answer_loss(self.model, batch, self.device, self.token_weights)
        (loss * share).backward()
        right, ids = said == wanted, self.is_id[wanted]
        tokens = int((batch["ids"] != self.processor.tokenizer.pad_token_id).sum())
        self.tokens += tokens
        tally.loss += loss.detach() * share
        tally.right += right.sum()
        tally.answer_tokens += len(wanted)
        tally.ids_right += (right & ids).sum()
        tally.ids += ids.sum()
        tally.tokens += tokens
        tally.places += batch["ids"].size
        tally.pictures += len(batch.get("pixels", ()))

    def longest(self) -> int:
        """Tokens of the longest sample now: what is short is easier to learn from at first."""
        wanted = self.settings.training
        return wanted.early_longest if self.clock.progress < wanted.early else wanted.longest

    def save(self) -> float:
        """Write the state, whole or not at all; the seconds that it took."""
        began = time.monotonic()
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state,
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
            "tokens": self.tokens,
            "seconds": self.clock.elapsed,
            "settings": self.settings.model_dump_json(),
        }
        save_checkpoint(self.output / "state.pt", state)
        return time.monotonic() - began

    def keep_time(self, saving: float) -> None:
        """End the steps early enough for a last save, which takes so many seconds, and an export,
        but never by more than a tenth of the time."""
        self.clock.budget = max(54 * self.minutes, 60 * self.minutes - 3 * saving - 1)

    def resume(self) -> bool:
        """Go on from the state in the output folder; False if there is none. Raises ValueError
        if it is of another configuration."""
        path = self.output / "state.pt"
        if not path.is_file():
            return False
        saved = torch.load(path, map_location=self.device, weights_only=True)
        if _shape(LlavaSettings.model_validate_json(saved["settings"])) != _shape(self.settings):
            raise ValueError(f"{path} is of a model of another shape; give another --output")
        self.model.load_state_dict(saved["model"])
        self.average.state = saved["average"]
        self.optimizer.load_state_dict(saved["optimizer"])
        self.steps, self.tokens = saved["steps"], saved["tokens"]
        self.clock = Clock(self.minutes * 60, saved["seconds"])
        return True

    def export(self, folder: Path, dtype: str) -> None:
        """Write the averaged weights as a checkpoint folder."""
        kept = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.state)
        save_checkpoint_folder(self.model, self.processor, folder, DTYPES[dtype])
        self.model.load_state_dict(kept)


def _shape(settings: LlavaSettings) -> tuple[Any, ...]:
    return settings.seed, settings.tokenizer, settings.language, settings.vision


def line_id_tokens(tokenizer: Any, size: int) -> Tensor:
    """Which tokens of a vocabulary with room for ``size`` are ids of lines, (size,)."""
    which = torch.zeros(size, dtype=torch.bool)
    for token, index in tokenizer.get_vocab().items():
        which[index] = LINE_ID.fullmatch(token) is not None
    return which


def compile_layers(model: Any) -> None:
    """Compile each layer for any shape. The whole model has parts that depend on its data (where
    the pictures are), and layers that are alike are compiled once."""
    for layer in (*model.model.language_model.layers, *model.model.vision_tower.encoder.layers):
        layer.compile(dynamic=True)


def _wanted(batch: Batch) -> NDArray[np.int64]:
    """The tokens that are learnt, row by row."""
    labels = batch["labels"][:, 1:]
    return labels[labels != IGNORED]  # type: ignore[no-any-return]


def answer_loss(
    model: Any, batch: Batch, device: torch.device, weights: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean loss of the answers' tokens, the likeliest tokens, and the right ones.

    weights: of every token of the vocabulary, (v,); None counts all alike. Padding stands right of
    what is learnt and the model looks left only, so no mask is needed.
    """
    inputs: dict[str, Tensor] = {"input_ids": torch.from_numpy(batch["ids"]).to(device)}
    if "pixels" in batch:
        inputs["pixel_values"] = pixel_values(batch["pixels"], device)
    wanted = torch.from_numpy(_wanted(batch)).to(device)
    # Found here and not on the device, which would have to be waited for.
    learnt = torch.from_numpy(np.flatnonzero(batch["labels"][:, 1:] != IGNORED)).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        hidden = model.model(**inputs, use_cache=False).last_hidden_state[:, :-1]
        logits = model.lm_head(hidden.flatten(0, 1)[learnt])
    loss = torch.nn.functional.cross_entropy(logits.float(), wanted, weights)
    return loss, logits.argmax(-1), wanted
