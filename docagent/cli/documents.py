"""The verbs that make one pass over the inputs: from arguments to a batch, from events to text."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from codecs import BOM_UTF8
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from docagent.agent import DocAgent
from docagent.cli import printing as tables
from docagent.cli.error_lines import error_line
from docagent.cli.progress import Progress
from docagent.cli.settings_from_arguments import opening_options, to_settings, verb_options
from docagent.document import Document, Page
from docagent.errors import DocAgentError, SettingsError
from docagent.jobs import (
    Batch,
    Destination,
    Event,
    Failed,
    Finished,
    Input,
    Job,
    Outcome,
    Read,
    Redone,
    Skipped,
    Started,
    Tabled,
    expand_inputs,
)
from docagent.jobs.exporting import export, export_tables
from docagent.jobs.outputs import (
    check_apart,
    check_names,
    choose_destination,
    choose_infix,
    ending_format,
)
from docagent.results import Answer, Classification, Extraction, Summary
from docagent.verbs import TABLE_FORMATS, VERBS, Verb


def run_documents(args: argparse.Namespace) -> int:
    """Process every input; returns the exit code. Raises DocAgentError for wrong arguments."""
    several = len(args.inputs) > 1 or Path(args.inputs[0]).is_dir()
    verb = VERBS[args.verb]
    formats, tables = _formats(args, verb)
    # Options are checked before anything is read or written.
    options = verb_options(verb, args)
    is_document = verb.name == "correct" and formats != ("json",)
    infix = choose_infix(args.engine, verb.name, options, is_document)
    destination = choose_destination(
        args.output, args.annotate, infix, (*formats, *tables), several
    )
    own = [path for path in (args.output, args.annotate) if path is not None]
    check_apart(args.inputs, own)
    inputs, problems = expand_inputs(args.inputs, own, lambda: sys.stdin.buffer.read())
    if own:
        check_names(inputs, str(own[0]))
    opening = opening_options(args)
    job = Job(verb, options, formats, destination, args.force, opening, tables)
    batch = Batch(DocAgent(to_settings(args)), job)
    return _Report(args, job, len(inputs)).show(batch, inputs, problems)


def _formats(args: argparse.Namespace, verb: Verb) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Formats of the result of each input, to write or print, and of the table of all, each
    without repetitions; --json adds JSON."""
    ending = ending_format(args.output)
    if ending is not None and ending not in (args.format or verb.formats):
        names = " and ".join(args.format) if args.format else ", ".join(verb.formats)
        what = f"--format is {names}" if args.format else f"{verb.name} writes {names}"
        raise SettingsError(f"--output {args.output} ends like {ending}, but {what}")
    formats = list(dict.fromkeys(args.format))
    if not formats:
        formats = [ending or ("text" if verb.name == "read" and not args.json else "json")]
    tables = tuple(name for name in formats if name in TABLE_FORMATS)
    formats = [name for name in formats if name not in TABLE_FORMATS]
    if args.json and "json" not in formats and not tables:
        formats.append("json")
    _check_printed(args, formats, tables)
    if tables and args.output is not None and ending is None and "json" not in formats:
        formats.append("json")  # the table of a folder is made of the results in it
    return tuple(formats), tables


def _check_printed(args: argparse.Namespace, formats: Sequence[str], tables: Sequence[str]) -> None:
    """Raises SettingsError for what cannot be printed."""
    if args.output is not None:
        return
    asked = [*formats, *tables, *(["json"] if args.json and tables else [])]
    if len(asked) > 1:
        raise SettingsError(f"{', '.join(asked)}: several formats need --output FOLDER")
    for name, what in (("pdf", "a PDF"), ("xlsx", "an XLSX file")):
        if name in asked and sys.stdout.isatty():
            raise SettingsError(f"{what} is not for a terminal; give --output FILE.{name}")


class _Report:
    """Shows the events of one batch: results on standard output, the rest on standard error."""

    def __init__(self, args: argparse.Namespace, job: Job, total: int) -> None:
        self._args = args
        self._job = job
        self._destination: Destination = job.destination
        self._several = job.destination.several
        self._progress = Progress(total, args.quiet)
        self._index = 0
        self._code = 0

    def show(self, batch: Batch, inputs: Sequence[Input], problems: Sequence[DocAgentError]) -> int:
        """Runs the batch; returns the exit code."""
        for problem in problems:
            self._fail(problem.args[0], 2)
        with closing(batch.run(inputs, self._show_page)) as events:
            for event in events:
                self._show(event)
        self._progress.clear()
        return self._code

    def _show(self, event: Event) -> None:
        match event:
            case Started(item, index):
                self._index = index
                self._progress.show(index, item.name)
            case Skipped(item, files):
                self._progress.note(f"{item.name}: already done (--force does it again)")
                self._print_stored(item, files.get("json"))
            case Redone(item, reason):
                self._progress.note(f"{item.name}: done again, as {reason}")
            case Read(item, document):
                self._show_pages(item, document)
            case Finished():
                self._finish(event)
            case Failed(item, error):
                self._fail_input(item, error)
            case Tabled():
                self._show_tables(event)

    def _show_page(self, item: Input, done: int, total: int) -> None:
        self._progress.show(self._index, item.name, done, total)

    def _show_pages(self, item: Input, document: Document) -> None:
        for page in document.pages:
            if page.error:
                self._fail(f"{item.name}: page {page.number} could not be read: {page.error}", 2)
            elif page.unreadable:
                self._progress.note(f"{item.name}: {_unreadable_note(page)}")

    def _finish(self, event: Finished) -> None:
        self._progress.clear()
        name = event.outcome.item.name
        if not self._args.json:
            for path in event.files.values():
                print(f"{name} \u2192 {path}")
        for path in event.pictures:
            self._progress.note(f"{name}: boxes drawn in {path}")
        if isinstance(event.outcome.result, Extraction):
            self._note_parts(event.outcome.result, name)
        use = getattr(event.outcome.result, "vlm", None)
        if use is not None and use.status in ("partial", "failed") and self._hides_use:
            notes = "; ".join(use.notes) or "no usable answer"
            self._progress.note(
                f"{name}: embedded results stand for what the model gave no answer "
                f"to ({use.status}: {notes})"
            )
        if self._args.json:
            self._print_json(event.outcome)
        elif self._destination.output is None and not self._job.tables:
            self._print_for_people(event.outcome)

    def _note_parts(self, extraction: Extraction, name: str) -> None:
        """Say that a file has several documents, and where they begin."""
        parts = [e.part for e in (extraction, *extraction.others) if e.part is not None]
        if len(parts) > 1:
            pages = ", ".join(tables.pages_to_text(part) for part in parts)
            why = "; ".join(part.why for part in parts if part.why)
            self._progress.note(f"{name}: {len(parts)} documents, on pages {pages}: {why}")

    def _show_tables(self, event: Tabled) -> None:
        self._progress.clear()
        if self._destination.output is None:
            data = export_tables(event.tables, self._job.tables[0])[None]
            sys.stdout.flush()
            _write_stdout(data.removeprefix(BOM_UTF8))
            for table in event.tables[1:] if self._job.tables[0] == "csv" else ():
                self._progress.note(f"{table.name}: left out; --output FILE.csv writes it too")
        elif not self._args.json:
            for path in event.files:
                print(f"{len(event.tables[0].rows)} documents \u2192 {path}")

    @property
    def _hides_use(self) -> bool:
        """Whether nothing but this report tells a person how a model did."""
        return self._args.json or self._destination.output is not None

    def _print_stored(self, item: Input, path: Path | None) -> None:
        if self._args.json and path is not None:
            stored = json.loads(path.read_bytes())
            self._print_line(item, json.dumps(stored, ensure_ascii=False))

    def _print_json(self, outcome: Outcome) -> None:
        if self._several:
            self._print_line(outcome.item, outcome.result.model_dump_json(by_alias=True))
        else:
            print(outcome.result.model_dump_json(by_alias=True, indent=2))

    def _print_line(self, item: Input, result: str) -> None:
        source = json.dumps(item.name, ensure_ascii=False)
        print(f'{{"source": {source}, "result": {result}}}' if self._several else result)

    def _print_for_people(self, outcome: Outcome) -> None:
        result = outcome.result
        if self._args.format or isinstance(result, Document):
            if self._several:
                print(f"==> {outcome.item.name} <==")
            sys.stdout.flush()
            _write_stdout(export(outcome, self._job.formats[0]))
        else:
            _print_result(result, outcome.item.name)
        if not isinstance(result, Document):
            tables.print_use(result.vlm)

    def _fail_input(self, item: Input, error: Exception) -> None:
        if isinstance(error, DocAgentError):
            reason, code, name = str(error), 2, error.code
        else:
            if self._args.debug:
                self._progress.error("".join(traceback.format_exception(error)))
            told = f"{type(error).__name__}: {error}"
            hint = "a fault in docagent; --debug shows where"
            reason, code, name = f"{item.name}: {told} ({hint})", 1, "docagent.fault"
        self._fail(reason if item.name in reason else f"{item.name}: {reason}", code)
        if self._args.json:
            print(error_line(reason, name, item.name))

    def _fail(self, reason: str, code: int) -> None:
        self._progress.error(f"docagent: {reason}")
        # A fault in docagent outranks a wrong input, as it needs another remedy.
        self._code = 1 if 1 in (self._code, code) else code


def _print_result(result: Any, name: str) -> None:
    """A result that is not a document, for people."""
    if isinstance(result, Extraction):
        tables.print_extraction(result, name)
    elif isinstance(result, Answer):
        tables.print_answer(result, name)
    elif isinstance(result, Classification):
        tables.print_classification(result, name)
    elif isinstance(result, Summary):
        tables.print_summary(result, name)
    else:
        tables.print_correction(result, name)


def _unreadable_note(page: Page) -> str:
    count = len(page.unreadable)
    places = "1 place looks" if count == 1 else f"{count} places look"
    return f"page {page.number}: {places} like text but could not be read (--annotate shows where)"


def _write_stdout(data: bytes) -> None:
    """Bytes as they are to a file or pipe; to a terminal without what would steer it."""
    if sys.stdout.isatty():
        print(tables.printable(data.decode()).plain, end="")
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
