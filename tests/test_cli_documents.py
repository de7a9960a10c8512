"""``docagent documents``: what people see of the store, export from it and delete in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docagent.cli import main
from docagent.results import Extraction
from docagent.settings import Settings
from docagent.store import LOCAL, StoredResult, open_store
from docagent.store.store import Library, Store
from tests.stores import extraction, read_document

Run = Callable[..., tuple[int, str, str]]

FILE = b"%PDF-1.7 a file"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("DOCAGENT_STORE_FOLDER", str(tmp_path / "store"))
    opened = open_store(Settings.from_env())
    yield opened
    opened.close()


@pytest.fixture
def library(store: Store) -> Library:
    return store.library(LOCAL)


@pytest.fixture
def document(library: Library) -> str:
    """A document with a reading, a result, a label and a chat."""
    made = library.documents.add(FILE, "a\x1b[31m.pdf")[0].id
    library.documents.save_reading(read_document(made, "first page", "the second"))
    result = library.results.save(made, "extract", {"schema": "invoice"}, extraction(made, 0.5))
    library.results.label(result.id, "f0", "edited", "ä")
    chat = library.chats.create([made], "title")
    library.chats.add(chat.id, "user", "what is it?")
    return made


@pytest.fixture
def run(store: Store, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["documents", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


class TestList:
    def test_documents_are_listed(self, run: Run, document: str) -> None:
        code, out, _ = run("list")
        assert code == 0 and document[:12] in out and "│ 2 " in out and "1 kB" in out
        assert "\x1b[31m" not in out

    def test_every_document_is_listed_as_json(self, run: Run, library: Library) -> None:
        ids = {library.documents.add(bytes([n]), f"{n}.pdf")[0].id for n in range(7)}
        _, out, _ = run("list", "--json")
        assert {json.loads(line)["id"] for line in out.splitlines()} == ids

    def test_only_the_owners_are(self, run: Run, store: Store, document: str) -> None:
        store.library("bob").documents.add(b"other", "b.pdf")
        assert "b.pdf" not in run("list")[1] and "b.pdf" in run("list", "--owner", "bob")[1]

    def test_pages_are_found(self, run: Run, document: str) -> None:
        _, out, _ = run("list", "--search", "second")
        assert "the second" in out and "first" not in out
        hit = json.loads(run("list", "--search", '"the second"', "--json")[1])
        assert (hit["document_id"], hit["page"]) == (document, 2)


class TestShow:
    def test_a_document_is_shown_with_its_results(self, run: Run, document: str) -> None:
        code, out, _ = run("show", document[:8])
        assert code == 0 and document in out and "extract" in out and "invoice" in out

    def test_as_json(self, run: Run, document: str) -> None:
        shown = json.loads(run("show", document, "--json")[1])
        assert shown["id"] == document and shown["pages"] == 2
        assert [result["verb"] for result in shown["results"]] == ["extract"]

    @pytest.mark.parametrize("action", ["show", "delete"])
    def test_what_is_not_there_is_named(self, run: Run, action: str) -> None:
        code, out, err = run(action, "abc")
        assert (code, out) == (2, "") and err == "docagent: there is no document 'abc'\n"
        code, out, _ = run(action, "abc", "--json")
        assert code == 2 and json.loads(out)["code"] == "store.missing"


class TestExport:
    def test_everything_is_exported(self, run: Run, document: str, tmp_path: Path) -> None:
        code, out, _ = run("export", document[:8], "--output", str(tmp_path / "out"))
        folder = tmp_path / "out"
        assert code == 0 and out.startswith("7 files in ")
        assert (folder / "file.pdf").read_bytes() == FILE
        assert (folder / "text.txt").read_text() == "first page\n\nthe second"
        (result,) = (p for p in folder.glob("results/*.json") if "labels" not in p.name)
        stored = json.loads(result.read_text("utf-8"))
        assert Extraction.model_validate(stored["result"]) == extraction(document, 0.5)
        assert StoredResult.model_fields.keys() >= stored.keys()
        (labels,) = folder.glob("results/*.labels.json")
        assert json.loads(labels.read_text("utf-8"))[0]["value"] == "ä"
        (chat,) = folder.glob("chats/*.json")
        assert json.loads(chat.read_text())["messages"][0]["text"] == "what is it?"

    def test_it_is_audited(self, run: Run, store: Store, document: str, tmp_path: Path) -> None:
        run("export", document, "-o", str(tmp_path / "out"))
        assert store.audit.entries()[-1].action == "document.export"

    def test_nothing_is_overwritten(self, run: Run, document: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        for folder in (tmp_path, tmp_path / "file"):
            code, _, err = run("export", document, "-o", str(folder))
            assert code == 2 and (("has files already" in err) or ("cannot be written" in err))


class TestDelete:
    def test_documents_are_deleted(self, run: Run, library: Library, document: str) -> None:
        other = library.documents.add(b"other", "b.pdf")[0].id
        code, out, _ = run("delete", document[:8], other)
        assert code == 0 and out.count("deleted") == 2
        assert library.documents.list().items == () and library.search("second") == []

    def test_a_wrong_id_deletes_nothing(self, run: Run, library: Library, document: str) -> None:
        assert run("delete", document, "abc")[0] == 2
        assert library.documents.get(document)

    def test_old_ones_are_deleted(self, run: Run, library: Library, document: str) -> None:
        assert run("delete", "--older", "1")[1] == "deleted 0 documents\n"
        assert json.loads(run("delete", "--older", "0.0000001", "--json")[1]) == {"deleted": 1}
        assert library.documents.list().items == ()

    @pytest.mark.parametrize("arguments", [[], ["abc", "--older", "3"], ["--older", "0"]])
    def test_it_says_what_to_give(self, run: Run, arguments: list[str]) -> None:
        code, _, err = run("delete", *arguments)
        assert code == 2 and "--older" in err
