"""The fingerprint of a result: a later run compares it to know whether the result is current.

A fingerprint has one part for everything that decides a result. Documents, questions and keys are
hashed, so they cannot be read from it:

    source    the bytes of the input
    verb      its name
    options   those of the verb, such as the question
    schema    the content of the schemas, whatever they are called
    settings  every setting that matters to the result (see ``IGNORED_SETTINGS``)
    engines   which OCR engines are installed, where the engine is chosen among them
    weights   the networks, their calibration and the language model
    prompts   the prompt templates, where a vision-language model may be asked
    version   of docagent
    outputs   the formats, and whether pages are drawn

Some things cannot be seen from here and are not part of it: what a server has loaded under the
name of a model, a chat model that DocAgent was given as an object, the version of another OCR
engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from docagent import __version__
from docagent.confidence import CALIBRATION_FILE, calibration_file
from docagent.ocr.engines.registry import installed_engines
from docagent.schemas import AUTO, Schema, list_schemas
from docagent.settings import FLAT_NAMES, Settings
from docagent.text.language_model import WEIGHTS as LANGUAGE_MODEL
from docagent.verbs import Verb
from docagent.vlm.prompts.templates import load_template, template_names

Parts = Mapping[str, str]
"""Part of a fingerprint by name; two results with equal parts are the same."""

IGNORED_SETTINGS: Mapping[str, str] = {
    "threads": "any number of threads gives the same result",
    "weights_dir": "the content of the folder counts, not its name",
    "max_bytes": "a source beyond it gives no result at all",
    "max_pages": "a source beyond it gives no result at all",
    "pdf_password": "it opens a file or does not; the content is the same",
    "vlm_api_key": "who asks does not change the answer",
    "vlm_timeout": "a result that it cuts short is marked, and made again in any case",
    "vlm_seconds": "a result that it cuts short is marked, and made again in any case",
    "vlm_retries": "a result that lacks an answer is marked, and made again in any case",
    "vlm_concurrency": "calls side by side are independent of each other",
    "vlm_tracing": "it only reports what happens",
    "vlm_tools": "only conversations use tools",
    "vlm_tool_calls": "only conversations use tools",
    **{
        name: "where a result is kept, and who makes it, does not change it"
        for name, path in FLAT_NAMES.items()
        if path[0] in ("jobs", "serve", "store")
    },
}
"""Settings that do not matter to a result, and why. All others do, new ones too."""

_DIGITS = 32
_NETWORKS = ("*.onnx", "*.json")
_ANY_INSTALLED = ("fused", "auto")


def digest(value: Any) -> str:
    """A short hash of a value made of JSON types; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def fingerprint(
    settings: Settings,
    verb: Verb,
    options: Mapping[str, Any],
    formats: Sequence[str],
    is_drawn: bool,
) -> dict[str, str]:
    """The parts that are the same for all inputs of a run, which is all but ``source``.

    options: as ``Verb.prepare`` gives them. is_drawn: whether pages are drawn. Raises
    SettingsError for a prompt template that is not usable.
    """
    schemas = _schemas(verb, options)
    may_ask = verb.asks_model and settings.vlm.effective_mode != "never"
    return {
        "verb": verb.name,
        "options": digest(_plain_options(options, may_ask)),
        "schema": digest([[schema.json_schema, schema.domain] for schema in schemas]),
        "settings": digest(_relevant(settings, options, may_ask)),
        "engines": ",".join(installed_engines()) if settings.ocr.engine in _ANY_INSTALLED else "",
        "weights": _hash_weights(settings.weights_dir),
        "prompts": digest([load_template(n).hash for n in template_names()]) if may_ask else "",
        "version": __version__,
        "outputs": ",".join((*sorted(formats), *(["pictures"] if is_drawn else []))),
    }


def _schemas(verb: Verb, options: Mapping[str, Any]) -> tuple[Schema, ...]:
    found: list[Schema] = []
    for option in verb.options:
        if option.type == "schema":
            given = options[option.name]
            if option.many:
                # None given means all built-in ones, which are files that anyone may edit.
                found.extend(given or list_schemas())
            elif given == AUTO:
                found.extend((given, *list_schemas()))
            else:
                found.append(given)
    return tuple(found)


def _plain_options(options: Mapping[str, Any], may_ask: bool) -> dict[str, Any]:
    """Options without the schemas, which count by their content, the locale, which is also a
    setting, and the domain, where no model is asked."""
    left_out = {"schema", "schemas", "locale"} | (set() if may_ask else {"domain"})
    return {name: value for name, value in options.items() if name not in left_out}


def _relevant(settings: Settings, options: Mapping[str, Any], may_ask: bool) -> dict[str, Any]:
    """The settings that decide a result, as JSON types."""
    relevant = {k: v for k, v in flat_settings(settings).items() if k not in IGNORED_SETTINGS}
    if options.get("locale") is not None:
        relevant["locale"] = options["locale"]
    if relevant.get("vlm_model"):
        # The same model may be served elsewhere; a server alone stands for what it serves first.
        relevant.pop("vlm_url", None)
    if not may_ask:
        relevant = {k: v for k, v in relevant.items() if not k.startswith("vlm")}
    else:
        relevant["vlm"] = settings.vlm.effective_mode
    return relevant


def flat_settings(settings: Settings) -> dict[str, Any]:
    """Every setting by its flat name (``vlm_url``), as JSON types."""
    return {name: _to_json(reduce(getattr, path, settings)) for name, path in FLAT_NAMES.items()}


def _to_json(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value


def _hash_weights(folder: Path | None) -> str:
    """A hash of the files that reading and the reader load, by name and content."""
    networks = folder or CALIBRATION_FILE.parent
    files = {path for pattern in _NETWORKS for path in networks.glob(pattern)}
    files |= {path for path in (calibration_file(folder), LANGUAGE_MODEL) if path.is_file()}
    return digest(sorted((path.name, _hash_file(path)) for path in files))


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
