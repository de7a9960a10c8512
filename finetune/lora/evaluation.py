"""Field F1 on unseen synthetic documents: base model against adapters, in one table.

    python -m finetune.lora.evaluate --config finetune/configs/medical.yaml \
        --adapter finetune/checkpoints/llava_tiny_medical
    python -m finetune.lora.evaluate --config finetune/configs/medical.yaml \
        --vlm-url http://127.0.0.1:8000/v1 --vlm-model llava_tiny --vlm-model medical

Every single-valued field of the shipped schema is asked for, by the cascade's own code: what is
not printed on the lines the model names does not count as an answer. The embedded reader has no
part in it. A value is right if it is that of the words printed, both as docagent's code reads
them (dates and amounts normalised), or if their letters and digits are the same. Words count as
read: what the recognizer misread, no model of this size can see.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.cascade.answer_format import Unit, units_of
from docagent.cascade.document_view import DocumentView
from docagent.evidence.field_parser import FieldParser
from docagent.schemas import Schema
from docagent.settings import Settings
from docagent.tasks.extraction.requests import FieldsTask, ask_units
from docagent.vlm.calls import Asker
from docagent.vlm.connection import load_chat_model
from eval.metrics import Counts
from eval.metrics.fields import field_counts, letters_and_digits
from finetune.llava.config import DataConfig, argument
from finetune.llava.documents import ReadDocument, draw_document, read_document
from finetune.llava.tasks import Spoiled, schema_of, unit_truth
from finetune.lora.config import load_adapter_config

SEED = 700_001
"""Of the documents measured on: neither training nor its own evaluation draws with it."""


@dataclass(frozen=True)
class Task:
    """A document as read, the fields to ask for, and the words of each; empty if it has none."""

    read: ReadDocument
    schema: Schema
    units: tuple[Unit, ...]
    truth: Mapping[str, tuple[str, ...]]


def draw_tasks(data: DataConfig, count: int, seed: int = SEED) -> Iterator[Task]:
    """Documents of the configuration's kinds. Fields whose words noise lost are not asked for."""
    rng = random.Random(seed)
    while count:
        read = read_document(draw_document([data.draw_kind(rng)], rng), rng, noise=data.noise)
        schema = schema_of(read.truth.kind) if read is not None else None
        if read is None or schema is None:
            continue
        truth = {}
        for unit in units_of(schema.leaves):
            try:
                if not unit.is_array:
                    truth[unit.key] = unit_truth(read, unit, data.asked)
            except Spoiled:
                continue
        units = tuple(u for u in units_of(schema.leaves) if u.key in truth and data.asked.wants(u))
        count -= 1
        yield Task(read, schema, units, truth)


def measure(chat: Any, tasks: Sequence[Task], settings: Settings) -> dict[str, Counts]:
    """Right, said and true values by field, and ``overall``."""
    table: dict[str, Counts] = {}
    for task in tasks:
        view = DocumentView(task.read.document, settings, task.read.drawings.page)
        leaves = task.schema.leaves
        readers = {leaf.path: FieldParser(view.document, leaf) for leaf in leaves}
        fields = FieldsTask(view, task.schema, readers)
        answers = ask_units(fields, Asker(chat, settings), task.units)
        for unit in task.units:
            verified = answers[unit.key].verified if unit.key in answers else ()
            found = [v.field for v in verified if v.field is not None and v.field.status == "found"]
            reader = readers[unit.leaves[0].path]
            values = [_value(reader, field.raw_text or "") for field in found[:1]]
            right = [_value(reader, text) for text in task.truth[unit.key]]
            counts = field_counts(values, right, letters_and_digits)
            table[unit.key] = table.get(unit.key, Counts()) + counts
    return {**table, "overall": sum(table.values(), Counts())}


def _value(reader: FieldParser, text: str) -> str:
    """What the code reads from a text; the text itself where it cannot be read."""
    reading = reader.parse_text(text)
    return str(reading.value) if reading.ok else text


def table_text(columns: Mapping[str, Mapping[str, Counts]], fields: bool = False) -> str:
    """A Markdown table: F1, precision and recall of each model; with ``fields`` F1 by field."""
    lines = ["| model | F1 | precision | recall | values |", "|---|---|---|---|---|"]
    for name, table in columns.items():
        c = table["overall"]
        lines.append(f"| {name} | {c.f1:.3f} | {c.precision:.3f} | {c.recall:.3f} | {c.true} |")
    if fields:
        names = list(columns)
        lines += ["", f"| field | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        for path in sorted({p for table in columns.values() for p in table} - {"overall"}):
            f1 = [_f1_text(columns[name].get(path, Counts())) for name in names]
            lines.append(f"| {path} | {' | '.join(f1)} |")
    return "\n".join(lines)


def _f1_text(counts: Counts) -> str:
    """F1; a dash where nothing was to be found and nothing was said, which proves little."""
    return f"{counts.f1:.3f}" if counts.true or counts.predicted else "-"


def _models(args: argparse.Namespace, base: str) -> Iterator[tuple[str, Any, Settings]]:
    if args.vlm_url:
        for name in args.vlm_model:
            settings = _settings(args, vlm_url=args.vlm_url, vlm_model=name)
            yield f"{name} (served)", load_chat_model(settings), settings
        return
    from finetune.llava.chat import LocalChat

    yield "base", LocalChat.load(base), _settings(args)
    for adapter in args.adapter:
        yield adapter.name, LocalChat.load(base, adapter), _settings(args)


def _settings(args: argparse.Namespace, **given: Any) -> Settings:
    return Settings(
        vlm="always",
        vlm_images=args.images,
        vlm_chars=args.chars,
        vlm_concurrency=4 if given else 1,
        vlm_max_tokens=700,
        vlm_seconds=600,
        **given,
    )


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.lora.evaluate", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--config",
        type=argument(load_adapter_config),
        required=True,
        help="of the adapter: its documents",
    )
    parser.add_argument("--base", help="another base than the configuration's")
    parser.add_argument("--adapter", type=Path, action="append", default=[], help="repeatable")
    parser.add_argument("--vlm-url", default="", help="measure models that a server serves instead")
    parser.add_argument("--vlm-model", action="append", default=[], help="repeatable")
    parser.add_argument("--count", type=int, default=40, help="documents")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--images", type=int, default=0, help="most pictures in a call")
    parser.add_argument("--chars", type=int, default=2200, help="most characters in a call")
    parser.add_argument("--fields", action="store_true", help="F1 of every field as well")
    args = parser.parse_args()
    config = args.config
    if config.synthetic is None:
        parser.error(f"the adapter {config.name!r} has no synthetic documents to measure on")
    tasks = list(draw_tasks(config.synthetic, args.count, args.seed))
    columns = {}
    for name, chat, settings in _models(args, args.base or config.base):
        started = time.monotonic()
        columns[name] = measure(chat, tasks, settings)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(
        f"{len(tasks)} unseen documents ({', '.join(config.synthetic.kinds)}), seed {args.seed}\n"
    )
    print(table_text(columns, args.fields))
