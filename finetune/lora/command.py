"""Train a LoRA or QLoRA adapter of a vision-language model for a domain.

    python -m finetune.lora --config finetune/configs/medical.yaml --output runs/lora_medical

Writes ``log.jsonl``, ``loss.png``, ``state.pt`` and the folder ``adapter``, which PEFT and vLLM
load. The same command goes on where it stopped; ``SIGTERM`` saves and stops.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from finetune.lora.config import load_adapter_config
from finetune.lora.train import train_adapter


def main() -> None:
    """Parse the command line and train; what is wrong with the request ends it in a sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.lora", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--config", type=Path, required=True, help="YAML, see finetune/configs")
    parser.add_argument("--output", type=Path, help="default: runs/lora_NAME of the configuration")
    parser.add_argument("--base", help="another base model than the configuration's")
    parser.add_argument("--minutes", type=float, help="instead of the configuration's")
    parser.add_argument("--steps", type=int, help="stop after so many")
    parser.add_argument("--threads", type=int, default=1, help="of torch on a CPU")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    try:
        config = load_adapter_config(args.config)
        given = {"minutes": args.minutes, "steps": args.steps}
        update = {k: v for k, v in given.items() if v is not None}
        changed = {"training": config.training.replace(**update)}
        changed |= {"base": args.base} if args.base else {}
        config = config.replace(**changed)
        train_adapter(config, args.output or Path("runs") / f"lora_{config.name}")
    except ValueError as error:
        sys.exit(f"finetune.lora: {error}")
