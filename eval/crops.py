"""Recognition alone, on crops cut at the true boxes: ``python -m eval.crops --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.crops", extra="eval"))
