"""docagent for LangChain: a document loader, a retriever, and tools for agents.

from docagent.integrations.langchain import DocAgentLoader, DocAgentRetriever, docagent_tools

pages = DocAgentLoader("contract.pdf").load()
retriever = DocAgentRetriever.from_sources(["contract.pdf"], k=4)
agent = create_agent(model, docagent_tools({"contract": "contract.pdf"}))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import ConfigDict, Field, PrivateAttr, create_model

from docagent.agent import DocAgent
from docagent.errors import DocAgentError
from docagent.export import result_to_brief
from docagent.integrations.parts import (
    Split,
    TextPart,
    check_split,
    document_to_parts,
    passage_to_part,
)
from docagent.integrations.passages import PassageIndex, document_to_passages
from docagent.ocr.reading import Source
from docagent.sources.page_selection import PageChoice
from docagent.sources.scan import source_name
from docagent.tool_arguments import check_arguments, describe, option_type, tool_verbs
from docagent.verbs import Verb


class DocAgentLoader(BaseLoader):
    """Loads scans, photos and PDFs as LangChain documents, one a page.

    Metadata are those of ``TextPart``: the page, and of passages the place on it.
    """

    def __init__(
        self,
        sources: Source | Sequence[Source],
        *,
        agent: DocAgent | None = None,
        split: Split = "page",
        markdown: bool = False,
        pages: PageChoice | None = None,
    ) -> None:
        """sources: one, or several. split: whether there is a LangChain document for a whole
        document, a page, or a passage of a few lines. markdown: of pages and documents, Markdown
        with tables rather than text. pages: those to read. Raises SettingsError for another split.
        """
        check_split(split)
        several = isinstance(sources, list | tuple)
        self._sources: list[Any] = list(sources) if several else [sources]  # type: ignore[arg-type]
        self._agent = agent or DocAgent()
        self._split, self._markdown, self._pages = split, markdown, pages

    def lazy_load(self) -> Iterator[LangChainDocument]:
        """The documents, each read when it is its turn. Raises SourceError for one that cannot be
        read; a page that cannot be read is empty, and its metadata have ``error``."""
        for source in self._sources:
            document = self._agent.read(source, pages=self._pages)
            name = source_name(source)
            for part in document_to_parts(document, name, self._split, self._markdown):
                yield _to_langchain(part)


def _to_langchain(part: TextPart, **more: Any) -> LangChainDocument:
    return LangChainDocument(page_content=part.text, metadata={**part.metadata, **more})


class DocAgentRetriever(BaseRetriever):
    """Finds the passages of documents that fit a query (BM25), with their place on the page.

    k: how many. The documents are read when the retriever is made.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    k: int = Field(default=4, ge=1)
    index: PassageIndex = Field(exclude=True, repr=False)
    _names: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def from_sources(
        cls, sources: Sequence[Source], *, agent: DocAgent | None = None, k: int = 4
    ) -> DocAgentRetriever:
        """A retriever of the passages of some sources. Raises SourceError."""
        reader = agent or DocAgent()
        documents = [(source_name(source), reader.read(source)) for source in sources]
        passages = [one for _, document in documents for one in document_to_passages(document)]
        made = cls(index=PassageIndex(passages), k=k)
        made._names = {document.id: name for name, document in documents}
        return made

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[LangChainDocument]:
        found: list[LangChainDocument] = []
        for passage, score in self.index.find(query, k or self.k):
            name = self._names.get(passage.document.id, passage.document.name)
            found.append(_to_langchain(passage_to_part(passage, name), score=score))
        return found


def docagent_tools(
    sources: Mapping[str, Source], *, agent: DocAgent | None = None
) -> list[BaseTool]:
    """The verbs as tools for a LangChain agent, on documents that it names.

    sources: the documents by the names that the model is told; it reaches no others. The content of
    a reply is short text with pages and quotes; its artifact is the result, such as an Extraction.
    """
    reader = agent or DocAgent()
    return [verb_to_tool(verb, reader, sources) for verb in tool_verbs()]


def verb_to_tool(verb: Verb, agent: DocAgent, sources: Mapping[str, Source]) -> BaseTool:
    """A verb as a LangChain tool named ``document_VERB``."""

    def run(document: str, **given: Any) -> tuple[str, Any]:
        if document not in sources:
            names = ", ".join(sources)
            raise ToolException(f"there is no document {document[:80]!r}; there are {names}")
        try:
            result = verb.run(agent, sources[document], check_arguments(verb, given))
        except DocAgentError as error:
            raise ToolException(str(error)) from error
        return result_to_brief(result), result

    fields: dict[str, Any] = {
        "document": (str, Field(description=f"name of the document: {', '.join(sources)}")),
        # "schema" is the name of a method of pydantic's models.
        **{_argument(option.name): option_type(option) for option in verb.options},
    }

    def call(document: str, **given: Any) -> tuple[str, Any]:
        names = {_argument(option.name): option.name for option in verb.options}
        return run(document, **{names[name]: value for name, value in given.items()})

    return StructuredTool.from_function(
        func=call,
        name=f"document_{verb.name}",
        description=describe(verb),
        args_schema=create_model(f"Document{verb.name.title()}", **fields),
        response_format="content_and_artifact",
        handle_tool_error=True,
    )


def _argument(option: str) -> str:
    return "fields" if option == "schema" else option
