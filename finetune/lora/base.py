"""The base model of an adapter, and the adapter put on it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import safe_open
from transformers import AutoModelForImageTextToText, AutoProcessor

from finetune.lora.config import NOT_LANGUAGE, AdapterConfig

LEAST_EFFECT = 1e-4
"""Largest change of a logit below which an adapter counts as doing nothing."""


def load_base(config: AdapterConfig) -> tuple[Any, Any]:
    """Model and processor of the base. Raises ValueError where 4-bit loading is asked for and
    cannot be had, or there is no such folder."""
    options: dict[str, Any] = {"dtype": torch.float32}
    if config.quantisation == "4bit":
        options = _four_bit_options()
    elif torch.cuda.is_available():
        options = {"dtype": torch.bfloat16}
    if config.base.startswith((".", "/", "finetune", "runs")) and not Path(config.base).is_dir():
        raise ValueError(f"base {config.base!r} is no folder; build or train it first")
    model = AutoModelForImageTextToText.from_pretrained(config.base, **options)
    return model, AutoProcessor.from_pretrained(config.base)


def _four_bit_options() -> dict[str, Any]:
    if not torch.cuda.is_available():
        raise ValueError("quantisation: 4bit needs a GPU, and there is none; use none")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ValueError("quantisation: 4bit needs bitsandbytes: pip install '.[qlora]'")
    from transformers import BitsAndBytesConfig

    quantised = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": quantised, "dtype": torch.bfloat16, "device_map": {"": 0}}


def add_adapter(model: Any, config: AdapterConfig) -> PeftModel:
    """The model with a new adapter on the linear layers of its language model."""
    torch.manual_seed(config.seed)
    shape = config.lora
    if config.quantisation == "4bit":
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model)
    made = get_peft_model(
        model,
        LoraConfig(
            r=shape.rank,
            lora_alpha=shape.alpha,
            lora_dropout=shape.dropout,
            target_modules=list(shape.targets),
            exclude_modules=NOT_LANGUAGE,
            task_type="CAUSAL_LM",
        ),
    )
    wrong = [n for n in _adapted(made) if re.fullmatch(NOT_LANGUAGE, n)]
    if wrong or not _adapted(made):
        raise ValueError(
            f"lora.targets {shape.targets} adapt {wrong or 'no layer'}; name linear layers of the "
            "language model"
        )
    return made


def _adapted(model: PeftModel) -> list[str]:
    return [n for n, p in model.named_parameters() if "lora_A" in n and p.requires_grad]


def adapter_effect(model: PeftModel, inputs: dict[str, torch.Tensor]) -> float:
    """Largest change of the last logits that the adapter makes on an input."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        with_adapter = model(**inputs).logits[0, -1].float()
        with model.disable_adapter():
            without = model(**inputs).logits[0, -1].float()
    model.train(was_training)
    return float((with_adapter - without).abs().max())


def export_adapter(
    model: PeftModel, folder: Path, base: str, inputs: dict[str, torch.Tensor], card: str
) -> float:
    """Write a folder that PEFT and vLLM (``--lora-modules name=folder``) load; the adapter's
    effect on an input. Raises ValueError if it has none, as then something went wrong."""
    effect = adapter_effect(model, inputs)
    if not effect > LEAST_EFFECT:  # also where it is not a number
        raise ValueError(
            f"the adapter changes no logit by more than {LEAST_EFFECT} ({effect:g}); train it "
            "longer, or with a higher rate; nothing was exported"
        )
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(folder)
    (folder / "README.md").write_text(card, "utf-8")
    described = folder / "adapter_config.json"
    config = json.loads(described.read_text("utf-8"))
    config["target_modules"] = sorted(config["target_modules"])  # PEFT writes a set's order
    described.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    _check_names(folder)
    return effect


def _check_names(folder: Path) -> None:
    """Every tensor is of a module that vLLM's LoRA knows: of the language model, rank and all."""
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        names = list(file.keys())
    strange = [n for n in names if re.fullmatch(NOT_LANGUAGE, n)]
    if strange or not names or config.get("modules_to_save") or config["bias"] != "none":
        raise ValueError(f"{folder}: vLLM would not load {strange or config}")
