"""Tables that were drawn, compared with those that are found: ``python -m eval.tables --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.tables.command", extra="eval"))
