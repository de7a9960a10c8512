"""Score an adapter against its base model: ``python -m finetune.lora.evaluate --help``."""

import os
import sys

from eval.extras import run_command

if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever downloaded here
    sys.exit(run_command("finetune.lora.evaluation", extra="lora"))
