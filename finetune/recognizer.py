"""Train the text recognizer, or tune it on your own crops: ``python -m finetune.recognizer``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.ocr.recognizer.train", extra="train"))
