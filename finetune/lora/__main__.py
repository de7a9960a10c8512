"""Train a LoRA or QLoRA adapter: ``python -m finetune.lora --help``."""

import os
import sys

from eval.extras import run_command

if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(run_command("finetune.lora.command", extra="lora"))
