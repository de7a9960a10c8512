"""``python -m docagent`` is the same as ``docagent``."""

import sys

from docagent.cli import main

if __name__ == "__main__":
    sys.exit(main())
