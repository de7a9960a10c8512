"""Count errors by typeface: ``python -m finetune.font_errors --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.studies.font_errors", extra="train,eval"))
