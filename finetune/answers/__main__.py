"""Commands about answers: ``--help`` lists them."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "clauses": ("finetune.answers.clauses", "train the model of contract clauses"),
    "cases": ("finetune.answers.cases", "collect the questions that answers are fitted with"),
    "labels": ("finetune.answers.labels", "fit which words at a label are its value"),
    "calibrate": ("finetune.answers.calibrate", "fit the confidence of answers"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.answers", "train", COMMANDS))
