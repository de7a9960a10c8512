"""OCR errors by cause: ``python -m eval.ocr_errors --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.analysis.ocr_errors", extra="eval"))
