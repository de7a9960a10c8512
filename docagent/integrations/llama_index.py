"""docagent for LlamaIndex: a reader of scans, photos and PDFs.

from llama_index.core import SimpleDirectoryReader
from docagent.integrations.llama_index import DocAgentReader

reader = DocAgentReader()
files = {".pdf": reader, ".png": reader}
documents = SimpleDirectoryReader("scans", file_extractor=files).load_data()
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document as LlamaDocument

from docagent.agent import DocAgent
from docagent.integrations.parts import Split, TextPart, check_split, document_to_parts
from docagent.sources.scan import source_name

PLACES = ("left", "top", "right", "bottom", "width", "height", "document_id")
"""Metadata that are not given to embeddings and language models: they are no text."""


class DocAgentReader(BaseReader):
    """Reads documents with docagent, one LlamaIndex document a page.

    Metadata are those of ``docagent.integrations.parts.TextPart``.
    """

    def __init__(
        self, *, agent: DocAgent | None = None, split: Split = "page", markdown: bool = False
    ) -> None:
        """split: whether there is a document for a whole document, a page, or a passage of a few
        lines. markdown: Markdown with tables rather than text. Raises SettingsError for another
        split."""
        check_split(split)
        self._agent = agent or DocAgent()
        self._split, self._markdown = split, markdown

    def lazy_load_data(
        self, file: Any, extra_info: Mapping[str, Any] | None = None, **options: Any
    ) -> Iterable[LlamaDocument]:
        """The documents of a source, or of a list of them, each read when it is its turn.

        file: a path, bytes, a binary stream, or a list of them. extra_info: added to the metadata.
        options: ``pages`` and ``password`` of ``DocAgent.read``; ``fs``, a file system by fsspec
        that has the file. Raises SourceError and SettingsError.
        """
        system = options.pop("fs", None)
        for source in file if isinstance(file, list | tuple) else [file]:
            name = source_name(source)
            opened = system.open(str(source), "rb") if system is not None else source
            try:
                document = self._agent.read(opened, **options)
            finally:
                if system is not None:
                    opened.close()
            for part in document_to_parts(document, name, self._split, self._markdown):
                yield _to_llama(part, extra_info or {})


def _to_llama(part: TextPart, extra: Mapping[str, Any]) -> LlamaDocument:
    return LlamaDocument(
        text=part.text,
        metadata={**part.metadata, **extra},
        excluded_embed_metadata_keys=list(PLACES),
        excluded_llm_metadata_keys=list(PLACES),
    )
