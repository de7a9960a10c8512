"""Commands about calibration: ``--help`` lists them."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "lists": ("finetune.calibration.lists", "fit the confidence of values of lists and tables"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.calibration", "train", COMMANDS))
