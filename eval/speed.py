"""Processor seconds of a scan, questions, and a wide schema: ``python -m eval.speed --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.performance.speed", extra="eval"))
