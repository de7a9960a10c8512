"""Extraction before and after a model is asked: ``python -m eval.cascade --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.cascade", extra="eval"))
