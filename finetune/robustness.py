"""Degrade pages step by step: ``python -m finetune.robustness --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.studies.robustness", extra="train,eval"))
