"""Fields extracted, scored against the truth, beside a plain baseline.

    python -m eval.extraction --data sroie --limit 20
    python -m eval.extraction --data sroie --ocr docagent,truth,rapidocr --baseline tesseract
    python -m eval.extraction --data kleister-nda --json

--ocr: the texts docagent's reader is given (``truth`` tells its errors from those of OCR).
--baseline: the texts the regular expressions are given (receipts only). Rules: ``official``
(of the set; SROIE: exact strings), ``normalised`` (case, spaces and punctuation ignored) and
``parsed`` (dates and amounts by value, the rest normalised). Ratios are over all fields.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from docagent.document import Document, Line, Page, Word
from docagent.errors import DocAgentError, SettingsError
from docagent.geometry import bbox_to_polygon, clip_polygon, scale_polygon
from docagent.results import Extraction, Field
from eval.cost import Stopwatch
from eval.datasets import LabelledDocument, load_documents
from eval.metrics import ece
from eval.metrics.fields import (
    Normaliser,
    Values,
    evidence_recall,
    letters_and_digits,
    score_fields,
)
from eval.metrics.matching import TextBox, segment_to_words
from eval.paths import RUNS
from eval.run import run_worker
from eval.systems.engines import check_installed
from eval.systems.line_readings import ReadLine, image_size
from eval.systems.readings import json_to_lines
from eval.systems.regex_baseline import receipt_fields
from eval.table_output import rows_to_table, write_json
from eval.tasks.field_tasks import FieldTask, load_task

BASELINE_TEXTS = ("tesseract", "rapidocr")
OCR_TEXTS = ("truth", "tesseract", "tesseract-3x", "rapidocr", "rapidocr-2x")


@dataclass(frozen=True)
class Prediction:
    """What a system says of a document; fields only for docagent."""

    values: Values
    fields: dict[str, list[Field]]
    cpu_s: float
    error: str = ""


Reader = Callable[[LabelledDocument], Prediction]


def docagent_reader(task: FieldTask, ocr: str, lines: dict[str, list[ReadLine]]) -> Reader:
    """docagent's extraction from its own OCR, or from ``lines`` of each document."""
    # Loaded here, so that the baseline runs without its weights.
    from docagent import DocAgent, Settings

    agent = DocAgent(settings=Settings.from_env())

    def read(item: LabelledDocument) -> Prediction:
        watch = Stopwatch()
        source = item.path if ocr == "docagent" else lines_to_document(lines[item.name], item)
        try:
            extraction = agent.extract(source, schema=task.schema)
        except DocAgentError as error:
            return Prediction({}, {}, watch.cost().cpu_s, str(error))
        fields = task_fields(extraction, task)
        values = {
            name: tuple(filter(None, (task.submit(name, field) for field in found)))
            for name, found in fields.items()
        }
        return Prediction(values, fields, watch.cost().cpu_s)

    return read


def task_fields(extraction: Extraction, task: FieldTask) -> dict[str, list[Field]]:
    """Fields with a value, per name of the task; ``parties[0]`` belongs to ``parties``."""
    return {
        name: [
            field
            for field in extraction.fields
            if field.path.split("[")[0] == path and field.raw_text
        ]
        for name, path in task.paths.items()
    }


def baseline_reader(lines: dict[str, list[ReadLine]]) -> Reader:
    """Regular expressions over the words of each document."""

    def read(item: LabelledDocument) -> Prediction:
        watch = Stopwatch()
        words = [word for line in lines[item.name] for word in line.words]
        return Prediction(receipt_fields(words), {}, watch.cost().cpu_s)

    return read


def source_lines(
    ocr: str, args: argparse.Namespace, documents: Sequence[LabelledDocument]
) -> dict[str, list[ReadLine]]:
    """Lines of every document: true segments, or an engine's reading (kept in the log)."""
    if ocr == "truth":
        return {d.name: [_segment_line(s) for s in d.segments] for d in documents}
    rows = run_worker(ocr, args.data, args.split, args.limit, resume=True)
    if rows is None:
        raise SettingsError(f"no text from {ocr}: it failed, see above; leave it out of the list")
    return {d.name: json_to_lines(rows[d.name]["lines"]) for d in documents}


def _segment_line(segment: TextBox) -> ReadLine:
    return ReadLine(tuple(segment_to_words(segment)))


def lines_to_document(lines: Sequence[ReadLine], item: LabelledDocument) -> Document:
    """A one-page Document of an image from lines in its pixels, in the order given."""
    width, height = image_size(item.path)

    def word(box: TextBox) -> Word:
        relative = scale_polygon(bbox_to_polygon(box.box), 1 / width, 1 / height)
        return Word(text=box.text, polygon=clip_polygon(relative), confidence=box.confidence)

    page_lines = tuple(Line(words=tuple(word(w) for w in line.words)) for line in lines)
    page = Page(number=1, width=width, height=height, lines=page_lines)
    digest = hashlib.sha256(item.path.read_bytes()).hexdigest()
    return Document(id=digest, name=item.path.name, pages=(page,))


def predict(reader: Reader, name: str, documents: Sequence[LabelledDocument]) -> list[Prediction]:
    """Read every document, with progress on stderr."""
    found = []
    for index, item in enumerate(documents, start=1):
        found.append(reader(item))
        end = "" if index < len(documents) else "\n"
        print(f"\r{name}: {index}/{len(documents)} ", end=end, file=sys.stderr, flush=True)
    return found


def summarise(
    name: str, task: FieldTask, documents: Sequence[LabelledDocument], found: Sequence[Prediction]
) -> dict[str, Any]:
    """One row of the table: F1 by each rule, F1 per field, evidence, calibration, time."""
    names = list(task.paths)
    truth = [item.fields for item in documents]
    values = [prediction.values for prediction in found]
    rules: dict[str, Any] = {
        "official": task.official,
        "normalised": letters_and_digits,
        "parsed": task.parsed_rules(),
    }
    counts = {rule: score_fields(values, truth, names, how) for rule, how in rules.items()}
    row: dict[str, Any] = {"system": name, "documents": len(documents)}
    row |= {rule: table["overall"].f1 for rule, table in counts.items()}
    row |= {field: counts["normalised"][field].f1 for field in names}
    row |= {f"{field} parsed": counts["parsed"][field].f1 for field in task.parsed}
    row |= evidence_and_calibration(task, documents, found)
    row["cpu_s"] = sum(prediction.cpu_s for prediction in found) / len(found)
    row["errors"] = sum(bool(prediction.error) for prediction in found)
    row["precision_recall"] = {
        field: [count.precision, count.recall] for field, count in counts["normalised"].items()
    }
    return row


def evidence_and_calibration(
    task: FieldTask, documents: Sequence[LabelledDocument], found: Sequence[Prediction]
) -> dict[str, float]:
    """Evidence recall over true values, and ECE of field confidence; {} without fields."""
    if not any(prediction.fields for prediction in found):
        return {}
    quotes: list[list[str]] = []
    values: list[str] = []
    confidences: list[float] = []
    right: list[bool] = []
    rules: dict[str, Normaliser] = task.parsed_rules()
    for item, prediction in zip(documents, found, strict=True):
        for name, fields in prediction.fields.items():
            truths = item.fields.get(name, ())
            cited = [e.quote for field in fields for e in field.evidence]
            quotes += [cited for _ in truths]
            values += truths
            wanted = {rules[name](value) for value in truths}
            for field in fields:
                if field.certainty is not None:
                    confidences.append(field.certainty)
                    right.append(rules[name](task.submit(name, field)) in wanted)
    return {"evidence": evidence_recall(quotes, values).recall, "ece": ece(confidences, right)}


def document_rows(
    task: FieldTask, documents: Sequence[LabelledDocument], found: Sequence[Prediction]
) -> list[dict[str, Any]]:
    """Truth and prediction of every document, for the JSON."""
    return [
        {
            "document": item.name,
            "truth": {name: list(item.fields.get(name, ())) for name in task.paths},
            "predicted": {name: list(prediction.values.get(name, ())) for name in task.paths},
            "error": prediction.error,
        }
        for item, prediction in zip(documents, found, strict=True)
    ]


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Run every system over the documents and score it."""
    task = load_task(args.data)
    documents = load_documents(args.data, args.split, args.limit)
    if args.leave_out:
        seen = {d.name for d in load_documents(args.data, args.split, args.leave_out)}
        documents = [document for document in documents if document.name not in seen]
    result: dict[str, Any] = {"data": args.data, "split": args.split, "rows": [], "documents": {}}
    for system, ocr in chosen_systems(args):
        whole = (system, ocr) == ("docagent", "docagent")
        lines = {} if whole else source_lines(ocr, args, documents)
        reader = (
            docagent_reader(task, ocr, lines) if system == "docagent" else baseline_reader(lines)
        )
        name = f"{system} on {ocr} text"
        found = predict(reader, name, documents)
        result["rows"].append(summarise(name, task, documents, found))
        result["documents"][name] = document_rows(task, documents, found)
    return result


def chosen_systems(args: argparse.Namespace) -> list[tuple[str, str]]:
    """Pairs of a system (``docagent``, ``regex``) and the text it is given. Raises SettingsError
    for a text that cannot be had, before any document is read."""
    texts = split_names(args.ocr)
    _check_texts([ocr for ocr in texts if ocr != "docagent"], args.data)
    systems = [("docagent", ocr) for ocr in texts]
    if args.data == "sroie":
        baselines = baseline_texts(args.baseline)
        _check_texts(baselines, args.data)
        systems += [("regex", ocr) for ocr in baselines]
    return systems


def baseline_texts(given: str | None) -> list[str]:
    """The texts that the baseline is given: those asked for, or of BASELINE_TEXTS those whose
    engine is installed; of the others it is said on stderr what to install."""
    if given is not None:
        return split_names(given)
    installed = []
    for name in BASELINE_TEXTS:
        try:
            check_installed(name)
        except SettingsError as error:
            print(f"no baseline on {name} text: {error}", file=sys.stderr)
        else:
            installed.append(name)
    return installed


def _check_texts(texts: Sequence[str], data: str) -> None:
    for ocr in texts:
        if data != "sroie":
            raise SettingsError(f"--ocr {ocr} is for sroie only; for {data} use --ocr docagent")
        if ocr not in OCR_TEXTS:
            allowed = ", ".join(OCR_TEXTS)
            raise SettingsError(f"OCR text {ocr!r} is not known; allowed are {allowed}")
        if ocr != "truth":
            check_installed(ocr)


def split_names(text: str) -> list[str]:
    """Names from a comma-separated list; ``none`` and empty text give none."""
    return [name for name in text.split(",") if name and name != "none"]


def table_columns(task: FieldTask) -> dict[str, str]:
    """Headings: F1 by rule, then per field (normalised, and parsed where it differs)."""
    columns = {"system": "system", "documents": "docs", "official": "official F1"}
    columns |= {"normalised": "normalised F1", "parsed": "parsed F1"}
    columns |= {name: name for name in task.paths}
    columns |= {f"{name} parsed": f"{name} parsed" for name in task.parsed}
    return columns | {"evidence": "evidence R", "ece": "ECE", "cpu_s": "cpu s", "errors": "errors"}


def main() -> int:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--ocr", default="docagent", help="texts for docagent's reader, or none")
    parser.add_argument(
        "--baseline",
        help="texts for the baseline, or none (default: "
        f"{','.join(BASELINE_TEXTS)}, as far as they are installed)",
    )
    parser.add_argument("--limit", type=int, help="documents, spaced evenly over the set")
    parser.add_argument(
        "--leave-out",
        type=int,
        metavar="N",
        help="not the documents that --limit N takes: they were looked at to make rules",
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    try:
        result = compare(args)
        columns = table_columns(load_task(args.data))
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_json(RUNS / f"extraction-{args.data}-{args.split}.json", result)
    print(json.dumps(result, indent=1) if args.json else rows_to_table(result["rows"], columns))
    return 0
