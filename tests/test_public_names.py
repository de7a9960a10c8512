"""The public door is exactly this; a change here is a change users notice."""

from __future__ import annotations

import docagent

PUBLIC = {
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
}


def test_public_names_are_pinned() -> None:
    assert set(docagent.__all__) == PUBLIC
    assert dir(docagent) == sorted(PUBLIC)


def test_every_name_loads_and_comes_from_where_it_is_said_to() -> None:
    for home, names in docagent._HOMES.items():
        for name in names:
            value = getattr(docagent, name)
            assert getattr(value, "__module__", "").startswith(home), name


def test_every_error_has_one_root() -> None:
    for name in PUBLIC:
        if name.endswith("Error"):
            assert issubclass(getattr(docagent, name), docagent.DocAgentError)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(docagent, "no_such_name")
