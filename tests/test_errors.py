"""Errors name themselves for programs: a code that stays the same, and whether to try again."""

from __future__ import annotations

import io
import re
import select
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, get_args

import numpy as np
import pytest
from PIL import Image

from docagent import errors
from docagent.agent import DocAgent
from docagent.document import Document
from docagent.errors import (
    DocAgentError,
    MissingExtraError,
    ModelError,
    SchemaError,
    ServerError,
    SettingsError,
    SourceError,
    StoreError,
    VlmError,
)
from docagent.reader.embedded import EmbeddedReader
from docagent.reader.scripted import ScriptedReader
from docagent.schemas import load_schema
from docagent.settings import Settings
from docagent.sources.pdf import process
from docagent.sources.scan import load
from tests.pdf_files import PdfPage, pdf_bytes, text_at

PDF = pdf_bytes(PdfPage(text_at(50, 700, "Invoice")))


def png(width: int = 100, height: int = 100) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 255).save(buffer, "png")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "source, settings, code",
    [
        ("no_such_file.png", {}, "source.missing"),
        (".", {}, "source.not_a_file"),
        (7, {}, "source.not_a_file"),
        (b"", {}, "source.empty"),
        (b"plain text", {}, "source.unsupported"),
        (np.zeros((2, 2, 7), np.uint8), {}, "source.unsupported"),
        (png()[:60], {}, "source.damaged"),
        (b"%PDF-1.7 nothing", {}, "source.damaged"),
        (png(), {"max_bytes": 10}, "source.too_large"),
        (png(), {"max_pixels": 100}, "source.too_large"),
        (PDF, {"max_bytes": 10}, "source.too_large"),
        (pdf_bytes(PdfPage(b""), PdfPage(b"")), {"max_pages": 1}, "source.too_large"),
        (np.zeros((2, 200), np.uint8), {}, "source.too_small"),
    ],
)
def test_a_source_that_cannot_be_used(source: object, settings: dict[str, object], code: str):
    with pytest.raises(SourceError) as caught:
        load(source, Settings(**settings))  # type: ignore[arg-type]
    assert caught.value.code == code
    assert not caught.value.retryable


def test_a_pdf_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request waits until the parser has been killed, so that it is never in time."""
    write = process.write_message

    def late(stream: IO[bytes], *message: Any) -> None:
        parser = select.poll()
        parser.register(stream.fileno(), 0)
        assert parser.poll(30_000), "the parser is still there"
        write(stream, *message)

    monkeypatch.setattr(process, "write_message", late)
    with pytest.raises(SourceError) as caught:
        load(PDF, Settings(pdf_seconds=1e-9))
    assert caught.value.code == "source.timeout"
    assert caught.value.retryable


def test_a_document_has_no_images():
    with pytest.raises(SourceError) as caught:
        DocAgent(reader=ScriptedReader({})).load(Document(id="d", pages=()))
    assert caught.value.code == "source.not_a_file"


@pytest.mark.parametrize(
    "fails, code",
    [
        (lambda: load_schema("no_such_schema"), "schema.missing"),
        (lambda: load_schema("no_such_schema.json"), "schema.missing"),
        (lambda: load_schema("invoice").field("no_such_field"), "schema.missing"),
        (lambda: load_schema({}), "schema.invalid"),
        (lambda: load_schema({"type": "array"}), "schema.invalid"),
        (lambda: Settings.from_env({"DOCAGENT_MAX_PAGES": "x"}), "settings.invalid"),
        (lambda: DocAgent(Settings(vlm="always")), "settings.invalid"),
        (lambda: EmbeddedReader(Path("no_folder")), "model.missing"),
    ],
)
def test_anything_else_that_is_wrong(fails: Callable[[], object], code: str):
    with pytest.raises(DocAgentError) as caught:
        fails()
    assert caught.value.code == code
    assert not caught.value.retryable


@pytest.mark.parametrize("fault", get_args(errors.VlmFault))
def test_a_model_that_gave_no_answer(fault: errors.VlmFault):
    error = VlmError("no answer", fault)
    assert error.code == f"vlm.{fault}"
    assert error.retryable == (fault in ("connection", "timeout", "busy", "server"))


def test_every_code_is_in_the_table():
    made = [
        *(SourceError("s", "r", fault) for fault in get_args(errors.SourceFault)),
        *(SchemaError("s", "", "r", fault) for fault in get_args(errors.SchemaFault)),
        *(SettingsError("m", fault) for fault in get_args(errors.SettingsFault)),
        *(ModelError("m", fault) for fault in get_args(errors.ModelFault)),
        *(ServerError("m", fault) for fault in get_args(errors.ServerFault)),
        *(StoreError("m", fault) for fault in get_args(errors.StoreFault)),
        MissingExtraError("f", "vlm"),
    ]
    listed = re.findall(r"^    ([a-z]+\.[a-z_]+) ", errors.__doc__ or "", re.MULTILINE)
    assert {error.code for error in made} == set(listed) - {
        "docagent.fault",
        "job.fault",
        "job.lost",
        "job.timeout",
    }


def test_an_extra_is_installed_from_the_repository():
    message = str(MissingExtraError("vlm_url", "vlm"))
    assert "pip install '.[vlm]' in the folder of docagent's repository" in message


def test_no_text_sends_anybody_to_an_index_for_this_name():
    root = Path(__file__).parents[1]
    texts = [root / "README.md", *root.glob("docs/*.md")]
    for folder in ("docagent", "eval", "finetune"):
        texts += [*root.glob(f"{folder}/**/*.py"), *root.glob(f"{folder}/**/*.md")]
    wrong = [str(p) for p in texts if re.search(r"pip install '?docagent\b", p.read_text("utf-8"))]
    assert not wrong
