"""``docagent worker``: runs jobs until stopped."""

from __future__ import annotations

import argparse

from docagent.settings import Settings
from docagent.store import require_store


def run_jobs(args: argparse.Namespace) -> int:
    """Runs jobs until Ctrl-C or SIGTERM; returns 0. Raises MissingExtraError without the extra
    ``serve``, and the errors of opening the store."""
    require_store()
    from docagent.jobs.worker import run_worker

    run_worker(Settings.from_env(), args.name)
    return 0
