"""Commands about the reader on a pretrained encoder: ``--help`` lists them."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "mixture": ("finetune.reader.pretrained.mixture", "read the training PDFs once"),
    "train": ("finetune.reader.pretrained.train", "train it on synthetic and real documents"),
    "validate": ("finetune.reader.pretrained.validate", "score a checkpoint on held-out documents"),
    "export": ("finetune.reader.pretrained.export", "write the weights that docagent runs"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.reader.pretrained", "encoder", COMMANDS))
