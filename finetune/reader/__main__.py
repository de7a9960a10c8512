"""Commands about the embedded reader: ``python -m finetune.reader --help``."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "train": ("finetune.reader.train", "train it on synthetic documents"),
    "validate": ("finetune.reader.validate", "score a checkpoint on new synthetic pages"),
    "export": ("finetune.reader.export", "write the weights that docagent runs"),
    "measure": ("finetune.reader.measure", "score the weights on the true words of real documents"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.reader", "train", COMMANDS))
