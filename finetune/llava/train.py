"""Train a LLaVA from a configuration on synthetic documents, on a CPU core or one GPU.

    python -m finetune.llava.train --config finetune/configs/llava_tiny.yaml \
        --output runs/llava_tiny --minutes 80

Builds the untrained checkpoint first (``OUTPUT/start``; ``--start`` goes on from a trained one
instead), writes the trained one to ``OUTPUT/checkpoint``. Runs again from the last state in the
output folder; the learning rate follows the share of ``--minutes`` that all runs together have
used. ``SIGTERM`` saves and stops.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever downloaded here

import torch
from torch import Tensor

from finetune.llava.batches import IGNORED, Batch, BatchStream, Encoded, encoded_samples
from finetune.llava.build import DTYPES, build
from finetune.llava.checkpoint import load_checkpoint_folder, save_checkpoint_folder
from finetune.llava.config import LlavaSettings, argument, checkpoint_folder, load_settings
from finetune.llava.induction import LINE_ID
from finetune.llava.scoring import score_greedy
from finetune.training import AveragedWeights, Clock, learning_rate, save_checkpoint

HELD_OUT_SEED = 900_001
"""Held-out samples are drawn with it; training seeds stay below."""
LOG_EVERY = 25
AVERAGED = 0.99
"""Decay of the moving average, which is updated every fourth step."""


@dataclass
class Tally:
    """What happened since the last line of the log."""

    loss: float = 0.0
    right: int = 0
    answer_tokens: int = 0
    ids_right: int = 0
    ids: int = 0
    tokens: int = 0
    steps: int = 0
    started: float = field(default_factory=time.monotonic)

    def row(self) -> dict[str, float]:
        seconds = time.monotonic() - self.started
        return {
            "loss": round(self.loss / max(1, self.steps), 4),
            "token_accuracy": round(self.right / max(1, self.answer_tokens), 4),
            "line_id_accuracy": round(self.ids_right / max(1, self.ids), 4),
            "tokens_a_second": round(self.tokens / seconds),
        }


class Trainer:
    """Model, its moving average, optimizer and state on disk."""

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
        self.forward = (
            torch.compile(self.model.model, dynamic=True) if compiled else self.model.model
        )
        self.steps, self.tokens, self.clock = 0, 0, Clock(minutes * 60)
        self.is_id = line_id_tokens(self.processor.tokenizer, settings.tokenizer.vocabulary).to(
            self.device
        )
        # An answer has one id in twenty tokens, and the others hang on it.
        self.token_weights = 1 + self.is_id * (settings.training.ids_weight - 1)

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

    def step(self, batch: Batch, tally: Tally) -> None:
        """One update."""
        rate = self.settings.training
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.steps, self.clock.progress, rate.rate, rate.warmup)
        loss, said, wanted = answer_loss(
            self.model, self.forward, batch, self.device, self.token_weights
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        if self.steps % 4 == 0:
            self.average.update(self.model, self.steps // 4)
        self.tokens += batch["ids"].size
        tally.loss += loss.item()
        right = said == wanted
        tally.right += int(right.sum())
        tally.answer_tokens += len(wanted)
        ids = self.is_id[wanted]
        tally.ids_right += int((right & ids).sum())
        tally.ids += int(ids.sum())
        tally.tokens += batch["ids"].size
        tally.steps += 1

    def longest(self) -> int:
        """Tokens of the longest sample now: what is short is easier to learn from at first."""
        wanted = self.settings.training
        return wanted.early_longest if self.clock.progress < wanted.early else wanted.longest

    def save(self) -> None:
        """Write the state, whole or not at all."""
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


def answer_loss(
    model: Any,
    forward: Any,
    batch: Batch,
    device: torch.device,
    weights: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean loss of the answers' tokens, the likeliest tokens, and the right ones.

    weights: of every token of the vocabulary, (v,); None counts all alike. Padding stands right of
    what is learnt and the model looks left only, so no mask is needed.
    """
    inputs: dict[str, Tensor] = {"input_ids": torch.from_numpy(batch["ids"]).to(device)}
    if "pixels" in batch:
        inputs["pixel_values"] = torch.from_numpy(batch["pixels"]).to(device)
    labels = torch.from_numpy(batch["labels"]).to(device)[:, 1:]
    with torch.autocast(device.type, torch.bfloat16):
        hidden = forward(**inputs, use_cache=False).last_hidden_state[:, :-1]
        logits = model.lm_head(hidden[labels != IGNORED])
    wanted = labels[labels != IGNORED]
    loss = torch.nn.functional.cross_entropy(logits.float(), wanted, weights)
    return loss, logits.argmax(-1), wanted


def held_out_samples(trainer: Trainer, count: int) -> list[Encoded]:
    """Encoded samples of documents that training does not see."""
    data, longest = trainer.settings.data.as_served, trainer.settings.training.longest
    rng = random.Random(HELD_OUT_SEED)
    stream = encoded_samples(trainer.processor, data, rng, lambda: longest)
    return [next(stream) for _ in range(count)]


def train(
    trainer: Trainer, data: Iterable[Batch], *, score_every: float = 420, most_steps: int = 0
) -> None:
    """Steps until the minutes are used, or SIGTERM. A line in ``log.jsonl`` every few steps,
    and now and then greedy answers to held-out samples. most_steps: stop earlier."""
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    held_out = held_out_samples(trainer, 32) if score_every else []
    saved = scored = time.monotonic()
    tally, last = Tally(), trainer.steps + most_steps
    for batch in data:
        trainer.step(batch, tally)
        if trainer.steps % LOG_EVERY == 0:
            if isinstance(data, BatchStream):
                data.limit(trainer.longest())
            _log(trainer, tally.row())
            tally = Tally()
        if time.monotonic() - saved > trainer.settings.training.save_seconds:
            trainer.save()
            saved = time.monotonic()
        if score_every and time.monotonic() - scored > score_every:
            score = score_greedy(trainer.model, trainer.processor.tokenizer, held_out)
            _log(trainer, {"held_out": str(score)})
            scored, tally = time.monotonic(), Tally()
        if stop or trainer.clock.progress >= 1 or trainer.steps == last:
            break
    trainer.save()


def _log(trainer: Trainer, row: dict[str, Any]) -> None:
    made = {
        "step": trainer.steps,
        "seconds": round(trainer.clock.elapsed),
        "tokens": trainer.tokens,
    }
    line = json.dumps(made | row)
    print(line, flush=True)
    with (trainer.output / "log.jsonl").open("a") as file:
        file.write(line + "\n")


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--config", type=argument(load_settings), required=True, help="YAML, see finetune/configs"
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--start", type=argument(checkpoint_folder), help="a checkpoint folder to go on from"
    )
    parser.add_argument("--minutes", type=float, default=40, help="of wall time, all runs together")
    parser.add_argument("--threads", type=int, default=1, help="of torch on a CPU")
    parser.add_argument("--steps", type=int, default=0, help="stop after so many (0: no limit)")
    parser.add_argument("--compile", action="store_true", help="torch.compile, for a GPU")
    parser.add_argument("--score-every", type=float, default=420, help="seconds; 0: never")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16", help="of the checkpoint")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    settings = args.config
    torch.manual_seed(settings.seed)
    if args.start and not (args.output / "start").exists():
        shutil.copytree(args.start, args.output / "start")
    trainer = Trainer(settings, args.output, args.minutes, args.compile)
    try:
        resumed = trainer.resume()
    except ValueError as error:
        parser.error(str(error))
    count = sum(p.numel() for p in trainer.model.parameters())
    print(f"{count:,} parameters on {trainer.device}; resumed: {resumed}", flush=True)
    wanted = settings.training
    seed = settings.seed + 1000 * (1 + trainer.steps)
    start, longest = args.output / "start", trainer.longest()
    data = BatchStream(start, settings.data, wanted.tokens, longest, seed, wanted.workers)
    train(trainer, data, score_every=args.score_every, most_steps=args.steps)
    trainer.export(args.output / "checkpoint", args.dtype)


if __name__ == "__main__":
    main()
