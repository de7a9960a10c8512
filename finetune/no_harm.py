"""Count words that the language model breaks: ``python -m finetune.no_harm --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.studies.no_harm", extra="train,eval"))
