"""Converts arguments to settings and to the options of a verb."""

from __future__ import annotations

import argparse
import re
from typing import Any

from docagent.errors import SettingsError
from docagent.settings import Settings, parse_adapters
from docagent.verbs import SOURCE_OPTIONS, Verb, prepare_opening


def verb_options(verb: Verb, args: argparse.Namespace) -> dict[str, Any]:
    """The options of a verb as ``Verb.run`` takes them. Raises SettingsError or SchemaError."""
    return verb.prepare({option.name: getattr(args, option.name) for option in verb.options})


def opening_options(args: argparse.Namespace) -> dict[str, Any]:
    """How sources are opened, as ``DocAgent.load`` takes it. Raises SettingsError."""
    return prepare_opening({option.name: getattr(args, option.name) for option in SOURCE_OPTIONS})


def to_settings(args: argparse.Namespace) -> Settings:
    """The settings of the environment with what was typed. Raises SettingsError."""
    given = {
        "engine": args.engine,
        "weights_dir": args.weights,
        "confidence": args.confidence,
    }
    if args.weights and not args.weights.is_dir():
        raise SettingsError(f"--weights {args.weights}: no such folder; name one with networks")
    update = {name: value for name, value in given.items() if value is not None}
    if args.verb == "read":
        update["vlm"] = "never"
    return vlm_settings(args).replace(**update)


def vlm_settings(args: argparse.Namespace) -> Settings:
    """The settings of the environment, with what the arguments say of a model. Raises
    SettingsError."""
    # `read` has no options for a model, as it asks none.
    given = {name: getattr(args, name, None) for name in ("vlm", "vlm_url", "vlm_model")}
    update: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not re.match(r"https?://\S+$", update.get("vlm_url", "http://default")):
        raise SettingsError(f"--vlm-url {args.vlm_url}: give http://HOST:PORT/v1")
    adapters = getattr(args, "vlm_adapters", None)
    if adapters is not None:
        try:
            update["vlm_adapters"] = parse_adapters(adapters)
        except ValueError as error:
            raise SettingsError(f"--vlm-adapters {adapters}: {error}") from error
    return Settings.from_env().replace(**update)
