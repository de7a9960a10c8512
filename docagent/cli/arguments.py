"""The arguments of ``docagent``, made from the table of verbs.

Only light imports, so that --help is immediate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from docagent import __version__
from docagent.cli.mcp_arguments import add_mcp
from docagent.cli.serve_arguments import add_keys, add_serve
from docagent.cli.store_arguments import add_documents, add_worker
from docagent.cli.vlm_arguments import add_vlm, to_sentence
from docagent.verbs import SOURCE_OPTIONS, VERBS, Option, Verb

ENGINES = ("docagent", "tesseract", "rapidocr", "fused", "auto")
AGGREGATES = ("minimum", "geometric_mean")
VLM_MODES = ("always", "unsure", "never")

_DESCRIPTION = """\
Reads scans, photos and PDFs: text with boxes, corrected OCR errors, answers, summaries, kinds of
documents, and the fields of a schema, each with the place on the page that proves it.
"""
_EPILOG = """\
examples:
  docagent extract invoice.png --schema invoice
  docagent extract scans/ --schema receipt --output results/ --json
  docagent extract scans/ --schema receipt --output receipts.xlsx
  docagent read letter.pdf --format markdown
  docagent read scan.tif --format pdf --output scan.searchable.pdf
  docagent ask contract.pdf "When does it end?"
  docagent chat contract.pdf
  docagent classify scans/
  docagent summarise contract.pdf
  docagent schemas invoice

`docagent VERB --help` lists the options of a verb.

exit codes: 0 success, 1 a fault in docagent, 2 a wrong input, schema or argument, 130 Ctrl-C
"""

_INPUTS = (
    "files or folders; folders are searched for PNG, JPEG, TIFF, WebP, BMP and PDF files; - reads "
    "standard input"
)
_JSON = (
    "print JSON: one object for one file; for several files or a folder one line each, "
    '{"source": ..., "result": ...} or {"source": ..., "error": ..., "code": ...}'
)
_OUTPUT = (
    "folder for the results, one file per input and format; a later run skips inputs whose results "
    "are there and current (same content, options, settings, weights and version), so a stopped "
    "run continues where it was; a name with a suffix is the file for a single result, or for the "
    "table of all results (.csv, .xlsx)"
)
_FORCE = "process all inputs, also those whose results in --output are current"
_ANNOTATE = (
    "draw the boxes of the result on the page and save the picture as IMAGE; several pages become "
    "IMAGE-1, IMAGE-2, ...; for several inputs IMAGE is a folder"
)
_WEIGHTS = (
    "folder with networks to use instead of the shipped ones, such as `python -m "
    "finetune.recognizer --data` writes; by default DOCAGENT_WEIGHTS_DIR"
)
_ENGINE = (
    "OCR engine for page images: docagent (its own), tesseract or rapidocr if installed, fused "
    "(all of them together), or auto (the best one for each page); by default DOCAGENT_ENGINE, or "
    "docagent"
)
_CONFIDENCE = (
    "how the confidence of a word follows from its characters, and that of a line or page from its "
    "words: the lowest (minimum) or the geometric mean; by default DOCAGENT_CONFIDENCE, or minimum"
)
_VLM = (
    "when to ask a vision-language model: always, unsure (only where the embedded readers are "
    "unsure), or never; by default DOCAGENT_VLM, or unsure if a model is named"
)
_VLM_URL = (
    "address of a vLLM or other OpenAI-compatible server, such as http://127.0.0.1:8000/v1; by "
    "default DOCAGENT_VLM_URL"
)
_VLM_MODEL = (
    "name of the model or adapter on the server; by default DOCAGENT_VLM_MODEL, or the first served"
)
_VLM_ADAPTERS = (
    "names of LoRA adapters on the server by domain of the document, such as "
    "finance=NAME,legal=NAME; by default DOCAGENT_VLM_ADAPTERS"
)

_FORMAT = {
    "read": "format to write, by default that of the ending of --output, or text",
    "correct": "format of the corrected document, written instead of the edits",
}
"""What ``--format`` says, by verb."""
_TABLES = (
    "format to write, by default that of the ending of --output, or json; csv and xlsx are one "
    "table of all inputs, with confidences and what to review, and one of the items in their lists"
)

_FLAGS = {
    "schema": ("-s", "--schema"),
    "schemas": ("-s", "--schema"),
    "sentences": ("-n", "--sentences"),
}
"""How an option of a verb is typed, where that is not ``--name``."""
_METAVARS = {"schemas": "SCHEMA", "sentences": "N", "domain": "NAME", "password": "TEXT"}
_POSITIONAL = ("question",)
_MODEL_OPTIONS = ("domain",)
"""Options that only matter with a vision-language model; they are listed with it."""
_TYPES = {"integer": int}
"""Type of an option as it is typed, where that is not text."""

Subparsers = argparse._SubParsersAction  # the type has no public name


def build_parser() -> argparse.ArgumentParser:
    """The parser of all verbs; each sets ``run`` to the function that does it."""
    parser = argparse.ArgumentParser(
        prog="docagent",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"docagent {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS.values():
        _add_verb(verbs, verb)
    _add_schemas(verbs)
    add_vlm(verbs)
    _add_serve(verbs)
    add_keys(verbs)
    add_documents(verbs)
    add_worker(verbs)
    add_mcp(verbs, _add_engines)
    return parser


def _add_serve(verbs: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_serve(verbs)
    _add_reading(parser)
    model = parser.add_argument_group("vision-language model")
    model.add_argument("--vlm", choices=VLM_MODES, help=_VLM)
    model.add_argument("--vlm-url", metavar="URL", help=_VLM_URL)
    model.add_argument("--vlm-model", metavar="NAME", help=_VLM_MODEL)
    model.add_argument("--vlm-adapters", metavar="PAIRS", help=_VLM_ADAPTERS)


def _add_verb(verbs: Subparsers[argparse.ArgumentParser], verb: Verb) -> None:
    parser = verbs.add_parser(verb.name, help=verb.help, description=to_sentence(verb.help))
    if verb.is_conversation:
        parser.add_argument("file", metavar="FILE", help="an image or a PDF")
    else:
        parser.add_argument("inputs", nargs="+", metavar="INPUT", help=_INPUTS)
    for option in verb.options:
        if option.name not in _MODEL_OPTIONS:
            _add_option(parser, option)
    if verb.is_conversation:
        parser.add_argument("--json", action="store_true", help="print one JSON object a question")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no notes")
    _add_debug(parser)
    if not verb.is_conversation:
        _add_output(parser, verb)
    _add_reading(parser)
    if verb.asks_model:
        _add_model(parser, verb)
    run = _run_chat if verb.is_conversation else _run_documents
    parser.set_defaults(run=run, verb=verb.name)


def _add_option(parser: argparse._ActionsContainer, option: Option) -> None:
    """An option of a verb, as it is typed."""
    given: dict[str, Any] = {"help": option.help, "type": _TYPES.get(option.type, str)}
    given["metavar"] = _METAVARS.get(option.name, option.name.upper())
    if option.choices:
        given["choices"] = option.choices
    if option.name in _POSITIONAL:
        parser.add_argument(option.name, **given)
        return
    if option.many:
        given["action"] = "append"
    flags = _FLAGS.get(option.name, (f"--{option.name}",))
    parser.add_argument(*flags, dest=option.name, required=option.required, **given)


def _add_output(parser: argparse.ArgumentParser, verb: Verb) -> None:
    """What is written and printed, and where."""
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help=_JSON)
    output.add_argument("-o", "--output", type=Path, metavar="FOLDER", help=_OUTPUT)
    _add_format(output, verb)
    output.add_argument("--annotate", type=Path, metavar="IMAGE", help=_ANNOTATE)
    output.add_argument("--force", action="store_true", help=_FORCE)
    parser.set_defaults(format=[])


def _add_format(output: argparse._ActionsContainer, verb: Verb) -> None:
    several = f"{', '.join(verb.formats)}; separate several with commas, or repeat the option"
    output.add_argument(
        "-f",
        "--format",
        action="extend",
        type=partial(_formats, verb.formats),
        default=[],
        metavar="FORMAT",
        help=f"{_FORMAT.get(verb.name, _TABLES)}: {several}",
    )


def _add_engines(parser: argparse.ArgumentParser) -> None:
    """The options of engines and models, for a command that runs all verbs."""
    _add_engine(parser.add_argument_group("reading"))
    _add_server(parser.add_argument_group("vision-language model"))


def _add_reading(parser: argparse.ArgumentParser) -> None:
    reading = parser.add_argument_group("reading")
    for option in SOURCE_OPTIONS:
        _add_option(reading, option)
    _add_engine(reading)


def _add_engine(reading: argparse._ActionsContainer) -> None:
    reading.add_argument("--engine", choices=ENGINES, help=_ENGINE)
    reading.add_argument("--weights", type=Path, metavar="FOLDER", help=_WEIGHTS)
    reading.add_argument("--confidence", choices=AGGREGATES, help=_CONFIDENCE)


def _add_model(parser: argparse.ArgumentParser, verb: Verb) -> None:
    model = parser.add_argument_group("vision-language model")
    _add_server(model)
    for option in verb.options:
        if option.name in _MODEL_OPTIONS:
            _add_option(model, option)


def _add_server(model: argparse._ActionsContainer) -> None:
    model.add_argument("--vlm", choices=VLM_MODES, help=_VLM)
    model.add_argument("--vlm-url", metavar="URL", help=_VLM_URL)
    model.add_argument("--vlm-model", metavar="NAME", help=_VLM_MODEL)
    model.add_argument("--vlm-adapters", metavar="PAIRS", help=_VLM_ADAPTERS)


def _add_schemas(verbs: Subparsers[argparse.ArgumentParser]) -> None:
    text = "list the built-in schemas, or show the fields of one"
    schemas = verbs.add_parser("schemas", help=text, description=to_sentence(text))
    schemas.add_argument(
        "schema",
        nargs="?",
        metavar="SCHEMA",
        help="the name of a built-in schema, or a JSON Schema file",
    )
    schemas.add_argument("--json", action="store_true", help="print JSON: names, or the schema")
    _add_debug(schemas)
    schemas.set_defaults(run=_run_schemas, verb="schemas")


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="show logs and tracebacks")


def _formats(allowed: Sequence[str], text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in allowed:
            raise argparse.ArgumentTypeError(f"{name!r} is not a format; give {', '.join(allowed)}")
    return names


def _run_documents(args: argparse.Namespace) -> int:
    from docagent.cli.documents import run_documents

    return run_documents(args)


def _run_chat(args: argparse.Namespace) -> int:
    from docagent.cli.chat import run_chat

    return run_chat(args)


def _run_schemas(args: argparse.Namespace) -> int:
    from docagent.cli.schemas import run_schemas

    return run_schemas(args)
