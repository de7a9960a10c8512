"""The arguments of ``docagent vlm``."""

from __future__ import annotations

import argparse

_SERVE = (
    "start a vLLM server on this machine for docagent, with constrained decoding and LoRA "
    "adapters; an adapter without effect is an error"
)
_CHECK = "show what a server serves, and whether its LoRA adapters have an effect"
_ADAPTER = "name to serve a LoRA adapter under, and its folder; repeat it for several"
_TOOLS = (
    "vLLM's parser for the tool calls of the model, used by `docagent chat`, or none; by default "
    "the one that fits the model's name, if it is known"
)
_EXTRA = "more arguments of `vllm serve`, after --"

Verbs = argparse._SubParsersAction  # the type has no public name


def to_sentence(text: str) -> str:
    """A phrase of a list of verbs as a sentence of its own."""
    return f"{text[0].upper()}{text[1:]}."


def add_vlm(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """The verb ``vlm`` with its actions."""
    text = "serve a vision-language model with vLLM, or check a server"
    vlm = verbs.add_parser("vlm", help=text, description=to_sentence(text))
    actions = vlm.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_serve(actions)
    _add_check(actions)


def _add_serve(actions: Verbs[argparse.ArgumentParser]) -> None:
    serve = actions.add_parser("serve", help=_SERVE, description=to_sentence(_SERVE))
    add = serve.add_argument
    add("--model", help="name on the Hugging Face hub, or a folder; by default a small one")
    add("--name", default="docagent", help="name of the model for clients; by default docagent")
    add("--adapter", action="append", default=[], metavar="NAME=FOLDER", help=_ADAPTER)
    add("--host", default="127.0.0.1", help="address to listen on; by default 127.0.0.1")
    add("--port", type=int, default=8000, help="port to listen on; by default 8000")
    add(
        "--device",
        choices=("auto", "gpu", "cpu"),
        default="auto",
        help="hardware to run on; by default a GPU if there is one",
    )
    add(
        "--dtype",
        default="auto",
        help="data type of the weights, as vLLM names it; by default auto",
    )
    add("--max-model-len", type=int, metavar="TOKENS", help="longest prompt and answer together")
    add("--max-num-seqs", type=int, metavar="N", help="most requests at one time")
    add("--images", type=int, metavar="N", help="most images in one request")
    add("--tools", metavar="PARSER", help=_TOOLS)
    add("--dry-run", action="store_true", help="print the command without running it")
    add("--debug", action="store_true", help="show logs and tracebacks")
    add("extra", nargs="*", metavar="ARGUMENT", help=_EXTRA)
    serve.set_defaults(run=_run_serve, verb="vlm")


def _add_check(actions: Verbs[argparse.ArgumentParser]) -> None:
    check = actions.add_parser("check", help=_CHECK, description=to_sentence(_CHECK))
    add = check.add_argument
    add("--vlm-url", metavar="URL", help="address of the server; by default DOCAGENT_VLM_URL")
    add(
        "--vlm-model",
        metavar="NAME",
        help="name of the base model; by default the first one served",
    )
    add(
        "--vlm-adapters",
        metavar="PAIRS",
        help="adapters to check, as finance=NAME,...; by default all that are served",
    )
    add("--json", action="store_true", help="print JSON")
    add("--debug", action="store_true", help="show logs and tracebacks")
    check.set_defaults(run=_run_check, verb="vlm")


def _run_serve(args: argparse.Namespace) -> int:
    from docagent.cli.vlm import run_serve

    return run_serve(args)


def _run_check(args: argparse.Namespace) -> int:
    from docagent.cli.vlm import run_check

    return run_check(args)
