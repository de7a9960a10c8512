"""Figures of ``docagent serve``: ``python -m eval.server --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.performance.server", extra="serve"))
