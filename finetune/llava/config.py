"""The configuration of a LLaVA (``finetune/configs``): its shape, data and training."""

from __future__ import annotations

import random
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from docagent.document import Frozen
from finetune.llava.tasks import TASKS, Asked
from finetune.synthesis.documents import KINDS

T = TypeVar("T")
ROUND = 96
"""Samples that are sorted by length at a time, unless a configuration says more."""


class TokenizerConfig(Frozen):
    """vocabulary: tokens in all. line_ids: ids of lines that are one token. documents: synthetic
    documents it is trained on."""

    vocabulary: int = Field(ge=1024)
    line_ids: int = Field(ge=1)
    documents: int = Field(ge=1)


class LanguageConfig(Frozen):
    """A plain Llama. context: longest sequence. induction: start from an induction circuit."""

    hidden: int
    layers: int = Field(ge=2)
    heads: int = Field(ge=2)
    intermediate: int
    context: int
    rope_theta: float
    induction: bool = True

    @model_validator(mode="after")
    def _check(self) -> LanguageConfig:
        if self.hidden % self.heads or (self.hidden // self.heads) % 2:
            raise ValueError(f"hidden {self.hidden} must be an even multiple of {self.heads} heads")
        return self


class VisionConfig(Frozen):
    """A SigLIP tower. image: pixels of a side; (image / patch)² image tokens."""

    image: int
    patch: int
    hidden: int
    layers: int = Field(ge=2)
    heads: int
    intermediate: int

    @property
    def tokens(self) -> int:
        """Image tokens of a picture."""
        return (self.image // self.patch) ** 2


class DataConfig(Frozen):
    """kinds: of documents, with how often each comes up. noise: share of readings that may have
    mistakes. readings: times a document is used; samples: drawn from a reading; questions: most
    that are asked of one view of a document, one after the other. The others are those of
    ``Asked``."""

    kinds: dict[str, float]
    chars: int = Field(ge=200)
    fields: int = Field(ge=1)
    rows: int = Field(ge=0)
    images: tuple[int, ...]
    pixels: int = Field(ge=10_000)
    legible: bool
    noise: float = Field(ge=0, le=1)
    weights: dict[Literal["extract", "ask", "correct"], float]
    only: frozenset[str] = frozenset()
    readings: int = Field(default=3, ge=1)
    samples: int = Field(default=2, ge=1)
    questions: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _check(self) -> DataConfig:
        unknown = sorted(set(self.kinds) - set(KINDS))
        if unknown or not self.kinds:
            raise ValueError(f"kinds {unknown or 'are missing'}; there are {', '.join(KINDS)}")
        if not self.weights:
            raise ValueError(f"weights name no task; there are {', '.join(TASKS)}")
        return self

    @property
    def as_served(self) -> DataConfig:
        """The same with one question at a time."""
        return self.replace(questions=1)

    @property
    def asked(self) -> Asked:
        """How samples are drawn from a reading."""
        names = ("chars", "fields", "rows", "images", "pixels", "legible", "weights", "only")
        return Asked(**{name: getattr(self, name) for name in names})

    def draw_kind(self, rng: random.Random) -> str:
        """A kind of document, by its weight."""
        return rng.choices(list(self.kinds), list(self.kinds.values()))[0]


class TrainingConfig(Frozen):
    """rate: highest learning rate. tokens: of a step, padding included. micro: of one pass, of
    which a step adds up as many as its tokens need; 0 for all at once. sorted: samples that are
    sorted by length at a time; more of them leave less padding. longest: tokens of a sample;
    longer ones are left out. early_longest: the same for the share ``early`` of the time, in which
    short samples teach more a second. ids_weight: of the ids of lines in the loss, against 1 of
    other tokens. workers: processes that make data. save_seconds: between checkpoints."""

    rate: float
    warmup: int
    tokens: int = Field(ge=1)
    micro: int = Field(default=0, ge=0)
    sorted: int = Field(default=ROUND, ge=1)
    weight_decay: float
    longest: int
    early: float = Field(default=0.0, ge=0, le=1)
    early_longest: int = 0
    ids_weight: float = Field(default=1.0, gt=0)
    workers: int = Field(ge=1)
    save_seconds: float

    @property
    def passes(self) -> int:
        """Forward passes of a step."""
        return max(1, self.tokens // self.micro) if self.micro else 1

    @property
    def forward(self) -> int:
        """Tokens of a forward pass, padding included."""
        return min(self.micro, self.tokens) or self.tokens


class LlavaSettings(Frozen):
    """Everything of one configuration file."""

    seed: int
    tokenizer: TokenizerConfig
    language: LanguageConfig
    vision: VisionConfig
    data: DataConfig
    training: TrainingConfig


def argument(load: Callable[[Path], T]) -> Callable[[str], T]:
    """A ``type`` for argparse of what a file holds: what is wrong with it is told as a mistake of
    the command line."""

    def parse(text: str) -> T:
        try:
            return load(Path(text))
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return parse


def checkpoint_folder(path: Path) -> Path:
    """The path itself. Raises ValueError if no checkpoint is there."""
    if not (path / "config.json").is_file():
        raise ValueError(f"{path}: no checkpoint, which is a folder with a config.json")
    return path


def load_settings(path: Path) -> LlavaSettings:
    """The settings of a YAML file. Raises ValueError naming the file and what is wrong in it."""
    return LlavaSettings.model_validate(read_yaml(path, LlavaSettings))


def read_yaml(path: Path, kind: type[BaseModel]) -> Mapping[str, Any]:
    """A YAML file as a mapping that fits a model. Raises ValueError naming file and place."""
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
        kind.model_validate(read)
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); see finetune/configs"
        ) from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        raise ValueError(
            f"{path}: {place}: {first['msg']} (given: {first['input']!r:.80})"
        ) from error
    return read
