"""Expected calibration error of word and line confidences: ``python -m eval.confidence --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.confidence", extra="eval"))
