"""Calibration tables of engines for fusion: ``python -m eval.engine_calibration --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.analysis.engine_calibration", extra="eval"))
