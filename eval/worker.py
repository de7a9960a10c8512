"""One OCR engine reads a set in a process of its own: ``python -m eval.worker --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.systems.worker", extra="eval"))
