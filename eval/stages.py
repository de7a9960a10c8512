"""Processor time of each stage of reading a page: ``python -m eval.stages --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.performance.stages", extra="eval"))
