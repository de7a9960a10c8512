"""Kinds of page that the router finds: ``python -m eval.kinds --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.tasks.page_kinds", extra="eval"))
