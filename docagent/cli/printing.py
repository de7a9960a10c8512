"""Results as tables and text for people."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from docagent.document import Part
from docagent.export.evidence_view import value_to_text
from docagent.geometry import polygon_to_bbox
from docagent.results import (
    Answer,
    Classification,
    Correction,
    Coverage,
    CoverageWord,
    Evidence,
    Extraction,
    Field,
    Summary,
    Turn,
)
from docagent.schemas import Schema
from docagent.usage import VlmUse

PIPE_WIDTH = 200
_MARKS = {"passed": ("\u2713", "green"), "failed": ("\u2717", "red"), "skipped": ("-", "dim")}


def console() -> Console:
    """Standard output; wide unless it is a terminal, so that nothing is cut."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def printable(text: str) -> Text:
    """Text of a document without markup and without characters that control a terminal."""
    safe = (
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf") else "\ufffd" for c in text
    )
    return Text("".join(safe))


def print_extraction(extraction: Extraction, name: str) -> None:
    """Fields with value, text as printed, confidence, status and place; then the checks."""
    table = Table(title=printable(f"{name}: {extraction.schema_name}"), title_justify="left")
    for heading in ("field", "value", "as printed"):
        table.add_column(heading, overflow="fold")
    table.add_column("confidence", justify="right")
    for heading in ("status", "page", "place"):
        table.add_column(heading)
    for field in extraction.fields:
        table.add_row(*_field_cells(field))
    out = console()
    out.print(table)
    for check in extraction.checks:
        mark, style = _MARKS[check.status]
        out.print(Text(f"{mark} ", style) + printable(f"{check.name}: {check.message}"))
    if extraction.valid:
        out.print(Text("\u2713 ", "green") + printable("valid under the schema"))
    for error in extraction.errors:
        out.print(Text("\u2717 ", "red") + printable(error))
    for other in extraction.others:
        if other.part is not None:
            print_extraction(other, f"{name}, pages {pages_to_text(other.part)}")


def pages_to_text(part: Part) -> str:
    """The pages of a part: ``3`` or ``3-4``."""
    first, last = part.first_page, part.last_page
    return str(first) if first == last else f"{first}-{last}"


def _field_cells(field: Field) -> tuple[Text | str, ...]:
    status = Text(field.status, "" if field.status in ("found", "not_present") else "yellow")
    place = field.evidence[0] if field.evidence else None
    return (
        field.path,
        printable(value_to_text(field.value)),
        printable(field.raw_text or ""),
        _percent(field.certainty),
        status,
        str(place.page) if place else "",
        place_to_text(place) if place else "",
    )


def place_to_text(evidence: Evidence) -> str:
    """The top-left corner of the first polygon, in hundredths of the page."""
    if not evidence.polygons:
        return ""
    left, top, _, _ = polygon_to_bbox(evidence.polygons[0])
    return f"{left:.0%} right, {top:.0%} down"


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.0%}"


def print_answer(answer: Answer, name: str) -> None:
    """The answer with its confidence and quotes, or why there is none."""
    out = console()
    if answer.text is None:
        out.print(printable(f"{name}: no answer ({_why_not(answer)})"))
        return
    out.print(printable(f"{name}: {answer.text}{_certainty(answer.confidence)}"))
    _print_quotes(answer.citations)


def print_classification(found: Classification, name: str) -> None:
    """The kind with its confidence and the words that show it; or why it is unknown, and the
    nearest kinds."""
    out = console()
    if found.kind is None:
        domain = f", but of {found.domain}" if found.domain else ""
        out.print(printable(f"{name}: unknown{domain} ({found.message})"))
        near = (f"{score.kind} ({_percent(score.confidence)})" for score in found.kinds)
        if found.kinds:
            out.print(printable(f"  nearest: {', '.join(near)}"))
        return
    domain = f", {found.domain}" if found.domain else ""
    sure = _certainty(found.confidence) or f" ({found.message})"
    out.print(printable(f"{name}: {found.kind}{domain}{sure}"))
    _print_quotes(found.evidence)


def print_summary(summary: Summary, name: str) -> None:
    """The sentences, each with its place; then those of a model that are not on the page."""
    out = console()
    out.print(printable(f"{name}: {summary.message}" if summary.message else f"{name}:"))
    for sentence in summary.sentences:
        places = dict.fromkeys(f"page {e.page}, {place_to_text(e)}" for e in sentence.evidence)
        out.print(printable(f"- {sentence.text} ({'; '.join(places)})"))
    for sentence in summary.unproven:
        said = f"not on the page, left out: {sentence.text} ({sentence.message})"
        out.print(Text("! ", "yellow") + printable(said))


def print_turn(turn: Turn) -> None:
    """The answer to one question of a conversation with its quotes, or why there is none."""
    out = console()
    if turn.text is None:
        kind = "not in the document" if turn.abstained == "not_present" else turn.abstained
        out.print(printable(f"{kind} ({_why_not(turn)})"))
        return
    derived = f" ({turn.message})" if turn.how == "derived" else ""
    out.print(printable(f"{turn.text}{_certainty(turn.confidence)}{derived}"))
    _print_quotes(turn.citations)


def _why_not(answer: Answer) -> str:
    return answer.message or (answer.abstained or "no answer").replace("_", " ")


def _certainty(confidence: float | None) -> str:
    return "" if confidence is None else f" ({_percent(confidence)} sure)"


def _print_quotes(evidence: Iterable[Evidence]) -> None:
    out = console()
    for item in evidence:
        place = f"page {item.page}, {place_to_text(item)}"
        out.print(printable(f"  {place}: \u201c{item.quote}\u201d"))


def print_correction(correction: Correction, name: str) -> None:
    """Every edit, accepted or not, with its reason; then how a model's reading differs."""
    out = console()
    if correction.edits:
        out.print(_edits(correction, name))
    else:
        out.print(printable(f"{name}: no edits proposed"))
    for said, words in _coverage(correction):
        told = ", ".join(f"{word.text} ({word.line})" for word in words)
        out.print(printable(f"{said}: {told}"))


def _edits(correction: Correction, name: str) -> Table:
    table = Table(title=printable(name), title_justify="left")
    for heading in ("", "page", "before", "after", "OCR confidence", "source", "reason"):
        table.add_column(heading, overflow="fold")
    for edit in correction.edits:
        mark, style = _MARKS["passed" if edit.accepted else "failed"]
        table.add_row(
            Text(mark, style),
            str(edit.page),
            printable(edit.before),
            printable(edit.after),
            _percent(edit.confidence),
            edit.source,
            printable(edit.reason),
        )
    return table


def _coverage(correction: Correction) -> list[tuple[str, tuple[CoverageWord, ...]]]:
    """Words that a model's reading adds or leaves out, if there are any."""
    coverage = correction.coverage or Coverage()
    told = (
        ("the model adds, not applied", coverage.added),
        ("the model leaves out or changes, kept", coverage.dropped),
    )
    return [(said, words) for said, words in told if words]


def print_use(use: VlmUse | None) -> None:
    """Calls and tokens of a vision-language model; why it gave no answer, if it did not."""
    if use is None or use.status == "not_needed":
        return
    out = console()
    tokens = use.prompt_tokens + use.completion_tokens
    cost = f"{use.calls} calls, {tokens} tokens, {use.seconds:.1f} s"
    out.print(printable(f"model {use.model}: {use.status.replace('_', ' ')}, {cost}"))
    if use.status != "used":
        for note in use.notes:
            out.print(Text("! ", "yellow") + printable(note))


def print_schemas(schemas: tuple[Schema, ...]) -> None:
    """Name, domain, number of fields and description of each schema."""
    table = Table()
    for heading in ("schema", "domain", "fields", "description"):
        table.add_column(heading, overflow="fold")
    for schema in schemas:
        about = printable(schema.description or schema.title)
        table.add_row(schema.name, schema.domain, str(len(schema.leaves)), about)
    console().print(table)


def print_schema(schema: Schema) -> None:
    """The fields of a schema with type, need and description; then its checks."""
    out = console()
    table = Table(title=printable(f"{schema.name}: {schema.title}"), title_justify="left")
    for heading in ("field", "type", "required", "description"):
        table.add_column(heading, overflow="fold")
    for leaf in schema.leaves:
        kind = " or ".join(leaf.types) + (f" ({leaf.format})" if leaf.format else "")
        needed = "yes" if leaf.required else ""
        table.add_row(leaf.path, kind, needed, printable(leaf.description or leaf.title))
    out.print(table)
    if schema.rules:
        out.print(printable("checks: " + ", ".join(rule.name for rule in schema.rules)))
