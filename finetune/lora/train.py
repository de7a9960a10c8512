"""Training of an adapter: steps, evaluation, state, resume."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from torch.utils.data import DataLoader, IterableDataset

from docagent.cascade.answer_format import members
from finetune.llava.batches import IGNORED
from finetune.llava.scoring import Score, score_answer
from finetune.lora.base import add_adapter, export_adapter, load_base
from finetune.lora.config import AdapterConfig
from finetune.lora.plot import plot_log
from finetune.lora.samples import ModelInput, held_out_chats, to_input, training_chats
from finetune.training import Clock, Stopper, learning_rate, save_checkpoint

LOG_EVERY = 5
MOST_TOKENS = 500
"""Of an answer that is generated in evaluation."""
GREEDY = 4
"""Held-out samples that are answered greedily in evaluation."""


class _Inputs(IterableDataset[ModelInput]):
    """Samples ready for the model; with several workers each takes every n-th."""

    def __init__(self, config: AdapterConfig, processor: Any, done: int) -> None:
        self.config, self.processor, self.done = config, processor, done

    def __iter__(self) -> Iterator[ModelInput]:
        worker = torch.utils.data.get_worker_info()
        for number, chat in enumerate(training_chats(self.config, self.done)):
            if worker is not None and number % worker.num_workers != worker.id:
                continue
            made = to_input(self.processor, chat)
            if made.tokens <= self.config.training.longest:
                yield made


class AdapterTrainer:
    """Base model with an adapter, optimizer, and state on disk. One sample is a forward pass, so
    models of every make are given exactly what their processor makes."""

    def __init__(self, config: AdapterConfig, output: Path) -> None:
        self.config, self.output = config, output
        self.accelerator = Accelerator(
            mixed_precision="bf16", gradient_accumulation_steps=config.training.batch
        )
        base, self.processor = load_base(config)
        self.model = add_adapter(base, config)
        learnt = [p for p in self.model.parameters() if p.requires_grad]
        self.parameters = sum(p.numel() for p in learnt)
        optimizer = torch.optim.AdamW(learnt, lr=config.training.rate, weight_decay=0.0)
        self.model, self.optimizer = self.accelerator.prepare(self.model, optimizer)
        self.steps, self.samples = 0, 0
        self.clock = Clock(config.training.minutes * 60)
        output.mkdir(parents=True, exist_ok=True)

    @property
    def plain(self) -> Any:
        """The PEFT model itself."""
        return self.accelerator.unwrap_model(self.model)

    def inputs(self) -> Iterable[ModelInput]:
        """Training samples from where the state stands."""
        made = _Inputs(self.config, self.processor, self.samples)
        workers = self.config.training.workers
        context = "spawn" if workers else None
        return DataLoader(made, None, num_workers=workers, multiprocessing_context=context)

    def loss(self, sample: ModelInput) -> torch.Tensor:
        """Mean loss of the answer's tokens."""
        inputs = {k: v.to(self.accelerator.device) for k, v in sample.inputs.items()}
        labels = sample.labels.to(self.accelerator.device)
        with self.accelerator.autocast():
            kept = labels.shape[1] - sample.start + 1
            logits = self.model(**inputs, use_cache=False, logits_to_keep=kept).logits
        wanted = labels[0, sample.start :]
        return torch.nn.functional.cross_entropy(
            logits[0, :-1].float(), wanted, ignore_index=IGNORED
        )

    def update(self, samples: Iterator[ModelInput]) -> float:
        """One step over a batch of samples; their mean loss."""
        training = self.config.training
        rate = learning_rate(self.steps, self.clock.progress, training.rate, training.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total = 0.0
        for _ in range(training.batch):
            with self.accelerator.accumulate(self.model):
                loss = self.loss(next(samples))
                self.accelerator.backward(loss)
                if self.accelerator.sync_gradients:
                    self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                self.optimizer.zero_grad()
            total += loss.item()
        self.steps += 1
        self.samples += training.batch
        return total / training.batch

    def evaluate(self, held_out: list[ModelInput]) -> dict[str, Any]:
        """Mean loss of held-out samples, and how right greedy answers to some of them are."""
        self.model.eval()
        with torch.no_grad():
            losses = [self.loss(sample).item() for sample in held_out]
            score = sum((self._greedy(sample) for sample in held_out[:GREEDY]), Score())
        self.model.train()
        return {"held_out_loss": round(sum(losses) / len(losses), 4), "held_out": str(score)}

    def _greedy(self, sample: ModelInput) -> Score:
        tokenizer = self.processor.tokenizer
        right = tokenizer.decode(sample.labels[0, sample.start :], skip_special_tokens=True)
        inputs = {}
        for name, value in sample.inputs.items():
            along = value.shape == sample.labels.shape
            inputs[name] = (value[:, : sample.start] if along else value).to(self.plain.device)
        with self.accelerator.autocast():
            out = self.plain.generate(**inputs, max_new_tokens=MOST_TOKENS, do_sample=False)
        said = tokenizer.decode(out[0, sample.start :], skip_special_tokens=True)
        return score_answer(said, right) if members(right) else Score((int(said == right), 1))

    def save(self) -> None:
        """Write the state, whole or not at all."""
        state = {
            "adapter": get_peft_model_state_dict(self.plain),
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
            "samples": self.samples,
            "seconds": self.clock.elapsed,
            "lora": self.config.lora.model_dump_json(),
        }
        save_checkpoint(self.output / "state.pt", state)

    def resume(self) -> bool:
        """Go on from the state in the output folder; False if there is none. Raises ValueError
        if it is of an adapter of another shape."""
        path = self.output / "state.pt"
        if not path.is_file():
            return False
        saved = torch.load(path, map_location="cpu", weights_only=True)
        if saved["lora"] != self.config.lora.model_dump_json():
            raise ValueError(f"{path} is of an adapter of another shape; give another --output")
        set_peft_model_state_dict(self.plain, saved["adapter"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.steps, self.samples = saved["steps"], saved["samples"]
        self.clock = Clock(self.config.training.minutes * 60, saved["seconds"])
        return True

    def log(self, row: dict[str, Any]) -> None:
        """A line in ``log.jsonl`` and on the screen."""
        line = json.dumps({"step": self.steps, "seconds": round(self.clock.elapsed), **row})
        print(line, flush=True)
        with (self.output / "log.jsonl").open("a") as file:
            file.write(line + "\n")


def train_adapter(config: AdapterConfig, output: Path) -> Path:
    """Train, or go on; evaluate now and then; draw the losses; export. The adapter's folder.

    Raises ValueError for what the configuration asks and cannot be had, and for an adapter
    without effect.
    """
    trainer = AdapterTrainer(config, output)
    resumed = trainer.resume()
    held_out = _fitting(trainer, config)
    print(f"{trainer.parameters:,} parameters to learn; resumed: {resumed}", flush=True)
    if not resumed:
        trainer.log(trainer.evaluate(held_out))
        trainer.clock = Clock(config.training.minutes * 60)  # the minutes are for training
    _steps(trainer, held_out)
    trainer.save()
    trainer.log(trainer.evaluate(held_out))
    plot_log(output / "log.jsonl", output / "loss.png")
    folder = output / "adapter"
    inputs = {k: v.to(trainer.plain.device) for k, v in held_out[0].inputs.items()}
    effect = export_adapter(trainer.plain, folder, config.base, inputs, _card(trainer))
    print(f"{folder}: changes logits by up to {effect:.2f}")
    return folder


def _fitting(trainer: AdapterTrainer, config: AdapterConfig) -> list[ModelInput]:
    chats = held_out_chats(config, config.training.held_out)
    made = [to_input(trainer.processor, chat) for chat in chats]
    fitting = [one for one in made if one.tokens <= config.training.longest]
    if not fitting:
        raise ValueError(
            f"no held-out sample has {config.training.longest} tokens or fewer (the shortest has "
            f"{min(one.tokens for one in made)}); raise training.longest"
        )
    return fitting


def _steps(trainer: AdapterTrainer, held_out: list[ModelInput]) -> None:
    training = trainer.config.training
    samples = iter(trainer.inputs())
    saved = evaluated = time.monotonic()
    losses: list[float] = []
    with Stopper() as stopper:
        while not stopper.signal and trainer.clock.progress < 1:
            if training.steps and trainer.steps >= training.steps:
                break
            losses.append(trainer.update(samples))
            if trainer.steps % LOG_EVERY == 0:
                trainer.log({"loss": round(sum(losses) / len(losses), 4)})
                losses = []
            if time.monotonic() - saved > training.save_seconds:
                trainer.save()
                saved = time.monotonic()
            if time.monotonic() - evaluated > training.evaluate_seconds:
                trainer.log(trainer.evaluate(held_out))
                evaluated = time.monotonic()


def _card(trainer: AdapterTrainer) -> str:
    config = trainer.config
    what = ", ".join(config.synthetic.kinds) if config.synthetic else str(config.jsonl)
    return (
        f"# {config.name}\n\nA LoRA adapter (rank {config.lora.rank}) of `{config.base}`, made by "
        f"`python -m finetune.lora`: {trainer.steps} steps of {config.training.batch} samples.\n\n"
        f"- Data: {what}{' (synthetic documents of docagent)' if config.synthetic else ''}\n"
        f"- Layers: {', '.join(config.lora.targets)} of the language model\n"
        f"- Serve: `vllm serve BASE --enable-lora --lora-modules {config.name}=FOLDER`\n"
        "- Licence of adapters trained on docagent's synthetic data: Apache-2.0\n"
    )
