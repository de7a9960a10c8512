"""Commands of a package: ``python -m finetune.reader train --output runs/reader``."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from eval.extras import USAGE_ERROR, run_command


def run_package_command(package: str, extra: str, commands: Mapping[str, tuple[str, str]]) -> int:
    """Run the command that the first argument names, on the arguments after it; its exit status.

    commands: by name the dotted module whose ``main()`` it is, and a sentence about it. extra:
    the optional dependencies they need. What is missing is said in one line, as in
    ``run_command``.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in commands:
        sys.argv[:2] = [f"python -m {package} {name}"]
        return run_command(commands[name][0], extra)
    wants_help = name in ("-h", "--help")
    out = sys.stdout if wants_help else sys.stderr
    if name and not wants_help:
        print(f"error: {name!r} is no command of {package}; the commands are below", file=out)
    print(f"usage: python -m {package} COMMAND [--help] ...", file=out)
    for command, (_, sentence) in commands.items():
        print(f"  {command:<10}{sentence}", file=out)
    return 0 if wants_help else USAGE_ERROR
