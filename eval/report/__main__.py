"""All figures in one file: ``python -m eval.report --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.report.build", extra="eval"))
