"""What ``eval.report`` shows: its sections, the files they come from, and their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.analysis import ocr_errors
from eval.analysis.degradation_ladder import ladder_table
from eval.analysis.word_errors import CLASSES
from eval.datasets import CASE_SENSITIVE
from eval.performance import parallel, stages
from eval.performance import speed as performance_speed
from eval.table_output import rows_to_table
from eval.tasks import confidence, crops, page_kinds
from eval.tasks.understanding import ablation

PEERS = ("docagent", "tesseract", "rapidocr", "rapidocr-2x", "fused", "auto")
PEER_COLUMNS = {
    "engine": "engine",
    "pages": "pages",
    "word_f1": "word F1",
    "word_f1_range": "95 %",
    "bag_f1": "bag F1",
    "cer": "CER",
    "page_cer": "CER (no case, no spaces)",
    "cpu_s": "cpu s/page",
    "wall_s": "wall s/page",
    "peak_mb": "peak MB",
    "weights_mb": "weights MB",
    "networks_mb": "det. + rec. MB",
}
HARM_COLUMNS = {
    "step": "step",
    "words": "words",
    "right": "right",
    "mended": "mended",
    "broken": "broken",
    "examples": "broken words",
}
RISK_COLUMNS = {
    "threshold": "least confidence",
    "answered": "questions answered",
    "answers right": "answers that are right",
    "wrong": "questions answered wrongly",
    "dealt with": "answered rightly or rightly not answered",
}
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One measurement. what: in words. files: pattern of its files in runs/. show: a file's content
    as Markdown. picture: of synthetic pages, in runs/, or None."""

    what: str
    files: str
    command: str
    show: Callable[[Any], str]
    picture: str | None = None

    def title(self, result: Any) -> str:
        """What a file is about, with what tells it from others of the part."""
        if not isinstance(result, Mapping):
            return self.what
        marks = [f"seed {result['seed']}"] if "seed" in result else []
        if "limit" in result:
            marks.append("whole set" if result["limit"] is None else f"limit {result['limit']}")
        return ", ".join([self.what, *marks])

    def owns(self, title: str) -> bool:
        """Whether a title is of one of its files."""
        return title == self.what or title.startswith(f"{self.what}, ")


@dataclass(frozen=True)
class Section:
    """A chapter of the report. note: how to read its figures."""

    title: str
    note: str
    parts: tuple[Part, ...]


def peers(result: Result) -> str:
    """Engines that were run together, and which of PEERS were not."""
    rows = [_with_range(row) for row in result["rows"]]
    shown = rows_to_table(rows, PEER_COLUMNS)
    if len(rows) == 1:
        return shown
    absent = [name for name in PEERS if name not in {row["engine"] for row in rows}]
    return shown + (f"\n\nNot in this run: {', '.join(absent)}." if absent else "")


def _with_range(row: Result) -> dict[str, Any]:
    low, high = row.get("word_f1_range", (None, None))
    return {**row, "word_f1_range": None if low is None else f"{low:.3f}-{high:.3f}"}


def rows_of(columns: Mapping[str, str]) -> Callable[[Any], str]:
    """A table of a file that is a list of rows, or has one."""

    def show(result: Any) -> str:
        rows: Sequence[Result] = result["rows"] if isinstance(result, Mapping) else result
        # Every column but the first may be empty; a file of another make has none of them.
        if not all(set(columns) & set(row) - {next(iter(columns))} for row in rows):
            raise KeyError(next(iter(columns)))
        return rows_to_table(rows, columns)

    return show


def errors_by_font(result: Result) -> str:
    """Shares of the classes by typeface."""
    shares = {"words": "words", **{kind: kind for kind in CLASSES}}
    head = f"{result['pages']} pages of each group, {result['rung']}, read by {result['engine']}:"
    tables = [rows_to_table(rows, {"group": name, **shares}) for name, rows in result["by"].items()]
    return "\n\n".join([head, *tables])


def ladder(result: Result) -> str:
    """Every rung as a row."""
    engines = list(dict.fromkeys(row["engine"] for row in result["rows"]))
    return f"{len(result['pages'])} pages:\n\n" + ladder_table(result["rows"], engines)


def memory(result: Result) -> str:
    """One sentence: the file is of one run of one command."""
    return (
        f"`docagent extract --schema {result['schema']}` of an A4 page at 300 dpi: "
        f"{result['peak_mb']} MB at its peak, {result['cpu_s']} processor seconds."
    )


def speed(result: Result) -> str:
    """A row for each case."""
    return rows_to_table(result["rows"], performance_speed.COLUMNS)


def _each(what: str, files: str, command: str, show: Callable[[Any], str]) -> tuple[Part, ...]:
    """A part for each labelled set; ``{data}`` in what, files and command is its name."""
    return tuple(
        Part(what.format(data=data), files.format(data=data), command.format(data=data), show)
        for data in CASE_SENSITIVE
    )


SECTIONS = (
    Section(
        "Engines beside each other",
        "Word F1: right words at their place (IoU 0.5), FUNSD with regard to case, SROIE without. "
        "Bag F1: right words anywhere. How lines are cut into words moves word F1 most, bag F1 "
        "less, and CER without spaces not at all. `rapidocr-2x` is RapidOCR with pages enlarged "
        "twice and its angle classifier off; `fused` is docagent with all engines that are there, "
        "`auto` what the router takes for the kind of page.",
        _each(
            "{data}, dev",
            "ocr-{data}-dev*.json",
            f"python -m eval.ocr --data {{data}} --engines {','.join(PEERS)} --limit 20",
            peers,
        ),
    ),
    Section(
        "Recognition alone",
        "True crops, one thread: words of FUNSD, lines of SROIE.",
        _each(
            "{data}, dev",
            "crops-{data}-dev*.json",
            "python -m eval.crops --data {data} --limit 20",
            rows_of(crops.COLUMNS),
        ),
    ),
    Section(
        "Confidence of words",
        "Expected calibration error (ECE) before and after calibration, words whose box meets a "
        "true one.",
        _each(
            "{data}, dev",
            "confidence-{data}-dev*.json",
            "python -m eval.confidence --data {data}",
            rows_of(confidence.COLUMNS),
        ),
    ),
    Section(
        "Risk and coverage of answers",
        "Questions about documents that neither the reader nor the calibration was fitted on: "
        "contracts, receipts, stories and synthetic documents, a part of which has no answer. "
        "`THRESHOLDS.answer` is chosen from this table.",
        (
            Part(
                "answers",
                "answers-held-out-train*.json",
                "python -m finetune.answers calibrate",
                rows_of(RISK_COLUMNS),
            ),
        ),
    ),
    Section(
        "Harm done by the language model",
        "Clean synthetic pages: words that were right without it and are wrong with it are broken.",
        (
            Part(
                "clean pages",
                "no-harm-*.json",
                "python -m finetune.no_harm --pages 40 --seed 1",
                rows_of(HARM_COLUMNS),
            ),
        ),
    ),
    Section(
        "Where errors come from",
        "Every true word is in one class; gain is what word F1 would win if a class were mended. "
        "SROIE's true words are its segments cut in proportion, which is part of its splits.",
        _each(
            "{data}, dev",
            "ocr-errors-{data}-dev-docagent*.json",
            "python -m eval.ocr_errors --data {data}",
            ocr_errors.tables_text,
        ),
    ),
    Section(
        "Errors by typeface",
        "Synthetic pages: the same texts in faces of each group. Below them the worst crops, as "
        "`printed > read`: misread orange, missed red, split blue, box off green.",
        (
            Part(
                "typefaces",
                "font-errors.json",
                "python -m finetune.font_errors --pages 4",
                errors_by_font,
                "font-errors.png",
            ),
        ),
    ),
    Section(
        "Degradations in steps",
        "Synthetic pages at 200 dpi (but for the rungs of resolution), one thing done to them at a "
        "time. They are of the kind docagent was trained on: compare rungs, not engines.",
        (
            Part(
                "the ladder",
                "ladder.json",
                "python -m finetune.robustness --pages 6",
                ladder,
                "ladder.png",
            ),
        ),
    ),
    Section(
        "Time by stage",
        "One thread. `recognise` includes what stands under it with a colon.",
        _each(
            "{data}, dev",
            "stages-{data}-dev*.json",
            "python -m eval.stages --data {data} --limit 12",
            rows_of(stages.COLUMNS),
        ),
    ),
    Section(
        "Pages and files side by side",
        "Wall seconds, start of the process left out.",
        (
            Part(
                "workers",
                "parallel.json",
                "python -m eval.parallel --workers 1,2",
                rows_of(parallel.COLUMNS),
            ),
        ),
    ),
    Section(
        "Halves of the understanding",
        "The figure of `eval.understanding` for each set with the network alone, with the rules "
        "alone, and with the candidates of both ranked. Above 0, the last but four says that one "
        "half would be better off alone. Confidences are those of all.",
        (
            Part(
                "network, rules and both",
                "ablation-*.json",
                "python -m eval.ablation",
                rows_of(ablation.COLUMNS),
            ),
        ),
    ),
    Section(
        "Kinds of pages",
        "What `--engine auto` takes pages for.",
        (
            Part(
                "kinds found",
                "kinds.json",
                "python -m eval.kinds",
                rows_of(page_kinds.COLUMNS),
            ),
        ),
    ),
    Section(
        "What users wait for",
        "Processor seconds of one thread; of `next questions` the mean.",
        (Part("scan, questions, wide schema", "speed.json", "python -m eval.speed", speed),),
    ),
    Section(
        "Memory",
        "",
        (Part("a large page", "memory.json", "python -m eval.memory", memory),),
    ),
)
