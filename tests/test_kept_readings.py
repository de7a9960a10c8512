"""Readings kept between runs: equal results, and nothing read twice."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from docagent import DocAgent, Settings
from docagent.document import Document
from docagent.reader.embedded import load_reader
from docagent.reader.types import Query, Reading
from eval.systems.kept_readings import Kept, KeptAgent, KeptReader

RECEIPT = Path(str(files("docagent") / "samples" / "receipt.jpg"))


class CountingReader:
    """The shipped reader, counting the queries it is asked."""

    def __init__(self) -> None:
        self.reader, self.asked = load_reader(Settings()), 0

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        self.asked += len(queries)
        return self.reader.read(document, queries)


def test_a_second_run_gives_the_same_and_reads_nothing(tmp_path: Path) -> None:
    plain = DocAgent().extract(RECEIPT, "receipt")
    first = KeptAgent(Settings(), tmp_path).extract(RECEIPT, "receipt")
    second = KeptAgent(Settings(), tmp_path).extract(RECEIPT, "receipt")
    assert plain.fields == first.fields == second.fields


def test_only_new_queries_are_read(tmp_path: Path) -> None:
    document = DocAgent().read(RECEIPT)
    counting = CountingReader()
    kept = KeptReader(counting, Kept(tmp_path / "kept.sqlite"), "one")
    total, date = Query(text="total"), Query(text="date")
    one = kept.read(document, [total])
    both = kept.read(document, [date, total])
    assert counting.asked == 2
    assert both[1] == one[0]
    KeptReader(counting, Kept(tmp_path / "kept.sqlite"), "other").read(document, [total])
    assert counting.asked == 3
