"""Train the text detector, or tune it on your own pages: ``python -m finetune.detector``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.ocr.detector.train", extra="train"))
