"""``docagent vlm serve | check``: start a vLLM server for docagent, or check one."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from types import FrameType
from typing import Any, cast

from pydantic import SecretStr

from docagent.cli.settings_from_arguments import vlm_settings
from docagent.errors import SettingsError
from docagent.settings import Settings, VlmSettings
from docagent.vlm.adapters import AdapterState, Probed, probe_adapter
from docagent.vlm.connection import load_chat_model
from docagent.vlm.serving import (
    ServeOptions,
    VllmServer,
    has_gpu,
    serve_arguments,
    serve_environment,
)

MAX_START_SECONDS = 3600.0
"""Longest start of a server in seconds: it may load gigabytes."""
NO_TOOLS = "none"
"""Value of ``--tools`` for no parser of tool calls."""


def run_serve(args: argparse.Namespace) -> int:
    """Serves until stopped; returns vLLM's exit code. Raises SettingsError for wrong arguments
    and for an adapter without effect, MissingExtraError without vLLM, VlmError if it fails."""
    options = _options(args)
    if args.dry_run:
        print(_printed(options))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    with VllmServer(options) as server:
        server.wait_until_ready(MAX_START_SECONDS)
        states = check_adapters(_settings_for(options), [name for name, _ in options.adapters])
        _refuse(states)
        if not options.tool_parser:
            print("docagent: chat has no tools; --tools PARSER adds them", file=sys.stderr)
        print(f"docagent: ready; use it with --vlm-url {options.url}", file=sys.stderr)
        return server.process.wait()


def run_check(args: argparse.Namespace) -> int:
    """Prints what a server serves; returns 2 if an adapter is not served or has no effect. Raises
    VlmError if the server does not answer."""
    settings = vlm_settings(args)
    if not settings.vlm.url:
        raise SettingsError("no server is named; give --vlm-url (DOCAGENT_VLM_URL)")
    client = load_chat_model(settings)
    served = cast(Probed, client).models()
    base = settings.vlm.model or served[0]
    domains = {name: domain for domain, name in settings.vlm.adapters}
    names = list(domains) or [name for name in served if name != base]
    states = check_adapters(settings, names)
    if args.json:
        print(json.dumps({"base": base, "adapters": [asdict(state) for state in states]}))
    else:
        print(f"base model: {base}")
        for state in states:
            print(f"adapter {state.name}: {_told(state)}")
    return 2 if any(state.effect in ("no_effect", "not_served") for state in states) else 0


def check_adapters(settings: Settings, names: Sequence[str]) -> list[AdapterState]:
    """Probes adapters of the server that the settings name. Raises VlmError if it is gone."""
    client = load_chat_model(settings)
    assert client is not None
    return [probe_adapter(client, name) for name in names]


def _options(args: argparse.Namespace) -> ServeOptions:
    if args.device == "gpu" and not has_gpu():
        raise SettingsError("--device gpu: no GPU is visible on this machine; use --device cpu")
    given: dict[str, Any] = {
        "model": args.model,
        "max_model_len": args.max_model_len,
        "max_num_seqs": args.max_num_seqs,
        "images": args.images,
        "tools": "" if args.tools == NO_TOOLS else args.tools,
    }
    return ServeOptions(
        name=args.name,
        adapters=tuple(_adapter(text) for text in args.adapter),
        host=args.host,
        port=args.port,
        cpu=args.device == "cpu" or (args.device == "auto" and not has_gpu()),
        dtype=args.dtype,
        api_key=Settings.from_env().vlm.api_key.get_secret_value(),
        extra=tuple(args.extra),
        **{name: value for name, value in given.items() if value is not None},
    )


def _adapter(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise SettingsError(f"--adapter {text}: give NAME=FOLDER")
    return name, folder


def _printed(options: ServeOptions) -> str:
    """The command for a shell, without the key."""
    variables = serve_environment(options)
    if "VLLM_API_KEY" in variables:
        variables["VLLM_API_KEY"] = "$DOCAGENT_VLM_API_KEY"
    words = [f'{k}="{v}"' if v.startswith("$") else f"{k}={v}" for k, v in variables.items()]
    return " ".join([*words, "vllm", shlex.join(serve_arguments(options))])


def _settings_for(options: ServeOptions) -> Settings:
    """Settings for a client of the server."""
    key = SecretStr(options.api_key)
    vlm = VlmSettings(mode="unsure", url=options.url, model=options.name, api_key=key)
    return Settings(vlm=vlm)


def _refuse(states: Sequence[AdapterState]) -> None:
    for state in states:
        if state.effect in ("no_effect", "not_served"):
            raise SettingsError(f"{state.message}; do not serve it, or train it again")
        print(f"docagent: adapter {state.name}: {_told(state)}", file=sys.stderr)


def _told(state: AdapterState) -> str:
    if state.effect == "works":
        return f"works (log probabilities of a fixed text change by up to {state.difference:.3g})"
    return state.message


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Stops the server as Ctrl-C does, when a service manager sends SIGTERM."""
    raise KeyboardInterrupt
