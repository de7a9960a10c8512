"""Commands about the embedded reader: ``python -m finetune.reader --help``."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "mixture": ("finetune.reader.mixture", "read the training PDFs once"),
    "train": ("finetune.reader.train", "train it on synthetic and real documents"),
    "validate": ("finetune.reader.validate", "score a checkpoint on held-out documents"),
    "export": ("finetune.reader.export", "write the weights that docagent runs"),
    "measure": ("finetune.reader.measure", "score the weights on the true words of real documents"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.reader", "encoder", COMMANDS))
