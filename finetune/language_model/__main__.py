"""Count the language model of corrections: ``python -m finetune.language_model --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.language_model.train", extra="train"))
