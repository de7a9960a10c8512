"""Checkpoints and LoRA adapters for checks: random, to change every answer, or without effect."""

from __future__ import annotations

import shutil
from pathlib import Path

RANK = 8
SHAKEN = 0.08
"""Standard deviation of what is added to the weights of a language model."""
SPREAD = 0.05
"""Standard deviation of the second matrices: enough to change what is said."""
TARGETS = r".*language_model.*\.(q_proj|v_proj|o_proj|up_proj)"


def write_adapter(checkpoint: Path, folder: Path, seed: int, spread: float = SPREAD) -> Path:
    """An adapter of the language model of a checkpoint, as PEFT saves it. With a spread of 0 it
    has no effect, as one that was never trained."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlavaForConditionalGeneration

    torch.manual_seed(seed)
    base = LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=TARGETS)
    model = get_peft_model(base, config)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=spread)
    model.save_pretrained(folder)
    return folder


def write_shaken(checkpoint: Path, folder: Path, seed: int) -> Path:
    """A copy of a checkpoint whose language model has noise on its weights. A freshly made model
    says one token for ever, which any other implementation would say too."""
    import torch
    from safetensors.torch import load_file, save_file

    folder.mkdir(parents=True, exist_ok=True)
    for file in checkpoint.iterdir():
        if file.is_file() and file.suffix != ".safetensors":
            shutil.copy(file, folder / file.name)
    generator = torch.Generator().manual_seed(seed)
    weights = load_file(checkpoint / "model.safetensors")
    for name, tensor in weights.items():
        if "language_model" in name and tensor.dim() == 2:
            noise = torch.randn(tensor.shape, generator=generator) * SHAKEN
            weights[name] = (tensor.float() + noise).contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
