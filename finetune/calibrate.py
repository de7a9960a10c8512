"""Fit confidences on synthetic scans: ``python -m finetune.calibrate --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.calibration.fit", extra="train"))
