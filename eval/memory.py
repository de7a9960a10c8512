"""Peak memory of an extraction: ``python -m eval.memory --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.performance.memory", extra="eval"))
