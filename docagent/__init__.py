"""docagent: a scan, photo or PDF in; text with boxes and grounded, validated fields out.

    from docagent import DocAgent
    extraction = DocAgent().extract("invoice.png", schema="invoice")

Public names are loaded when first used, so that ``import docagent`` is immediate.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docagent.agent import DocAgent
    from docagent.chat.conversation import Chat
    from docagent.document import (
        Alternative,
        Document,
        Line,
        Page,
        Part,
        Span,
        Table,
        TableCell,
        Word,
    )
    from docagent.errors import (
        DocAgentError,
        MissingExtraError,
        ModelError,
        SchemaError,
        ServerError,
        SettingsError,
        SourceError,
        StoreError,
    )
    from docagent.results import (
        Answer,
        ChatEvent,
        Check,
        Classification,
        Correction,
        Edit,
        Evidence,
        Extracted,
        Extraction,
        Field,
        KindScore,
        Sentence,
        Step,
        Summary,
        Turn,
    )
    from docagent.schemas import Schema, list_schemas, load_schema
    from docagent.service_settings import JobSettings, ServeSettings, StoreSettings
    from docagent.settings import (
        ExtractionSettings,
        LimitSettings,
        OcrSettings,
        PdfSettings,
        Settings,
        VlmSettings,
    )
    from docagent.sources.scan import Scan, load

__version__ = "0.1.0"

_HOMES = {
    "docagent.agent": ("DocAgent",),
    "docagent.chat.conversation": ("Chat",),
    "docagent.document": (
        "Alternative",
        "Document",
        "Line",
        "Page",
        "Part",
        "Span",
        "Table",
        "TableCell",
        "Word",
    ),
    "docagent.errors": (
        "DocAgentError",
        "MissingExtraError",
        "ModelError",
        "SchemaError",
        "ServerError",
        "SettingsError",
        "SourceError",
        "StoreError",
    ),
    "docagent.results": (
        "Answer",
        "ChatEvent",
        "Check",
        "Classification",
        "Correction",
        "Edit",
        "Evidence",
        "Extracted",
        "Extraction",
        "Field",
        "KindScore",
        "Sentence",
        "Step",
        "Summary",
        "Turn",
    ),
    "docagent.sources.scan": ("Scan", "load"),
    "docagent.schemas": ("Schema", "list_schemas", "load_schema"),
    "docagent.service_settings": ("JobSettings", "ServeSettings", "StoreSettings"),
    "docagent.settings": (
        "ExtractionSettings",
        "LimitSettings",
        "OcrSettings",
        "PdfSettings",
        "Settings",
        "VlmSettings",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Alternative",
    "Answer",
    "Chat",
    "ChatEvent",
    "Check",
    "Classification",
    "Correction",
    "DocAgent",
    "DocAgentError",
    "Document",
    "Edit",
    "Evidence",
    "Extracted",
    "Extraction",
    "ExtractionSettings",
    "Field",
    "JobSettings",
    "KindScore",
    "LimitSettings",
    "Line",
    "MissingExtraError",
    "ModelError",
    "OcrSettings",
    "Page",
    "Part",
    "PdfSettings",
    "Scan",
    "Schema",
    "SchemaError",
    "Sentence",
    "ServeSettings",
    "ServerError",
    "Settings",
    "SettingsError",
    "SourceError",
    "Span",
    "Step",
    "StoreError",
    "StoreSettings",
    "Summary",
    "Table",
    "TableCell",
    "Turn",
    "VlmSettings",
    "Word",
    "__version__",
    "list_schemas",
    "load",
    "load_schema",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'docagent' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
