"""Network alone, rules alone, and both: ``python -m eval.ablation --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.report.ablation", extra="eval"))
