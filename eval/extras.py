"""One line in place of a traceback where a package or a data set is missing.

A command module holds nothing but a call of ``run_command``, so that what is missing is noticed
before the packages are imported. A command whose imports always succeed wraps its ``main`` in
``guarded``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

OWN_PACKAGES = ("docagent", "eval", "finetune", "tests")
"""A module missing from one of these is a fault of the code; its traceback is kept."""
USAGE_ERROR = 2
"""Exit status of a command that could not start, the same as argparse's."""


def run_command(module: str, extra: str) -> int:
    """Import a dotted ``module``, run its ``main()`` and return its exit status.

    extra: the optional dependencies the command needs, as in pyproject.toml (``eval``, or
    ``vllm,lora``). A package that is not installed, and any DocAgentError (a data set that is not
    there), give one line on stderr and exit status 2.
    """
    return guarded(lambda: importlib.import_module(module).main(), extra)


def guarded(main: Callable[[], int | None], extra: str) -> int:
    """Run ``main`` and return its exit status (None counts as 0), with errors as in
    ``run_command``."""
    try:
        return _with_short_errors(main)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if not missing or missing in OWN_PACKAGES:
            raise
        problem = f"{command_name()} needs {missing}, which is not installed"
        print(f"error: {problem}; run pip install '.[{extra}]'", file=sys.stderr)
        return USAGE_ERROR


def _with_short_errors(main: Callable[[], int | None]) -> int:
    # Imported here: without the packages of docagent's core even this fails.
    from docagent.errors import DocAgentError

    try:
        return main() or 0
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR


def command_name() -> str:
    """The command that is running, without its arguments: ``python -m eval.ocr``, or
    ``python -m finetune.reader train`` of a package with several commands."""
    if sys.argv[0].startswith("python -m "):
        return sys.argv[0]
    parts = Path(sys.argv[0]).with_suffix("").parts
    starts = [place for place, part in enumerate(parts) if part in ("eval", "finetune")]
    named = parts[starts[-1] if starts else -1 :]
    return "python -m " + ".".join(part for part in named if part != "__main__")
