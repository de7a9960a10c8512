"""What can be typed after ``docagent vlm``."""

from __future__ import annotations

import argparse

_SERVE = (
    "start a vLLM server for docagent: on this machine only, with constrained decoding and LoRA "
    "adapters; an adapter without effect is refused"
)
_CHECK = "what a server serves, and whether its LoRA adapters have an effect"
_ADAPTER = "a LoRA adapter and the name to serve it under; repeat for several"
_TOOLS = (
    "vLLM's parser of the tool calls that the model writes, for tools in `docagent chat`, or none; "
    "unless told, that of the model's name where it is known"
)
_EXTRA = "further arguments of `vllm serve`, after --"

Verbs = argparse._SubParsersAction  # the type has no public name


def add_vlm(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """The verb ``vlm`` with its actions."""
    text = "a vision-language model: serve one with vLLM, or check a server"
    vlm = verbs.add_parser("vlm", help=text, description=text)
    actions = vlm.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_serve(actions)
    _add_check(actions)


def _add_serve(actions: Verbs[argparse.ArgumentParser]) -> None:
    serve = actions.add_parser("serve", help=_SERVE, description=_SERVE)
    add = serve.add_argument
    add("--model", help="a model on the Hugging Face hub, or a folder; unless told, a small one")
    add("--name", default="docagent", help="what clients call the model (docagent)")
    add("--adapter", action="append", default=[], metavar="NAME=FOLDER", help=_ADAPTER)
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=int, default=8000, help="port to listen on (8000)")
    add("--device", choices=("auto", "gpu", "cpu"), default="auto", help="what to run on")
    add("--dtype", default="auto", help="of the weights, as vLLM names it (auto)")
    add("--max-model-len", type=int, metavar="TOKENS", help="prompt and answer together")
    add("--max-num-seqs", type=int, metavar="N", help="requests worked on side by side")
    add("--images", type=int, metavar="N", help="most images of a request")
    add("--tools", metavar="PARSER", help=_TOOLS)
    add("--dry-run", action="store_true", help="print the command, and start nothing")
    add("--debug", action="store_true", help="show logs and tracebacks")
    add("extra", nargs="*", metavar="ARGUMENT", help=_EXTRA)
    serve.set_defaults(run=_run_serve, verb="vlm")


def _add_check(actions: Verbs[argparse.ArgumentParser]) -> None:
    check = actions.add_parser("check", help=_CHECK, description=_CHECK)
    add = check.add_argument
    add("--vlm-url", metavar="URL", help="base of the server; by default DOCAGENT_VLM_URL")
    add("--vlm-model", metavar="NAME", help="the base model; by default the first one served")
    add("--vlm-adapters", metavar="PAIRS", help="finance=NAME,...; by default all that are served")
    add("--json", action="store_true", help="print JSON")
    add("--debug", action="store_true", help="show logs and tracebacks")
    check.set_defaults(run=_run_check, verb="vlm")


def _run_serve(args: argparse.Namespace) -> int:
    from docagent.cli.vlm import run_serve

    return run_serve(args)


def _run_check(args: argparse.Namespace) -> int:
    from docagent.cli.vlm import run_check

    return run_check(args)
