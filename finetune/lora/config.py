"""The configuration of an adapter (``finetune/configs``): base model, data, shape, training."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from docagent.document import Frozen
from finetune.llava.config import DataConfig, read_yaml

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
NOT_LANGUAGE = r".*(vision|visual|projector|merger|aligner|connector|lm_head).*"
"""Modules that are never adapted: vLLM ignores adapters of a tower without a word."""


class AdapterShape(Frozen):
    """rank, alpha: the update is alpha / rank · B A. targets: linear layers of the language model
    by the last part of their names."""

    rank: int = Field(default=8, ge=1, le=512)
    alpha: float = Field(default=16, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] = TARGETS


class AdapterTraining(Frozen):
    """rate: highest learning rate. minutes: of wall time. steps: stop after so many (0: no limit).
    batch: samples of an update. longest: tokens of a sample; longer ones are left out. held_out:
    samples for evaluation. evaluate_seconds, save_seconds: between evaluations, and states."""

    rate: float = Field(gt=0)
    minutes: float = Field(gt=0)
    steps: int = Field(default=0, ge=0)
    batch: int = Field(default=8, ge=1)
    longest: int = Field(default=1536, ge=64)
    warmup: int = Field(default=20, ge=1)
    held_out: int = Field(default=24, ge=1)
    evaluate_seconds: float = Field(default=90, gt=0)
    save_seconds: float = Field(default=60, gt=0)
    workers: int = Field(default=0, ge=0)


class AdapterConfig(Frozen):
    """One configuration file. base: folder of a checkpoint, or its name on the Hugging Face hub.
    Data is synthetic, or a JSONL file; of that a share is held out, or another file.
    quantisation: of the base while training; ``4bit`` needs a GPU and bitsandbytes."""

    base: str
    name: str = Field(pattern=r"^[\w.-]+$")
    seed: int = 1
    synthetic: DataConfig | None = None
    jsonl: Path | None = None
    held_out_jsonl: Path | None = None
    held_out_share: float = Field(default=0.1, gt=0, lt=1)
    quantisation: Literal["none", "4bit"] = "none"
    lora: AdapterShape = AdapterShape()
    training: AdapterTraining

    @model_validator(mode="after")
    def _check(self) -> AdapterConfig:
        if (self.synthetic is None) == (self.jsonl is None):
            raise ValueError("give the data either as synthetic or as jsonl")
        return self


def load_adapter_config(path: Path) -> AdapterConfig:
    """The configuration of a YAML file. Raises ValueError naming the file and what is wrong."""
    return AdapterConfig.model_validate(read_yaml(path, AdapterConfig))
