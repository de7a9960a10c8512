"""``docagent read | correct | ask | extract | classify | summarise``: one pass over the inputs."""

from __future__ import annotations

import argparse
import io
import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from docagent.agent import DocAgent
from docagent.cli import printing as tables
from docagent.cli.ahead import ReadAhead
from docagent.cli.inputs import Input, expand_inputs
from docagent.cli.options import to_settings
from docagent.cli.progress import Progress
from docagent.cli.saving import (
    Destination,
    annotation_path,
    check_annotate,
    check_apart,
    check_names,
    choose_destination,
    write_file,
)
from docagent.document import Document, Page
from docagent.errors import DocAgentError, SettingsError
from docagent.export import (
    document_to_alto,
    document_to_hocr,
    document_to_markdown,
    document_to_pdf,
    document_to_text,
)
from docagent.export.marks import (
    Mark,
    answer_to_marks,
    classification_to_marks,
    draw_marks,
    edits_to_marks,
    extraction_to_marks,
    page_picture,
    summary_to_marks,
    unreadable_to_marks,
    words_to_marks,
)
from docagent.results import Answer, Classification, Correction, Extraction, Summary
from docagent.schemas import Schema, load_schema
from docagent.sources.scan import Scan
from docagent.tasks.summarisation.embedded import check_sentences

Result = Document | Correction | Answer | Extraction | Classification | Summary
UNREADABLE_PAGE = (2480, 3508)
"""Pixels of the white page (A4 at 300 dpi) that stands for one that could not be read."""
TEXT_EXPORTS = {
    "text": document_to_text,
    "markdown": document_to_markdown,
    "hocr": document_to_hocr,
    "alto": document_to_alto,
}


@dataclass(frozen=True)
class Outcome:
    """What a verb gave for one input; document: as read, or as corrected."""

    item: Input
    scan: Scan
    document: Document
    result: Result


def run_documents(args: argparse.Namespace) -> int:
    """Process every input; returns the exit code. Raises DocAgentError for wrong arguments."""
    several = len(args.inputs) > 1 or Path(args.inputs[0]).is_dir()
    formats = _formats(args)
    destination = choose_destination(args, several, formats)
    check_annotate(args.annotate, several)
    own = [path for path in (args.output, args.annotate) if path is not None]
    check_apart(args.inputs, own)
    inputs, problems = expand_inputs(args.inputs, own)
    if own:
        check_names(inputs, str(own[0]))
    run = _Run(args, formats, destination, several, _schemas(args))
    return run.all(inputs, problems)


def _schemas(args: argparse.Namespace) -> tuple[Schema, ...]:
    """The schemas that were named, checked before anything is read."""
    if args.verb == "summarise":
        check_sentences(args.sentences)
    if args.verb == "classify":
        return tuple(map(load_schema, args.schemas or ()))
    return (load_schema(args.schema),) if args.verb == "extract" else ()


def _formats(args: argparse.Namespace) -> list[str]:
    """Formats to write or print, without repetitions; --json adds JSON."""
    formats = list(dict.fromkeys(args.format))
    if not formats:
        formats = ["text"] if args.verb == "read" and not args.json else ["json"]
    elif args.json and "json" not in formats:
        formats.append("json")
    if args.output is None and len(formats) > 1:
        raise SettingsError(f"{', '.join(formats)}: several formats need --output FOLDER")
    if args.output is None and "pdf" in formats and sys.stdout.isatty():
        raise SettingsError("a PDF is not for a terminal; give --output FILE.pdf")
    return formats


class _Run:
    """One run of a verb over the inputs."""

    def __init__(
        self,
        args: argparse.Namespace,
        formats: list[str],
        destination: Destination,
        several: bool,
        schemas: Sequence[Schema],
    ) -> None:
        self._args = args
        self._formats = formats
        self._destination = destination
        self._several = several
        self._schemas = schemas
        self._agent = DocAgent(to_settings(args))
        self._progress = Progress(0, args.quiet)
        self._code = 0

    def all(self, inputs: Sequence[Input], problems: Sequence[DocAgentError]) -> int:
        """Process the inputs; one that fails does not stop the others. Results come in turn."""
        self._progress = Progress(len(inputs), self._args.quiet)
        for problem in problems:
            self._fail(problem.args[0], 2)
        with ReadAhead(self._agent, inputs, self._is_done) as ahead:
            for index, item in enumerate(inputs):
                try:
                    self._one(index, item, ahead)
                except DocAgentError as error:
                    self._fail_input(item, str(error), 2)
                except BrokenPipeError:
                    raise
                except Exception as error:
                    self._fault(item, error)
        self._progress.clear()
        return self._code

    def _one(self, index: int, item: Input, ahead: ReadAhead) -> None:
        self._progress.show(index, item.name)
        if self._is_done(item):
            self._progress.note(f"{item.name}: already done (--force does it again)")
            self._print_stored(item)
            return
        scan = ahead.scan(item)
        document = self._agent.read(
            scan, lambda done, total: self._progress.show(index, item.name, done, total)
        )
        for page in document.pages:
            if page.error:
                self._fail(f"{item.name}: page {page.number} could not be read: {page.error}", 2)
            elif page.unreadable:
                self._progress.note(f"{item.name}: {_unreadable_note(page)}")
        outcome = self._outcome(item, scan, document)
        self._progress.clear()
        self._save(outcome)
        if self._args.annotate is not None:
            self._annotate(outcome)
        self._print(outcome)

    def _outcome(self, item: Input, scan: Scan, document: Document) -> Outcome:
        if self._args.verb == "correct":
            correction = self._agent.correct(scan, domain=self._args.domain)
            return Outcome(item, scan, correction.apply(document), correction)
        return Outcome(item, scan, document, self._result(scan, document))

    def _result(self, scan: Scan, document: Document) -> Result:
        args, agent = self._args, self._agent
        if args.verb == "extract":
            return agent.extract(scan, self._schemas[0], domain=args.domain)
        if args.verb == "ask":
            return agent.ask(scan, args.question, domain=args.domain)
        if args.verb == "classify":
            return agent.classify(scan, self._schemas or None, domain=args.domain)
        if args.verb == "summarise":
            return agent.summarise(scan, args.sentences, domain=args.domain)
        return document

    def _is_done(self, item: Input) -> bool:
        if self._destination.output is None or self._destination.single or self._args.force:
            return False
        paths = [self._destination.path(item, name) for name in self._formats]
        if not all(path is not None and path.is_file() for path in paths):
            return False
        if self._agent.settings.vlm.effective_mode != "never" and self._was_unreached(item):
            return False
        base = self._args.annotate
        if base is None:
            return True
        pictures = (annotation_path(base, item, self._several, (1, n)) for n in (1, 2))
        return any(picture.is_file() for picture in pictures)

    def _was_unreached(self, item: Input) -> bool:
        """Whether what is there lacks a model's part only because its server was away."""
        path = self._destination.path(item, "json")
        if path is None or not path.is_file():
            return False
        try:
            use = json.loads(path.read_text("utf-8")).get("vlm")
        except (ValueError, AttributeError):
            return True  # cut short, or not ours
        return bool(use and use.get("unreached"))

    def _print_stored(self, item: Input) -> None:
        path = self._destination.path(item, "json")
        if self._args.json and path is not None:
            stored = json.loads(path.read_bytes())
            self._print_json(item, json.dumps(stored, ensure_ascii=False))

    def _save(self, outcome: Outcome) -> None:
        for name in self._formats:
            path = self._destination.path(outcome.item, name)
            if path is not None:
                write_file(path, _export(outcome, name))
                if not self._args.json:
                    print(f"{outcome.item.name} \u2192 {path}")

    def _annotate(self, outcome: Outcome) -> None:
        pages = outcome.document.pages
        for page in pages:
            if page.error:
                continue
            path = annotation_path(
                self._args.annotate, outcome.item, self._several, (page.number, len(pages))
            )
            picture = _picture(outcome.scan, page)
            marks = (*unreadable_to_marks(page), *_marks(outcome, page))
            words = [word.polygon for line in page.lines for word in line.words]
            drawn = draw_marks(picture, marks, avoid=words)
            encoded = io.BytesIO()
            kind = "JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else path.suffix[1:].upper()
            drawn.save(encoded, kind)
            write_file(path, encoded.getvalue())
            self._progress.note(f"{outcome.item.name}: boxes drawn in {path}")

    def _print(self, outcome: Outcome) -> None:
        if self._args.json:
            result = outcome.result
            if self._several:
                self._print_json(outcome.item, result.model_dump_json(by_alias=True))
            else:
                print(result.model_dump_json(by_alias=True, indent=2))
        elif self._destination.output is None:
            self._print_for_people(outcome)

    def _print_json(self, item: Input, result: str) -> None:
        source = json.dumps(item.name, ensure_ascii=False)
        print(f'{{"source": {source}, "result": {result}}}' if self._several else result)

    def _print_for_people(self, outcome: Outcome) -> None:
        result, name = outcome.result, outcome.item.name
        if self._args.format or isinstance(result, Document):
            if self._several:
                print(f"==> {name} <==")
            sys.stdout.flush()
            _write_stdout(_export(outcome, self._formats[0]))
        elif isinstance(result, Extraction):
            tables.print_extraction(result, name)
        elif isinstance(result, Answer):
            tables.print_answer(result, name)
        elif isinstance(result, Classification):
            tables.print_classification(result, name)
        elif isinstance(result, Summary):
            tables.print_summary(result, name)
        else:
            tables.print_correction(result, name)
        if not isinstance(result, Document):
            tables.print_use(result.vlm)

    def _fail_input(self, item: Input, reason: str, code: int) -> None:
        self._fail(reason if item.name in reason else f"{item.name}: {reason}", code)
        if self._args.json and self._several:
            print(json.dumps({"source": item.name, "error": reason}, ensure_ascii=False))

    def _fail(self, reason: str, code: int) -> None:
        self._progress.error(f"docagent: {reason}")
        # A fault of ours outranks a wrong input, as it needs another remedy.
        self._code = 1 if 1 in (self._code, code) else code

    def _fault(self, item: Input, error: Exception) -> None:
        if self._args.debug:
            self._progress.error(traceback.format_exc())
        reason = f"{type(error).__name__}: {error}"
        hint = "a fault in docagent; --debug shows where"
        self._fail_input(item, f"{item.name}: {reason} ({hint})", 1)


def _unreadable_note(page: Page) -> str:
    count = len(page.unreadable)
    places = "1 place looks" if count == 1 else f"{count} places look"
    return f"page {page.number}: {places} like text but could not be read (--annotate shows where)"


def _picture(scan: Scan, page: Page) -> Image.Image:
    """The upright picture of a page; an empty one for a page that could not be read."""
    if page.error:
        return Image.new("L", UNREADABLE_PAGE, 255)
    scan_page = scan.pages[page.number - 1]
    return page_picture(scan_page.image(color=True), page, scan_page.dpi)


def _marks(outcome: Outcome, page: Page) -> tuple[Mark, ...]:
    result = outcome.result
    if isinstance(result, Extraction):
        return extraction_to_marks(result, page.number)
    if isinstance(result, Answer):
        return answer_to_marks(result, page.number)
    if isinstance(result, Classification):
        return classification_to_marks(result, page.number)
    if isinstance(result, Summary):
        return summary_to_marks(result, page.number)
    if isinstance(result, Correction):
        return edits_to_marks(result.edits, page.number)
    return words_to_marks(page)


def _export(outcome: Outcome, name: str) -> bytes:
    """The bytes of one format of a result."""
    if name == "json":
        return (outcome.result.model_dump_json(by_alias=True, indent=2) + "\n").encode()
    if name == "pdf":
        stream = io.BytesIO()
        pages = outcome.document.pages
        document_to_pdf(outcome.document, (_picture(outcome.scan, p) for p in pages), stream)
        return stream.getvalue()
    return TEXT_EXPORTS[name](outcome.document).encode("utf-8", "replace")


def _write_stdout(data: bytes) -> None:
    """Bytes as they are to a file or pipe; to a terminal without what would steer it."""
    if sys.stdout.isatty():
        print(tables.printable(data.decode()).plain, end="")
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
