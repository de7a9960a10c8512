"""The command ``docagent``: parses arguments, calls the library, prints.

Exit codes: 0 success; 1 a fault in docagent itself; 2 a wrong input, schema or argument (of
several inputs, the others are still processed); 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from docagent.cli.arguments import build_parser
from docagent.cli.error_lines import error_line
from docagent.errors import DocAgentError

OK, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. argv: without the program's name."""
    parser = build_parser()
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.DEBUG if args.debug else logging.CRITICAL)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except DocAgentError as error:
        if args.debug:
            raise
        print(f"docagent: {error}", file=sys.stderr)
        if getattr(args, "json", False):
            print(error_line(str(error), error.code))
        return BAD_INPUT
    except KeyboardInterrupt:
        print("\ndocagent: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads the output has closed it, as in `docagent read x.pdf | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if args.debug:
            raise
        reason = f"{type(error).__name__}: {error}"
        print(f"docagent: {reason} (a fault in docagent; --debug shows where)", file=sys.stderr)
        return FAULT
