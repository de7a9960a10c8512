"""``docagent mcp``: serve the verbs by the Model Context Protocol."""

from __future__ import annotations

import argparse
import os
import sys

from docagent.agent import DocAgent
from docagent.cli.settings_from_arguments import to_settings
from docagent.errors import MissingExtraError, SettingsError

TOKEN_VARIABLE = "DOCAGENT_MCP_TOKEN"


def run_mcp(args: argparse.Namespace) -> int:
    """Serves until stopped; returns 0. Raises SettingsError for a folder that is none and for a
    server that others could reach, MissingExtraError without the SDK."""
    for folder in args.folders:
        if not folder.is_dir():
            raise SettingsError(f"{folder} is not a folder; name folders with documents")
    try:
        from docagent.mcp import build_server, serve_http, serve_stdio
    except ImportError as error:
        if error.name is None or error.name.split(".")[0] not in ("mcp", "mcp_types", "uvicorn"):
            raise
        raise MissingExtraError("docagent mcp", "mcp") from error
    agent = DocAgent(to_settings(args))
    server = build_server(agent, args.folders)
    if not args.http:
        serve_stdio(server)
        return 0
    token = os.environ.get(TOKEN_VARIABLE, "")
    print(f"docagent: MCP at http://{args.host}:{args.port}/mcp", file=sys.stderr)
    serve_http(
        server,
        args.host,
        args.port,
        token=token,
        names=args.name,
        max_bytes=agent.settings.limits.max_bytes,
    )
    return 0
