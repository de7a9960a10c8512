"""Extraction before and after a vision-language model is asked: what it mends, breaks, costs.

    python -m eval.cascade --data sroie --vlm-url http://127.0.0.1:8000/v1 --vlm-model finance
    python -m eval.cascade --data sroie --vlm always --vlm-url http://127.0.0.1:8000/v1
    python -m eval.cascade --data sroie --labels

Each document is read once; the embedded extraction is scored, then the cascade's. ``--labels``
puts in the model's place one that knows the labels: it points at the lines a true value is
printed on and says "absent" where it finds none. That is no result; it is the ceiling of what
a model could do for the cascade, and it tells what share of the fields it would be asked.

"model right" is the share of the values the model gave that are right (of all fields with ``--vlm
always``): how far to trust it, as ``DOCAGENT_VLM_TRUST``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docagent import DocAgent, Settings
from docagent.cascade.answer_format import members
from docagent.errors import DocAgentError, SettingsError
from docagent.results import Extraction
from eval.cost import Stopwatch
from eval.datasets import LabelledDocument, load_documents
from eval.metrics import cer, fold_text
from eval.metrics.fields import letters_and_digits, score_fields
from eval.paths import RUNS
from eval.table_output import rows_to_table, write_json
from eval.tasks.extraction import task_fields
from eval.tasks.field_tasks import FieldTask, load_task

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

LINE = re.compile(r"(L\d+)\| (.*?)(?=\s{2,}L\d+\| |$)", re.M)
MISREAD = 0.4
"""Character error rate up to which a line is taken for a misread value."""

COLUMNS = {
    "system": "system",
    "documents": "docs",
    "official": "official F1",
    "normalised": "normalised F1",
    "asked": "fields sent",
    "mended": "mended",
    "broken": "broken",
    "model_right": "model right",
    "model_said": "of values",
    "calls": "calls/doc",
    "tokens": "tokens/doc",
    "seconds": "s/doc",
    "unanswered": "docs unanswered",
}


@dataclass(frozen=True)
class Outcome:
    """One document: extraction before and after, seconds the cascade took beyond it."""

    before: Extraction
    after: Extraction
    seconds: float


def label_answers(messages: Sequence[BaseMessage], options: Mapping[str, Any], truth: Any) -> Any:
    """What a model that knows the labels answers: a claim for each key of the JSON schema.

    truth: true texts by path. A value is pointed at if up to three lines in a row hold it.
    """
    schema = options["response_format"]["json_schema"]["schema"]
    blocks = [b for m in messages if isinstance(m.content, list) for b in m.content]
    text = "\n".join(b["text"] for b in blocks if isinstance(b, dict) and b.get("type") == "text")
    lines = [(name, words.replace("(?)", "")) for name, words in LINE.findall(text)]
    answer: dict[str, Any] = {}
    for key, form in schema["properties"].items():
        if form.get("type") == "array":
            answer[key] = []
            continue
        claims = [_claim(value, lines) for value in truth.get(key, ())]
        found = [claim for claim in claims if claim]
        answer[key] = found[0] if found else {"lines": [], "how": "absent", "value": None}
    return answer


def _claim(value: str, lines: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """The one to four lines in a row that a value is printed on, or is most nearly read on."""
    wanted = letters_and_digits(value)
    best, where = MISREAD, None
    for count in (1, 2, 3, 4):
        for first in range(len(lines) - count + 1):
            part = lines[first : first + count]
            read = letters_and_digits(" ".join(words for _, words in part))
            rate = 0.0 if wanted in read else cer(read, wanted).rate
            if wanted and rate < best:
                best, where = rate, [name for name, _ in part]
    how = "corrected" if best else "verbatim"
    return {"lines": where, "how": how, "value": fold_text(value)} if where else None


def true_values(item: LabelledDocument, task: FieldTask) -> dict[str, tuple[str, ...]]:
    """The labels of a document by path of the schema; those without a field in it are left out."""
    paths = task.paths
    return {paths[name]: values for name, values in item.fields.items() if values and name in paths}


def label_agent(settings: Settings, task: FieldTask, item: LabelledDocument) -> DocAgent:
    """An agent whose model knows one document's labels."""
    from docagent.vlm.scripted import ScriptedChatModel

    truth = true_values(item, task)

    def script(messages: list[BaseMessage], options: dict[str, Any]) -> Any:
        return label_answers(messages, options, truth)

    return DocAgent(settings, vlm=ScriptedChatModel(script=script, piece=100_000))


def run(
    args: argparse.Namespace, task: FieldTask, documents: Sequence[LabelledDocument]
) -> list[Outcome]:
    """Every document before and after, with progress on stderr."""
    settings = Settings.from_env()
    given = {"vlm": args.vlm, "vlm_url": args.vlm_url, "vlm_model": args.vlm_model}
    asking = settings.replace(**{name: value for name, value in given.items() if value})
    if not (args.labels or asking.vlm.url or asking.vlm.factory):
        raise SettingsError("no model is named; give --vlm-url, or --labels for the ceiling")
    plain = DocAgent(settings.replace(vlm="never"))
    asked = None if args.labels else DocAgent(asking)
    outcomes = []
    for index, item in enumerate(documents, start=1):
        agent = asked or label_agent(asking, task, item)
        source = str(item.path)
        before = plain.extract(source, task.schema)
        # The page is read first, so that only the cascade is timed.
        agent.read(source)
        watch = Stopwatch()
        after = agent.extract(source, task.schema)
        outcomes.append(Outcome(before, after, watch.cost().wall_s))
        print(f"\r{index}/{len(documents)} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return outcomes


def submitted(extraction: Extraction, task: FieldTask) -> dict[str, tuple[str, ...]]:
    """Values by name of the task, as they are scored."""
    return {
        name: tuple(filter(None, (task.submit(name, field) for field in fields)))
        for name, fields in task_fields(extraction, task).items()
    }


def summarise(
    task: FieldTask, documents: Sequence[LabelledDocument], outcomes: Sequence[Outcome]
) -> list[dict[str, Any]]:
    """A row before and a row after. Shares are of the task's fields that a document has, or may
    have; mended and broken count fields by the normalised rule."""
    truth = [item.fields for item in documents]
    names = list(task.paths)
    rows = []
    sides = {
        "embedded": [submitted(o.before, task) for o in outcomes],
        "cascade": [submitted(o.after, task) for o in outcomes],
    }
    for system, values in sides.items():
        row: dict[str, Any] = {"system": system, "documents": len(documents)}
        for rule, how in {"official": task.official, "normalised": letters_and_digits}.items():
            row[rule] = score_fields(values, truth, names, how)["overall"].f1
        rows.append(row)
    right, said = said_right(task, documents, [o.after for o in outcomes])
    rows[1] |= _costs(task, outcomes) | _changes(task, documents, sides)
    rows[1] |= {"model_right": right / said if said else None, "model_said": said}
    return rows


def said_right(
    task: FieldTask, documents: Sequence[LabelledDocument], after: Sequence[Extraction]
) -> tuple[int, int]:
    """How many values that the model gave are right, by the normalised rule, and how many it gave:
    its last usable answer for each field of the task, before it was held to the page."""
    right = said = 0
    for item, extraction in zip(documents, after, strict=True):
        attempts = extraction.vlm.attempts if extraction.vlm else ()
        answers = [members(a.answer) for a in attempts if a.outcome == "answered"]
        for name, path in task.paths.items():
            cells = [answer[path] for answer in answers if isinstance(answer.get(path), dict)]
            values = [cell["value"] for cell in cells if isinstance(cell.get("value"), str)]
            if values:
                truth = {letters_and_digits(value) for value in item.fields.get(name, ())}
                said += 1
                right += letters_and_digits(values[-1]) in truth
    return right, said


def _costs(task: FieldTask, outcomes: Sequence[Outcome]) -> dict[str, float]:
    uses = [o.after.vlm for o in outcomes if o.after.vlm is not None]
    count = len(outcomes)
    sent = 0
    for use in uses:
        paths = {path for attempt in use.attempts for path in attempt.asked}
        sent += sum(path in paths for path in task.paths.values())
    return {
        "asked": sent / (count * len(task.paths)),
        "calls": sum(use.calls for use in uses) / count,
        "tokens": sum(use.prompt_tokens + use.completion_tokens for use in uses) / count,
        "seconds": sum(o.seconds for o in outcomes) / count,
        "unanswered": sum(use.status in ("failed", "partial") for use in uses),
    }


def _changes(
    task: FieldTask,
    documents: Sequence[LabelledDocument],
    sides: Mapping[str, Sequence[Mapping[str, Sequence[str]]]],
) -> dict[str, int]:
    changes = {"mended": 0, "broken": 0}
    for item, before, after in zip(documents, sides["embedded"], sides["cascade"], strict=True):
        for name in task.paths:
            wanted = {letters_and_digits(value) for value in item.fields.get(name, ())}
            was, now = (
                bool(wanted) and {letters_and_digits(v) for v in side.get(name, ())} == wanted
                for side in (before, after)
            )
            changes["mended"] += now and not was
            changes["broken"] += was and not now
    return changes


def main() -> int:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, help="documents, spaced evenly over the set")
    parser.add_argument("--vlm", choices=("always", "unsure"), default="unsure")
    parser.add_argument("--vlm-url", help="base of an OpenAI-compatible server, ends in /v1")
    parser.add_argument("--vlm-model", help="its name there; by default the first one served")
    parser.add_argument("--labels", action="store_true", help="a model that knows the labels")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    try:
        task = load_task(args.data)
        documents = load_documents(args.data, args.split, args.limit)
        rows = summarise(task, documents, run(args, task, documents))
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_json(RUNS / f"cascade-{args.data}-{args.split}.json", {"rows": rows})
    print(json.dumps(rows, indent=1) if args.json else rows_to_table(rows, COLUMNS))
    return 0
