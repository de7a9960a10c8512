"""Wall time with one worker and with several: ``python -m eval.parallel --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.performance.parallel", extra="eval"))
