"""Make an 8-bit network of an exported one: ``python -m finetune.quantize --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("finetune.ocr.quantize", extra="train"))
