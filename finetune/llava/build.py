"""Build an untrained LLaVA checkpoint from a configuration: ready for training and for vLLM.

    python -m finetune.llava build --config finetune/configs/llava_tiny.yaml --output runs/start

The tokenizer is trained on synthetic prompts, the weights are drawn with the seed of the
configuration; the same configuration gives the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from finetune.llava.checkpoint import (
    check_generates,
    load_checkpoint_folder,
    make_model,
    make_processor,
    save_checkpoint_folder,
)
from finetune.llava.config import LlavaSettings, argument, load_settings

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def build(settings: LlavaSettings, folder: Path, dtype: str = "float32") -> int:
    """Write the checkpoint, load it back and let it speak; the number of its parameters."""
    processor = make_processor(settings)
    model = make_model(settings, processor)
    save_checkpoint_folder(model, processor, folder, DTYPES[dtype])
    check_generates(*load_checkpoint_folder(folder))
    return sum(p.numel() for p in model.parameters())


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--config", type=argument(load_settings), required=True, help="YAML, see finetune/configs"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--dtype", choices=DTYPES, default="float32")
    args = parser.parse_args()
    count = build(args.config, args.output, args.dtype)
    print(f"{args.output}: {count:,} parameters, {args.dtype}, loads and generates")
