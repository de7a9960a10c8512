"""OCR scores of docagent beside other engines: ``python -m eval.ocr --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.ocr", extra="eval"))
