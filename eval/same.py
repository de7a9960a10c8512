"""Whether two results are the same to the last digit: ``python -m eval.same --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.analysis.same_results", extra="eval"))
