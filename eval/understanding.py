"""Fields and answers scored on every labelled set: ``python -m eval.understanding --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.understanding.command", extra="eval"))
