"""The arguments of ``docagent serve`` and ``docagent keys``."""

from __future__ import annotations

import argparse

from docagent.cli.vlm_arguments import to_sentence

_SERVE = "answer over HTTP: the API, chat clients, and a page for people at /"
_KEYS = "create, list or revoke the keys of the server's callers"
_HOST = (
    "address to listen on; by default DOCAGENT_SERVE_HOST, or 127.0.0.1; any other than this "
    "machine's own needs a key first (docagent keys create)"
)
_HOSTS = (
    "name that callers use for this server, such as docs.example.com; repeat it for several; "
    "requests for other names are refused"
)
_PUBLIC_URL = "address of the server in links that others open, such as https://docs.example.com"
_SCOPES = (
    "what the key may do: read, write (add documents, run verbs), review (label fields), admin; "
    "repeat it for several; by default read, write and review"
)

Verbs = argparse._SubParsersAction  # the type has no public name


def add_serve(verbs: Verbs[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """The verb ``serve``; the caller adds the options of readers and models."""
    serve = verbs.add_parser("serve", help=_SERVE, description=to_sentence(_SERVE))
    add = serve.add_argument
    add("--host", metavar="ADDRESS", help=_HOST)
    add("--port", type=int, help="port to listen on, 0 for any; by default 8100")
    add("--workers", type=int, metavar="N", help="processes that run jobs; by default 2")
    add("--allow-host", action="append", metavar="NAME", help=_HOSTS)
    add("--public-url", metavar="URL", help=_PUBLIC_URL)
    add("--require-key", action="store_true", help="ask for a key on the loopback interface too")
    add("--debug", action="store_true", help="show tracebacks of a start that fails")
    serve.set_defaults(run=_run_serve, verb="serve")
    return serve


def add_keys(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """The verb ``keys`` with its actions."""
    keys = verbs.add_parser("keys", help=_KEYS, description=to_sentence(_KEYS))
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key; its secret is shown once")
    create.add_argument("name", metavar="NAME", help="what the key is for, such as a program")
    create.add_argument("--owner", help="whose documents it sees; by default NAME")
    create.add_argument("--scope", action="append", choices=SCOPES, metavar="SCOPE", help=_SCOPES)
    create.add_argument("--days", type=float, help="days after which it expires; by default never")
    create.set_defaults(run=_run_create)
    listing = actions.add_parser("list", help="show all keys, without their secrets")
    listing.set_defaults(run=_run_list)
    revoke = actions.add_parser("revoke", help="withdraw a key for good; its documents stay")
    revoke.add_argument("key", metavar="ID", help="as `docagent keys list` shows it")
    revoke.set_defaults(run=_run_revoke)
    for action in (create, listing, revoke):
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("--debug", action="store_true", help="show logs and tracebacks")
        action.set_defaults(verb="keys")


SCOPES = ("read", "write", "review", "admin")


def _run_serve(args: argparse.Namespace) -> int:
    from docagent.cli.serve import run_serve

    return run_serve(args)


def _run_create(args: argparse.Namespace) -> int:
    from docagent.cli.keys import run_create

    return run_create(args)


def _run_list(args: argparse.Namespace) -> int:
    from docagent.cli.keys import run_list

    return run_list(args)


def _run_revoke(args: argparse.Namespace) -> int:
    from docagent.cli.keys import run_revoke

    return run_revoke(args)
