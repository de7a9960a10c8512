"""Commands about the LLaVA of our own: ``python -m finetune.llava --help``."""

import os
import sys

from finetune.commands import run_package_command

COMMANDS = {
    "build": ("finetune.llava.build", "make the untrained checkpoint"),
    "data": ("finetune.llava.data", "write training samples as JSON lines"),
    "train": ("finetune.llava.train", "train it on synthetic documents"),
    "score": ("finetune.llava.score", "score a checkpoint on held-out samples"),
}

if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever downloaded here
    sys.exit(run_package_command("finetune.llava", "lora", COMMANDS))
