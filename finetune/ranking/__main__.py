"""Commands about the ranker: ``python -m finetune.ranking --help``."""

import sys

from finetune.commands import run_package_command

COMMANDS = {
    "collect": ("finetune.ranking.command_collect", "features of the train documents' options"),
    "parties": ("finetune.ranking.parties", "fit what tells parties from other names"),
    "lists": ("finetune.ranking.lists", "fit the confidence of values of lists and tables"),
    "fit": ("finetune.ranking.fit", "fit the ranker on them, and write its weights"),
}

if __name__ == "__main__":
    sys.exit(run_package_command("finetune.ranking", "train", COMMANDS))
