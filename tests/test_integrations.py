"""docagent in LangChain, LlamaIndex, Haystack and Docling.

Each framework is tested where it is installed; ``pip install '.[integrations]'`` installs all but
Docling's models.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import re
import shlex
import tomllib
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import ToolMessage
from PIL import Image

from docagent import DocAgent, Extraction, Field, SettingsError, SourceError, load
from docagent.cli.arguments import build_parser
from docagent.export import result_to_brief
from docagent.integrations.langchain import DocAgentLoader, DocAgentRetriever, docagent_tools
from docagent.integrations.passages import LINES, PassageIndex, document_to_passages
from tests.documents import document_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at

ROOT = Path(__file__).parents[1]
LINES_OF = [
    ["ACME STORES LTD", "Date: 12/03/2024", "Subtotal 10.00", "VAT 20% 2.00", "Total 12.00"],
    ["Terms of payment: 30 days", "Deliveries are free of charge"],
    ["Notice must be given in writing", "The law of England applies"],
]
PDF = pdf_bytes(
    *(
        PdfPage(b"".join(text_at(72, 760 - 20 * n, line) for n, line in enumerate(lines)))
        for lines in LINES_OF
    )
)
AGENT = DocAgent()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "contract.pdf"
    file.write_bytes(PDF)
    return file


class TestDocumentation:
    TEXT = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")

    def blocks(self, kind: str) -> list[str]:
        return re.findall(rf"```{kind}\n(.*?)```", self.TEXT, re.DOTALL)

    def test_its_commands_parse(self) -> None:
        commands = [line for block in self.blocks("console") for line in block.splitlines()]
        assert len(commands) >= 3
        for command in commands:
            assert callable(build_parser().parse_args(shlex.split(command)[1:]).run)

    def test_its_code_is_python_and_names_what_is_there(self) -> None:
        for block in self.blocks("python"):
            code = ast.parse(block)  # of the kind that notebooks take: with await at the top
            for node in ast.walk(code):
                is_own = isinstance(node, ast.ImportFrom) and str(node.module).startswith(
                    "docagent"
                )
                needs_more = is_own and node.module.endswith(("llama_index", "haystack", "docling"))
                if is_own and not needs_more:
                    module = import_module(str(node.module))
                    assert all(hasattr(module, name.name) for name in node.names)


def test_the_brief_text_of_a_result_says_what_to_check() -> None:
    given = {"status": "found", "raw_text": "x", "value": "x"}
    fields = (
        Field(path="sure", confidence=0.95, **given),
        Field(path="low", confidence=0.5, **given),
        Field(path="two", confidence=0.9, **{**given, "status": "ambiguous"}),
        Field(path="none", status="not_present", absence=0.9),
    )
    made = Extraction(document_id="d", schema_name="s", fields=fields, data={}, valid=True)
    assert result_to_brief(made).splitlines() == [
        "s:",
        "- sure: x (95% sure)",
        "- low: x (50% sure) [check]",
        "- two: x (90% sure) [check: ambiguous]",
        "- none: no value",
    ]


class TestPassages:
    def test_every_line_is_in_a_passage_with_its_place(self) -> None:
        document = document_of([f"line {number}" for number in range(2 * LINES + 3)], ["other"])
        passages = document_to_passages(document)
        found = {line for passage in passages for line in passage.text.split("\n")}
        assert found == {line.text for page in document.pages for line in page.lines}
        assert max(len(passage.text.split("\n")) for passage in passages) == LINES
        assert [passage.page for passage in passages] == [1, 1, 1, 2]
        for passage in passages:
            left, top, right, bottom = passage.bbox
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1

    def test_the_passage_with_the_words_is_first(self) -> None:
        index = PassageIndex(document_to_passages(AGENT.read(PDF)))
        (best, score), *rest = index.find("Which law applies?", 3)
        assert best.page == 3 and score > 0 and len(rest) == 2
        assert PassageIndex([]).find("x", 3) == []


class TestLangChainLoader:
    def test_pages(self, path: Path) -> None:
        pages = DocAgentLoader(path, agent=AGENT).load()
        assert [page.page_content for page in pages] == ["\n".join(lines) for lines in LINES_OF]
        assert [page.metadata["page"] for page in pages] == [1, 2, 3]
        first = pages[0].metadata
        assert (first["source"], first["pages"]) == (str(path), 3)
        assert all(isinstance(value, str | int | float) for value in first.values())

    def test_documents_and_passages(self, path: Path) -> None:
        (whole,) = DocAgentLoader([path], agent=AGENT, split="document").load()
        assert whole.page_content == AGENT.read(PDF).text and "page" not in whole.metadata
        passages = DocAgentLoader(path, agent=AGENT, split="passage", pages="2-").load()
        assert [one.metadata["page"] for one in passages] == [2, 3]
        assert 0 < passages[0].metadata["left"] < passages[0].metadata["right"] < 1

    def test_streams_markdown_and_laziness(self, path: Path) -> None:
        lazy = DocAgentLoader([io.BytesIO(PDF), "nowhere.pdf"], agent=AGENT, markdown=True)
        pages = lazy.lazy_load()
        assert "ACME STORES LTD" in next(pages).page_content
        with pytest.raises(SourceError, match="no such file"):
            list(pages)

    def test_an_unknown_split(self) -> None:
        with pytest.raises(SettingsError, match="document, page, passage"):
            DocAgentLoader("x", split="word")  # type: ignore[arg-type]


class TestLangChainRetriever:
    def test_passages_with_their_place(self, path: Path) -> None:
        retriever = DocAgentRetriever.from_sources([path], agent=AGENT, k=2)
        found = retriever.invoke("Which law applies?")
        assert len(found) == 2
        assert found[0].metadata["page"] == 3 and found[0].metadata["source"] == str(path)
        assert found[0].metadata["score"] > 0 and found[0].metadata["top"] < 0.2


class TestLangChainTools:
    def tools(self) -> dict[str, Any]:
        tools = docagent_tools({"contract": PDF, "other": document_of(["Total 5.00"])}, agent=AGENT)
        return {tool.name: tool for tool in tools}

    def test_the_verbs_are_tools(self) -> None:
        tools = self.tools()
        verbs = {"ask", "extract", "classify", "summarise", "correct"}
        assert set(tools) == {f"document_{verb}" for verb in verbs}
        assert "contract, other" in str(tools["document_ask"].args["document"])

    def test_a_call_gives_text_for_the_model_and_the_result(self) -> None:
        call = {
            "name": "document_extract",
            "args": {"document": "contract", "fields": "receipt"},
            "id": "1",
            "type": "tool_call",
        }
        message = self.tools()["document_extract"].invoke(call)
        assert isinstance(message, ToolMessage) and isinstance(message.artifact, Extraction)
        assert 'page 1: "12.00"' in message.content
        asked = self.tools()["document_ask"].invoke(
            {"document": "other", "question": "What is the total?"}
        )
        assert "5.00" in asked

    @pytest.mark.parametrize(
        ("name", "given", "reason"),
        [
            ("document_ask", {"document": "/etc/passwd", "question": "x"}, "there is no document"),
            ("document_ask", {"document": "other", "question": " "}, "the question is empty"),
            (
                "document_extract",
                {"document": "other", "fields": "/etc/passwd"},
                "no such built-in",
            ),
        ],
    )
    def test_what_is_wrong_is_told_to_the_model(self, name, given, reason) -> None:
        assert reason in self.tools()[name].invoke(given)


class TestLangChainStandard:
    """The tests that LangChain has for integrations."""

    def test_a_tool(self) -> None:
        standard = pytest.importorskip(
            "langchain_tests.unit_tests", reason="langchain-tests is not installed"
        )
        tool = docagent_tools({"contract": PDF}, agent=AGENT)[0]

        example = {"document": "contract", "question": "What is the total?"}
        run_standard(
            standard.ToolsUnitTests,
            {"tool": tool},
            tool_constructor=tool,
            tool_invoke_params_example=example,
        )

    def test_a_tool_that_is_called(self) -> None:
        standard = pytest.importorskip(
            "langchain_tests.integration_tests", reason="langchain-tests is not installed"
        )
        tool = next(t for t in docagent_tools({"c": PDF}, agent=AGENT) if t.name == "document_ask")

        example = {"document": "c", "question": "What is the total?"}
        run_standard(
            standard.ToolsIntegrationTests,
            {"tool": tool},
            tool_constructor=tool,
            tool_invoke_params_example=example,
        )

    def test_a_retriever(self) -> None:
        standard = pytest.importorskip(
            "langchain_tests.integration_tests", reason="langchain-tests is not installed"
        )
        index = PassageIndex(document_to_passages(AGENT.read(PDF)))

        run_standard(
            standard.RetrieversIntegrationTests,
            {"retriever": DocAgentRetriever(index=index)},
            retriever_constructor=DocAgentRetriever,
            retriever_constructor_params={"index": index},
            retriever_query_example="total of the delivery",
        )


def run_standard(base: type[Any], fixtures: dict[str, Any], **described: Any) -> None:
    """Run the tests of one of LangChain's classes, which describes what is tested by properties."""
    tests = type("Standard", (base,), described)()
    ran = 0
    for name, test in inspect.getmembers(tests, callable):
        if name.startswith("test_"):
            result = test(**{one: fixtures[one] for one in inspect.signature(test).parameters})
            if inspect.iscoroutine(result):
                asyncio.run(result)
            ran += 1
    assert ran >= 2


class TestLlamaIndex:
    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("llama_index.core", reason="llama-index-core is not installed")

    def test_a_folder(self, path: Path) -> None:
        from llama_index.core import SimpleDirectoryReader

        from docagent.integrations.llama_index import DocAgentReader

        reader = DocAgentReader(agent=AGENT)
        folder = SimpleDirectoryReader(str(path.parent), file_extractor={".pdf": reader})
        pages = folder.load_data()
        assert [page.text for page in pages] == ["\n".join(lines) for lines in LINES_OF]
        assert pages[2].metadata["page"] == 3
        assert "width" not in pages[0].get_content(metadata_mode="llm")

    def test_sources_options_and_errors(self, path: Path) -> None:
        from docagent.integrations.llama_index import DocAgentReader

        reader = DocAgentReader(agent=AGENT, split="passage")
        found = reader.load_data([io.BytesIO(PDF), path], {"owner": "me"}, pages="2")
        assert [one.metadata["page"] for one in found] == [2, 2]
        assert found[0].metadata["owner"] == "me" and found[0].metadata["left"] > 0
        with pytest.raises(SourceError):
            reader.load_data("nowhere.pdf")
        with pytest.raises(SettingsError):
            DocAgentReader(split="word")  # type: ignore[arg-type]


class TestHaystack:
    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("haystack", reason="haystack-ai is not installed")

    def test_a_converter_in_a_pipeline(self, path: Path) -> None:
        from haystack import Pipeline
        from haystack.dataclasses import ByteStream

        from docagent.integrations.haystack import DocAgentConverter

        pipeline = Pipeline()
        pipeline.add_component("converter", DocAgentConverter(split="page"))
        pipeline = Pipeline.loads(pipeline.dumps(), allowed_modules=["docagent.integrations.*"])
        stream = ByteStream(data=PDF, meta={"file_path": "streamed.pdf"})
        sources = [path, "nowhere.pdf", stream]
        given = {"sources": sources, "meta": [{"n": 1}, {"n": 2}, {"n": 3}]}
        found = pipeline.run({"converter": given})["converter"]["documents"]
        assert [one.meta["page"] for one in found] == [1, 2, 3, 1, 2, 3]
        assert [one.meta["n"] for one in found] == [1, 1, 1, 3, 3, 3]
        assert found[0].content == "\n".join(LINES_OF[0])
        assert [found[0].meta["source"], found[3].meta["source"]] == [str(path), "streamed.pdf"]


class TestDocling:
    """With Docling's own classes; only the page's back end is a stand-in, as the real one needs
    more packages."""

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("docling.models.base_ocr_model", reason="docling is not installed")

    def test_docling_makes_the_engine_from_its_options(self) -> None:
        from docling.datamodel.accelerator_options import AcceleratorOptions
        from docling.models.factories.ocr_factory import OcrFactory

        from docagent.integrations import docling

        (engine,) = docling.ocr_engines()["ocr_engines"]
        factory = OcrFactory()
        factory.register(engine, "docagent", docling.__name__)
        made = factory.create_instance(
            options=docling.DocAgentOcrOptions(),
            enabled=False,
            artifacts_path=None,
            accelerator_options=AcceleratorOptions(num_threads=1),
        )
        assert isinstance(made, docling.DocAgentOcrModel)
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert project["entry-points"]["docling"] == {"docagent": docling.__name__}

    def test_lines_are_cells_at_their_place(self) -> None:
        from docling.datamodel.accelerator_options import AcceleratorOptions
        from docling.datamodel.base_models import Page
        from docling.datamodel.pipeline_options import OcrMode
        from docling_core.types.doc import Size

        from docagent.integrations.docling import DocAgentOcrModel, DocAgentOcrOptions

        scan = load(PDF)

        class Backend:
            def is_valid(self) -> bool:
                return True

            def get_page_image(self, scale: float, cropbox: Any) -> Image.Image:
                image = Image.fromarray(scan.pages[0].image())
                whole = image.resize((round(595 * scale), round(842 * scale)))
                return whole.crop(tuple(round(side * scale) for side in cropbox.as_tuple()))

        page = Page(page_no=1, size=Size(width=595, height=842))
        page._backend = Backend()
        engine = DocAgentOcrModel(
            enabled=True,
            artifacts_path=None,
            options=DocAgentOcrOptions(mode=OcrMode.FULL_PAGE),
            accelerator_options=AcceleratorOptions(num_threads=1),
        )
        pages = defaultdict(SimpleNamespace)
        result = SimpleNamespace(confidence=SimpleNamespace(pages=pages))
        assert list(engine(result, [page])) == [page]
        cells = page.parsed_page.textline_cells
        assert [cell.text for cell in cells] == LINES_OF[0]
        box = cells[0].rect.to_bounding_box()
        assert box.l == pytest.approx(72, abs=6) and box.b == pytest.approx(842 - 760, abs=8)
        assert all(cell.from_ocr and 0 < cell.confidence <= 1 for cell in cells)
        assert 0 < pages[1].ocr_score <= 1

    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    def test_a_turned_region_is_turned_back(self, rotation: int) -> None:
        from docagent.integrations.docling import upright_to_source

        mark = np.zeros((8, 8), bool)
        mark[1, 5] = True  # row 1, column 5 of the picture that was given
        row, column = (int(one) for one in np.argwhere(np.rot90(mark, -rotation // 90))[0])
        point = ((column + 0.5) / 8, (row + 0.5) / 8)
        assert upright_to_source((point,) * 4, rotation)[0] == ((5 + 0.5) / 8, (1 + 0.5) / 8)
