"""Commands that draw synthetic documents: ``python -m finetune.synthesis --help``."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "shards": ("finetune.synthesis.shards", "draw pages that detector and recognizer train on"),
    "preview": ("finetune.synthesis.preview", "draw one document to look at"),
    "samples": ("finetune.synthesis.samples", "draw the samples that docagent ships"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.synthesis", "train", COMMANDS))
