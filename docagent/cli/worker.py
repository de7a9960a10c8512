"""``docagent worker``: runs jobs until stopped."""

from __future__ import annotations

import argparse

from docagent.jobs.worker import run_worker
from docagent.settings import Settings


def run_jobs(args: argparse.Namespace) -> int:
    """Runs jobs until Ctrl-C or SIGTERM; returns 0. Raises the errors of opening the store."""
    run_worker(Settings.from_env(), args.name)
    return 0
