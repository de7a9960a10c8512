"""The arguments of ``docagent mcp``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from docagent.cli.vlm_arguments import to_sentence

_ABOUT = (
    "serve the verbs to a chat program by the Model Context Protocol (MCP), with a viewer of the "
    "places on the pages"
)
_FOLDERS = (
    "folders whose documents the program may name; without any, it has to upload documents; it "
    "reaches no other file and no address"
)
_HTTP = (
    "serve by HTTP at /mcp rather than on standard input and output; off the loopback address the "
    "variable DOCAGENT_MCP_TOKEN has to hold a token that clients send"
)
_NAME = "another name of this host that clients use, such as docs.example.org; repeat for several"

Verbs = argparse._SubParsersAction  # the type has no public name


def add_mcp(
    verbs: Verbs[argparse.ArgumentParser], add_reading: Callable[[argparse.ArgumentParser], None]
) -> None:
    """The verb ``mcp``. add_reading: adds the options of engines and models."""
    mcp = verbs.add_parser("mcp", help=_ABOUT, description=to_sentence(_ABOUT))
    add = mcp.add_argument
    add("folders", nargs="*", type=Path, metavar="FOLDER", help=_FOLDERS)
    add("--http", action="store_true", help=_HTTP)
    add("--host", default="127.0.0.1", help="address to listen on; by default 127.0.0.1")
    add("--port", type=int, default=8010, help="port to listen on; by default 8010")
    add("--name", action="append", default=[], metavar="HOST", help=_NAME)
    add("--debug", action="store_true", help="show logs and tracebacks")
    add_reading(mcp)
    mcp.set_defaults(run=_run_mcp, verb="mcp")


def _run_mcp(args: argparse.Namespace) -> int:
    from docagent.cli.mcp import run_mcp

    return run_mcp(args)
