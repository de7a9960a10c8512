"""Commands about answers: ``--help`` lists them."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "clauses": ("finetune.answers.clauses", "train the model of contract clauses"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.answers", "train", COMMANDS))
