"""docagent for Haystack: a converter of scans, photos and PDFs.

from haystack import Pipeline
from docagent.integrations.haystack import DocAgentConverter

pipeline = Pipeline()
pipeline.add_component("converter", DocAgentConverter(split="passage"))
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from haystack import Document as HaystackDocument
from haystack import component, default_from_dict, default_to_dict
from haystack.components.converters.utils import normalize_metadata
from haystack.dataclasses import ByteStream

from docagent.agent import DocAgent
from docagent.errors import SourceError
from docagent.integrations.parts import Split, check_split, document_to_parts

LOG = logging.getLogger(__name__)


@component
class DocAgentConverter:
    """Converts documents with docagent, one Haystack document a page.

    Metadata are those of ``docagent.integrations.parts.TextPart``, and those given. A source that
    cannot be read is skipped with a warning, as Haystack's own converters do.
    """

    def __init__(
        self, split: Split = "page", markdown: bool = False, agent: DocAgent | None = None
    ) -> None:
        """split: whether there is a document for a whole document, a page, or a passage of a few
        lines. markdown: Markdown with tables rather than text. agent: not part of a pipeline that
        is stored. Raises SettingsError for another split."""
        check_split(split)
        self.split, self.markdown = split, markdown
        self._agent = agent

    def warm_up(self) -> None:
        """Make the agent."""
        self._agent = self._agent or DocAgent()

    def to_dict(self) -> dict[str, Any]:
        """The component as plain values."""
        stored: dict[str, Any] = default_to_dict(self, split=self.split, markdown=self.markdown)
        return stored

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DocAgentConverter:
        """The component of ``to_dict``."""
        made: DocAgentConverter = default_from_dict(cls, data)
        return made

    @component.output_types(documents=list[HaystackDocument])
    def run(
        self,
        sources: list[str | Path | ByteStream],
        meta: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> dict[str, list[HaystackDocument]]:
        """Convert sources. meta: added to the metadata of all, or one for each source."""
        self.warm_up()
        assert self._agent is not None
        documents: list[HaystackDocument] = []
        given = normalize_metadata(meta, sources_count=len(sources))
        for source, more in zip(sources, given, strict=True):
            own = source.meta if isinstance(source, ByteStream) else {}
            data = source.data if isinstance(source, ByteStream) else source
            name = str(own.get("file_path", "bytes")) if own or data is not source else str(source)
            try:
                document = self._agent.read(data)
            except SourceError as error:
                LOG.warning("%s; it is skipped", error)
                continue
            for part in document_to_parts(document, name, self.split, self.markdown):
                metadata = {**part.metadata, **own, **more}
                documents.append(HaystackDocument(content=part.text, meta=metadata))
        return {"documents": documents}
