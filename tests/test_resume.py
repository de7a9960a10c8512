"""What a later run takes as done: outputs made of the same things, whole, and nothing else."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from docagent.agent import DocAgent
from docagent.cli import documents, main
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.jobs import (
    Batch,
    Destination,
    Finished,
    Job,
    Skipped,
    expand_inputs,
    outputs,
    records,
)
from docagent.jobs import batch as batches
from docagent.jobs.fingerprint import IGNORED_SETTINGS, fingerprint, flat_settings
from docagent.reader.scripted import ScriptedReader
from docagent.settings import Settings
from docagent.sources.scan import ScanPage
from docagent.verbs import VERBS
from tests.documents import page_of

SCRIPT = {"total": [("12.50", 0.9)], "date": [("2024-03-01", 0.9)]}


class Engine:
    """Reads the same lines from every page."""

    def __init__(self) -> None:
        self.pages_read = 0

    def read_page(self, scan_page: ScanPage) -> Page:
        self.pages_read += 1
        return page_of(["Date  2024-03-01", "Total  12.50"], scan_page.number)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return None


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()

    def agent(settings: Settings) -> DocAgent:
        return DocAgent(settings, engine=engine, reader=ScriptedReader(SCRIPT))

    monkeypatch.setattr(documents, "DocAgent", agent)
    return engine


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, engine: Engine, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with two inputs and an output folder; gives pages read and notes."""
    for name, grey in (("a.png", 255), ("b.png", 254)):
        draw(tmp_path / name, grey)
    write_schema(tmp_path / "one" / "slip.json", "total")
    write_schema(tmp_path / "two" / "slip.json", "date")
    write_weights(tmp_path, b"first")

    def call(command: str) -> tuple[int, str]:
        before = engine.pages_read
        typed = command.format(at=tmp_path).split()
        assert main([*typed, "--output", str(tmp_path / "out")]) == 0
        return engine.pages_read - before, capsys.readouterr().err

    return call


def draw(path: Path, grey: int) -> None:
    Image.new("L", (60, 80), grey).save(path)


def write_schema(path: Path, field: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"type": "object", "properties": {field: {"type": "string"}}}))


def write_weights(folder: Path, content: bytes) -> None:
    (folder / "networks").mkdir(exist_ok=True)
    (folder / "networks" / "recognizer.onnx").write_bytes(content)


READ = "read {at}/a.png {at}/b.png"


class TestWhatChanges:
    """Each of these was once taken for done, as a file of the expected name was there."""

    @pytest.mark.parametrize(
        ("first", "second", "told"),
        [
            ("extract {at}/a.png {at}/b.png -s {at}/one/slip.json",
             "extract {at}/a.png {at}/b.png -s {at}/two/slip.json", "another schema"),
            (READ + " -f json", READ + " -f json --confidence geometric_mean", "other settings"),
            (READ, READ + " --weights {at}/networks", "other weights"),
            ("ask {at}/a.png {at}/b.png Total?", "ask {at}/a.png {at}/b.png Date?", ""),
            (READ + " -f text,json", READ + " -f text", "no record"),
            (READ + " -f text", READ + " -f text,json", "no record"),
            (READ, READ + " --annotate {at}/boxes", "no record"),
            ("summarise {at}/a.png {at}/b.png -n 3",
             "extract {at}/a.png {at}/b.png -s {at}/summary-3.json", "another verb"),
            ("extract {at}/a.png {at}/b.png -s invoice",
             "extract {at}/a.png {at}/b.png -s invoice --locale en-US", "other settings"),
        ],
        ids=["schema of the same name", "confidence", "weights", "question", "fewer formats",
             "more formats", "pictures", "verb", "locale"],
    )  # fmt: skip
    def test_another_command_does_it_again(
        self, run: Run, tmp_path: Path, first: str, second: str, told: str
    ) -> None:
        write_schema(tmp_path / "summary-3.json", "total")
        assert run(first)[0] == 2
        assert run(first)[0] == 0
        pages, notes = run(second)
        assert pages == 2
        assert not told or notes.count(told) == 2
        assert run(second)[0] == 0

    def test_an_input_with_another_content(self, run: Run, tmp_path: Path) -> None:
        run(READ)
        draw(tmp_path / "a.png", 100)
        pages, notes = run(READ)
        assert pages == 1
        assert "a.png: done again, as it was made with another input\n" in notes
        assert "b.png: already done" in notes

    def test_networks_with_another_content(self, run: Run, tmp_path: Path) -> None:
        command = READ + " --weights {at}/networks"
        assert [run(command)[0], run(command)[0]] == [2, 0]
        write_weights(tmp_path, b"second")
        assert run(command)[0] == 2

    def test_the_shipped_schemas_that_classify_chooses_from(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        command = "classify {at}/a.png {at}/b.png"
        assert [run(command)[0], run(command)[0]] == [2, 0]
        fewer = documents.VERBS["classify"].prepare({"schemas": ["invoice"]})["schemas"]
        monkeypatch.setattr("docagent.jobs.fingerprint.list_schemas", lambda: fewer)
        assert run(command)[0] == 2

    def test_another_version(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        run(READ)
        monkeypatch.setattr("docagent.jobs.fingerprint.__version__", "99.0")
        assert "made with another version of docagent" in run(READ)[1]

    def test_standard_input(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def give(grey: int) -> None:
            draw(tmp_path / "given.png", grey)
            content = io.BytesIO((tmp_path / "given.png").read_bytes())
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))

        pages = []
        for grey in (255, 255, 254):
            give(grey)
            pages.append(run("read -")[0])
        assert pages == [1, 0, 1]


class TestWhatStays:
    @pytest.mark.parametrize("name", ["THREADS", "MAX_PAGES", "VLM_TIMEOUT", "VLM_CONCURRENCY"])
    def test_settings_that_do_not_matter(
        self, run: Run, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run(READ)
        monkeypatch.setenv(f"DOCAGENT_{name}", "3")
        assert run(READ)[0] == 0

    def test_an_option_and_a_variable_that_say_the_same(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        command = "extract {at}/a.png -s {at}/one/slip.json"
        run(command + " --locale de")
        monkeypatch.setenv("DOCAGENT_LOCALE", "de")
        assert run(command)[0] == 0

    def test_a_folder_that_was_moved(
        self, run: Run, tmp_path: Path, engine: Engine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(READ)
        (tmp_path / "out").rename(tmp_path / "elsewhere")
        inputs = [str(tmp_path / name) for name in ("a.png", "b.png")]
        assert main(["read", *inputs, "-o", str(tmp_path / "elsewhere")]) == 0
        assert engine.pages_read == 2

    def test_runs_with_other_formats_do_not_disturb_each_other(self, run: Run) -> None:
        for command in (READ + " -f text", READ + " -f hocr"):
            assert run(command)[0] == 2
        assert run(READ + " -f text")[0] == 0


class TestWhatIsNotWhole:
    @pytest.mark.parametrize("name", ["a.png.txt", "a.png.json", "boxes/a.png.annotated-2.png"])
    @pytest.mark.parametrize("how", ["missing", "cut short"])
    def test_every_file_counts(self, run: Run, tmp_path: Path, name: str, how: str) -> None:
        pages = [Image.new("L", (60, 80), grey) for grey in (255, 254, 253)]
        pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
        command = "read {at}/a.tif {at}/b.png -f text,json --annotate {at}/out/boxes"
        assert run(command)[0] == 4
        path = tmp_path / "out" / name.replace("a.png", "a.tif")
        path.write_bytes(path.read_bytes()[:-1]) if how == "cut short" else path.unlink()
        pages_read, notes = run(command)
        assert pages_read == 3
        assert f"{path} is missing or has changed" in notes
        assert run(command)[0] == 0

    @pytest.mark.parametrize("edited", [False, True])
    def test_pictures_of_pages_that_are_gone(self, run: Run, tmp_path: Path, edited: bool) -> None:
        """They are deleted, unless somebody has changed them."""
        pages = [Image.new("L", (60, 80), grey) for grey in (255, 254, 253)]
        source = tmp_path / "a.tif"
        pages[0].save(source, save_all=True, append_images=pages[1:])
        command = "read {at}/a.tif {at}/b.png -f text --annotate {at}/out/boxes"
        run(command)
        last = tmp_path / "out" / "boxes" / "a.tif.annotated-3.png"
        if edited:
            last.write_bytes(b"mine")
        pages[0].save(source, save_all=True, append_images=pages[1:2])
        run(command)
        assert last.exists() == edited
        assert (last.parent / "a.tif.annotated-2.png").exists()

    def test_other_formats_of_a_changed_input(self, run: Run, tmp_path: Path) -> None:
        """What another run made of the older content goes; of an unchanged input it stays."""
        run(READ + " -f text,hocr")
        run(READ + " -f text")
        out = tmp_path / "out"
        assert (out / "a.png.hocr").exists()
        draw(tmp_path / "a.png", 200)
        run(READ + " -f text")
        assert not (out / "a.png.hocr").exists()
        assert (out / "a.png.txt").exists()
        assert (out / "b.png.hocr").exists()

    def test_outputs_of_an_older_version(self, run: Run, tmp_path: Path) -> None:
        run(READ)
        for path in (tmp_path / "out" / ".docagent").iterdir():
            path.unlink()
        pages, notes = run(READ)
        assert pages == 2
        assert notes.count("done again, as there is no record of how these outputs were made") == 2

    def test_a_broken_record(self, run: Run, tmp_path: Path) -> None:
        run(READ)
        for path in (tmp_path / "out" / ".docagent").iterdir():
            path.write_bytes(path.read_bytes()[:40])
        assert [run(READ)[0], run(READ)[0]] == [2, 0]

    def test_temporary_files_of_killed_runs_go_in_time(self, run: Run, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        old, new = (out / f".docagent-{digit * 16}.partial" for digit in "ab")
        for path in (old, new):
            path.write_bytes(b"half")
        os.utime(old, (0, 0))
        run(READ)
        assert not old.exists()
        assert new.exists()


class Killed(BaseException):
    """Stands for SIGKILL: nothing below the test catches it."""


@pytest.mark.parametrize("writes", range(9))
def test_a_run_killed_at_any_write(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Each input has two files and a record. The next one is half written when the run dies."""
    left = writes
    whole = outputs.write_file

    def write(path: Path, data: bytes) -> None:
        nonlocal left
        if left == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".docagent-0000000000000000.partial").write_bytes(data[: len(data) // 2])
            raise Killed
        left -= 1
        whole(path, data)

    command = READ + " -f text,json"
    with monkeypatch.context() as patched:
        patched.setattr(batches, "write_file", write)
        patched.setattr(records, "write_file", write)
        if writes < 6:
            with pytest.raises(Killed):
                run(command)
        else:
            run(command)
    assert run(command)[0] == max(0, 2 - writes // 3)
    assert run(command)[0] == 0
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("[!.]*")}
    assert set(found) == {"a.png.txt", "a.png.json", "b.png.txt", "b.png.json"}
    assert all(json.loads(data) for name, data in found.items() if name.endswith("json"))


def test_a_batch_without_a_command_line(tmp_path: Path) -> None:
    """What other doors do: a verb of the table, a destination, and events."""
    draw(tmp_path / "a.png", 255)
    verb = VERBS["extract"]
    options = verb.prepare({"schema": {"title": "A/B", "properties": {"total": {}}}})
    job = Job(verb, options, ("json",), Destination(tmp_path / "out", several=True))
    agent = DocAgent(engine=Engine(), reader=ScriptedReader(SCRIPT))
    inputs, problems = expand_inputs([str(tmp_path / "a.png")])
    assert not problems
    first = [event for event in Batch(agent, job).run(inputs) if isinstance(event, Finished)]
    assert [f.outcome.result["total"].value for f in first] == ["12.50"]
    again = [event for event in Batch(agent, job).run(inputs) if isinstance(event, Skipped)]
    assert [skipped.files for skipped in again] == [first[0].files]


def test_without_a_place_for_it_nothing_is_written(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 255)
    agent = DocAgent(engine=Engine())
    inputs, _ = expand_inputs([str(tmp_path / "a.png")])
    events = list(Batch(agent, Job(VERBS["read"], {})).run(inputs))
    assert isinstance(events[-1], Finished)
    assert events[-1].files == {}
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


class TestFingerprint:
    def parts(self, settings: Settings, verb: str = "ask", **options: Any) -> dict[str, str]:
        table = VERBS[verb]
        prepared = table.prepare({"question": "Who?", **options} if verb == "ask" else options)
        return fingerprint(settings, table, prepared, ["json"], False)

    def test_nothing_of_a_question_or_a_key_can_be_read(self) -> None:
        options = '{"api_key": "sk-very-secret"}'
        settings = Settings(vlm_factory="tests.chat_models:make", vlm_options=options)
        told = json.dumps(self.parts(settings, question="Is the patient pregnant?"))
        assert "secret" not in told
        assert "pregnant" not in told

    @pytest.mark.parametrize(
        ("settings", "is_same"),
        [
            ({"vlm": "never"}, True),
            ({"vlm": "never", "vlm_model": "other", "vlm_chars": 500}, True),
            ({"vlm_url": "http://here/v1"}, False),
        ],
    )
    def test_a_model_counts_where_it_may_be_asked(
        self, settings: dict[str, Any], is_same: bool
    ) -> None:
        assert (self.parts(Settings(**settings)) == self.parts(Settings())) is is_same
        assert self.parts(Settings(**settings), "read") == self.parts(Settings(), "read")

    def test_where_a_named_model_is_served_does_not_matter(self) -> None:
        here, there = (
            Settings(vlm_url=f"http://{host}/v1", vlm_model="m") for host in ("here", "there")
        )
        assert self.parts(here) == self.parts(there)

    def test_prompts_count_where_a_model_may_be_asked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = Settings(vlm_url="http://here/v1")
        asked, alone = self.parts(settings), self.parts(Settings())
        monkeypatch.setattr("docagent.jobs.fingerprint.template_names", lambda: ("ask",))
        assert self.parts(settings)["prompts"] != asked["prompts"]
        assert self.parts(Settings()) == alone

    def test_ignored_settings_exist(self) -> None:
        assert set(IGNORED_SETTINGS) <= set(flat_settings(Settings()))
