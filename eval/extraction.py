"""Extracted fields scored beside a plain baseline: ``python -m eval.extraction --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.extraction", extra="eval"))
