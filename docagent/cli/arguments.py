"""What can be typed after ``docagent``. Only light imports, so that --help is immediate."""

from __future__ import annotations

import argparse
from pathlib import Path

from docagent import __version__
from docagent.cli.vlm_arguments import add_vlm

FORMATS = ("text", "markdown", "hocr", "alto", "pdf", "json")
ENGINES = ("docagent", "tesseract", "rapidocr", "fused", "auto")
AGGREGATES = ("minimum", "geometric_mean")

_EPILOG = """\
examples:
  docagent extract invoice.png --schema invoice
  docagent extract scans/ --schema receipt --output results/ --json
  docagent read letter.pdf --format markdown
  docagent read scan.tif --format pdf --output scan.searchable.pdf
  docagent ask contract.pdf "When does it end?"
  docagent chat contract.pdf
  docagent classify scans/
  docagent summarise contract.pdf
  docagent schemas invoice

exit codes: 0 fine, 1 a fault in docagent, 2 a wrong input, schema or argument, 130 Ctrl-C
"""

_INPUTS = "files or folders (searched for PNG, JPEG, TIFF, WebP, BMP and PDF); - is standard input"
_JSON = (
    "print JSON: one object for one file; for several files or a folder one line each, "
    '{"source": ..., "result": ...} or {"source": ..., "error": ..., "code": ...}'
)
_OUTPUT = (
    "folder to write results to, one file per input and format; what is already there is not "
    "done again, so a stopped run goes on where it was (but for what a model's server was away "
    "for); a name with a suffix is the file to "
    "write for a single input and format"
)
_ANNOTATE = (
    "draw the boxes of the result on the page image; several pages become IMAGE-1, IMAGE-2, ...; "
    "for several inputs IMAGE is a folder"
)
_WEIGHTS = (
    "networks to use instead of the shipped ones, as `python -m finetune.recognizer --data` "
    "writes them; by default DOCAGENT_WEIGHTS_DIR"
)
_ENGINE = (
    "what reads page images: docagent (its own OCR), an installed tesseract or rapidocr, fused "
    "(all of them together), or auto (the best for each page); by default DOCAGENT_ENGINE, "
    "or docagent"
)
_CONFIDENCE = (
    "confidence of a word from those of its characters, and of a line and a page from those of its "
    "words: the weakest (minimum) or the geometric mean; by default DOCAGENT_CONFIDENCE, or minimum"
)

VLM_MODES = ("always", "unsure", "never")
_VLM = (
    "when to ask a vision-language model: always, unsure (only what the embedded readers are "
    "unsure of), or never; by default DOCAGENT_VLM, or unsure if a model is named"
)
_VLM_URL = (
    "base of a vLLM or other OpenAI-compatible server, such as http://127.0.0.1:8000/v1; by "
    "default DOCAGENT_VLM_URL"
)
_VLM_MODEL = "name of a model or adapter that the server has; by default the first one"
_VLM_ADAPTERS = (
    "names of LoRA adapters that the server has, by domain of the document, such as "
    "finance=NAME,legal=NAME; by default DOCAGENT_VLM_ADAPTERS"
)
_DOMAIN = (
    "the domain whose adapter is asked; by default that of the schema, or the one that the words "
    "of the document tell, if that is sure"
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all verbs; each sets ``run`` to the function that does it."""
    parser = argparse.ArgumentParser(
        prog="docagent",
        description="Text with boxes, corrections, answers, summaries and grounded fields from "
        "documents.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"docagent {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    common = _common_arguments()
    _add_read(verbs, common)
    with_vlm = [common, _vlm_arguments()]
    _add_correct(verbs, with_vlm)
    _add_ask(verbs, with_vlm)
    _add_chat(verbs, [_reading_arguments(), _vlm_arguments()])
    _add_extract(verbs, with_vlm)
    _add_classify(verbs, with_vlm)
    _add_summarise(verbs, with_vlm)
    _add_schemas(verbs)
    add_vlm(verbs)
    return parser


def _common_arguments() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, parents=[_reading_arguments()])
    common.add_argument("inputs", nargs="+", metavar="INPUT", help=_INPUTS)
    common.add_argument("--json", action="store_true", help=_JSON)
    common.add_argument("-o", "--output", type=Path, metavar="FOLDER", help=_OUTPUT)
    common.add_argument("--force", action="store_true", help="redo what is already in --output")
    common.add_argument("--annotate", type=Path, metavar="IMAGE", help=_ANNOTATE)
    return common


def _reading_arguments() -> argparse.ArgumentParser:
    """How documents are read, and how much is told of it."""
    reading = argparse.ArgumentParser(add_help=False)
    reading.add_argument("--engine", choices=ENGINES, help=_ENGINE)
    reading.add_argument("--weights", type=Path, metavar="FOLDER", help=_WEIGHTS)
    reading.add_argument("--confidence", choices=AGGREGATES, help=_CONFIDENCE)
    reading.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no notes")
    _add_debug(reading)
    return reading


def _vlm_arguments() -> argparse.ArgumentParser:
    vlm = argparse.ArgumentParser(add_help=False)
    vlm.add_argument("--vlm", choices=VLM_MODES, help=_VLM)
    vlm.add_argument("--vlm-url", metavar="URL", help=_VLM_URL)
    vlm.add_argument("--vlm-model", metavar="NAME", help=_VLM_MODEL)
    vlm.add_argument("--vlm-adapters", metavar="PAIRS", help=_VLM_ADAPTERS)
    vlm.add_argument("--domain", metavar="NAME", help=_DOMAIN)
    return vlm


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="show logs and tracebacks")


Verbs = argparse._SubParsersAction  # the type has no public name
Parents = list[argparse.ArgumentParser]


def _add_read(verbs: Verbs[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "text with boxes, as plain text, Markdown, hOCR, ALTO, searchable PDF or JSON"
    read = verbs.add_parser("read", parents=[common], help=text, description=text)
    _add_format(read, "what to write, text unless told")
    read.set_defaults(run=_run_documents, verb="read")


def _add_correct(verbs: Verbs[argparse.ArgumentParser], parents: Parents) -> None:
    text = "OCR errors found and the edits proposed for them, each with its place and reason"
    correct = verbs.add_parser("correct", parents=parents, help=text, description=text)
    _add_format(correct, "write the corrected document instead of the edits")
    correct.set_defaults(run=_run_documents, verb="correct")


def _add_ask(verbs: Verbs[argparse.ArgumentParser], parents: Parents) -> None:
    text = "an answer with citations, or the reason why there is none"
    ask = verbs.add_parser("ask", parents=parents, help=text, description=text)
    ask.add_argument("question", metavar="QUESTION", help="the question, after the inputs")
    ask.set_defaults(run=_run_documents, verb="ask", format=[])


def _add_chat(verbs: Verbs[argparse.ArgumentParser], parents: Parents) -> None:
    text = (
        "several questions about one document: typed at a prompt, or one a line from standard "
        "input; a question may go on from the one before"
    )
    chat = verbs.add_parser("chat", parents=parents, help=text, description=text)
    chat.add_argument("file", metavar="FILE", help="an image or a PDF")
    chat.add_argument("--json", action="store_true", help="print one JSON object a question")
    chat.set_defaults(run=_run_chat, verb="chat")


def _add_extract(verbs: Verbs[argparse.ArgumentParser], parents: Parents) -> None:
    text = "fields of a schema, each with the place on the page that proves it"
    extract = verbs.add_parser("extract", parents=parents, help=text, description=text)
    extract.add_argument(
        "-s",
        "--schema",
        required=True,
        metavar="SCHEMA",
        help="a name that `docagent schemas` lists, or a JSON Schema file",
    )
    extract.set_defaults(run=_run_documents, verb="extract", format=[])


def _add_classify(verbs: Verbs[argparse.ArgumentParser], parents: Parents) -> None:
    text = "the kind of a document, with the words that tell, or that it is not known"
    classify = verbs.add_parser("classify", parents=parents, help=text, description=text)
    classify.add_argument(
        "-s",
        "--schema",
        action="append",
        dest="schemas",
        metavar="SCHEMA",
        help="a kind to tell from the others, as for extract; repeat it; by default all there are",
    )
    classify.set_defaults(run=_run_documents, verb="classify", format=[])


def _add_summarise(verbs: Verbs[argparse.ArgumentParser], parents: Parents) -> None:
    text = "a short summary, each sentence with the place on the page it rests on"
    summarise = verbs.add_parser("summarise", parents=parents, help=text, description=text)
    summarise.add_argument(
        "-n", "--sentences", type=int, default=5, metavar="N", help="at most so many, 1 to 20; 5"
    )
    summarise.set_defaults(run=_run_documents, verb="summarise", format=[])


def _add_schemas(verbs: Verbs[argparse.ArgumentParser]) -> None:
    text = "the schemas there are, or the fields of one"
    schemas = verbs.add_parser("schemas", help=text, description=text)
    schemas.add_argument("schema", nargs="?", metavar="SCHEMA", help="a name, or a file")
    schemas.add_argument("--json", action="store_true", help="print JSON: names, or the schema")
    _add_debug(schemas)
    schemas.set_defaults(run=_run_schemas, verb="schemas")


def _add_format(parser: argparse.ArgumentParser, text: str) -> None:
    several = f"{', '.join(FORMATS)}; several with commas, or repeat the option"
    parser.add_argument(
        "-f",
        "--format",
        action="extend",
        type=_formats,
        default=[],
        metavar="FORMAT",
        help=f"{text}: {several}",
    )


def _formats(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(
                f"{name!r} is no format; there are {', '.join(FORMATS)}"
            )
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
