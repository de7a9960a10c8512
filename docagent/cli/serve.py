"""``docagent serve``: from arguments to a running server."""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import Any

from docagent.cli.settings_from_arguments import to_settings
from docagent.errors import MissingExtraError
from docagent.settings import Settings


def run_serve(args: argparse.Namespace) -> int:
    """Serves until stopped. Raises SettingsError, StoreError and MissingExtraError."""
    settings = _settings(args)
    with tempfile.TemporaryDirectory(prefix="docagent-metrics-") as folder:
        # Workers are processes of their own; the library of metrics adds up what is in the folder.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        try:
            from docagent.api.serve import serve
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "docagent":
                raise
            raise MissingExtraError("docagent serve", "serve") from error
        return serve(settings, _tell, args.require_key)


def _settings(args: argparse.Namespace) -> Settings:
    settings = to_settings(args)
    given: dict[str, Any] = {
        "host": args.host,
        "port": args.port,
        "workers": args.workers,
        "hosts": ",".join(args.allow_host) if args.allow_host else None,
        "public_url": args.public_url,
    }
    return settings.replace(serve={n: v for n, v in given.items() if v is not None})


def _tell(address: str) -> None:
    print(f"docagent: {address}/ (Ctrl-C stops)", flush=True)
